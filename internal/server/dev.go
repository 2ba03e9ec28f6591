package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"anteroom/internal/auth"
	"anteroom/internal/callout"
	"anteroom/internal/config"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store/sqlstore"
)

// DevOptions are the settings of a development server. The zero value listens at a free
// port of 127.0.0.1 and keeps its data in memory.
type DevOptions struct {
	Addr           string // host:port; empty means 127.0.0.1:0
	Data           string // file or URL of the database; empty means memory
	InsecureListen bool   // listen at an address that others can reach
	NoticeURL      string // where notices are posted; empty: nowhere
	Log            *slog.Logger

	// For measurements; zero means the default.
	Lease       time.Duration // with a PostgreSQL database
	MaxGroup    int
	MaxQueue    int
	CommitDelay time.Duration
	PerEndpoint int
	Clock       func() time.Time // the real clock of this server; nil means time.Now
}

// loopback are the addresses that a development server may call beside public ones.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Dev starts a development server: it issues tokens to anybody, makes tenants when they
// are first named, and lets callers move their clock.
func Dev(ctx context.Context, o DevOptions) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := CheckDevAddr(o.Addr, o.InsecureListen); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	s, err := startDev(ctx, o, l)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return s, nil
}

// CheckDevAddr refuses an address that others can reach, where that was not asked for.
func CheckDevAddr(addr string, insecure bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("the address %q is not host:port", addr)
	}
	ip, err := netip.ParseAddr(host)
	if strings.EqualFold(host, "localhost") || (err == nil && ip.Unmap().IsLoopback()) || insecure {
		return nil
	}
	return fmt.Errorf("the address %q can be reached from other machines, and a development server gives everybody a token: "+
		"listen at 127.0.0.1, or add --insecure-listen if you mean it", addr)
}

func startDev(ctx context.Context, o DevOptions, l net.Listener) (*Server, error) {
	where := newLocalSite(l)
	url := where.url()
	s, err := assemble(ctx, parts{
		store: sqlstore.Options{Data: o.Data, MaxGroup: o.MaxGroup, MaxQueue: o.MaxQueue, CommitDelay: o.CommitDelay, Postgres: sqlstore.PostgresOptions{
			Performs: true, Name: processName(), Lease: o.Lease, Clock: o.Clock,
		}},
		callout: callout.Options{Allow: loopback, AllowHTTP: true},
		limits:  DispatcherOptions{PerLane: o.PerEndpoint, Now: o.Clock},
		base:    url,
		engine:  engine.Options{AllowDenyAtCreated: true, Clock: o.Clock},
		notices: devNotices(o.NoticeURL),
		log:     o.Log,
	})
	if err != nil {
		return nil, err
	}
	s.url = url
	handler, err := s.devHandler(ctx, where)
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.startWork()
	s.listen(limitConnections(l, mostConnections, 0), handler, nil)
	return s, nil
}

func devNotices(url string) config.Notices {
	if url == "" {
		return config.Notices{}
	}
	return config.Notices{Webhook: &config.Webhook{URL: url}}
}

// devHandler is everything that a development server answers.
func (s *Server) devHandler(ctx context.Context, where localSite) (http.Handler, error) {
	tenants := &sampleTenants{engine: s.engine}
	issuer, err := auth.NewDevIssuer(auth.DevConfig{
		BaseURL:        s.url,
		RequestBase:    func(r *http.Request) string { return "http://" + r.Host },
		Administrators: []entitlement.ID{SampleAdmin},
		OnTenant:       tenants.ensure,
		LookupUser:     s.lookupUser,
	})
	if err != nil {
		return nil, err
	}
	if err := tenants.ensure(ctx, SampleTenant); err != nil {
		return nil, err
	}
	verifier := noted{issuer.Verifier()}
	clock := &devClock{auth: verifier, site: where, engine: s.engine, drain: s.dispatcher.Drain}
	return logged(&routes{
		api: s.api(verifier, where, 0), site: where, health: s.health, keys: serveCalloutKeys(s.engine, true),
		issuer: issuer, clock: http.HandlerFunc(clock.serve), metrics: s.metrics.Handler(),
	}, s.log, s.observer()), nil
}

// sampleTenants makes each tenant once, when it is first named.
type sampleTenants struct {
	engine *engine.Engine
	made   sync.Map // of entitlement.TenantID
}

func (t *sampleTenants) ensure(ctx context.Context, id entitlement.TenantID) error {
	if _, ok := t.made.Load(id); ok {
		return nil
	}
	if err := t.engine.EnsureTenant(ctx, id, sampleSeed()); err != nil {
		return err
	}
	t.made.Store(id, true)
	return nil
}

// lookupUser finds who may sign in: by object id, user principal name, or what stands
// before the @ of one of the sample domain.
func (s *Server) lookupUser(ctx context.Context, t entitlement.TenantID, name string) (id entitlement.ID, displayName, upn string, ok bool, err error) {
	system := entitlement.System(t)
	system.Permissions = []string{entitlement.PermissionReadWrite}
	users := s.engine.Reader(system).Users
	filter := query.Equal("userPrincipalName", name)
	if objectID, isID := entitlement.ParseID(name); isID {
		filter = query.Equal("id", string(objectID))
	} else if !strings.Contains(name, "@") {
		filter = query.Equal("userPrincipalName", name+"@"+SampleDomain)
	}
	found, err := users.List(ctx, query.Query{Filter: filter, Limit: 1})
	if err != nil || len(found) == 0 || !found[0].AccountEnabled {
		return "", "", "", false, err
	}
	u := found[0]
	return u.ID, u.DisplayName, u.UserPrincipalName, true, nil
}
