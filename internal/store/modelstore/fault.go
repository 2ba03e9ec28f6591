package modelstore

import "sync/atomic"

// Fault is what goes wrong at an operation.
type Fault int

// Faults.
const (
	// None: nothing does.
	None Fault = iota
	// Refuse makes the operation return store.ErrUnavailable; nothing is stored.
	Refuse
	// Forget stores what an Update did and makes it return store.ErrUnavailable all the
	// same, as when the answer of a database is lost. At other operations it is Refuse.
	Forget
	// Repeat throws away what an Update did and runs its function once more, as the
	// contract allows. At other operations it is None.
	Repeat
)

// Op is a place at which a fault can happen.
type Op string

// Places.
const (
	OpView   Op = "view"   // before the function of a View runs
	OpBegin  Op = "begin"  // before the function of an Update runs
	OpCommit Op = "commit" // after it has returned nil, before what it did is stored
)

// Faults says what goes wrong at the n-th time, from 1, that op is come to. It must not use
// the store.
type Faults func(op Op, n int) Fault

// faults asks a Faults and counts for it.
type faults struct {
	ask                  Faults
	views, begun, commit atomic.Int64
}

func (f *faults) at(op Op) Fault {
	if f.ask == nil {
		return None
	}
	n := &f.views
	switch op {
	case OpBegin:
		n = &f.begun
	case OpCommit:
		n = &f.commit
	}
	return f.ask(op, int(n.Add(1)))
}

// refuses reports whether op, which is not OpCommit, is refused.
func (f *faults) refuses(op Op) bool {
	fault := f.at(op)
	return fault == Refuse || fault == Forget
}
