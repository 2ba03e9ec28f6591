package directory

import (
	"errors"
	"fmt"
	"testing"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// people adds users by number, each with the next as their manager; every third one is
// disabled, and all but the last are members of the group.
func people(t *testing.T, tx *store.Tx, n int) {
	t.Helper()
	for i := range n {
		u := &entitlement.User{
			Object: entitlement.Object{ID: number(i)}, DisplayName: "x", UserPrincipalName: fmt.Sprint(i), AccountEnabled: i%3 != 2, ManagerID: number(i + 1),
		}
		must(t, tx.Users.Insert(t.Context(), u))
		if i == n-1 {
			break
		}
		join(t, tx, u.ID)
	}
}

func join(t *testing.T, tx *store.Tx, who entitlement.ID) {
	t.Helper()
	must(t, tx.Memberships.Insert(t.Context(), &entitlement.Membership{
		Object: entitlement.Object{ID: entitlement.MembershipID("group", who)}, GroupID: "group", MemberID: who,
	}))
}

func number(i int) entitlement.ID { return entitlement.ID(fmt.Sprintf("user %05d", i)) }

func TestMembersAreEnabledUsers(t *testing.T) {
	in(t, func(tx *store.Tx) {
		const n = 2*memberPage + 1
		people(t, tx, n+1)
		join(t, tx, "a service principal")
		join(t, tx, "zz nobody")
		enabled := n - n/3
		for limit, want := range map[int]int{n + 1: enabled, enabled: enabled, enabled - 1: enabled - 1, 400: 400, 1: 1, 0: 0} {
			got, err := BuiltIn{}.Members(t.Context(), tx, "group", limit)
			must(t, err)
			if len(got) != want {
				t.Errorf("of at most %d there are %d members, want %d", limit, len(got), want)
			}
			seen := make(map[entitlement.ID]bool)
			for _, id := range got {
				if seen[id] {
					t.Errorf("%s is a member twice", id)
				}
				seen[id] = true
			}
		}
		if got, err := (BuiltIn{}).Members(t.Context(), tx, "another", 9); err != nil || len(got) > 0 {
			t.Errorf("a group that there is not has members %v, %v", got, err)
		}
	})
}

func TestWhoIsHowManyManagersAbove(t *testing.T) {
	in(t, func(tx *store.Tx) {
		people(t, tx, 4)
		must(t, tx.Users.Insert(t.Context(), &entitlement.User{Object: entitlement.Object{ID: "a"}, UserPrincipalName: "a", ManagerID: "b"}))
		must(t, tx.Users.Insert(t.Context(), &entitlement.User{Object: entitlement.Object{ID: "b"}, UserPrincipalName: "b", ManagerID: "a"}))
		must(t, tx.Users.Insert(t.Context(), &entitlement.User{Object: entitlement.Object{ID: "top"}, UserPrincipalName: "top"}))
		for _, tt := range []struct {
			of    entitlement.ID
			level int
			want  entitlement.ID // "" for nobody
		}{
			{number(0), 1, number(1)}, {number(0), 3, number(3)}, {number(0), 4, ""}, {number(3), 1, ""},
			{"a", 1, "b"}, {"a", 2, ""}, {"a", 3, "b"}, {"top", 1, ""}, {"nobody", 1, ""}, {"top", 0, ""},
		} {
			u, err := BuiltIn{}.ManagerOf(t.Context(), tx, tt.of, tt.level)
			switch {
			case tt.want == "" && !errors.Is(err, store.ErrNotFound):
				t.Errorf("%d above %s: %v, %v", tt.level, tt.of, u, err)
			case tt.want != "" && (err != nil || u.ID != tt.want):
				t.Errorf("%d above %s: %v, %v, want %s", tt.level, tt.of, u, err, tt.want)
			}
		}
	})
}
