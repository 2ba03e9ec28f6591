package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Config is a configuration that was found good. Ids are in lower case.
type Config struct {
	// Listen is the address of the API and the portal, host:port; an empty host is all
	// addresses.
	Listen string
	// PublicURL is what clients call the server: scheme and host, without a slash at the
	// end. Links in answers begin with it.
	PublicURL string
	TLS       *TLS // nil: plain HTTP
	// BehindProxy says that TLS ends in front of the server.
	BehindProxy bool
	// HealthListen is a listener of its own for /livez, /readyz and /metrics; empty: the
	// first two are on the main one, and there are no metrics.
	HealthListen string
	// Data is the path of the SQLite file, or the URL of the PostgreSQL database.
	Data     string
	Postgres Postgres // where Data is a URL
	// NoMigrate refuses to start on pending migrations. It is no key of the file but a flag:
	// migrating is a step of its own only where whoever starts the server makes it one.
	NoMigrate bool
	Tenants   []Tenant // at least one
	Callouts  Callouts
	Notices   Notices
	Lifecycle Lifecycle
	Shutdown  Shutdown
	Limits    Limits
	Log       Log

	lines map[string]int // where a key is, by its path; for Check
}

// TLS names PEM files: a certificate with its chain, and its key.
type TLS struct {
	CertFile string
	KeyFile  string
}

// Tenant is an organisation that the server serves.
type Tenant struct {
	ID      string // GUID
	Name    string // may be empty
	Issuers []Issuer
	// Administrators are the object ids (GUID) of people who may do everything in it.
	Administrators []string
}

// Issuer is a token issuer that is trusted for a tenant. If another tenant has the same
// URL, its JWKSURL and Algorithms are the same.
type Issuer struct {
	URL        string   // the claim iss, exactly
	Audiences  []string // at least one
	JWKSURL    string   // empty: from the discovery document
	Algorithms []string // of RS256, ES256, PS256; empty: all of them
}

// Postgres is how a PostgreSQL database is used.
type Postgres struct {
	// Statements is how they are sent: "prepared", or "unnamed" or "simple" for poolers that
	// give each transaction another connection.
	Statements string
	// Connections is the most connections that read, 1 to 1,000; zero: by the processors.
	Connections int
	// Writers is how many more connections write, 1 to 64. Those of one tenant share one.
	Writers int
	// Lease is how long a process may go without a sign of life before others take over what
	// it was doing, 300 milliseconds to 5 minutes.
	Lease time.Duration
}

// ShownData is Data without a password.
func (c *Config) ShownData() string { return ShownData(c.Data) }

// ShownData is the path of a file, or the URL of a database without a password.
func ShownData(data string) string {
	if !strings.Contains(data, "://") {
		return data
	}
	u, err := url.Parse(data)
	if err != nil {
		return "a database"
	}
	q := u.Query()
	q.Del("password")
	u.RawQuery = q.Encode()
	return u.Redacted()
}

// Callouts are the limits of calls to extensions.
type Callouts struct {
	// Allow lists ranges that endpoints may be in although they are private.
	Allow []netip.Prefix
	// AllowHTTP lets endpoints be without TLS.
	AllowHTTP bool
	// PerEndpoint is how many calls of one endpoint run at a time, 1 to 1,000.
	PerEndpoint int
}

// Lifecycle has what the documentation of the original service contradicts itself in or
// leaves open.
type Lifecycle struct {
	// AllowDenyAtCreated lets a callback deny a request at assignmentRequestCreated.
	AllowDenyAtCreated bool
	// RequestRetention is how long a request is kept after its end, 24 hours to 10 years.
	RequestRetention time.Duration
	// MaxClockJump is how far the real clock may jump between two looks at it before
	// expiry pauses, 10 seconds to 24 hours.
	MaxClockJump time.Duration
}

// Shutdown is how the server stops.
type Shutdown struct {
	// Drain is how long calls that run may take to finish, up to 10 minutes.
	Drain time.Duration
}

// Limits are what a request may have, in bytes.
type Limits struct {
	Body    int64 // of a body after decompression, 1 KiB to 64 MiB
	Headers int   // of the request line and all headers, 4 KiB to 1 MiB
}

// Log is how the server logs.
type Log struct {
	Level  slog.Level
	Format string // "json" or "text"
}

// defaults are the settings that need not be given.
func defaults() *Config {
	return &Config{
		Postgres:  Postgres{Statements: "prepared", Writers: 4, Lease: 10 * time.Second},
		Callouts:  Callouts{PerEndpoint: 64},
		Lifecycle: Lifecycle{AllowDenyAtCreated: true, RequestRetention: 90 * 24 * time.Hour, MaxClockJump: 5 * time.Minute},
		Shutdown:  Shutdown{Drain: 15 * time.Second},
		Limits:    Limits{Body: 1 << 20, Headers: 64 << 10},
		Log:       Log{Level: slog.LevelInfo, Format: "json"},
		lines:     map[string]int{},
	}
}
