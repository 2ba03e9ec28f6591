package server

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// After a restore only the ends of access come, however much that is held is due before
// them; everything else comes once, when it is released (P20 of the promises).
func TestHoldAfterARestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newJobs()
		start := time.Now()
		job := func(kind store.JobKind, n int, due time.Duration) store.Job {
			return store.Job{
				JobKey: store.JobKey{Tenant: "t", Kind: kind, Ref: entitlement.ID(fmt.Sprint("r", n)), N: 1},
				Due:    start.Add(due), Lane: "",
			}
		}
		kinds := []store.JobKind{
			store.JobCallout, store.JobTimeout, store.JobDeliver, store.JobRoles, store.JobWarn, store.JobNotice,
			store.JobPerson, store.JobSweep, store.JobPurge, store.JobLeaver,
		}
		const each = 300
		var held []store.Job
		for _, kind := range kinds {
			for n := range each {
				held = append(held, job(kind, n, -time.Hour))
			}
		}
		source.put(held...)
		wakes := []store.Job{job(store.JobWake, 1, -time.Minute), job(store.JobWake, 2, time.Minute)}
		source.put(wakes...)
		d := NewDispatcher(source, source, DispatcherOptions{})
		d.Hold()
		d.Start()
		defer d.Stop(t.Context())
		<-time.After(2 * time.Minute)
		synctest.Wait()
		source.mu.Lock()
		if source.found > 10*len(wakes) {
			t.Errorf("%d jobs were read to find %d: those that are held are read again and again", source.found, len(wakes))
		}
		source.mu.Unlock()
		late := job(store.JobNotice, each, 0)
		source.put(late)
		d.Announce([]store.Job{late})
		if err := d.Drain(t.Context(), "t"); err != nil { // it does not wait for what is held
			t.Error(err)
		}
		synctest.Wait()
		count := func() (n int) {
			source.mu.Lock()
			defer source.mu.Unlock()
			for _, times := range source.done {
				n += times
			}
			return n
		}
		if n := count(); n != len(wakes) || !d.Restored() {
			t.Errorf("%d jobs were done while held, want the %d wakes", n, len(wakes))
		}
		d.LetGo()
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if n := count(); n != len(wakes)+len(held)+1 || d.Restored() {
			t.Errorf("%d jobs were done after the release, want %d", n, len(wakes)+len(held)+1)
		}
	})
}
