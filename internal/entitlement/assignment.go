package entitlement

import "time"

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
