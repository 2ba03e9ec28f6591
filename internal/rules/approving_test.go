package rules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

func TestNobodyIsAskedAboutTheirOwnRequest(t *testing.T) {
	list := []entitlement.ID{"a", "requestor", "b", "a", "target", "", "b"}
	want := []entitlement.ID{"a", "b"}
	got := Approvers(entitlement.FoundApprovers{Primary: list, FallbackPrimary: list, Alternates: list, FallbackAlternates: list}, "requestor", "target")
	if diff := cmp.Diff(entitlement.FoundApprovers{Primary: want, FallbackPrimary: want, Alternates: want, FallbackAlternates: want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Approvers(entitlement.FoundApprovers{Primary: []entitlement.ID{"target"}}, "requestor", "target"); got.Primary != nil {
		t.Errorf("only the target was found, and asked are %v", got.Primary)
	}
}

func TestAStageAsksSoManyPeopleAndNoMore(t *testing.T) {
	list := []entitlement.ID{"requestor", "target"}
	for i := range entitlement.MaxApprovers + 5 {
		list = append(list, entitlement.ID(fmt.Sprint(i)))
	}
	if got := Approvers(entitlement.FoundApprovers{Primary: list}, "requestor", "target").Primary; len(got) != entitlement.MaxApprovers || got[0] != "0" {
		t.Errorf("%d people are asked, the first of them %s", len(got), got[0])
	}
}

func TestWhichRequestsAreApproved(t *testing.T) {
	stages := []entitlement.ApprovalStage{{AutomaticDenial: day}}
	adds := map[entitlement.RequestType]bool{entitlement.TypeUserAdd: true, entitlement.TypeOnBehalfAdd: true, entitlement.TypeAdminAdd: true}
	updates := map[entitlement.RequestType]bool{entitlement.TypeUserUpdate: true, entitlement.TypeAdminUpdate: true}
	for _, forAdd := range []*bool{nil, no(), yes()} {
		for _, forUpdate := range []*bool{nil, no(), yes()} {
			p := &entitlement.Policy{ApprovalSettings: &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: forAdd, IsApprovalRequiredForUpdate: forUpdate, Stages: stages}}
			broken := &entitlement.Policy{ApprovalSettings: &entitlement.ApprovalSettings{IsApprovalRequiredForAdd: forAdd, IsApprovalRequiredForUpdate: forUpdate}}
			for _, typ := range entitlement.RequestTypes {
				want := (adds[typ] && on(forAdd)) || (updates[typ] && on(forUpdate)) || (typ == entitlement.TypeNotSpecified && on(forAdd))
				if got, err := ApprovalOf(p, typ, typ.Updates()); (len(got) > 0) != want || err != nil {
					t.Errorf("%s: %v, %v", typ, got, err)
				}
				if _, err := ApprovalOf(broken, typ, typ.Updates()); (err != nil) != want {
					t.Errorf("%s, without stages: %v", typ, err)
				}
			}
			if got, err := ApprovalOf(p, entitlement.TypeUserAdd, true); (len(got) > 0) != on(forUpdate) || err != nil {
				t.Errorf("a renewal: %v, %v", got, err)
			}
		}
	}
	if got, err := ApprovalOf(&entitlement.Policy{}, entitlement.TypeUserAdd, false); got != nil || err != nil {
		t.Errorf("a policy without approval: %v, %v", got, err)
	}
}
