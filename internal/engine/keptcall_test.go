package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// rename gives the package another name behind the engine's back, as another process may.
func (w *world) rename(name string) {
	w.put(func(tx *store.Tx) error {
		p, err := tx.Packages.Get(w.t.Context(), w.pkg)
		if err != nil {
			return err
		}
		p.DisplayName = name
		return tx.Packages.Update(w.t.Context(), p)
	})
}

// waiting makes a request that waits for an answer, and returns it with the job of its call.
func (w *world) waiting(target entitlement.ID) (*entitlement.Request, store.Job) {
	w.t.Helper()
	r := w.add(target)
	for _, job := range w.jobs(r.ID) {
		if job.Kind == store.JobCallout {
			return r, job
		}
	}
	w.t.Fatal("there is no job of a call")
	return nil, store.Job{}
}

// What is kept of a call is what would be read.
func TestAKeptCallIsWhatIsRead(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	for _, target := range []entitlement.ID{alice, guest} {
		r, job := w.waiting(target)
		if !w.KeepsCall(tenant, r.ID) {
			t.Fatal("the call is not kept")
		}
		kept, _, err := w.PrepareCall(t.Context(), job)
		must(t, err)
		if w.KeepsCall(tenant, r.ID) {
			t.Error("the call is kept when it is made")
		}
		read, _, err := w.PrepareCall(t.Context(), job)
		must(t, err)
		if d := cmp.Diff(read, kept, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("kept is another call than what is read (-read +kept):\n%s", d)
		}
	}
}

// A call is not kept beyond a change of what it says, nor for long.
func TestWhatLetsGoOfAKeptCall(t *testing.T) {
	for name, change := range map[string]func(*world, *entitlement.Request){
		"the request is canceled": func(w *world, r *entitlement.Request) { must(t, w.Cancel(t.Context(), app, r.ID)) },
		"the package is renamed": func(w *world, _ *entitlement.Request) {
			_, err := w.UpdatePackage(t.Context(), app, w.pkg, func(p *entitlement.Package) error { p.DisplayName = "other"; return nil })
			must(t, err)
		},
		"the clock is moved": func(w *world, _ *entitlement.Request) {
			_, err := w.MoveClock(t.Context(), tenant, func(_ time.Time, offset time.Duration) (time.Duration, error) { return offset + 2*time.Hour, nil })
			must(t, err)
		},
		"time passes":         func(w *world, _ *entitlement.Request) { w.rename("other"); w.advance(time.Second) },
		"the clock goes back": func(w *world, _ *entitlement.Request) { w.rename("other"); w.advance(-time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.bind(time.Hour, created)
			r, job := w.waiting(alice)
			change(w, r)
			prepared, preparedLate, err := w.PrepareCall(t.Context(), job)
			must(t, err)
			read, readLate, err := w.PrepareCall(t.Context(), job)
			must(t, err)
			if d := cmp.Diff(read, prepared, cmpopts.EquateEmpty()); d != "" || readLate != preparedLate {
				t.Errorf("prepared is something else than what is read (-read +prepared):\n%s", d)
			}
		})
	}
}

// A call belongs to one wait.
func TestAKeptCallIsOfOneWait(t *testing.T) {
	w := newWorld(t)
	w.bind(time.Hour, created)
	_, job := w.waiting(alice)
	job.N++
	if call, late, err := w.PrepareCall(t.Context(), job); call != nil || late || err != nil {
		t.Errorf("prepared for another wait is %v, %v, %v", call, late, err)
	}
}
