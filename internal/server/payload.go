package server

import (
	"slices"

	"anteroom/internal/callout"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/lifecycle"
)

// body describes what a callout is about as the receiver sees it.
//
// contract: lifecycle b.1
func body(call *engine.Call, path string) []byte {
	if a := call.Assignment; a != nil {
		return callout.AssignmentPayload{
			RequestID: a.RequestID, CalloutID: call.Callout.ID, Stage: call.Callout.Stage, Package: packageOf(call), Catalog: catalogOf(call),
			Assignment: assignmentOf(call, *a),
		}.JSON()
	}
	r := &call.Request
	state, status := announced(r.Progress)
	opened := entitlement.Assignment{Object: entitlement.Object{ID: r.AssignmentID}, State: entitlement.AssignmentDelivering, Target: r.Target, PolicyID: r.PolicyID}
	switch {
	case r.Progress.Plan.Removes:
		opened.State = entitlement.AssignmentExpired
	case r.Progress.Plan.Updates:
		opened.State = entitlement.AssignmentDelivered
	}
	return callout.Payload{
		RequestID: r.ID, CallbackURIPath: path, CalloutID: call.Callout.ID,
		Stage: call.Callout.Stage, RequestType: r.Type, Answers: answersOf(call), State: state, Status: status,
		CallbackTimeout: callout.CallbackTimeout(call.Planned.CallbackTimeout),
		Package:         packageOf(call), Catalog: catalogOf(call), Assignment: assignmentOf(call, opened),
		Requestor: callout.PayloadRequestor{ID: r.Requestor.ObjectID, ObjectID: r.Requestor.ObjectID, DisplayName: r.Requestor.DisplayName},
	}.JSON()
}

func packageOf(call *engine.Call) callout.PayloadObject {
	return callout.PayloadObject{ID: call.Request.PackageID, DisplayName: call.Package.DisplayName, Description: text(call.Package.Description)}
}

func catalogOf(call *engine.Call) callout.PayloadObject {
	return callout.PayloadObject{ID: call.Request.CatalogID, DisplayName: call.Catalog.DisplayName, Description: text(call.Catalog.Description)}
}

func assignmentOf(call *engine.Call, a entitlement.Assignment) callout.PayloadAssignment {
	p := callout.PayloadAssignment{
		ID: a.ID, State: a.State, Status: lifecycle.AssignmentStatus(a),
		Target: callout.PayloadTarget{
			ID: a.Target.ObjectID, ObjectID: a.Target.ObjectID, DisplayName: a.Target.DisplayName, PrincipalName: a.Target.PrincipalName,
		},
		Policy: callout.PayloadPolicy{ID: a.PolicyID, DisplayName: call.Policy.DisplayName},
	}
	if o := call.Organization; o != nil {
		p.Target.ConnectedOrganization = &callout.PayloadObject{ID: o.ID, DisplayName: o.DisplayName, Description: text(o.Description)}
	}
	return p
}

// answersOf are the answers of the request, with the texts of the questions as they are now.
func answersOf(call *engine.Call) []callout.PayloadAnswer {
	answers := make([]callout.PayloadAnswer, 0, len(call.Request.Answers))
	for _, a := range call.Request.Answers {
		one := callout.PayloadAnswer{Value: a.Value, DisplayValue: text(a.Display), Question: callout.PayloadQuestion{ID: a.QuestionID}}
		if i := slices.IndexFunc(call.Policy.Questions, func(q entitlement.Question) bool { return q.ID == a.QuestionID }); i >= 0 {
			one.Question.Text = call.Policy.Questions[i].Text
		}
		answers = append(answers, one)
	}
	return answers
}

// announced is the state and status of a request as a callout tells them: those of its
// phase. That the request waits is what the callout itself says.
func announced(p entitlement.Progress) (entitlement.RequestState, string) {
	p.Callouts = slices.Clone(p.Callouts)
	if current := p.Current(); current != nil {
		current.Status = ""
	}
	return lifecycle.PublicState(p)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
