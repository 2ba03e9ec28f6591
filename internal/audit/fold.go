package audit

import (
	"fmt"
	"slices"
	"time"

	"anteroom/internal/entitlement"
)

// Kinds of record that are folded, and the action that is no change.
const (
	requestKind    = "assignmentRequest"
	assignmentKind = "assignment"
	noteAction     = "note"
	deleteAction   = "delete"
)

// Thing is one request or assignment as its records alone tell it.
type Thing struct {
	// State is its phase (of a request) or state (of an assignment).
	State string
	// Changes counts the records that each belong to a change of their own.
	Changes int64
	// Attempts counts the calls to extensions, Answers has the callbacks by callout instance.
	Attempts int
	Answers  map[entitlement.ID]entitlement.Answer

	gone bool
	met  bool // it was compared with what is stored
}

// Fold rebuilds the requests and assignments of one tenant from its history, and compares
// them with what is stored: first all records in their order by Add, then all that is
// stored by Request and Assignment, then Finish. It is not safe for concurrent use.
type Fold struct {
	// Separate says that the outcomes of deliveries were recorded in transactions of their
	// own, as those of target systems outside are. Only Thing.Changes depends on it.
	Separate bool
	Faults

	things map[entitlement.ID]*Thing
	last   int64
}

// follows are the events that happen in the transaction of the one before, where nothing
// lies outside.
var follows = map[entitlement.EventKind]bool{
	entitlement.EventGranted: true, entitlement.EventRevoked: true, entitlement.EventAdmitted: true, entitlement.EventApproversFound: true,
	entitlement.EventRefused: true, entitlement.EventPartlyGranted: true,
}

// Add takes the next record of the history.
func (f *Fold) Add(r *entitlement.Record) {
	if r.Seq <= f.last {
		f.report("record %d comes after record %d", r.Seq, f.last)
	}
	f.last = r.Seq
	if (r.Kind != requestKind && r.Kind != assignmentKind) || r.Action == noteAction {
		return
	}
	t := f.begun(r)
	if r.Action == deleteAction {
		t.gone, t.State = true, ""
		return
	}
	if r.From != t.State {
		f.report("record %d (%s %s of %s) begins at %q, and the one before ended at %q", r.Seq, r.Kind, r.Action, r.Ref, r.From, t.State)
	}
	t.State = r.To
	kind := entitlement.EventKind(r.Action)
	if kind == entitlement.EventSent || kind == entitlement.EventSendFailed {
		t.Attempts++
	}
	// What follows in the same transaction has a record but no change of its own.
	if f.Separate && kind != entitlement.EventAdmitted || !follows[kind] {
		t.Changes++
	}
	if r.Answer == nil {
		return
	}
	if _, twice := t.Answers[r.Callout]; twice {
		f.report("record %d: callout %s was answered before", r.Seq, r.Callout)
	}
	if t.Answers == nil {
		t.Answers = make(map[entitlement.ID]entitlement.Answer)
	}
	t.Answers[r.Callout] = *r.Answer
}

// begun returns what a record is about; what was deleted begins anew.
func (f *Fold) begun(r *entitlement.Record) *Thing {
	if f.things == nil {
		f.things = make(map[entitlement.ID]*Thing)
	}
	t, known := f.things[r.Ref]
	if !known {
		t = &Thing{}
		f.things[r.Ref] = t
	}
	if (!known || t.gone) && r.Action != deleteAction {
		*t = Thing{Attempts: t.Attempts, Answers: t.Answers}
		if r.Kind == requestKind {
			t.State = string(entitlement.PhaseNew)
		}
	}
	return t
}

// Thing returns what the history tells of a request or an assignment, or nil.
func (f *Fold) Thing(id entitlement.ID) *Thing { return f.things[id] }

// Request compares a stored request with its history.
func (f *Fold) Request(r *entitlement.Request) {
	t := f.stored("request", r.ID, string(r.Progress.Phase))
	if t == nil {
		return
	}
	attempts, answers := 0, 0
	for _, c := range r.Progress.Callouts {
		attempts += c.Attempts
		if c.Answer.Outcome == "" {
			continue
		}
		answers++
		if told := t.Answers[c.ID]; !sameAnswer(told, c.Answer) {
			f.report("request %s: callout %s has the answer %q, and the history %q", r.ID, c.ID, c.Answer.Outcome, told.Outcome)
		}
	}
	if attempts != t.Attempts {
		f.report("request %s made %d calls, and has records of %d", r.ID, attempts, t.Attempts)
	}
	if answers != len(t.Answers) {
		f.report("request %s has %d answers, and records of %d", r.ID, answers, len(t.Answers))
	}
}

// Assignment compares a stored assignment with its history.
func (f *Fold) Assignment(a *entitlement.Assignment) { f.stored("assignment", a.ID, string(a.State)) }

func (f *Fold) stored(what string, id entitlement.ID, state string) *Thing {
	t := f.things[id]
	switch {
	case t == nil:
		f.report("%s %s has no history", what, id)
		return nil
	case t.gone:
		f.report("%s %s is there, and was deleted by its history", what, id)
	case t.State != state:
		f.report("%s %s is %q, and its history ends at %q", what, id, state, t.State)
	}
	t.met = true
	return t
}

// Finish reports what the history has, and nothing that is stored.
func (f *Fold) Finish() {
	var lost []entitlement.ID
	for id, t := range f.things {
		if !t.gone && !t.met {
			lost = append(lost, id)
		}
	}
	slices.Sort(lost)
	for _, id := range lost {
		f.report("the history ends with %s at %q, and there is none", id, f.things[id].State)
	}
}

func sameAnswer(a, b entitlement.Answer) bool {
	same := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return same && a == b
}

// mostFaults is how many faults are kept in words.
const mostFaults = 20

// Faults are the differences that were found.
type Faults struct {
	Count int      // of all
	First []string // the first of them, in words
}

func (f *Faults) report(format string, args ...any) {
	if f.Count++; len(f.First) < mostFaults {
		f.First = append(f.First, fmt.Sprintf(format, args...))
	}
}

func (f *Faults) add(tenant entitlement.TenantID, more Faults) {
	f.Count += more.Count
	for _, text := range more.First {
		if len(f.First) < mostFaults {
			f.First = append(f.First, fmt.Sprintf("tenant %s: %s", tenant, text))
		}
	}
}
