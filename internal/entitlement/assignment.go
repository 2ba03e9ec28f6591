package entitlement

import (
	"fmt"
	"time"
)

// Assignment is an accessPackageAssignment: that a subject has, or is being given, or
// had, a package through a policy.
type Assignment struct {
	Object
	PackageID ID              `json:"-"`
	PolicyID  ID              `json:"-"`
	CatalogID ID              `json:"-"`
	TargetID  ID              `json:"-"`       // object id
	RequestID ID              `json:"request"` // the request that opened it
	State     AssignmentState `json:"-"`
	Target    Subject         `json:"target"`
	ExpiredAt time.Time       `json:"expiredAt,omitzero,format:unixmicro"`
	// RequestorID is who asked for it.
	RequestorID ID `json:"-"`

	// StartAt is when access began; EndAt is when it ends by itself, zero for never.
	StartAt time.Time `json:"start,omitzero,format:unixmicro"`
	EndAt   time.Time `json:"end,omitzero,format:unixmicro"`
	// Warned counts the moments before the end that are past or were never to come: 14 days,
	// 1 day. NearEnd is set once the last of them has come.
	Warned  int  `json:"warned,omitzero"`
	NearEnd bool `json:"nearEnd,omitzero"`
	// GraceUntil is when an automatic assignment ends whose target left the rule.
	GraceUntil time.Time `json:"graceUntil,omitzero,format:unixmicro"`
	// Ending is set once the request that takes the access away was made because of time.
	Ending bool `json:"ending,omitzero"`
	// Wait is raised with each change of when to wake: an older timer is ignored.
	Wait int `json:"wait,omitzero"`

	Answers []QuestionAnswer `json:"answers,omitzero"`
	// Planned are the callouts before the end, frozen when access was given; Callouts those
	// that were made.
	Planned  []PlannedCallout `json:"planned,omitzero"`
	Callouts []Callout        `json:"callouts,omitzero"`
	// Failures are the roles that could not be given.
	Failures []RoleFailure `json:"failures,omitzero"`
	// Automatic is set where an automatic assignment policy gave it.
	Automatic bool `json:"automatic,omitzero"`
	// Silent is set where nobody is told what happens to it. Notices counts those that
	// were made.
	Silent  bool `json:"silent,omitzero"`
	Notices int  `json:"notices,omitzero"`
	// ApprovedBy are the people who approved: they may take it back.
	ApprovedBy []ID `json:"approvedBy,omitzero"`
}

// AssignmentState is accessPackageAssignmentState.
type AssignmentState string

// Members of accessPackageAssignmentState, in schema order.
const (
	AssignmentDelivering         AssignmentState = "delivering"
	AssignmentPartiallyDelivered AssignmentState = "partiallyDelivered"
	AssignmentDelivered          AssignmentState = "delivered"
	AssignmentExpired            AssignmentState = "expired"
	AssignmentDeliveryFailed     AssignmentState = "deliveryFailed"
)

// AssignmentStates lists the members in schema order.
var AssignmentStates = []AssignmentState{
	AssignmentDelivering, AssignmentPartiallyDelivered, AssignmentDelivered, AssignmentExpired, AssignmentDeliveryFailed,
}

// Live reports whether the assignment gives access or is about to.
func (s AssignmentState) Live() bool {
	return s == AssignmentDelivering || s == AssignmentPartiallyDelivered || s == AssignmentDelivered
}

// Grant records that an assignment gives its target the membership of a group. A
// membership is taken away when its last grant goes, and only if a grant made it.
type Grant struct {
	Object          // its id is made from the other members
	AssignmentID ID `json:"-"`
	RoleScopeID  ID `json:"-"`
	GroupID      ID `json:"-"`
	MemberID     ID `json:"-"`
}

// GrantID is the id of the grant that an assignment makes for a resource role scope.
func GrantID(assignment, roleScope ID) ID { return assignment + "_" + roleScope }

// Delivery is what is left to do in target systems outside for one wait of a request.
type Delivery struct {
	Key        string // the same for every attempt
	Assignment Assignment
	Roles      []*RoleScope
	Revoke     bool
}

// Delivered is what came of a delivery in the transaction.
type Delivered struct {
	// Outside says that something is left to do in target systems outside.
	Outside bool
	// Given and Taken are the roles that were given and taken away now.
	Given, Taken []RoleName
	// Failures are the roles that could not be given.
	Failures []RoleFailure
}

// RoleName names a role that was given or taken away.
type RoleName struct {
	RoleScopeID ID
	Name        string
}

// PartialDelivery says that some roles could not be given outside, and all others were.
type PartialDelivery struct{ Failures []RoleFailure }

// Error counts the failures.
func (p *PartialDelivery) Error() string {
	return fmt.Sprintf("%d roles could not be given", len(p.Failures))
}
