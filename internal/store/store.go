// Package store is the storage contract: what a Store, a transaction and its tables
// promise. The one implementation is store/sqlstore; store/storetest holds what every
// implementation must pass. No rule of the product is decided here.
package store

import (
	"context"
	"errors"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// Errors that tables and transactions return, possibly wrapped.
var (
	// ErrNotFound: there is no object with that id in the tenant.
	ErrNotFound = errors.New("store: not found")
	// ErrDuplicate: an object with that id, or with the same unique value, exists.
	ErrDuplicate = errors.New("store: duplicate")
	// ErrConflict: the object was changed since it was read.
	ErrConflict = errors.New("store: version conflict")
	// ErrNotHeld: the job is gone, or is another process's by now.
	ErrNotHeld = errors.New("store: job not held")
	// ErrUnavailable: the store cannot take or answer this now (disk full, I/O error,
	// closed, queue too long). Nothing was changed, or it is not known to be: a caller
	// may try again.
	ErrUnavailable = errors.New("store: unavailable")
)

// PathError says that a query names a path that the table does not support.
type PathError struct{ Path, Reason string }

// Error names the path.
func (e *PathError) Error() string { return "store: path " + e.Path + ": " + e.Reason }

// Store keeps everything of all tenants. It is safe for concurrent use.
type Store interface {
	// View calls fn with a consistent snapshot of one tenant. Writing in it is an error.
	View(ctx context.Context, t entitlement.TenantID, fn func(*Tx) error) error
	// Update calls fn in a transaction of one tenant and returns nil only when all that
	// fn did is durable. An error from fn undoes what it did and is returned as it is; an error
	// of its Tx, even one that fn took no notice of, may do so as well.
	// fn may run more than once and does no I/O but through its Tx: it runs inside the
	// writer.
	Update(ctx context.Context, t entitlement.TenantID, fn func(*Tx) error) error

	// Tenants lists all tenants. CreateTenant adds one or returns ErrDuplicate.
	Tenants(ctx context.Context) ([]entitlement.Tenant, error)
	CreateTenant(ctx context.Context, t *entitlement.Tenant) error

	// DueJobs lists jobs of all tenants that are due at the real time now, the one due
	// first first, at most limit. Jobs in lanes of the list without are left out.
	DueJobs(ctx context.Context, now time.Time, without []string, limit int) ([]Job, error)
	// DueJobsOf is DueJobs for one tenant, DueJobsIn for one lane, DueJobsLike for one kind.
	DueJobsOf(ctx context.Context, t entitlement.TenantID, now time.Time, limit int) ([]Job, error)
	DueJobsIn(ctx context.Context, lane string, now time.Time, limit int) ([]Job, error)
	DueJobsLike(ctx context.Context, kind JobKind, now time.Time, limit int) ([]Job, error)
	// NextDue returns the earliest time after now at which a job falls due, or zero.
	NextDue(ctx context.Context, now time.Time) (time.Time, error)

	// Ready returns nil when the store can be written to, else why not. It must not
	// wait for longer than ctx allows.
	Ready(ctx context.Context) error
	Close() error
}

// Tx is one transaction of one tenant. It is not safe for concurrent use and must not
// be kept after the function that got it returns.
type Tx struct {
	Catalogs         Table[entitlement.Catalog]
	Packages         Table[entitlement.Package]
	Policies         Table[entitlement.Policy]
	Extensions       Table[entitlement.Extension]
	Resources        Table[entitlement.Resource]
	RoleScopes       Table[entitlement.RoleScope]
	ResourceRequests Table[entitlement.ResourceRequest]
	Requests         Table[entitlement.Request]
	Assignments      Table[entitlement.Assignment]
	Grants           Table[entitlement.Grant]
	Users            Table[entitlement.User]
	Groups           Table[entitlement.Group]
	Memberships      Table[entitlement.Membership]
	Approvers        Table[entitlement.Approver]
	Incompatible     Table[entitlement.Incompatibility]
	Organizations    Table[entitlement.ConnectedOrganization]
	Principals       Table[entitlement.ServicePrincipal]
	IdempotencyKeys  Table[entitlement.IdempotencyKey]

	Tenant  Tenants
	Jobs    Jobs
	History History
}

// Table holds the objects of one type in the transaction's tenant.
type Table[T any] interface {
	// Get returns the object or ErrNotFound.
	Get(ctx context.Context, id entitlement.ID) (*T, error)
	// List returns the page that q asks for. A path that the table does not support is
	// a *PathError.
	List(ctx context.Context, q query.Query) ([]*T, error)
	// Count returns how many objects the filter holds for.
	Count(ctx context.Context, filter query.Expr) (int, error)
	// Insert stores a new object with version 1; its id and times are the caller's.
	// It returns ErrDuplicate where an id or a unique value exists.
	Insert(ctx context.Context, obj *T) error
	// Add is Insert for an object that cannot be there, as far as the caller has seen. It may
	// be stored only with what comes next, and where there is one after all the transaction
	// fails with ErrDuplicate.
	Add(ctx context.Context, obj *T) error
	// Ensure is Add for an object that may be there, which then stays as it is.
	Ensure(ctx context.Context, obj *T) error
	// Update stores the object if its version is still the stored one, and raises it;
	// else it returns ErrConflict, or ErrNotFound where it is gone. Of an object that was read
	// in the same transaction it may do so only at the end, as the failure of the transaction.
	Update(ctx context.Context, obj *T) error
	// Delete removes the object or returns ErrNotFound.
	Delete(ctx context.Context, id entitlement.ID) error
	// Cursor returns the position of an object in the order, for paging.
	Cursor(obj *T, order []query.Order) (query.Cursor, error)
}

// Tenants gives access to the transaction's own tenant.
type Tenants interface {
	Get(ctx context.Context) (*entitlement.Tenant, error)
	// SetClockOffset moves the tenant's clock: it stores the offset and moves all jobs
	// of the tenant by the difference, as their due times are real times.
	SetClockOffset(ctx context.Context, offset time.Duration) error
	// SetSettings stores what the tenant has set.
	SetSettings(ctx context.Context, s entitlement.Settings) error
}

// History is the append-only list of what happened.
type History interface {
	// Append stores records and sets their Seq.
	Append(ctx context.Context, records ...*entitlement.Record) error
	// Of lists the records of one thing, oldest first.
	Of(ctx context.Context, ref entitlement.ID) ([]*entitlement.Record, error)
	// List lists all records of the tenant with Seq greater than after, at most limit.
	List(ctx context.Context, after int64, limit int) ([]*entitlement.Record, error)
	// Audits lists the page of records with an activity that q asks for, and CountAudits
	// how many there are. The id of a record in a query is RecordID. Paths: id,
	// activityDateTime, activityDisplayName, result, correlationId, initiatedBy/user/id,
	// initiatedBy/app/appId.
	Audits(ctx context.Context, q query.Query) ([]*entitlement.Record, error)
	CountAudits(ctx context.Context, filter query.Expr) (int, error)
}
