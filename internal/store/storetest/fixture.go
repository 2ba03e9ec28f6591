package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store"
)

// fixture tests one table without knowing its type.
type fixture interface {
	name() string
	testCRUD(t *testing.T, s store.Store)
	testConflict(t *testing.T, s store.Store)
	testReadOnly(t *testing.T, s store.Store)
	testTenantsApart(t *testing.T, s store.Store)
}

// of is the fixture of one table. change alters an object in a way that Update allows.
type of[T any] struct {
	label  string
	table  func(*store.Tx) store.Table[T]
	meta   func(*T) *entitlement.Object
	change func(*T)
}

func fixtures() []fixture {
	other := func(s *string) { *s = "something else" }
	return []fixture{
		of[entitlement.Catalog]{"Catalogs", func(tx *store.Tx) store.Table[entitlement.Catalog] { return tx.Catalogs },
			(*entitlement.Catalog).Meta, func(o *entitlement.Catalog) { other(&o.DisplayName); o.Description = nil }},
		of[entitlement.Package]{"Packages", func(tx *store.Tx) store.Table[entitlement.Package] { return tx.Packages },
			(*entitlement.Package).Meta, func(o *entitlement.Package) { other(&o.DisplayName); o.IsHidden = false }},
		of[entitlement.Policy]{"Policies", func(tx *store.Tx) store.Table[entitlement.Policy] { return tx.Policies },
			(*entitlement.Policy).Meta, func(o *entitlement.Policy) { other(&o.DisplayName); o.RequestorSettings = nil }},
		of[entitlement.Extension]{"Extensions", func(tx *store.Tx) store.Table[entitlement.Extension] { return tx.Extensions },
			(*entitlement.Extension).Meta, func(o *entitlement.Extension) { other(&o.Endpoint.URL); o.CallbackTimeout = 0 }},
		of[entitlement.Resource]{"Resources", func(tx *store.Tx) store.Table[entitlement.Resource] { return tx.Resources },
			(*entitlement.Resource).Meta, func(o *entitlement.Resource) { other(&o.DisplayName) }},
		of[entitlement.RoleScope]{"RoleScopes", func(tx *store.Tx) store.Table[entitlement.RoleScope] { return tx.RoleScopes },
			(*entitlement.RoleScope).Meta, func(o *entitlement.RoleScope) { other(&o.Role.DisplayName) }},
		of[entitlement.ResourceRequest]{"ResourceRequests", func(tx *store.Tx) store.Table[entitlement.ResourceRequest] { return tx.ResourceRequests },
			(*entitlement.ResourceRequest).Meta, func(o *entitlement.ResourceRequest) { o.State = entitlement.RequestDelivered }},
		of[entitlement.Request]{"Requests", func(tx *store.Tx) store.Table[entitlement.Request] { return tx.Requests },
			(*entitlement.Request).Meta, func(o *entitlement.Request) {
				other(&o.Status)
				o.Progress.Callouts = append(o.Progress.Callouts, entitlement.Callout{ID: "x", StartedAt: moment})
			}},
		of[entitlement.Assignment]{"Assignments", func(tx *store.Tx) store.Table[entitlement.Assignment] { return tx.Assignments },
			(*entitlement.Assignment).Meta, func(o *entitlement.Assignment) { o.State = entitlement.AssignmentExpired }},
		of[entitlement.Grant]{"Grants", func(tx *store.Tx) store.Table[entitlement.Grant] { return tx.Grants },
			(*entitlement.Grant).Meta, func(o *entitlement.Grant) {}},
		of[entitlement.User]{"Users", func(tx *store.Tx) store.Table[entitlement.User] { return tx.Users },
			(*entitlement.User).Meta, func(o *entitlement.User) { other(&o.UserPrincipalName); o.Mail = nil }},
		of[entitlement.Group]{"Groups", func(tx *store.Tx) store.Table[entitlement.Group] { return tx.Groups },
			(*entitlement.Group).Meta, func(o *entitlement.Group) { other(&o.DisplayName); o.GroupTypes = nil }},
		of[entitlement.Membership]{"Memberships", func(tx *store.Tx) store.Table[entitlement.Membership] { return tx.Memberships },
			(*entitlement.Membership).Meta, func(o *entitlement.Membership) { o.Granted = false }},
		of[entitlement.Approver]{"Approvers", func(tx *store.Tx) store.Table[entitlement.Approver] { return tx.Approvers },
			(*entitlement.Approver).Meta, func(o *entitlement.Approver) { o.IsAlternate = false }},
		of[entitlement.Incompatibility]{"Incompatible", func(tx *store.Tx) store.Table[entitlement.Incompatibility] { return tx.Incompatible },
			(*entitlement.Incompatibility).Meta, func(o *entitlement.Incompatibility) {}},
		of[entitlement.ConnectedOrganization]{"Organizations", func(tx *store.Tx) store.Table[entitlement.ConnectedOrganization] { return tx.Organizations },
			(*entitlement.ConnectedOrganization).Meta, func(o *entitlement.ConnectedOrganization) { other(&o.DisplayName); o.Description = nil }},
		of[entitlement.ServicePrincipal]{"Principals", func(tx *store.Tx) store.Table[entitlement.ServicePrincipal] { return tx.Principals },
			(*entitlement.ServicePrincipal).Meta, func(o *entitlement.ServicePrincipal) { other(&o.DisplayName); o.Owners = nil }},
		of[entitlement.IdempotencyKey]{"IdempotencyKeys", func(tx *store.Tx) store.Table[entitlement.IdempotencyKey] { return tx.IdempotencyKeys },
			(*entitlement.IdempotencyKey).Meta, func(o *entitlement.IdempotencyKey) { other(&o.Digest) }},
	}
}

func (f of[T]) name() string { return f.label }

func (f of[T]) get(ctx context.Context, s store.Store, tenant entitlement.TenantID, id entitlement.ID) (o *T, err error) {
	err = s.View(ctx, tenant, func(tx *store.Tx) error {
		o, err = f.table(tx).Get(ctx, id)
		return err
	})
	return o, err
}

func (f of[T]) list(ctx context.Context, s store.Store, tenant entitlement.TenantID) (list []*T, count int, err error) {
	err = s.View(ctx, tenant, func(tx *store.Tx) error {
		if list, err = f.table(tx).List(ctx, query.Query{}); err != nil {
			return err
		}
		count, err = f.table(tx).Count(ctx, nil)
		return err
	})
	return list, count, err
}

func (f of[T]) wantSame(t *testing.T, s store.Store, tenant entitlement.TenantID, want *T) {
	t.Helper()
	got, err := f.get(t.Context(), s, tenant, f.meta(want).ID)
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the object came back changed (-want +got):\n%s", d)
	}
}
