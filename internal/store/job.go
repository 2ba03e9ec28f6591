package store

import (
	"context"
	"time"

	"anteroom/internal/entitlement"
)

// Job is something to be done later: an effect is a job due now, a timer a job due
// later. A job is identified by what it is for, so that adding it twice is one job,
// and its key serves as the stable key of its effect.
type Job struct {
	JobKey
	// Due is the real time (not the tenant's) at which it falls due, UTC, microseconds.
	Due time.Time
	// Lane groups jobs that share a limit of concurrency: the endpoint's host for a
	// callout, empty for what is done inside the server.
	Lane string
	// Attempt counts earlier attempts.
	Attempt int
	// Args is what else the job needs to know; small, its form is the engine's.
	Args string
}

// JobKey identifies a job.
type JobKey struct {
	Tenant entitlement.TenantID
	Kind   JobKind
	Ref    entitlement.ID // what it is about: a request, an access package
	N      int            // tells jobs of one kind and ref apart: the wait's number
}

// JobKind is the kind of a job.
type JobKind string

// Kinds of job.
const (
	JobCallout JobKind = "callout" // call an extension for a request
	JobTimeout JobKind = "timeout" // the wait of a request is over
	JobDeliver JobKind = "deliver" // grant or revoke in a target system outside
	JobRoles   JobKind = "roles"   // give a package's changed roles to present assignees
	JobWake    JobKind = "wake"    // a moment came that an assignment waits for
	JobWarn    JobKind = "warn"    // call an extension before an assignment ends
	JobNotice  JobKind = "notice"  // hand a notice to a sink
	JobPerson  JobKind = "person"  // apply the automatic policies to a user
	JobSweep   JobKind = "sweep"   // apply an automatic policy to everybody, page by page
	JobPurge   JobKind = "purge"   // remove what was kept for long enough
	JobLeaver  JobKind = "leaver"  // delete a guest who was blocked
)

// Jobs is the transaction's view of the job table.
type Jobs interface {
	// Put adds jobs, or replaces those with the same key. The tenant of the key is set
	// to the transaction's.
	Put(ctx context.Context, jobs ...Job) error
	// Get returns the job or ErrNotFound.
	Get(ctx context.Context, key JobKey) (*Job, error)
	// Held is Get for who performs the job: one that another process on the same data has
	// taken over meanwhile is ErrNotFound.
	Held(ctx context.Context, key JobKey) (*Job, error)
	// Take removes the job for who has performed it. Where it is gone, or another process has
	// taken it over, the transaction fails with ErrNotHeld, which may turn out only at its end.
	Take(ctx context.Context, key JobKey) error
	// Delete removes the job and reports whether it was there.
	Delete(ctx context.Context, key JobKey) (bool, error)
	// DeleteKinds removes the jobs of those kinds, at least one, about ref with the number n.
	DeleteKinds(ctx context.Context, ref entitlement.ID, n int, kinds ...JobKind) error
	// DeleteOf removes all jobs about ref.
	DeleteOf(ctx context.Context, ref entitlement.ID) error
	// Of lists all jobs about ref.
	Of(ctx context.Context, ref entitlement.ID) ([]Job, error)
}
