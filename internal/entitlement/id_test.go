package entitlement

import (
	"strings"
	"testing"
)

func TestParseIDReadsGUIDsInAnyCaseAndNothingElse(t *testing.T) {
	const canonical = "0a1b2c3d-4e5f-6789-abcd-ef0123456789"
	for _, tt := range []struct {
		in   string
		want ID
		ok   bool
	}{
		{canonical, canonical, true},
		{strings.ToUpper(canonical), canonical, true},
		{"0A1b2C3d-4e5f-6789-abcd-eF0123456789", canonical, true},
		{"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000", true},
		{"", "", false},
		{canonical[:35], "", false},
		{canonical + "0", "", false},
		{" " + canonical[:35], "", false},
		{"{" + canonical + "}", "", false},
		{strings.ReplaceAll(canonical, "-", ""), "", false},
		{"0a1b2c3d4-e5f-6789-abcd-ef0123456789", "", false},
		{"0a1b2c3d-4e5f-6789-abcd-ef012345678g", "", false},
		{"0a1b2c3d-4e5f-6789-abcd-ef01234567\x009", "", false},
		{"0a1b2c3d-4e5f-6789-abcd-ef01234567é", "", false},
		{"0a1b2c3d_4e5f_6789_abcd_ef0123456789", "", false},
	} {
		got, ok := ParseID(tt.in)
		if got != tt.want || ok != tt.ok {
			t.Errorf("ParseID(%q) = %q, %v; want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
		tenant, ok := ParseTenantID(tt.in)
		if string(tenant) != string(tt.want) || ok != tt.ok {
			t.Errorf("ParseTenantID(%q) = %q, %v; want %q, %v", tt.in, tenant, ok, tt.want, tt.ok)
		}
	}
}

func TestDeriveIDIsStableAndAGUID(t *testing.T) {
	// Stored ids are made so: another answer would lose what was stored before.
	const want = "a835aa90-d4a4-8464-85a3-144b99c21c5b"
	got := DeriveID("0a1b2c3d", "role", "Member_1")
	if got != want {
		t.Errorf("DeriveID = %s, want %s as ever", got, want)
	}
	seen := map[ID]bool{}
	for _, parts := range [][]string{{}, {"a"}, {"b"}, {"a", "b"}, {"b", "a"}, {"a", "b", "c"}} {
		id := DeriveID(parts...)
		if canonical, ok := ParseID(string(id)); !ok || canonical != id {
			t.Errorf("DeriveID(%q) = %q is not a canonical id", parts, id)
		}
		if id[14] != '8' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Errorf("DeriveID(%q) = %q is not a UUID of version 8", parts, id)
		}
		if seen[id] {
			t.Errorf("DeriveID(%q) is the id of other parts", parts)
		}
		seen[id] = true
		if DeriveID(parts...) != id {
			t.Errorf("DeriveID(%q) differs the second time", parts)
		}
	}
}

func TestRoleScopeIDBelongsToThePackageAndIgnoresCase(t *testing.T) {
	public := "0A1B2C3D-4e5f-6789-abcd-ef0123456789_0a1b2c3d-4e5f-6789-abcd-ef012345678a"
	if RoleScopeID("p", public) != RoleScopeID("p", strings.ToLower(public)) {
		t.Error("the case of a public id makes a difference")
	}
	if RoleScopeID("p", public) == RoleScopeID("q", public) {
		t.Error("two packages share the id of a role scope")
	}
}
