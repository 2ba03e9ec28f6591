package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Performer does one job that is due; *engine.Engine is one. With an error the job is
// still to be done.
type Performer interface {
	Perform(ctx context.Context, job store.Job) error
}

// JobSource is what the dispatcher reads of a store.Store.
type JobSource interface {
	DueJobs(ctx context.Context, now time.Time, without []string, limit int) ([]store.Job, error)
	DueJobsOf(ctx context.Context, t entitlement.TenantID, now time.Time, limit int) ([]store.Job, error)
	DueJobsIn(ctx context.Context, lane string, now time.Time, limit int) ([]store.Job, error)
	DueJobsLike(ctx context.Context, kind store.JobKind, now time.Time, limit int) ([]store.Job, error)
	NextDue(ctx context.Context, now time.Time) (time.Time, error)
}

// DispatcherOptions are the limits of a Dispatcher; zero values mean the defaults.
type DispatcherOptions struct {
	PerLane  int           // jobs of one endpoint at a time; 64
	Internal int           // jobs that belong to no endpoint at a time; 32
	Global   int           // jobs of all endpoints at a time; 512
	Queue    int           // jobs of one lane that wait in memory; 1,000
	Waiting  int           // jobs that wait in memory in all; 20,000
	Poll     time.Duration // how often the store is asked although nothing was announced; 30 s
	// Holds reports whether what was found to be due is still this process's to do, where
	// several share a store; while it is not nothing is begun. Nil means always.
	Holds func() bool
	// FirstRetry and LastRetry bound the wait before what failed is tried again; 100 ms
	// and 5 s.
	FirstRetry, LastRetry time.Duration
	Now                   func() time.Time // the real clock
	// MaxJump is how far the real clock may jump between two looks at it before timers are
	// held back for one Poll; zero means that it is not watched. Elapsed is the time since
	// some moment on a clock that nobody can set.
	MaxJump time.Duration
	Elapsed func() time.Duration
	Logger  *slog.Logger
}

func (o *DispatcherOptions) complete() {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&o.PerLane, 64)
	def(&o.Internal, 32)
	def(&o.Global, 512)
	def(&o.Queue, 1000)
	def(&o.Waiting, 20000)
	wait := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	wait(&o.Poll, 30*time.Second)
	wait(&o.FirstRetry, 100*time.Millisecond)
	wait(&o.LastRetry, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Elapsed == nil {
		start := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(start) }
	}
	if o.Holds == nil {
		o.Holds = func() bool { return true }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Dispatcher is the loop that the engine does not have: it performs jobs when they fall
// due, side by side, and no faster than each lane may take them.
//
// The store is the truth: what is in memory are the jobs that are about to be performed.
// Jobs that were announced and are due go straight to their lane; all others are found by
// asking the store at the one moment at which the next falls due.
type Dispatcher struct {
	DispatcherOptions
	source    JobSource
	performer Performer

	ctx    context.Context // of running jobs
	cancel context.CancelFunc
	wake   chan struct{} // the loop has something to look at
	quit   chan struct{} // closed when no more jobs are begun
	ended  chan struct{} // closed when the loop has ended
	work   sync.WaitGroup
	scans  sync.Mutex // held while the store is asked for jobs

	mu      sync.Mutex
	started bool
	stopped bool
	crowded bool                    // jobs were left in the store because too many wait in memory
	claims  map[store.JobKey]*claim // jobs that are in memory
	lanes   map[string]*lane
	ready   []*lane // lanes held up by the global limits, in turn
	running int     // jobs of endpoints
	// runningOf counts them by tenant.
	runningOf map[entitlement.TenantID]int
	waiting   int // jobs of all lanes
	byTenant  map[entitlement.TenantID]int
	released  map[store.JobKey]bool // let go while a scan is under way; else nil
	scanned   time.Time             // when the latest scan of all lanes began
	next      time.Time             // when the next job falls due; zero: unknown to be any
	lookAt    time.Time             // when to ask the store next, whatever happens
	parked    map[store.JobKey]*claim
	trouble   trouble // the store takes nothing
	clock     clockWatch
	restored  bool          // see Hold
	heldDue   int           // jobs that are due and held, as the latest scan found them
	progress  chan struct{} // closed at the next release, where somebody waits for one
	panics    int
}

// claim is one job in memory: waiting in its lane, running, or parked after a failure.
type claim struct {
	job      store.Job
	again    bool // it was seen in the store, or announced, once more meanwhile
	failures int
	until    time.Time // parked until then
}

// NewDispatcher returns a dispatcher that has not been started.
func NewDispatcher(source JobSource, performer Performer, opts DispatcherOptions) *Dispatcher {
	opts.complete()
	d := &Dispatcher{
		DispatcherOptions: opts, source: source, performer: performer,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
		claims: make(map[store.JobKey]*claim), lanes: make(map[string]*lane),
		byTenant: make(map[entitlement.TenantID]int), runningOf: make(map[entitlement.TenantID]int), parked: make(map[store.JobKey]*claim),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Start begins to perform jobs, those first that are due in the store.
func (d *Dispatcher) Start() {
	d.mu.Lock()
	d.started = true
	d.mu.Unlock()
	go d.loop()
}

// Announce tells the dispatcher of jobs that were committed. It does not block.
func (d *Dispatcher) Announce(jobs []store.Job) {
	now := d.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return
	}
	for _, job := range jobs {
		switch {
		case job.Due.After(now):
			d.dueAt(job.Due)
		case d.mayBeKnown(job):
			// A scan that began after the job was made may have found it, and it may be
			// done already: only the store knows.
			d.lane(job.Lane).rescan = true
			d.wakeLoop()
		default:
			d.offer(job)
		}
	}
}

// mayBeKnown reports whether a scan can have come across a job before it was announced.
// The due time of a job that is due at once is the time of its transaction.
func (d *Dispatcher) mayBeKnown(job store.Job) bool {
	if !d.scanned.Before(job.Due) {
		return true
	}
	l, ok := d.lanes[job.Lane]
	return ok && !l.scanned.Before(job.Due)
}

// dueAt sees to it that the store is asked when a job falls due.
func (d *Dispatcher) dueAt(t time.Time) {
	if d.next.IsZero() || t.Before(d.next) {
		d.next = t
		d.wakeLoop()
	}
}

func (d *Dispatcher) wakeLoop() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Stop begins no more jobs, waits for those that are running until ctx is done, and then
// cancels them. A job that was not recorded as done is done again after the next start.
func (d *Dispatcher) Stop(ctx context.Context) {
	d.mu.Lock()
	if !d.stopped {
		d.stopped = true
		close(d.quit)
	}
	d.progressed()
	started := d.started
	d.mu.Unlock()
	done := make(chan struct{})
	go func() {
		d.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	d.cancel()
	<-done
	if started {
		<-d.ended
	}
}

// Panics returns how many jobs have panicked since the start.
func (d *Dispatcher) Panics() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.panics
}
