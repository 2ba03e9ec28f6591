package rules

import (
	"testing"

	"anteroom/internal/entitlement"
)

func TestWhoReadsTheAuditLog(t *testing.T) {
	decide := func(a entitlement.Actor) error {
		own, err := Visible(a, Audits)
		if own != nil {
			t.Errorf("%+v sees a part of the audit log", a)
		}
		return err
	}
	allowed(t, decide, "application with ReadWrite", "application with Read", "administrator with ReadWrite", "administrator with Read")
	for _, a := range []entitlement.Actor{{ObjectID: me}, {ObjectID: me, User: true, Administrator: true}, {ObjectID: me, User: true}} {
		a.Permissions = []string{entitlement.PermissionAuditLog}
		if err := decide(a); (err == nil) != (!a.User || a.Administrator) {
			t.Errorf("%+v: %v", a, err)
		}
		for _, k := range []Kind{Catalogs, Requests, Users, Histories} {
			if _, err := Visible(a, k); codeOf(t, err) != entitlement.CodeForbidden {
				t.Errorf("%+v may read a %s by a permission for the audit log: %v", a, k, err)
			}
		}
	}
}
