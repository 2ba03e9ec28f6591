package callout

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"anteroom/internal/entitlement"
)

// Payload is the body that the four stages of a request send: flat, with PascalCase
// names in this order. What is empty is written, not left out.
//
// contract: lifecycle b.1 (accessPackageAssignmentRequestCalloutData)
type Payload struct {
	RequestID entitlement.ID `json:"AccessPackageAssignmentRequestId"`
	// CallbackURIPath begins with "/" and has no version: receivers put it behind
	// ".../v1.0" or ".../beta".
	CallbackURIPath string         `json:"CallbackUriPath"`
	CalloutID       entitlement.ID `json:"CustomExtensionStageInstanceId"`

	Stage           entitlement.Stage        `json:"Stage"`
	RequestType     entitlement.RequestType  `json:"RequestType"`
	Answers         []PayloadAnswer          `json:"Answers"`
	State           entitlement.RequestState `json:"State"`
	Status          string                   `json:"Status"`
	CallbackTimeout CallbackTimeout          `json:"CallbackConfiguration"`
	Package         PayloadObject            `json:"AccessPackage"`
	Catalog         PayloadObject            `json:"AccessPackageCatalog"`
	Assignment      PayloadAssignment        `json:"Assignment"`
	Requestor       PayloadRequestor         `json:"Requestor"`
}

// PayloadObject names a package or a catalog. A missing description is "".
type PayloadObject struct {
	ID          entitlement.ID `json:"Id"`
	DisplayName string         `json:"DisplayName"`
	Description string         `json:"Description"`
}

// PayloadAssignment is the assignment that the request is about.
type PayloadAssignment struct {
	ID     entitlement.ID              `json:"Id"`
	State  entitlement.AssignmentState `json:"State"`
	Status string                      `json:"Status"`
	Target PayloadTarget               `json:"Target"`
	Policy PayloadPolicy               `json:"AssignmentPolicy"`
}

// PayloadTarget is who gets or loses the access.
type PayloadTarget struct {
	ID            entitlement.ID `json:"Id"`
	ObjectID      entitlement.ID `json:"ObjectId"`
	DisplayName   string         `json:"DisplayName"`
	PrincipalName string         `json:"PrincipalName"`
	// ConnectedOrganization is null for who belongs to none.
	ConnectedOrganization *PayloadObject `json:"ConnectedOrganization"`
}

// PayloadAnswer is an answer to a question of the policy.
type PayloadAnswer struct {
	Value        string          `json:"Value"`
	DisplayValue string          `json:"DisplayValue"`
	Question     PayloadQuestion `json:"AnsweredQuestion"`
}

// PayloadQuestion is a question that was answered.
type PayloadQuestion struct {
	ID   entitlement.ID `json:"Id"`
	Text string         `json:"Text"`
}

// AssignmentPayload is the body that the two stages before expiry send. There is nobody who
// asks and nothing to call back.
//
// contract: lifecycle b.1 (accessPackageAssignmentCalloutData)
type AssignmentPayload struct {
	RequestID       entitlement.ID    `json:"AccessPackageAssignmentRequestId"`
	CallbackTimeout *struct{}         `json:"CallbackConfiguration"` // always null: it never waits
	CalloutID       entitlement.ID    `json:"CustomExtensionStageInstanceId"`
	Stage           entitlement.Stage `json:"Stage"`
	Package         PayloadObject     `json:"AccessPackage"`
	Catalog         PayloadObject     `json:"AccessPackageCatalog"`
	Assignment      PayloadAssignment `json:"Assignment"`
}

// JSON returns the payload as it is sent, like Payload.JSON.
func (p AssignmentPayload) JSON() []byte { return encode(p) }

// PayloadPolicy names the assignment policy.
type PayloadPolicy struct {
	ID          entitlement.ID `json:"Id"`
	DisplayName string         `json:"DisplayName"`
}

// PayloadRequestor is who made the request.
type PayloadRequestor struct {
	ID          entitlement.ID `json:"Id"`
	ObjectID    entitlement.ID `json:"ObjectId"`
	DisplayName string         `json:"DisplayName"`
}

// CallbackTimeout is how long the request waits for resume. It is written as
// {"DurationBeforeTimeout":"PT1H"}, and as null when it does not wait.
type CallbackTimeout time.Duration

// MarshalJSONTo writes the object or null.
func (t CallbackTimeout) MarshalJSONTo(e *jsontext.Encoder) error {
	if t <= 0 {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, struct{ DurationBeforeTimeout string }{entitlement.FormatDuration(time.Duration(t))})
}

// JSON returns the payload as it is sent. Text that is not UTF-8 is mended with
// U+FFFD.
func (p Payload) JSON() []byte { return encode(p) }

func encode(p any) []byte {
	b, err := json.Marshal(p, jsontext.AllowInvalidUTF8(true))
	if err != nil { // no member of a payload can fail
		panic("callout: " + err.Error())
	}
	return b
}
