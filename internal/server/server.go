package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"anteroom/internal/callout"
	"anteroom/internal/config"
	"anteroom/internal/delivery"
	"anteroom/internal/directory"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/graph"
	"anteroom/internal/notice"
	"anteroom/internal/store"
	"anteroom/internal/store/sqlstore"
	"anteroom/internal/telemetry"
)

// Limits of one request and of stopping.
const (
	headerWithin = 10 * time.Second
	bodyWithin   = 30 * time.Second
	answerWithin = 60 * time.Second
	idleWithin   = 120 * time.Second
	maxHeader    = 64 << 10

	// replicaPoll is how often one of several processes looks for jobs that nobody holds: a
	// process that dies says nothing.
	replicaPoll = time.Second

	lingerAfterCallout = 20 * time.Millisecond // see engine.Options.Linger

	finishRequests = 6 * time.Second // for requests under way, once no more are accepted
	stopWithin     = 2 * time.Second // for jobs under way after that
)

// authenticator says who a request is made by; *auth.Verifier is one.
type authenticator interface {
	Authenticate(r *http.Request) (entitlement.Actor, error)
}

// Server is a running server.
type Server struct {
	log        *slog.Logger
	store      *sqlstore.Store
	sender     *callout.Sender
	engine     *engine.Engine
	dispatcher *Dispatcher
	// loop is the dispatcher for the store, which may have to say something before there is
	// one.
	loop      atomic.Pointer[Dispatcher]
	url       string
	addr      string
	maxHeader int           // bytes
	drainWait time.Duration // how long requests are still accepted after Stop
	health    *health
	surveyor  *surveyor
	metrics   *telemetry.Metrics
	tracing   *telemetry.Tracing
	// finishWithin is how long requests under way may take after that.
	finishWithin time.Duration

	http    []*http.Server
	failed  chan error     // why a listener ended
	watch   sync.WaitGroup // what looks at the store now and then
	unwatch chan struct{}  // closed to end it
	stop    sync.Once
	stopped chan struct{}
	stopErr error
}

// parts are what the two forms of the server differ in.
type parts struct {
	store   sqlstore.Options
	callout callout.Options
	limits  DispatcherOptions
	base    string // of callback URLs
	engine  engine.Options
	notices config.Notices
	log     *slog.Logger
	notes   []string // unsafe settings, for /readyz
}

