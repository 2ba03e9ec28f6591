package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

func TestTheRepeatOfAnOrderIsAnsweredTheSame(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	order := engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: alice, IdempotencyKey: "key/1 ~", Digest: "one"}
	submit := func(by entitlement.Actor, o engine.Order) (*entitlement.Request, error) {
		t.Helper()
		return w.Submit(t.Context(), by, o)
	}
	first, err := submit(app, order)
	must(t, err)
	w.goOn(first)
	w.is(first, "delivered Delivered")
	w.unchanged("a repeat", func() {
		again, err := submit(app, order)
		must(t, err)
		again.Version, again.ModifiedAt, again.OpenKey = first.Version, first.ModifiedAt, first.OpenKey
		again.WaitsAt, again.WaitsSince = first.WaitsAt, first.WaitsSince
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("it is answered with (-first +again):\n%s", diff)
		}
		other := order
		other.Digest = "two"
		_, err = submit(app, other)
		refused(t, err, entitlement.CodeIdempotencyKeyReused)
		_, err = submit(answers, order) // another caller: their own key
		refused(t, err, entitlement.CodeExistingAssignment)
		mayNot := app
		mayNot.Permissions = nil
		_, err = submit(mayNot, order)
		refused(t, err, entitlement.CodeForbidden)
	})
	w.advance(24*time.Hour - time.Microsecond)
	_, err = submit(app, order)
	must(t, err)
	must(t, w.DeleteRequest(t.Context(), app, first.ID))
	_, err = submit(app, order)
	refused(t, err, entitlement.CodeNotFound)
	w.advance(time.Microsecond)
	order.TargetID, order.Digest = bob, "three"
	second, err := submit(app, order)
	must(t, err)
	if again, err := submit(app, order); err != nil || again.ID != second.ID || second.TargetID != bob {
		t.Errorf("after a day the key stands for %+v, %v", again, err)
	}
}

// TestARefusalIsNotRemembered: the order may be made again under the same key.
func TestARefusalIsNotRemembered(t *testing.T) {
	w := newWorld(t)
	order := engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: uid("later"), IdempotencyKey: "k", Digest: "d"}
	_, err := w.Submit(t.Context(), app, order)
	refused(t, err, entitlement.CodeInvalidModel)
	must(t, w.CreateUser(t.Context(), app, &entitlement.User{Object: entitlement.Object{ID: uid("later")}, DisplayName: "x", UserPrincipalName: "x", AccountEnabled: true}))
	_, err = w.Submit(t.Context(), app, order)
	must(t, err)
}

func TestWhichKeysAreTaken(t *testing.T) {
	w := newWorld(t)
	for key, ok := range map[string]bool{
		" ": true, "~": true, strings.Repeat("x", 255): true, strings.Repeat("x", 256): false, "a\tb": false, "a\x7f": false, "ä": false, "a\n": false,
	} {
		u := &entitlement.User{DisplayName: "x", UserPrincipalName: string(entitlement.DeriveID(key)), AccountEnabled: true}
		must(t, w.CreateUser(t.Context(), app, u))
		_, err := w.Submit(t.Context(), app, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: u.ID, IdempotencyKey: key})
		if ok {
			must(t, err)
		} else {
			refused(t, err, entitlement.CodeBadRequest)
		}
	}
	nobody := entitlement.Actor{Tenant: tenant, Permissions: app.Permissions}
	_, err := w.Submit(t.Context(), nobody, engine.Order{Type: entitlement.TypeAdminAdd, PackageID: w.pkg, TargetID: alice, IdempotencyKey: "k"})
	refused(t, err, entitlement.CodeBadRequest)
}
