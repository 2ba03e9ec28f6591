package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/rules"
	"anteroom/internal/store"
)

// stored is all that the store holds of the tenant but its configuration.
type stored struct {
	Requests    map[entitlement.ID]*entitlement.Request
	Assignments map[entitlement.ID]*entitlement.Assignment
	Grants      map[entitlement.ID]*entitlement.Grant
	Memberships map[entitlement.ID]*entitlement.Membership
	Jobs        map[store.JobKey]store.Job
	History     []*entitlement.Record
}

func byID[T any, P interface {
	*T
	Meta() *entitlement.Object
}](table store.Table[T], into *map[entitlement.ID]*T) error {
	list, err := table.List(context.Background(), query.Query{})
	*into = make(map[entitlement.ID]*T, len(list))
	for _, o := range list {
		(*into)[P(o).Meta().ID] = o
	}
	return err
}

func (w *world) dump() (s stored) {
	w.t.Helper()
	ctx := context.Background()
	w.view(func(tx *store.Tx) error {
		for _, err := range []error{
			byID(tx.Requests, &s.Requests), byID(tx.Assignments, &s.Assignments),
			byID(tx.Grants, &s.Grants), byID(tx.Memberships, &s.Memberships),
		} {
			if err != nil {
				return err
			}
		}
		s.Jobs = make(map[store.JobKey]store.Job)
		refs := []entitlement.ID{w.pkg}
		for id := range s.Requests {
			refs = append(refs, id)
		}
		for _, ref := range refs {
			jobs, err := tx.Jobs.Of(ctx, ref)
			if err != nil {
				return err
			}
			for _, job := range jobs {
				s.Jobs[job.JobKey] = job
			}
		}
		for {
			after := int64(0)
			if n := len(s.History); n > 0 {
				after = s.History[n-1].Seq
			}
			page, err := tx.History.List(ctx, after, 100)
			if err != nil || len(page) == 0 {
				return err
			}
			s.History = append(s.History, page...)
		}
	})
	return s
}

// unchanged checks that what is done changes nothing and tells of no job.
func (w *world) unchanged(what string, do func()) {
	w.t.Helper()
	before, told := w.dump(), len(w.told)
	do()
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		w.t.Errorf("%s changed something (-before +after):\n%s", what, diff)
	}
	if jobs := w.told[told:]; len(jobs) > 0 {
		w.t.Errorf("%s told of jobs: %v", what, jobs)
	}
}

// folded is one thing as its records alone tell it.
type folded struct {
	state   string
	records int // that each belong to a change of their own
	gone    bool
	answers map[entitlement.ID]entitlement.Answer
	tries   map[entitlement.EventKind]int
}

// follows are the events that happen in the transaction of the one before, where nothing
// lies outside.
var follows = map[entitlement.EventKind]bool{
	entitlement.EventGranted: true, entitlement.EventRevoked: true, entitlement.EventAdmitted: true, entitlement.EventApproversFound: true,
	entitlement.EventRefused: true, entitlement.EventPartlyGranted: true,
}

// fold rebuilds requests and assignments from the history, and nothing else.
func fold(t testing.TB, history []*entitlement.Record, separate bool) map[entitlement.ID]*folded {
	t.Helper()
	things := make(map[entitlement.ID]*folded)
	for i, r := range history {
		if i > 0 && r.Seq <= history[i-1].Seq {
			t.Errorf("record %d comes after record %d", r.Seq, history[i-1].Seq)
		}
		if r.Kind != string(rules.Requests) && r.Kind != string(rules.Assignments) || r.Action == "note" {
			continue
		}
		f, known := things[r.Ref]
		if !known {
			f = &folded{answers: map[entitlement.ID]entitlement.Answer{}, tries: map[entitlement.EventKind]int{}}
			things[r.Ref] = f
			if r.Kind == string(rules.Requests) {
				f.state = string(entitlement.PhaseNew)
			}
		}
		if r.Action == "delete" {
			f.gone, f.state = true, ""
			continue
		}
		if f.gone { // the same id again
			*f = folded{answers: f.answers, tries: f.tries}
		}
		if r.From != f.state {
			t.Errorf("record %d (%s %s of %s) begins at %q, and the one before ended at %q", r.Seq, r.Kind, r.Action, r.Ref, r.From, f.state)
		}
		f.state = r.To
		kind := entitlement.EventKind(r.Action)
		f.tries[kind]++
		// What follows in the same transaction has a record but no change of its own.
		if separate && kind != entitlement.EventAdmitted || !follows[kind] {
			f.records++
		}
		if r.Answer != nil {
			if _, twice := f.answers[r.Callout]; twice {
				t.Errorf("record %d: callout %s was answered before", r.Seq, r.Callout)
			}
			f.answers[r.Callout] = *r.Answer
		}
	}
	return things
}

