package sqlstore

import (
	"context"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// txn is one transaction of one tenant: the connection that it runs on, and the
// tables that its Tx shows.
type txn struct {
	conn     *conn
	tenant   entitlement.TenantID
	number   int64 // of the tenant
	writable bool
	ended    bool
	// plain is set where statements must not be interrupted: in the writer.
	plain bool
	self  *entitlement.Tenant // once it was read; nobody else changes it meanwhile

	tx store.Tx

	catalogs         table[entitlement.Catalog]
	packages         table[entitlement.Package]
	policies         table[entitlement.Policy]
	extensions       table[entitlement.Extension]
	resources        table[entitlement.Resource]
	roleScopes       table[entitlement.RoleScope]
	resourceRequests table[entitlement.ResourceRequest]
	requests         table[entitlement.Request]
	assignments      table[entitlement.Assignment]
	grants           table[entitlement.Grant]
	users            table[entitlement.User]
	groups           table[entitlement.Group]
	memberships      table[entitlement.Membership]
	approvers        table[entitlement.Approver]
	incompatible     table[entitlement.Incompatibility]
	organizations    table[entitlement.ConnectedOrganization]
	principals       table[entitlement.ServicePrincipal]
	idempotencyKeys  table[entitlement.IdempotencyKey]
}

func newTxn(c *conn, t tenantKey, writable bool) *txn {
	x := &txn{conn: c, tenant: t.id, number: t.number, writable: writable, plain: writable}
	x.catalogs = table[entitlement.Catalog]{x, catalogs}
	x.packages = table[entitlement.Package]{x, packages}
	x.policies = table[entitlement.Policy]{x, policies}
	x.extensions = table[entitlement.Extension]{x, extensions}
	x.resources = table[entitlement.Resource]{x, resources}
	x.roleScopes = table[entitlement.RoleScope]{x, roleScopes}
	x.resourceRequests = table[entitlement.ResourceRequest]{x, resourceRequests}
	x.requests = table[entitlement.Request]{x, requests}
	x.assignments = table[entitlement.Assignment]{x, assignments}
	x.grants = table[entitlement.Grant]{x, grants}
	x.users = table[entitlement.User]{x, users}
	x.groups = table[entitlement.Group]{x, groups}
	x.memberships = table[entitlement.Membership]{x, memberships}
	x.approvers = table[entitlement.Approver]{x, approvers}
	x.incompatible = table[entitlement.Incompatibility]{x, incompatibilities}
	x.organizations = table[entitlement.ConnectedOrganization]{x, organizations}
	x.principals = table[entitlement.ServicePrincipal]{x, principals}
	x.idempotencyKeys = table[entitlement.IdempotencyKey]{x, idempotencyKeys}
	x.tx = store.Tx{
		Catalogs: &x.catalogs, Packages: &x.packages, Policies: &x.policies, Extensions: &x.extensions,
		Resources: &x.resources, RoleScopes: &x.roleScopes, ResourceRequests: &x.resourceRequests,
		Requests: &x.requests, Assignments: &x.assignments, Grants: &x.grants,
		Users: &x.users, Groups: &x.groups, Memberships: &x.memberships,
		Approvers: &x.approvers, Incompatible: &x.incompatible, Organizations: &x.organizations,
		Principals: &x.principals, IdempotencyKeys: &x.idempotencyKeys,
		Tenant: tenants{x}, Jobs: jobs{x}, History: history{x},
	}
	return x
}

// reads and writes check that a statement may run and return the context to run it
// in. What the writer has begun is not interrupted: an interrupt would undo the
// changes of others. A reader is, when its statement may be long.
func (x *txn) reads(ctx context.Context, long bool) (context.Context, error) {
	if x.ended {
		return nil, errEnded
	}
	if x.plain {
		return context.Background(), nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if long {
		return ctx, nil
	}
	return context.Background(), nil
}

func (x *txn) writes() (context.Context, error) {
	switch {
	case x.ended:
		return nil, errEnded
	case !x.writable:
		return nil, errReadOnly
	}
	return context.Background(), nil
}
