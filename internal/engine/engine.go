// Package engine is where the core and the store meet: each of its operations loads what
// is concerned, asks lifecycle and rules, and stores the result, what is to be done
// because of it, and the record of it, in one transaction. It decides nothing itself and
// starts no goroutine: package server owns the loop that calls Perform.
//
// All writes of the HTTP API go through the methods of Engine, all reads through Reader.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Options are what an Engine is made of. Store, Caller, Directory and Deliverer are
// required.
type Options struct {
	Store     store.Store
	Caller    Caller
	Directory Directory
	Deliverer Deliverer
	// Notifier is where notices go; nil means nowhere.
	Notifier Notifier
	// RequestRetention is how long a finished request is kept; zero means 90 days.
	RequestRetention time.Duration
	// Clock is the real clock; nil means time.Now. The clock of a tenant is ahead of it
	// by the tenant's offset.
	Clock func() time.Time
	// NewID makes ids of objects; nil means time-ordered UUIDs (RFC 9562 §5.7).
	NewID func() entitlement.ID
	// NewSeed makes what the ids of callout instances are made of; nil means 32 random
	// hexadecimal digits.
	NewSeed func() string
	// OnJobs is told of jobs that were committed, due now or later. It must not block.
	OnJobs func([]store.Job)
	// AllowDenyAtCreated lets a callback deny a request at assignmentRequestCreated.
	AllowDenyAtCreated bool
	// Linger is how long the record of a callout that reached its endpoint, and whose request
	// waits, is held back: an answer that comes meanwhile makes it needless, which saves a
	// third of the job's transactions. A crash within it makes the call again.
	Linger time.Duration
	// Room returns why the store has no room for anything new, or nil; a nil function is none.
	// What is under way then (answers, decisions, cancels, what ends) passes.
	Room func() error
	// CheckURL looks at an endpoint's address when an extension is saved; nil means no
	// check. It is a courtesy: the wall stands where the address is dialled.
	CheckURL func(url string) error
	Tracer   Tracer // nil: nothing is traced
	Logger   *slog.Logger
}

// Caller calls the endpoint of a custom extension. It is safe for concurrent use.
type Caller interface {
	// Call makes one attempt and returns nil when the endpoint took it. The error is in
	// words for an operator.
	Call(ctx context.Context, c Call) error
}

// Call is one attempt to call an extension for a request.
type Call struct {
	Request entitlement.Request
	// Assignment is set for a call before an assignment ends; Request then says only what
	// opened it.
	Assignment *entitlement.Assignment
	Callout    entitlement.Callout
	Planned    entitlement.PlannedCallout
	Package    entitlement.Package
	Catalog    entitlement.Catalog
	Policy     entitlement.Policy
	// Organization is that of the target; nil for none.
	Organization *entitlement.ConnectedOrganization
	KeySeed      []byte    // of the tenant's callout key
	Now          time.Time // real time
	TenantID     entitlement.TenantID
}

// Directory answers questions about people. The transaction is for a directory that
// lives in the store; one outside is asked before the transaction begins.
type Directory interface {
	// User returns the user or store.ErrNotFound.
	User(ctx context.Context, tx *store.Tx, id entitlement.ID) (*entitlement.User, error)
	// ServicePrincipal returns the service principal or store.ErrNotFound.
	ServicePrincipal(ctx context.Context, tx *store.Tx, id entitlement.ID) (*entitlement.ServicePrincipal, error)
	// MemberOf returns those of the groups that the user is a member of.
	MemberOf(ctx context.Context, tx *store.Tx, user entitlement.ID, groups []entitlement.ID) (map[entitlement.ID]bool, error)
	// Members returns those members of the group who are users and whose accounts are
	// enabled, at most limit.
	Members(ctx context.Context, tx *store.Tx, group entitlement.ID, limit int) ([]entitlement.ID, error)
	// ManagerOf returns who is so many managers above the user, 1 for the manager
	// themselves, or store.ErrNotFound.
	ManagerOf(ctx context.Context, tx *store.Tx, user entitlement.ID, level int) (*entitlement.User, error)
	// OrganizationOf returns the connected organization that a guest belongs to, nil for
	// none.
	OrganizationOf(ctx context.Context, tx *store.Tx, u *entitlement.User) (*entitlement.ConnectedOrganization, error)
	// Matches reports whether a membership rule means the user. A rule that cannot be read
	// is an error, and means nobody.
	Matches(u *entitlement.User, rule string) (bool, error)
}

