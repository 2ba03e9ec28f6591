package notice

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"anteroom/internal/entitlement"
)

// eventContentType is that of one event in JSON (CloudEvents JSON format 1.0 §3).
const eventContentType = "application/cloudevents+json"

// event is a notice as the webhook posts it.
//
// CloudEvents 1.0 §3
type event struct {
	SpecVersion string         `json:"specversion"`
	ID          entitlement.ID `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	// Subject is the assignment that something became of, or the request that somebody
	// made or decides on.
	Subject     entitlement.ID `json:"subject,omitzero"`
	Time        time.Time      `json:"time"`
	ContentType string         `json:"datacontenttype"`
	Data        eventData      `json:"data"`
}

// eventData has the names of Graph where Graph has one.
type eventData struct {
	Kind         entitlement.NoticeKind `json:"kind"`
	RequestID    entitlement.ID         `json:"requestId,omitzero"`
	AssignmentID entitlement.ID         `json:"assignmentId,omitzero"`
	Package      eventPackage           `json:"accessPackage"`
	PolicyID     entitlement.ID         `json:"assignmentPolicyId,omitzero"`
	Requestor    eventPerson            `json:"requestor,omitzero"`
	Target       eventPerson            `json:"target,omitzero"`
	Recipients   []eventPerson          `json:"recipients"` // may be empty
	Due          time.Time              `json:"dueDateTime,omitzero"`
	Detail       string                 `json:"detail,omitzero"`
}

type eventPackage struct {
	ID          entitlement.ID `json:"id"`
	DisplayName string         `json:"displayName"`
}

type eventPerson struct {
	ObjectID      entitlement.ID          `json:"objectId"`
	Type          entitlement.SubjectType `json:"subjectType,omitzero"`
	DisplayName   string                  `json:"displayName,omitzero"`
	PrincipalName string                  `json:"principalName,omitzero"`
	Email         string                  `json:"email,omitzero"`
}

// encode returns the event of a notice in JSON. Text that is not UTF-8 is mended.
func encode(t entitlement.TenantID, n *entitlement.Notice) ([]byte, error) {
	subject := n.RequestID
	if n.AssignmentID != "" && (n.Kind.OfAssignment() || subject == "") {
		subject = n.AssignmentID
	}
	e := event{
		SpecVersion: "1.0", ID: n.ID, Source: "/tenants/" + string(t),
		Type:    "anteroom.entitlement." + string(n.Kind) + ".v1",
		Subject: subject, Time: n.At.UTC(), ContentType: "application/json",
		Data: eventData{
			Kind: n.Kind, RequestID: n.RequestID, AssignmentID: n.AssignmentID, PolicyID: n.PolicyID,
			Package:   eventPackage{n.PackageID, n.PackageName},
			Requestor: person(n.Requestor), Target: person(n.Target),
			Recipients: make([]eventPerson, len(n.To)), Due: n.Due.UTC(), Detail: n.Detail,
		},
	}
	for i, to := range n.To {
		e.Data.Recipients[i] = person(to)
	}
	b, err := json.Marshal(e, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("the event cannot be written: %w", err)
	}
	return b, nil
}

func person(s entitlement.Subject) eventPerson {
	return eventPerson{s.ObjectID, s.Type, s.DisplayName, s.PrincipalName, s.Email}
}
