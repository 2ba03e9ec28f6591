package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// MaxFile is the largest configuration file that is read, in bytes.
const MaxFile = 1 << 20

// Load reads a configuration file. The error is that of opening it, or Problems. It
// opens no other file; see Check.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be opened: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(data)
}

// Parse reads a configuration. The error is of type Problems and has all there are.
func Parse(data []byte) (*Config, error) {
	if len(data) > MaxFile {
		return nil, Problems{{Message: fmt.Sprintf("the file is larger than %d bytes; is it the right one?", MaxFile)}}
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && doc.Content[0].Tag == "!!null":
		return nil, Problems{{Message: "the file is empty; begin with the documented example"}}
	case err != nil:
		return nil, syntax(err)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, Problems{{Line: more.Line, Message: "a second document begins here (---); a configuration is one document"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(err)
	}
	c := defaults()
	r := &reader{lines: c.lines}
	r.config(node{doc.Content[0], ""}, c)
	r.agree(c)
	if err := r.problems.or(); err != nil {
		return nil, err
	}
	return c, nil
}

var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax makes a problem of an error of the YAML parser.
func syntax(err error) error {
	m := syntaxLine.FindStringSubmatch(err.Error())
	if m == nil {
		return Problems{{Message: "this is not YAML: " + err.Error()}}
	}
	line, _ := strconv.Atoi(m[1]) // no line is line 0
	return Problems{{Line: line, Message: "this is not YAML: " + strings.TrimPrefix(err.Error(), m[0])}}
}

// config reads the file's top level.
func (r *reader) config(n node, c *Config) {
	r.mapping(n,
		field{"listen", "give host:port, such as 0.0.0.0:8443", func(n node) { r.address(n, &c.Listen) }},
		field{"publicURL", "give what clients call the server, such as https://access.example.org", func(n node) { r.publicURL(n, &c.PublicURL) }},
		field{"tls", "", func(n node) { r.tls(n, c) }},
		field{"behindProxy", "", func(n node) { r.flag(n, &c.BehindProxy) }},
		field{"healthListen", "", func(n node) { r.address(n, &c.HealthListen) }},
		field{"data", "give the path of the database file, such as /var/lib/anteroom/anteroom.db, or the URL of a PostgreSQL database", func(n node) { r.data(n, &c.Data) }},
		field{"postgres", "", func(n node) { r.postgres(n, &c.Postgres) }},
		field{"tenants", "at least one is needed", func(n node) { r.tenants(n, c) }},
		field{"callouts", "", func(n node) { r.callouts(n, &c.Callouts) }},
		field{"notices", "", func(n node) { r.notices(n, &c.Notices) }},
		field{"lifecycle", "", func(n node) { r.lifecycle(n, &c.Lifecycle) }},
		field{"shutdown", "", func(n node) {
			r.mapping(n, field{"drain", "", func(n node) { r.duration(n, 0, 10*time.Minute, &c.Shutdown.Drain) }})
		}},
		field{"limits", "", func(n node) { r.limits(n, &c.Limits) }},
		field{"log", "", func(n node) { r.log(n, &c.Log) }},
	)
}

func (r *reader) tls(n node, c *Config) {
	c.TLS = &TLS{}
	r.mapping(n,
		field{"certFile", "give the path of a PEM file with the certificate and its chain", func(n node) { r.text(n, &c.TLS.CertFile) }},
		field{"keyFile", "give the path of a PEM file with the key of the certificate", func(n node) { r.text(n, &c.TLS.KeyFile) }},
	)
}

// data refuses what SQLite would take for something other than a file, and a URL that is
// not one of PostgreSQL.
func (r *reader) data(n node, into *string) {
	if !r.text(n, into) {
		return
	}
	switch s := strings.ToLower(*into); {
	case strings.HasPrefix(s, "postgres://"), strings.HasPrefix(s, "postgresql://"):
		// What is wrong with it is not said in the parser's words: they hold the password.
		if u, err := url.Parse(*into); err != nil || strings.Trim(u.Path, "/") == "" {
			r.problem(n, "is not the URL of a database, such as postgres://anteroom@db.example.org/anteroom")
		}
	case strings.Contains(s, ":memory:"):
		r.problem(n, "a database in memory is lost with the process; give the path of a file")
	case strings.HasPrefix(s, "file:"), strings.Contains(s, "://"), strings.Contains(s, "?"):
		r.problem(n, "must be the plain path of a file, or a URL that begins with postgres://")
	}
}

func (r *reader) postgres(n node, p *Postgres) {
	r.mapping(n,
		field{"statements", "", func(n node) { r.choice(n, []string{"prepared", "unnamed", "simple"}, &p.Statements) }},
		field{"connections", "", func(n node) { r.int(n, 1, 1000, "connections", &p.Connections) }},
		field{"writers", "", func(n node) { r.int(n, 1, 64, "connections", &p.Writers) }},
		field{"lease", "", func(n node) { r.duration(n, 300*time.Millisecond, 5*time.Minute, &p.Lease) }},
	)
}

func (r *reader) callouts(n node, c *Callouts) {
	r.mapping(n,
		field{"allow", "", func(n node) {
			r.list(n, "", func(item node) {
				var s string
				if !r.text(item, &s) {
					return
				}
				p, err := netip.ParsePrefix(s)
				switch {
				case err != nil:
					r.problem(item, "%q is not a range of addresses such as 10.20.0.0/16 or 192.0.2.7/32", clip(s))
				case p != p.Masked():
					r.problem(item, "%s has bits beyond its length; did you mean %s?", s, p.Masked())
				default:
					c.Allow = append(c.Allow, p)
				}
			})
		}},
		field{"allowHTTP", "", func(n node) { r.flag(n, &c.AllowHTTP) }},
		field{"perEndpoint", "", func(n node) { r.int(n, 1, 1000, "calls", &c.PerEndpoint) }},
	)
}

func (r *reader) lifecycle(n node, l *Lifecycle) {
	r.mapping(n,
		field{"allowDenyAtCreated", "", func(n node) { r.flag(n, &l.AllowDenyAtCreated) }},
		field{"requestRetention", "", func(n node) { r.duration(n, 24*time.Hour, 10*365*24*time.Hour, &l.RequestRetention) }},
		field{"maxClockJump", "", func(n node) { r.duration(n, 10*time.Second, 24*time.Hour, &l.MaxClockJump) }},
	)
}

func (r *reader) limits(n node, l *Limits) {
	r.mapping(n,
		field{"body", "", func(n node) { r.number(n, 1<<10, 64<<20, "bytes", &l.Body) }},
		field{"headers", "", func(n node) { r.int(n, 4<<10, 1<<20, "bytes", &l.Headers) }},
	)
}

func (r *reader) int(n node, least, most int64, unit string, into *int) {
	v := int64(*into)
	r.number(n, least, most, unit, &v)
	*into = int(v)
}

func (r *reader) log(n node, l *Log) {
	r.mapping(n,
		field{"level", "", func(n node) {
			level := ""
			r.choice(n, []string{"debug", "info", "warn", "error"}, &level)
			if level != "" {
				l.Level = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[level]
			}
		}},
		field{"format", "", func(n node) { r.choice(n, []string{"json", "text"}, &l.Format) }},
	)
}
