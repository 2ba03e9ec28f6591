package server

import (
	"context"
	"net/url"
	"time"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store/sqlstore"
)

// Wait is one request that waits for somebody outside. Times are those of its tenant's
// clock.
type Wait struct {
	Tenant    entitlement.TenantID
	Request   entitlement.ID
	State     string
	Status    string
	Kind      WaitKind
	Stage     entitlement.Stage
	Instance  entitlement.ID
	Extension string // its name
	// Endpoint is scheme and host of the extension's address; the rest may hold secrets.
	Endpoint    string
	Since       time.Time
	Age         time.Duration
	Attempts    int
	LastError   string
	NextAttempt time.Time
	Deadline    time.Time
}

// WaitKind says what a request waits for.
type WaitKind string

// Kinds of wait.
const (
	WaitCallback WaitKind = "callback" // for resume
	WaitCallout  WaitKind = "callout"  // for an extension to be called, without waiting for resume
	WaitDelivery WaitKind = "delivery" // for roles to be given or taken away outside
)

// waitPage is how many requests are read at a time.
const waitPage = 500

// Waits calls fn for each open request of a database, which a server may be using
// meanwhile: by tenant, oldest first.
func Waits(ctx context.Context, o sqlstore.Options, fn func(Wait) error) error {
	o.ReadOnly = true
	db, err := sqlstore.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing was written
	e := engine.New(engine.Options{Store: db})
	tenants, err := db.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if err := waitsOf(ctx, e, &t, fn); err != nil {
			return err
		}
	}
	return nil
}

func waitsOf(ctx context.Context, e *engine.Engine, t *entitlement.Tenant, fn func(Wait) error) error {
	after := entitlement.ID("")
	for {
		page, err := e.Waits(ctx, t.ID, after, waitPage)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := fn(waitOf(t, r, time.Now())); err != nil {
				return err
			}
			after = r.ID
		}
		if len(page) < waitPage {
			return nil
		}
	}
}

func waitOf(t *entitlement.Tenant, r *entitlement.Request, realNow time.Time) Wait {
	w := Wait{
		Tenant: t.ID, Request: r.ID, State: string(r.State), Status: r.Status,
		Kind: WaitDelivery, Since: r.ModifiedAt,
	}
	if c := r.Progress.Current(); c != nil {
		planned := r.Progress.Plan.Callouts[c.Plan]
		w.Kind = WaitCallback
		if !planned.Waits() {
			w.Kind = WaitCallout
		}
		w.Stage, w.Instance, w.Extension, w.Endpoint = c.Stage, c.ID, planned.ExtensionName, hostOf(planned.URL)
		w.Since, w.Attempts, w.LastError = c.StartedAt, c.Attempts, c.LastError
		w.NextAttempt, w.Deadline = c.NextAttempt, c.Deadline
	}
	w.Age = max(0, realNow.Add(t.ClockOffset).Sub(w.Since)).Truncate(time.Second)
	return w
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
