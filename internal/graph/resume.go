package graph

import (
	"context"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
)

// The types of a callback.
const (
	callbackData         = "accessPackageAssignmentRequestCallbackData"
	approvalCallbackData = "assignmentRequestApprovalStageCallbackData"
	stageType            = "accessPackageCustomExtensionStage"
)

// callbackStages are the stages at which a request can wait for a callback.
var callbackStages = append(slices.Clone(entitlement.RequestStages), entitlement.StageDetermining)

// resumeRequest takes the answer of an extension's owner to a callout. What is checked
// here is the shape of the body alone; the rest, in the order of the contract, is
// checked by lifecycle.
//
// graph: accesspackageassignmentrequest-resume
func (s *Server) resumeRequest(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("assignmentRequest")
	if err != nil {
		return reply{}, err
	}
	body, err := c.object()
	if err != nil {
		return reply{}, err
	}
	ev, err := readCallback(body)
	if err != nil {
		return reply{}, err
	}
	return noContent, s.engine.Resume(ctx, c.actor, id, ev)
}

// readCallback reads the parameters of resume. A slip in them must never let anyone in:
// only a body without any trace of a state means "go on".
func readCallback(body node) (entitlement.Event, error) {
	ev := entitlement.Event{Kind: entitlement.EventCallback}
	ev.Answer.Outcome = entitlement.OutcomeContinue
	hasData := false
	if err := strictAnnotations(body); err != nil {
		return ev, err
	}
	err := body.fields("resume", func(name string, n node) (_ bool, err error) {
		switch name {
		case "source":
			ev.Answer.Source, err = n.shortString(entitlement.MaxSource)
		case "type":
			err = readStageType(n, &ev)
		case "data":
			hasData = true
			err = readCallbackData(n, &ev)
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && !hasData {
		err = entitlement.Invalid("data", "data is required: an object with stage and customExtensionStageInstanceId of the callout that is answered.")
	}
	return ev, err
}

// readStageType reads the type member: the stage of the callout, with its namespace.
func readStageType(n node, ev *entitlement.Event) error {
	if n.kind == isNull {
		return nil
	}
	s, err := n.string()
	if err != nil {
		return err
	}
	word, ok := cutPrefixFold(strings.TrimPrefix(s, "#"), "microsoft.graph."+stageType+".")
	if !ok {
		return entitlement.Invalid(n.at, "type '%s' is not known; it is 'microsoft.graph.%s.' and the stage of the callout, for instance %s.", clip(s, 128), stageType, entitlement.StageCreated)
	}
	ev.Answer.Type = s
	ev.TypeStage, err = readStage(node{&value{kind: isString, text: word}, n.at})
	return err
}

func readStage(n node) (entitlement.Stage, error) {
	s, err := n.string()
	if err != nil {
		return "", err
	}
	stage, ok := entitlement.ParseStage(s)
	switch {
	case !ok:
		return "", entitlement.Invalid(n.at, "Stage '%s' is not known; it can be %s.", clip(s, 64), entitlement.EnumWords(callbackStages))
	case stage.OfAssignment():
		return "", entitlement.Invalid(n.at, "No request waits at stage '%s', so that nothing can be resumed there; the stage can be %s.", stage, entitlement.EnumWords(callbackStages))
	}
	return stage, nil
}

// graph: accessPackageAssignmentRequestCallbackData, assignmentRequestApprovalStageCallbackData
func readCallbackData(n node, ev *entitlement.Event) error {
	if n.kind != isObject {
		return n.wrongKind("an object")
	}
	typ, err := callbackType(n)
	if err != nil {
		return err
	}
	if err := strictAnnotations(n); err != nil {
		return err
	}
	err = n.fields(typ, func(name string, n node) (_ bool, err error) {
		switch name {
		case "stage":
			ev.Stage, err = readStage(n)
		case "customExtensionStageInstanceId":
			ev.Instance, err = n.id()
		case "customExtensionStageInstanceDetail":
			ev.Answer.Detail, err = n.shortString(entitlement.MaxDetail)
		case "state":
			ev.Answer.Outcome, err = readOutcome(n)
		case "approvalStage":
			ev.Supplied, err = readSupplied(n, typ)
		default:
			return false, nil
		}
		return true, err
	})
	switch {
	case err != nil:
		return err
	case ev.Stage == "":
		return entitlement.Invalid("data/stage", "data.stage is required: the Stage of the callout that is answered. It can be %s.", entitlement.EnumWords(callbackStages))
	case ev.Instance == "":
		return entitlement.Invalid("data/customExtensionStageInstanceId", "data.customExtensionStageInstanceId is required: the CustomExtensionStageInstanceId of the callout that is answered.")
	}
	return nil
}

// readSupplied reads the stage of approval that the answer brings; null is none. Whether
// the callout asked for one is checked by lifecycle.
func readSupplied(n node, typ string) (*entitlement.ApprovalStage, error) {
	if typ != approvalCallbackData {
		return nil, entitlement.Invalid(n.at, "approvalStage belongs to data whose @odata.type is microsoft.graph.%s; this data is of type microsoft.graph.%s.", approvalCallbackData, typ)
	}
	if n.kind == isNull {
		return nil, nil
	}
	stage, err := readApprovalStage(n)
	return &stage, err
}

// readOutcome reads data.state. Only its absence means "go on".
func readOutcome(n node) (entitlement.Outcome, error) {
	if n.kind == isString {
		switch {
		case strings.EqualFold(n.text, "denied"):
			return entitlement.OutcomeDenied, nil
		case strings.EqualFold(n.text, "canceled"):
			return entitlement.OutcomeCanceled, nil
		}
	}
	got := n.kind.String()
	if n.kind == isString {
		got = "'" + clip(n.text, 64) + "'"
	}
	return "", entitlement.Invalid(n.at, "data.state is %s; it can be Denied or Canceled. Leave it out to let the request go on.", got)
}

// callbackType reads the type of data, which may be left out. The official Example 3 doubles
// the namespace.
func callbackType(n node) (string, error) {
	t, err := n.typeName()
	if err != nil || t == "" {
		return callbackData, err
	}
	t, _ = cutPrefixFold(t, "microsoft.graph.")
	known := []string{callbackData, approvalCallbackData}
	if typ, ok := entitlement.ParseEnum(known, t); ok {
		return typ, nil
	}
	return "", entitlement.Invalid(n.at+"/@odata.type", "data is of type '%s'; it must be microsoft.graph.%s, or microsoft.graph.%s where a callout asks who approves.", clip(t, 128), callbackData, approvalCallbackData)
}

// strictAnnotations refuses every annotation that a client has no cause to send with a
// callback: it may be a state that was mistyped.
func strictAnnotations(n node) error {
	for i := range n.members {
		name := n.members[i].name
		at := strings.IndexByte(name, '@')
		switch {
		case at < 0:
		case at > 0 && name[at:] == "@odata.type" && n.member(name[:at]) != nil:
		case name == "@odata.type", name == "@odata.context", name == "@odata.id":
		default:
			return entitlement.Invalid(n.field(name, nil).at, "The annotation '%s' is not known here.", clip(name, maxMember))
		}
	}
	return nil
}
