package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/audit"
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

// checkHistory compares what the history tells with what is stored: there is exactly one
// record of each change.
func (w *world) checkHistory() {
	w.t.Helper()
	s := w.dump()
	f := &audit.Fold{Separate: w.separate}
	for _, r := range s.History {
		f.Add(r)
	}
	changes := func(id entitlement.ID, version int64) {
		if t := f.Thing(id); t != nil && t.Changes != version {
			w.t.Errorf("%s was changed %d times and has %d records", id, version, t.Changes)
		}
	}
	for id, r := range s.Requests {
		f.Request(r)
		changes(id, r.Version)
	}
	for id, a := range s.Assignments {
		f.Assignment(a)
		changes(id, a.Version)
	}
	f.Finish()
	if f.Count > 0 {
		w.t.Errorf("the history tells another story in %d places:\n%s", f.Count, strings.Join(f.First, "\n"))
	}
	report, err := audit.Verify(context.Background(), w.store.Store)
	must(w.t, err)
	if err := report.Err(); err != nil || report.Requests < len(s.Requests) || report.Records < len(s.History) {
		w.t.Errorf("Verify of %d requests and %d records: %v", report.Requests, report.Records, err)
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
