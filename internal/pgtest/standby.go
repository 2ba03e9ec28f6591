package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// NewStandby copies the cluster and lets the copy follow it. When it returns, the
// primary acknowledges a commit only after the standby has it on its disk. A primary has
// one standby. ctx bounds the making of it.
func (c *Cluster) NewStandby(ctx context.Context) (*Cluster, error) {
	if c.standby != nil {
		return nil, errors.New("pgtest: the cluster has a standby already: promote it and make the next one from there")
	}
	s := &Cluster{in: c.in, home: c.home, primary: c, password: c.password, name: nextName(c.name)}
	source, err := url.Parse(c.DSN(""))
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	q := source.Query()
	q.Set("application_name", s.name)
	source.RawQuery = q.Encode()
	if err := c.in.run(ctx, c.home.path, "pg_basebackup", "-D", s.data(), "-d", source.String(),
		"-R", "-X", "stream", "-c", "fast", "--no-sync", "-C", "-S", s.name); err != nil {
		return nil, err
	}
	c.standby = s
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	if err := c.waitFor(ctx, s.name); err != nil {
		return nil, fmt.Errorf("pgtest: the standby does not follow: %w\n%s", err, s.Log())
	}
	return s, nil
}

// nextName is standby1 for data, standby2 for standby1.
func nextName(name string) string {
	var n int
	_, _ = fmt.Sscanf(name, "standby%d", &n)
	return fmt.Sprintf("standby%d", n+1)
}

// waitFor makes the primary's commits wait for the standby, and waits until they do.
func (c *Cluster) waitFor(ctx context.Context, standby string) error {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing hangs on it
	for _, sql := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = " + standby,
		"SELECT pg_reload_conf()",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return c.await(ctx, func(ctx context.Context) (bool, error) {
		var states []string
		err := conn.QueryRow(ctx, "SELECT array_agg(state || ' ' || sync_state) FROM pg_stat_replication WHERE application_name = $1", standby).Scan(&states)
		if err == nil && !(len(states) == 1 && states[0] == "streaming sync") {
			err = fmt.Errorf("its state is %q, not streaming sync", strings.Join(states, ", "))
		}
		return err == nil, err
	})
}

// Promote makes a primary of a standby. Stop the old primary first: two that both take
// writes are two databases.
func (c *Cluster) Promote(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // nothing hangs on it
	var promoted bool
	err = conn.QueryRow(ctx, "SELECT pg_promote(true, $1)", int(patience.Seconds())).Scan(&promoted)
	if err == nil && !promoted {
		err = fmt.Errorf("it took longer than %v", patience)
	}
	if err != nil {
		return fmt.Errorf("pgtest: promoting the standby: %w\n%s", err, c.Log())
	}
	return nil
}