// checkHistory compares what the history tells with what is stored: there is exactly one
// record of each change.
func (w *world) checkHistory() {
	w.t.Helper()
	s := w.dump()
	things := fold(w.t, s.History, w.separate)
	states := make(map[entitlement.ID]string)
	for id, f := range things {
		if !f.gone {
			states[id] = f.state
		}
	}
	real := make(map[entitlement.ID]string)
	for id, r := range s.Requests {
		real[id] = string(r.Progress.Phase)
		w.checkRequestHistory(r, things[id])
	}
	for id, a := range s.Assignments {
		real[id] = string(a.State)
		if f := things[id]; f != nil && int64(f.records) != a.Version {
			w.t.Errorf("assignment %s was changed %d times and has %d records", id, a.Version, f.records)
		}
	}
	if diff := cmp.Diff(real, states); diff != "" {
		w.t.Errorf("the history tells another story (-stored +history):\n%s", diff)
	}
}

func (w *world) checkRequestHistory(r *entitlement.Request, f *folded) {
	w.t.Helper()
	if f == nil {
		w.t.Errorf("request %s has no history", r.ID)
		return
	}
	if int64(f.records) != r.Version {
		w.t.Errorf("request %s was changed %d times and has %d records", r.ID, r.Version, f.records)
	}
	attempts, answered := 0, make(map[entitlement.ID]entitlement.Answer)
	for _, c := range r.Progress.Callouts {
		attempts += c.Attempts
		if c.Answer.Outcome != "" {
			answered[c.ID] = c.Answer
		}
	}
	if n := f.tries[entitlement.EventSent] + f.tries[entitlement.EventSendFailed]; n != attempts {
		w.t.Errorf("request %s made %d attempts and has records of %d", r.ID, attempts, n)
	}
	if diff := cmp.Diff(answered, f.answers); diff != "" {
		w.t.Errorf("the answers of request %s (-stored +history):\n%s", r.ID, diff)
	}
}

// The same holds for configuration: as many records as changes, none for a refusal.
func TestTheHistoryTellsWhichConfigurationThereIs(t *testing.T) {
	w := newWorld(t)
	w.bind(0, entitlement.StageCreated)
	ctx := t.Context()
	extra := w.addPackage("extra")
	role := w.addRole(extra, group2)
	policy := w.addPolicy(extra)
	must(t, w.RemoveRoleScope(ctx, app, extra, strings.ToUpper(role)))
	must(t, w.DeletePolicy(ctx, app, policy))
	w.addRole(extra, group)
	must(t, w.DeletePackage(ctx, app, extra))
	must(t, w.AddMember(ctx, app, group, bob))
	must(t, w.AddMember(ctx, app, group2, bob))
	must(t, w.RemoveMember(ctx, app, group, bob))
	w.unchanged("a refusal", func() {
		refused(t, w.RemoveMember(ctx, app, group, bob), entitlement.CodeNotFound)
		refused(t, w.AddMember(ctx, app, group2, bob), entitlement.CodeBadRequest)
		refused(t, w.RemoveRoleScope(ctx, app, w.pkg, role), entitlement.CodeNotFound)
		refused(t, w.DeletePackage(ctx, app, extra), entitlement.CodeNotFound)
		refused(t, w.CreateCatalog(ctx, app, &entitlement.Catalog{}), entitlement.CodeInvalidModel)
		refused(t, w.CreateCatalog(ctx, person(alice), &entitlement.Catalog{DisplayName: "x"}), entitlement.CodeForbidden)
	})
	versions := make(map[string]int64)
	for _, r := range w.dump().History {
		key := r.Kind + " " + string(r.Ref)
		if r.Action == "delete" {
			delete(versions, key)
		} else {
			versions[key]++
		}
	}
	if diff := cmp.Diff(w.configuration(), versions); diff != "" {
		t.Errorf("versions of what is stored, and numbers of records (-stored +history):\n%s", diff)
	}
}

// configuration lists the versions of all configuration objects.
func (w *world) configuration() map[string]int64 {
	w.t.Helper()
	versions := make(map[string]int64)
	w.view(func(tx *store.Tx) error {
		for _, err := range []error{
			listVersions(versions, rules.Catalogs, tx.Catalogs), listVersions(versions, rules.Packages, tx.Packages),
			listVersions(versions, rules.Policies, tx.Policies), listVersions(versions, rules.Extensions, tx.Extensions),
			listVersions(versions, rules.Resources, tx.Resources), listVersions(versions, rules.RoleScopes, tx.RoleScopes),
			listVersions(versions, rules.ResourceRequests, tx.ResourceRequests), listVersions(versions, rules.Users, tx.Users),
			listVersions(versions, rules.Groups, tx.Groups), listVersions(versions, rules.Memberships, tx.Memberships),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return versions
}

func listVersions[T any, P interface {
	*T
	Meta() *entitlement.Object
}](into map[string]int64, k rules.Kind, table store.Table[T]) error {
	list, err := table.List(context.Background(), query.Query{})
	for _, o := range list {
		m := P(o).Meta()
		into[string(k)+" "+string(m.ID)] = m.Version
	}
	return err
}