// Deliverer gives and takes away roles in target systems. What belongs to the built-in
// directory is done in the transaction; what lies outside is left for Perform.
type Deliverer interface {
	// Grant gives the assignment's target the roles that it does not have from it yet, and
	// takes away those that it has and that are not in roles any more. With renew it also
	// gives again what somebody took away by hand.
	Grant(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, roles []*entitlement.RoleScope, renew bool, now time.Time) (entitlement.Delivered, error)
	// Revoke takes away all that the assignment gave.
	Revoke(ctx context.Context, tx *store.Tx, a *entitlement.Assignment, now time.Time) (entitlement.Delivered, error)
	// Perform does what is left outside. It may be called more than once with one key. The
	// error is an *entitlement.PartialDelivery where the rest was done.
	Perform(ctx context.Context, d entitlement.Delivery) error
}

// Notifier hands notices to sinks. It is safe for concurrent use.
type Notifier interface {
	// Sinks names the sinks that are configured.
	Sinks() []string
	// Send hands a notice to one of them and returns nil when it has it. The error is in
	// words for an operator.
	Send(ctx context.Context, sink string, t entitlement.TenantID, keySeed []byte, n entitlement.Notice) error
}

// Engine runs the product. It is safe for concurrent use.
type Engine struct {
	Options
	kept keptCalls
}

// New returns an engine, with defaults for what opts leave out.
func New(opts Options) *Engine {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = newID
	}
	if opts.NewSeed == nil {
		opts.NewSeed = newSeed
	}
	if opts.RequestRetention == 0 {
		opts.RequestRetention = defaultRetention
	}
	if opts.OnJobs == nil {
		opts.OnJobs = func([]store.Job) {}
	}
	if opts.Room == nil {
		opts.Room = func() error { return nil }
	}
	if opts.CheckURL == nil {
		opts.CheckURL = func(string) error { return nil }
	}
	if opts.Tracer == nil {
		opts.Tracer = noTracer{}
	} else {
		opts.Store = tracedStore{opts.Store, opts.Tracer}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Engine{Options: opts}
}

func newID() entitlement.ID { return entitlement.ID(uuid.Must(uuid.NewV7()).String()) }

// realNow is the real time as it is stored: UTC, microseconds.
func (e *Engine) realNow() time.Time { return e.Clock().UTC().Truncate(time.Microsecond) }

// now returns the time on the clock of the transaction's tenant.
func (e *Engine) now(ctx context.Context, tx *store.Tx) (time.Time, error) {
	t, err := tx.Tenant.Get(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return e.realNow().Add(t.ClockOffset), nil
}

// notFound turns store.ErrNotFound into what a caller reads.
func notFound(err error, kind string, id entitlement.ID) error {
	if errors.Is(err, store.ErrNotFound) {
		return entitlement.NotFound(kind, id)
	}
	return err
}

// explain turns an error of the store into what a caller may read. Refusals pass.
func explain(err error) error {
	var refusal *entitlement.Error
	var path *store.PathError
	switch {
	case err == nil, errors.As(err, &refusal):
		return err
	case errors.As(err, &path):
		return entitlement.Errorf(entitlement.CodeInvalidFilter, "$filter", "OData query is invalid: '%s' is not supported here: %s.", path.Path, path.Reason)
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("%w: %w", err, entitlement.Errorf(entitlement.CodeUnavailable, "",
			"The store cannot take this now, and nothing was changed as far as is known. Read the object before you try again."))
	case errors.Is(err, store.ErrConflict):
		return entitlement.Errorf(entitlement.CodeConcurrentChange, "", "The object was changed by somebody else at the same time. Read it again and repeat the change.")
	case errors.Is(err, store.ErrDuplicate):
		return entitlement.Errorf(entitlement.CodeDuplicateKey, "", "There is already such an object: one with the same unique values exists.")
	}
	return err
}
