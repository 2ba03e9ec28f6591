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
	home  *home // what it knows of the tenant

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

func newTxn(c *conn, t tenantKey, h *home, writable bool) *txn {
	x := &txn{conn: c, home: h, tenant: t.id, number: t.number, writable: writable, plain: writable}
	x.catalogs = table[entitlement.Catalog]{txn: x, e: catalogs}
	x.packages = table[entitlement.Package]{txn: x, e: packages}
	x.policies = table[entitlement.Policy]{txn: x, e: policies}
	x.extensions = table[entitlement.Extension]{txn: x, e: extensions}
	x.resources = table[entitlement.Resource]{txn: x, e: resources}
	x.roleScopes = table[entitlement.RoleScope]{txn: x, e: roleScopes}
	x.resourceRequests = table[entitlement.ResourceRequest]{txn: x, e: resourceRequests}
	x.requests = table[entitlement.Request]{txn: x, e: requests}
	x.assignments = table[entitlement.Assignment]{txn: x, e: assignments}
	x.grants = table[entitlement.Grant]{txn: x, e: grants}
	x.users = table[entitlement.User]{txn: x, e: users}
	x.groups = table[entitlement.Group]{txn: x, e: groups}
	x.memberships = table[entitlement.Membership]{txn: x, e: memberships}
	x.approvers = table[entitlement.Approver]{txn: x, e: approvers}
	x.incompatible = table[entitlement.Incompatibility]{txn: x, e: incompatibilities}
	x.organizations = table[entitlement.ConnectedOrganization]{txn: x, e: organizations}
	x.principals = table[entitlement.ServicePrincipal]{txn: x, e: principals}
	x.idempotencyKeys = table[entitlement.IdempotencyKey]{txn: x, e: idempotencyKeys}
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
