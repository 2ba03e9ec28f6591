package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"anteroom/internal/auth"
	"anteroom/internal/callout"
	"anteroom/internal/config"
	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/store/sqlstore"
)

// warmWithin is how long the keys of the issuers may take to be fetched at the start; it
// is no failure when they do not come, as each token asks for them again.
const warmWithin = 10 * time.Second

// NewServeLog returns the logger that a configuration asks for.
func NewServeLog(w io.Writer, c config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}

// Serve starts a server as the configuration says. There is no token issuer in it, and no
// clock that can be moved.
func Serve(ctx context.Context, c *config.Config, log *slog.Logger) (*Server, error) {
	tlsConfig, err := serverTLS(c.TLS)
	if err != nil {
		return nil, err
	}
	where, err := newPublicSite(c.PublicURL)
	if err != nil {
		return nil, err
	}
	verifier, err := auth.NewVerifier(issuers(c), auth.WithLogger(log))
	if err != nil {
		return nil, err
	}
	s, err := assemble(ctx, parts{
		store:   servedStore(c),
		callout: callout.Options{Allow: c.Callouts.Allow, AllowHTTP: c.Callouts.AllowHTTP},
		limits:  DispatcherOptions{PerLane: c.Callouts.PerEndpoint, MaxJump: c.Lifecycle.MaxClockJump},
		base:    where.url,
		engine:  engine.Options{AllowDenyAtCreated: c.Lifecycle.AllowDenyAtCreated, RequestRetention: c.Lifecycle.RequestRetention},
		notices: c.Notices,
		log:     log,
		notes:   unsafeSettings(c),
	})
	if err != nil {
		return nil, err
	}
	s.url, s.maxHeader = where.url, c.Limits.Headers
	s.drainWait, s.finishWithin = shutdownTimes(c)
	listeners, err := listenAll(ctx, c)
	if err == nil {
		err = s.ensureTenants(ctx, c)
	}
	if err != nil {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return nil, errors.Join(err, s.store.Close())
	}
	s.startServing(c, listeners, tlsConfig, verifier, where)
	return s, nil
}

// StoreOptions are the settings of the store for who does not perform jobs.
func StoreOptions(c *config.Config) sqlstore.Options {
	return sqlstore.Options{Data: c.Data, NoMigrate: c.NoMigrate, Postgres: sqlstore.PostgresOptions{
		Statements: c.Postgres.Statements, Connections: c.Postgres.Connections, Writers: c.Postgres.Writers, Lease: c.Postgres.Lease,
	}}
}

// servedStore are those of a server, which shares the store with others where it is a
// PostgreSQL database.
func servedStore(c *config.Config) sqlstore.Options {
	o := StoreOptions(c)
	o.Postgres.Performs, o.Postgres.Name = true, processName()
	return o
}

// processName tells the processes on one database apart for who looks at it.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// startServing begins to answer and to perform jobs.
func (s *Server) startServing(c *config.Config, listeners []net.Listener, tlsConfig *tls.Config, verifier *auth.Verifier, where publicSite) {
	for _, note := range s.health.notes {
		s.log.Warn("a setting is not safe", "setting", note)
	}
	by := noted{verifier}
	main := &routes{api: s.api(by, where, c.Limits.Body), site: where, health: s.health, keys: serveCalloutKeys(s.engine, false)}
	s.startWork()
	s.listen(limitConnections(listeners[0], mostConnections, s.perAddress(c)), logged(main, s.log, s.observer()), tlsConfig)
	if len(listeners) > 1 {
		s.listen(limitConnections(listeners[1], mostPerAddress, 0), healthOnly(s.health, s.metrics.Handler()), nil)
	}
	s.log.Info("serving", "listen", listeners[0].Addr().String(), "url", s.url, "tenants", len(c.Tenants), "data", c.ShownData())
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), warmWithin)
		defer cancel()
		if err := verifier.Warm(ctx); err != nil {
			s.log.Warn("keys of an issuer could not be fetched; its tokens are refused until they can", "error", err)
		}
	}()
}

// perAddress is how many connections one address may have: behind a proxy all come from
// the same one.
func (s *Server) perAddress(c *config.Config) int {
	if c.BehindProxy {
		return 0
	}
	return mostPerAddress
}

// listenAll opens the main listener and, where there is one, that for health.
func listenAll(ctx context.Context, c *config.Config) ([]net.Listener, error) {
	var all []net.Listener
	for _, addr := range []string{c.Listen, c.HealthListen} {
		if addr == "" {
			continue
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			return all, err
		}
		all = append(all, l)
	}
	return all, nil
}

func serverTLS(c *config.TLS) (*tls.Config, error) {
	if c == nil {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("the TLS certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// issuers puts the issuers of the configuration into the words of package auth.
func issuers(c *config.Config) []auth.Issuer {
	var all []auth.Issuer
	for _, t := range c.Tenants {
		binding := auth.TenantBinding{Tenant: entitlement.TenantID(t.ID)}
		for _, id := range t.Administrators {
			binding.Administrators = append(binding.Administrators, entitlement.ID(id))
		}
		for _, i := range t.Issuers {
			all = append(all, auth.Issuer{
				URL: i.URL, Audiences: i.Audiences, JWKSURL: i.JWKSURL, Algorithms: i.Algorithms,
				Tenants: []auth.TenantBinding{binding},
			})
		}
	}
	return all
}

// ensureTenants makes the tenants of the configuration, and refuses data whose clock was
// moved: a development server wrote it.
func (s *Server) ensureTenants(ctx context.Context, c *config.Config) error {
	for _, t := range c.Tenants {
		if err := s.engine.EnsureTenant(ctx, entitlement.TenantID(t.ID), nil); err != nil {
			return err
		}
	}
	tenants, err := s.store.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if t.ClockOffset != 0 {
			return fmt.Errorf("the clock of tenant %s in %s is %s off: a development server wrote it, and it cannot be served", t.ID, c.ShownData(), signed(t.ClockOffset))
		}
	}
	return nil
}

// shutdownTimes divides the time that stopping may take: a while for balancers to see it,
// where there may be any, and the rest for what is under way.
func shutdownTimes(c *config.Config) (notice, finish time.Duration) {
	if c.BehindProxy || c.HealthListen != "" {
		notice = min(5*time.Second, c.Shutdown.Drain/3)
	}
	return notice, max(time.Second, c.Shutdown.Drain-notice-stopWithin-time.Second)
}

// unsafeSettings lists what an operator should know that they have allowed.
func unsafeSettings(c *config.Config) []string {
	var notes []string
	for _, p := range c.Callouts.Allow {
		notes = append(notes, fmt.Sprintf("callouts.allow: extensions may be called in %s", p))
	}
	if c.Callouts.AllowHTTP {
		notes = append(notes, "callouts.allowHTTP: extensions in those ranges may be called without TLS")
	}
	if m := c.Notices.SMTP; m != nil && m.TLS == "none" {
		notes = append(notes, "notices.smtp.tls: mail is handed over without TLS")
	}
	return notes
}

// healthOnly serves /livez, /readyz and /metrics at a listener of their own. Metrics are
// served nowhere else: they tell strangers how busy a server is and whom it calls.
func healthOnly(h *health, metrics http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case livePath:
			only(w, r, livePath, http.HandlerFunc(serveLive), http.MethodGet)
		case readyPath:
			only(w, r, readyPath, http.HandlerFunc(h.serveReady), http.MethodGet)
		case metricsPath:
			only(w, r, metricsPath, metrics, http.MethodGet)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
}
