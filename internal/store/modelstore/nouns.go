package modelstore

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// nouns are the tables of store.Tx.
var nouns = []noun{
	of("Catalogs", catalogs, func(tx *store.Tx) *store.Table[entitlement.Catalog] { return &tx.Catalogs }),
	of("Packages", packages, func(tx *store.Tx) *store.Table[entitlement.Package] { return &tx.Packages }),
	of("Policies", policies, func(tx *store.Tx) *store.Table[entitlement.Policy] { return &tx.Policies }),
	of("Extensions", extensions, func(tx *store.Tx) *store.Table[entitlement.Extension] { return &tx.Extensions }),
	of("Resources", resources, func(tx *store.Tx) *store.Table[entitlement.Resource] { return &tx.Resources }),
	of("RoleScopes", roleScopes, func(tx *store.Tx) *store.Table[entitlement.RoleScope] { return &tx.RoleScopes }),
	of("ResourceRequests", resourceRequests, func(tx *store.Tx) *store.Table[entitlement.ResourceRequest] { return &tx.ResourceRequests }),
	of("Requests", requests, func(tx *store.Tx) *store.Table[entitlement.Request] { return &tx.Requests }),
	of("Assignments", assignments, func(tx *store.Tx) *store.Table[entitlement.Assignment] { return &tx.Assignments }),
	of("Grants", grants, func(tx *store.Tx) *store.Table[entitlement.Grant] { return &tx.Grants }),
	of("Users", users, func(tx *store.Tx) *store.Table[entitlement.User] { return &tx.Users }),
	of("Groups", groups, func(tx *store.Tx) *store.Table[entitlement.Group] { return &tx.Groups }),
	of("Memberships", memberships, func(tx *store.Tx) *store.Table[entitlement.Membership] { return &tx.Memberships }),
	of("Approvers", approvers, func(tx *store.Tx) *store.Table[entitlement.Approver] { return &tx.Approvers }),
	of("Incompatible", incompatibilities, func(tx *store.Tx) *store.Table[entitlement.Incompatibility] { return &tx.Incompatible }),
	of("Organizations", organizations, func(tx *store.Tx) *store.Table[entitlement.ConnectedOrganization] { return &tx.Organizations }),
	of("Principals", principals, func(tx *store.Tx) *store.Table[entitlement.ServicePrincipal] { return &tx.Principals }),
	of("IdempotencyKeys", idempotencyKeys, func(tx *store.Tx) *store.Table[entitlement.IdempotencyKey] { return &tx.IdempotencyKeys }),
}

// noun is a table without the type of its objects.
type noun interface {
	name() string
	empty() any
	open(x *txn, number int) finder
}

// nounOf is the noun of an entity: the member of store.Tx that is called label.
type nounOf[T any] struct {
	label  string
	entity *entity[T]
	member func(*store.Tx) *store.Table[T]
}

func of[T any](label string, e *entity[T], member func(*store.Tx) *store.Table[T]) noun {
	return nounOf[T]{label, e, member}
}

func (n nounOf[T]) name() string { return n.label }

func (n nounOf[T]) empty() any { return noRows(n.entity) }

func (n nounOf[T]) open(x *txn, number int) finder {
	r, _ := x.tenant.tables[number].(*rows[T])
	t := &table[T]{txn: x, e: n.entity, label: n.label, number: number, rows: r}
	*n.member(&x.tx) = t
	return t
}
