package entitlement

import "strings"

// Resource is an accessPackageResource: something in a catalog whose roles a package
// can bundle. This build knows groups of the built-in directory.
type Resource struct {
	Object
	CatalogID    ID      `json:"-"`
	OriginID     string  `json:"-"` // the group's id
	OriginSystem string  `json:"-"`
	DisplayName  string  `json:"-"`
	Description  *string `json:"description,omitzero"`
}

// OriginGroup is the origin system of a group.
const OriginGroup = "AadGroup"

// ResourceRole is an accessPackageResourceRole. Roles are derived from their
// resource, not stored: a group has the one role Member.
type ResourceRole struct {
	ID           ID
	ResourceID   ID
	DisplayName  string
	OriginID     string // "Member_" and the group's id
	OriginSystem string
}

// ResourceScope is an accessPackageResourceScope. A group has the one root scope.
type ResourceScope struct {
	ID           ID
	ResourceID   ID
	DisplayName  string
	Description  string
	OriginID     string // the group's id
	OriginSystem string
	IsRootScope  bool
}

// Role returns the one role of a group: Member.
func (r *Resource) Role() ResourceRole {
	origin := "Member_" + r.OriginID
	return ResourceRole{
		ID: DeriveID(string(r.ID), "role", origin), ResourceID: r.ID,
		DisplayName: "Member", OriginID: origin, OriginSystem: r.OriginSystem,
	}
}

// Scope returns the one scope of a group: the root.
func (r *Resource) Scope() ResourceScope {
	return ResourceScope{
		ID: DeriveID(string(r.ID), "scope", r.OriginID), ResourceID: r.ID, DisplayName: "Root", Description: "Root Scope",
		OriginID: r.OriginID, OriginSystem: r.OriginSystem, IsRootScope: true,
	}
}

// RoleScope is an accessPackageResourceRoleScope: a role of a resource that everybody
// who is assigned the package gets. It is stored under an id made from the package and
// its public id, as two packages may bundle the same role.
type RoleScope struct {
	Object
	PackageID  ID       `json:"-"`
	ResourceID ID       `json:"-"`
	Role       RoleRef  `json:"role"`
	Scope      ScopeRef `json:"scope"`
}

// PublicID is the id that clients see: "<role id>_<scope id>".
//
// graph: accesspackage-post-resourcerolescopes
func (rs *RoleScope) PublicID() string { return string(rs.Role.ID) + "_" + string(rs.Scope.ID) }

// RoleScopeID is the id under which the role scope of a package is stored.
func RoleScopeID(pkg ID, publicID string) ID {
	return DeriveID(string(pkg), strings.ToLower(publicID))
}

// RoleRef is the role of a role scope as it was added.
type RoleRef struct {
	ID           ID     `json:"id"`
	DisplayName  string `json:"displayName"`
	OriginID     string `json:"originId"`
	OriginSystem string `json:"originSystem"`
}

// ScopeRef is the scope of a role scope as it was added.
type ScopeRef struct {
	ID           ID     `json:"id"`
	DisplayName  string `json:"displayName"`
	OriginID     string `json:"originId"`
	OriginSystem string `json:"originSystem"`
	IsRootScope  bool   `json:"isRootScope"`
}

// ResourceRequest is an accessPackageResourceRequest: the record of a resource being
// added to a catalog, refreshed in it, or removed from it.
type ResourceRequest struct {
	Object
	CatalogID  ID           `json:"-"`
	ResourceID ID           `json:"-"`
	Type       RequestType  `json:"requestType"`
	State      RequestState `json:"state"`
}
