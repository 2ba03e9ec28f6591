package entitlement

import (
	"errors"
	"strings"
	"testing"
)

func TestParseEnumReadsAnyCaseAndWritesTheSchemasSpelling(t *testing.T) {
	for _, tt := range []struct {
		word string
		want TargetScope
		ok   bool
	}{
		{"allMemberUsers", ScopeAllMemberUsers, true},
		{"ALLMEMBERUSERS", ScopeAllMemberUsers, true},
		{"allmemberusers", ScopeAllMemberUsers, true},
		{"allMemberUser", "", false},
		{" allMemberUsers", "", false},
		{"", "", false},
		{"unknownFutureValue", "", false},
	} {
		if got, ok := ParseEnum(TargetScopes, tt.word); got != tt.want || ok != tt.ok {
			t.Errorf("ParseEnum(%q) = %q, %v; want %q, %v", tt.word, got, ok, tt.want, tt.ok)
		}
	}
	for _, state := range RequestStates {
		if got, ok := ParseEnum(RequestStates, strings.ToUpper(string(state))); got != state || !ok {
			t.Errorf("ParseEnum does not know %q in capitals: %q, %v", state, got, ok)
		}
	}
}

func TestEnumWordsReadLikeASentence(t *testing.T) {
	for _, tt := range []struct {
		members []CatalogState
		want    string
	}{
		{nil, ""},
		{[]CatalogState{"a"}, "a"},
		{[]CatalogState{"a", "b"}, "a or b"},
		{[]CatalogState{"a", "b", "c"}, "a, b or c"},
	} {
		if got := EnumWords(tt.members); got != tt.want {
			t.Errorf("EnumWords(%q) = %q, want %q", tt.members, got, tt.want)
		}
	}
}

func TestParseStageReadsTheSchemaAndTheReceiversWord(t *testing.T) {
	for _, tt := range []struct {
		word string
		want Stage
		ok   bool
	}{
		{"assignmentRequestCreated", StageCreated, true},
		{"ASSIGNMENTREQUESTAPPROVED", StageApproved, true},
		{"assignmentrequestgranted", StageGranted, true},
		{"assignmentRequestRemoved", StageRemoved, true},
		{"assignmentRemoved", StageRemoved, true},
		{"AssignmentRemoved", StageRemoved, true},
		{"assignmentFourteenDaysBeforeExpiration", StageFourteenDays, true},
		{"assignmentOneDayBeforeExpiration", StageOneDay, true},
		{"assignmentRequest", "", false},
		{"created", "", false},
		{"", "", false},
	} {
		if got, ok := ParseStage(tt.word); got != tt.want || ok != tt.ok {
			t.Errorf("ParseStage(%q) = %q, %v; want %q, %v", tt.word, got, ok, tt.want, tt.ok)
		}
	}
}

func TestAnActorHasWhatTheTokenGaveAndNoMore(t *testing.T) {
	a := Actor{Permissions: []string{PermissionRead}}
	switch {
	case !a.Has(PermissionRead), !a.Has(PermissionReadWrite, PermissionRead):
		t.Error("a permission that was given is missing")
	case a.Has(PermissionReadWrite), a.Has(), a.Has(""), a.Has(strings.ToLower(PermissionRead)):
		t.Error("a permission was made up")
	case System("t").Has(PermissionRead), System("t").User, System("t").Administrator:
		t.Error("the server itself has rights of a caller")
	}
}

func TestErrorsCarryCodeTargetAndWords(t *testing.T) {
	for _, err := range []*Error{
		Errorf(CodeBadRequest, "x", "words"), Invalid("x", "words"), Unsupported("x", "words"),
		NotFound("catalog", "x"), Forbidden("words"),
	} {
		if err.Message == "" || err.Code == "" || !strings.Contains(err.Error(), err.Message) {
			t.Errorf("%#v says nothing", err)
		}
		if got := new(Error); !errors.As(error(err), &got) || got != err {
			t.Errorf("%v is not found with errors.As", err)
		}
	}
	if NotFound("catalog", "x").Error() == NotFound("catalog", "y").Error() {
		t.Error("a message does not name the id")
	}
}
