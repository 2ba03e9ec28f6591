// Package rules holds the pure decisions about people: what a caller may see and do,
// and whom a policy lets in. It does no I/O: what a decision needs to know is handed to
// it. Package engine asks it before each write and joins what it says into each read,
// so that the HTTP API and any other edge cannot differ.
//
// Every rule fails closed: what is not allowed by a line of it is refused.
package rules

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// Kind is a kind of object that can be read.
type Kind string

// Kinds of object. The words are used in messages.
const (
	Catalogs               Kind = "catalog"
	Packages               Kind = "accessPackage"
	Policies               Kind = "assignmentPolicy"
	Extensions             Kind = "customWorkflowExtension"
	Resources              Kind = "resource"
	RoleScopes             Kind = "resourceRoleScope"
	ResourceRequests       Kind = "resourceRequest"
	Requests               Kind = "assignmentRequest"
	Assignments            Kind = "assignment"
	Users                  Kind = "user"
	Groups                 Kind = "group"
	Memberships            Kind = "member"
	Histories              Kind = "request's history"
	Approvals              Kind = "approval"
	Audits                 Kind = "directoryAudit"
	ConnectedOrganizations Kind = "connectedOrganization"
	Incompatibilities      Kind = "incompatibility"
	Settings               Kind = "settings"
	ServicePrincipals      Kind = "servicePrincipal"
)

// Manages returns nil when the actor may do everything in the tenant: an application
// with EntitlementManagement.ReadWrite.All, or an administrator through one.
func Manages(a entitlement.Actor) error {
	switch {
	case !a.Has(entitlement.PermissionReadWrite):
		return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionReadWrite)
	case a.User && !a.Administrator:
		return entitlement.Forbidden("a signed-in user may only ask for access, approve what they are asked to, and read and cancel what they asked for. " +
			"This needs an application's token, or a user whom the configuration lists as an administrator.")
	}
	return nil
}

// Visible returns the filter that says which objects of a kind the actor may read: nil
// for all of them, an error for none.
func Visible(a entitlement.Actor, k Kind) (query.Expr, error) {
	if k == Audits {
		return nil, readsAudits(a)
	}
	if !a.Person() {
		if !a.Has(entitlement.PermissionReadWrite, entitlement.PermissionRead) {
			return nil, entitlement.Forbidden("the token lacks the permission %s or %s.", entitlement.PermissionRead, entitlement.PermissionReadWrite)
		}
		return nil, nil
	}
	if !a.Has(entitlement.PermissionReadWrite, entitlement.PermissionRead, entitlement.PermissionSubjectAccess) {
		return nil, entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionSubjectAccess)
	}
	me := query.Value(string(a.ObjectID))
	switch k {
	case Requests, Approvals: // the approval of a request is read with it
		return &query.Or{Parts: []query.Expr{query.Equal("requestor/objectId", me), query.Equal("target/objectId", me), query.Equal("approver/objectId", me)}}, nil
	case Assignments:
		return &query.Or{Parts: []query.Expr{query.Equal("target/objectId", me), query.Equal("requestor/objectId", me)}}, nil
	}
	return nil, entitlement.Forbidden("a signed-in user who is not an administrator may read only their own requests and assignments, not a %s.", k)
}

// readsAudits returns nil when the actor may read the audit log: an application, or an
// administrator through one, that may read audit logs or all of entitlement management.
//
// graph: directoryaudit-list
func readsAudits(a entitlement.Actor) error {
	switch {
	case !a.Has(entitlement.PermissionAuditLog, entitlement.PermissionRead, entitlement.PermissionReadWrite):
		return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionAuditLog)
	case a.User && !a.Administrator:
		return entitlement.Forbidden("a signed-in user who is not an administrator may not read the audit log.")
	}
	return nil
}

// MayExpand returns nil when the actor may see objects of a kind that hang on an object
// which they may read. A person sees the package that they asked for, not how it is run.
func MayExpand(a entitlement.Actor, k Kind) error {
	if _, err := Visible(a, k); err == nil || k == Packages {
		return nil
	}
	return entitlement.Forbidden("a signed-in user who is not an administrator may not expand a %s.", k)
}

// Enters returns nil when the actor has any permission at all. It is asked before anything
// is looked up, so that who has none learns nothing of what exists.
func Enters(a entitlement.Actor) error {
	if a.Has(entitlement.PermissionReadWrite, entitlement.PermissionRead) || (a.User && a.Has(entitlement.PermissionSubjectAccess)) {
		return nil
	}
	return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionReadWrite)
}

// sees reports whether the actor may read the request.
func sees(a entitlement.Actor, r *entitlement.Request) bool {
	if !a.Person() {
		return true
	}
	return a.ObjectID != "" && (r.RequestorID == a.ObjectID || r.TargetID == a.ObjectID || asked(r, a.ObjectID))
}

// MayResume returns nil when the actor may answer a callout of the request. Nobody
// answers for a request that they made or that is for them.
func MayResume(a entitlement.Actor, r *entitlement.Request) error {
	if !sees(a, r) {
		return entitlement.NotFound(string(Requests), r.ID)
	}
	// A caller without an object id cannot be told from a requestor without one.
	if a.ObjectID == r.RequestorID || a.ObjectID == r.TargetID {
		return entitlement.Forbidden("nobody may resume a request that they made or that gives access to themselves.")
	}
	return Manages(a)
}

// MayCancel returns nil when the actor may cancel the request: their own, or any for who
// manages the tenant.
func MayCancel(a entitlement.Actor, r *entitlement.Request) error {
	if !sees(a, r) {
		return entitlement.NotFound(string(Requests), r.ID)
	}
	own := a.ObjectID != "" && (a.ObjectID == r.RequestorID || a.ObjectID == r.TargetID)
	if !a.User || (a.Administrator && (!own || a.Has(entitlement.PermissionReadWrite))) {
		return Manages(a)
	}
	if !a.Has(entitlement.PermissionReadWrite, entitlement.PermissionSubjectAccess) {
		return entitlement.Forbidden("the token lacks the permission %s.", entitlement.PermissionSubjectAccess)
	}
	if r.Type.Removes() {
		return entitlement.Forbidden("only who manages the tenant may cancel a removal.")
	}
	if !own {
		return entitlement.Forbidden("only who made a request, for whom it is, and who manages the tenant may cancel it; an approver denies it.")
	}
	return nil
}
