package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/store"
)

// Options say what a tenant is filled with. Zero counts mean the defaults.
type Options struct {
	Store  store.Store
	Tenant entitlement.TenantID // made where there is none
	// App is the client application through which people ask.
	App string

	Catalogs    int // 1,000, of which at most 400 have an extension
	Packages    int // 20,000, each with a group and a policy; a tenant may have no more
	People      int // 50,000
	Assignments int // delivered; none
	Waiting     int // requests that wait for a callback; none
	// Endpoint is where the extensions would be called. Nothing is sent to it.
	Endpoint string
	// AllowDenyAtCreated is as the server is configured: it is frozen in each request.
	AllowDenyAtCreated bool
	// CallbackTimeout is how long requests wait; zero means 14 days.
	CallbackTimeout time.Duration
	// Since and Until are when the first and the last asked; zero means seven days ago, and now.
	// First come the assignments, then those that wait.
	Since, Until time.Time
	// Workers is how many transactions are filled at a time; zero means 1, which suits a store
	// with one writer.
	Workers int
	// Tell is told now and then how much has been made of what; nil means nobody is.
	Tell func(what string, made, of int)
}

func (o *Options) complete() error {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&o.Catalogs, 1000)
	def(&o.Packages, 20000)
	def(&o.People, 50000)
	def(&o.Workers, 1)
	if o.CallbackTimeout == 0 {
		o.CallbackTimeout = 14 * 24 * time.Hour
	}
	if o.Since.IsZero() {
		o.Since = time.Now().Add(-7 * 24 * time.Hour)
	}
	if o.Until.IsZero() {
		o.Until = time.Now()
	}
	if o.Tell == nil {
		o.Tell = func(string, int, int) {}
	}
	if o.Endpoint == "" {
		o.Endpoint = "https://checks.example/callout"
	}
	if o.Packages < 2 && o.Assignments > 0 && o.Waiting > 0 {
		return errors.New("load: assignments and requests that wait need packages of two kinds: ask for two packages at least")
	}
	open := (o.Packages + openEvery - 1) / openEvery
	checked := o.Packages - open
	if o.Waiting == 0 || o.Assignments == 0 {
		open, checked = o.Packages, o.Packages
	}
	if most := max((o.Assignments+open-1)/open, (o.Waiting+checked-1)/checked); most > o.People {
		return fmt.Errorf("load: %d assignments and %d requests of %d packages need %d people, and %d were asked for: nobody asks twice for one package",
			o.Assignments, o.Waiting, o.Packages, most, o.People)
	}
	if time.Until(o.Since.Add(o.CallbackTimeout)) <= 0 {
		return fmt.Errorf("load: who asked at %s would not wait any more after %s; let them ask later, or wait longer", o.Since.Format(time.RFC3339), o.CallbackTimeout)
	}
	return nil
}

// loader is one run.
type loader struct {
	Options
	run      string // tells what it makes from what other runs have made
	people   []entitlement.ID
	catalogs []catalog
	packages []pkg
	mu       sync.Mutex
}

// Fill fills the tenant. What it made before an error stays.
func Fill(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	l := &loader{Options: o, run: fmt.Sprintf("%x", time.Now().UnixMilli())}
	first, err := l.newLot(ctx)
	if err != nil {
		return err
	}
	l.people = make([]entitlement.ID, o.People)
	l.catalogs, l.packages = make([]catalog, o.Catalogs), make([]pkg, o.Packages)
	for _, part := range []struct {
		what string
		n    int
		most int // in one transaction
		make func(context.Context, *lot, int) error
	}{
		{"people", o.People, 1000, l.person},
		{"catalogs", o.Catalogs, 200, l.catalog},
		{"packages", o.Packages, 200, l.pkg},
	} {
		if err := l.each(ctx, []*lot{first}, part.what, part.n, part.most, part.make); err != nil {
			return err
		}
	}
	return l.requests(ctx)
}

// requests makes the assignments and the requests that wait.
func (l *loader) requests(ctx context.Context) error {
	lots := make([]*lot, l.Workers)
	for i := range lots {
		var err error
		if lots[i], err = l.newLot(ctx); err != nil {
			return err
		}
		lots[i].remember = true
	}
	var open, checked []pkg
	for n, p := range l.packages {
		if l.isOpen(n) {
			open = append(open, p)
		} else {
			checked = append(checked, p)
		}
	}
	for _, a := range []asking{
		{l, "assignments", l.Assignments, open, 0},
		{l, "waiting requests", l.Waiting, checked, l.Assignments},
	} {
		if err := l.each(ctx, lots, a.what, a.n, 5000, a.ask); err != nil {
			return err
		}
	}
	return nil
}

// each calls fn for 0 … n-1, most of them in one transaction, with a worker for each lot.
func (l *loader) each(ctx context.Context, lots []*lot, what string, n, most int, fn func(context.Context, *lot, int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next, made atomic.Int64
	errs := make([]error, len(lots))
	var all sync.WaitGroup
	for i, lot := range lots {
		all.Go(func() {
			for errs[i] == nil {
				from := int(next.Add(int64(most))) - most
				if from >= n {
					return
				}
				to := min(n, from+most)
				errs[i] = lot.together(ctx, func() error {
					for k := from; k < to; k++ {
						if err := fn(ctx, lot, k); err != nil {
							return fmt.Errorf("load: %s, the %dth: %w", what, k, err)
						}
					}
					return nil
				})
				if errs[i] == nil {
					l.tell(what, int(made.Add(int64(to-from))), n)
				} else {
					cancel()
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (l *loader) tell(what string, made, of int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Tell(what, made, of)
}