// assemble opens the store and puts the engine and the loop around it. Nothing runs yet.
func assemble(ctx context.Context, p parts) (*Server, error) {
	p.log = telemetry.NewLog(p.log)
	s := &Server{
		log: p.log, failed: make(chan error, 4), stopped: make(chan struct{}), unwatch: make(chan struct{}),
		maxHeader: maxHeader, finishWithin: finishRequests,
	}
	var err error
	if s.tracing, err = telemetry.NewTracing(ctx, Version(), p.log); err != nil {
		return nil, err
	}
	s.metrics = telemetry.NewMetrics(Version(), s.state)
	p.store.Postgres.OnWake = func() { s.toLoop((*Dispatcher).Wake) }
	p.store.Postgres.OnLost = func() { s.toLoop((*Dispatcher).Forget) }
	p.store.Logger, p.store.OnCommit = p.log, s.metrics.Commit
	db, err := sqlstore.Open(ctx, p.store)
	if err != nil {
		return nil, errors.Join(err, s.tracing.Close(ctx))
	}
	s.store = db
	s.sender = callout.New(p.callout)
	opts := p.engine
	opts.Store, opts.Logger = db, p.log
	if s.tracing.On() {
		opts.Tracer = s.tracing
	}
	opts.Caller = &caller{sender: s.sender, base: p.base, tracing: s.tracing, count: s.metrics.Callout}
	opts.Directory, opts.Deliverer = directory.BuiltIn{}, delivery.Groups{}
	opts.Room = db.Room
	opts.CheckURL = s.sender.CheckURL
	opts.Linger = lingerAfterCallout
	sinks, err := notice.New(p.notices, notice.Options{Sender: s.sender, Logger: p.log})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if len(sinks.Sinks()) > 0 {
		opts.Notifier = observedSinks{sinks, s.metrics.Notice}
	}
	opts.OnJobs = func(jobs []store.Job) { s.dispatcher.Announce(jobs) }
	s.engine = engine.New(opts)
	p.limits.Logger, p.limits.Holds = p.log, db.Performing
	if p.store.Postgres.Performs && sqlstore.IsPostgres(p.store.Data) {
		p.limits.Poll = replicaPoll
		if lease := p.store.Postgres.Lease; lease > 0 { // else it is the default, which is longer
			p.limits.Poll = min(replicaPoll, lease)
		}
	}
	s.dispatcher = NewDispatcher(db, s.engine, p.limits)
	s.loop.Store(s.dispatcher)
	s.health = &health{ready: db.Ready, notes: p.notes, room: db.Room, restored: s.dispatcher.Restored}
	s.surveyor = &surveyor{store: db, health: s.health, log: p.log, held: s.dispatcher.Restored}
	s.health.latest = s.surveyor.latest.Load
	if err := s.holdIfRestored(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// toLoop tells the dispatcher something, if there is one yet.
func (s *Server) toLoop(tell func(*Dispatcher)) {
	if d := s.loop.Load(); d != nil {
		tell(d)
	}
}

func (s *Server) observer() observer { return observer{s.metrics, s.tracing} }

// api is the HTTP API.
func (s *Server) api(a authenticator, where site, maxBody int64) http.Handler {
	return graph.New(graph.Options{Engine: s.engine, Auth: a, Base: where.base, MaxBody: maxBody, Logger: s.log, OnRoute: called})
}

// listen serves a handler at a listener until the server is stopped.
func (s *Server) listen(l net.Listener, h http.Handler, tlsConfig *tls.Config) {
	srv := &http.Server{
		Handler:           h,
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       bodyWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    s.maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // of callers' connections
	}
	if len(s.http) == 0 {
		s.addr = l.Addr().String()
	}
	s.http = append(s.http, srv)
	go func() {
		var err error
		if tlsConfig != nil {
			err = srv.ServeTLS(l, "", "")
		} else {
			err = srv.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("listening at %s ended: %w", l.Addr(), err)
		}
	}()
}

// URL is where the server is reached.
func (s *Server) URL() string { return s.url }

// Addr is the address at which the server listens.
func (s *Server) Addr() string { return s.addr }

// Engine is what the server runs, for tools in the same process.
func (s *Server) Engine() *engine.Engine { return s.engine }

// Wait returns when ctx is done or the server cannot go on; then it is stopped, as Stop
// does.
func (s *Server) Wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-s.failed:
	case <-s.stopped:
	}
	return errors.Join(failure, s.Stop())
}

// Stop stops the server: it is unready at once, answers what still comes for a while,
// finishes what is under way and closes the store. What it has no time for is done after
// the next start.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		defer close(s.stopped)
		s.health.drain()
		s.log.Info("shutting down")
		if s.drainWait > 0 {
			time.Sleep(s.drainWait) // until balancers have seen it
		}
		s.stopErr = errors.Join(s.stopHTTP(), s.stopWork())
		s.log.Info("stopped")
	})
	<-s.stopped
	return s.stopErr
}

// stopHTTP lets requests under way finish.
func (s *Server) stopHTTP() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.finishWithin)
	defer cancel()
	for _, srv := range s.http {
		if err := srv.Shutdown(ctx); err != nil {
			s.log.Warn("requests were cut off that took too long", "error", err)
			_ = srv.Close() // its connections are given up
		}
	}
	return nil
}

// stopWork ends the loop and closes what it worked with.
func (s *Server) stopWork() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	close(s.unwatch)
	s.watch.Wait()
	s.surveyor.stop()
	s.dispatcher.Stop(ctx)
	s.sender.Close()
	err := s.store.Close()
	s.closeTracing()
	return err
}

// closeTracing sends the last spans. Losing them is no failure of the server.
func (s *Server) closeTracing() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.tracing.Close(ctx); err != nil {
		s.log.Warn("stopping", "error", err)
	}
}

// noted authenticates, and remembers who it was for the log.
type noted struct{ authenticator }

// Authenticate says who the request is made by.
func (n noted) Authenticate(r *http.Request) (entitlement.Actor, error) {
	by, err := n.authenticator.Authenticate(r)
	if a := accessOf(r.Context()); a != nil && err == nil {
		a.tenant, a.actor = by.Tenant, by.ObjectID
	}
	return by, err
}
