package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSample holds the ids that examples are pasted with: they never change.
func TestSample(t *testing.T) {
	var b strings.Builder
	seed := sampleSeed()
	for _, u := range seed.Users {
		fmt.Fprintln(&b, u.ID, u.DisplayName, *u.Mail, u.UserPrincipalName, u.Type, u.AccountEnabled)
		if err := u.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, g := range seed.Groups {
		fmt.Fprintln(&b, g.ID, g.DisplayName, seed.Members[g.ID])
		if err := g.Validate(); err != nil {
			t.Error(err)
		}
	}
	const want = `c0ffee00-0000-4000-8000-000000000100 Ada Admin admin@contoso.example admin@contoso.example Member true
c0ffee00-0000-4000-8000-000000000101 Alice Adams alice@contoso.example alice@contoso.example Member true
c0ffee00-0000-4000-8000-000000000102 Bob Brown bob@contoso.example bob@contoso.example Member true
c0ffee00-0000-4000-8000-000000000103 Carol Clark carol@contoso.example carol@contoso.example Member true
c0ffee00-0000-4000-8000-000000000104 Dave Doe dave@contoso.example dave@contoso.example Guest true
c0ffee00-0000-4000-8000-000000000105 Erin Evans erin@contoso.example erin@contoso.example Member false
c0ffee00-0000-4000-8000-000000000201 Engineering [c0ffee00-0000-4000-8000-000000000101 c0ffee00-0000-4000-8000-000000000102]
c0ffee00-0000-4000-8000-000000000202 Finance [c0ffee00-0000-4000-8000-000000000103]
c0ffee00-0000-4000-8000-000000000203 VPN users []
c0ffee00-0000-4000-8000-000000000204 Project Falcon []
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("sample people and groups (-want +got):\n%s", diff)
	}
}
