package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options are the choices of Start. The zero value is for tests of what the product does.
type Options struct {
	// Durable puts the cluster on a disk, where a commit costs what it costs in production.
	// Otherwise it is in memory if there is room. The server's settings say fsync=on and
	// synchronous_commit=on either way.
	Durable bool
	// Room, in bytes, puts the data directory on a volume of that size. It takes root and the
	// right to mount; without them Start fails with ErrNoVolume.
	Room int64
	// LogInRoom leaves the write-ahead log on that volume, too, where its end makes the
	// server crash. Otherwise it is beside it.
	LogInRoom bool
	// Settings are added to postgresql.conf, for example "shared_buffers": "1GB".
	Settings map[string]string
}

// StopMode is how a server is stopped.
type StopMode syscall.Signal

const (
	// Fast ends every session and writes what is to be written.
	Fast = StopMode(syscall.SIGINT)
	// Immediate is a crash: the next start recovers from the log.
	Immediate = StopMode(syscall.SIGQUIT)
)

// patience is how long a server may take to start, stop or follow.
const patience = time.Minute

// Cluster is a running PostgreSQL server with its databases. Its methods may be called
// by one goroutine at a time, except DSN, which any number may call.
type Cluster struct {
	in       *installation
	home     *home
	name     string // of its data directory in home
	password string
	standby  *Cluster // that follows it
	primary  *Cluster // that it was made from

	server *exec.Cmd
	ended  chan struct{} // closed when the server has ended
	once   sync.Once
}

// Start makes a cluster and starts its server. The caller closes it; should the process
// end without that, server and directory are gone too. ctx bounds only the start.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	in, err := findInstallation()
	if err != nil {
		return nil, err
	}
	h, err := newHome(in, o.Durable)
	if err != nil {
		return nil, err
	}
	c := &Cluster{in: in, home: h, name: "data", password: rand.Text()}
	if o.Room > 0 {
		if err := c.makeRoom(ctx, o.Room); err != nil {
			return nil, errors.Join(err, h.remove())
		}
	}
	if err := c.create(ctx, o); err != nil {
		return nil, errors.Join(err, h.remove())
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// create makes the data directory.
func (c *Cluster) create(ctx context.Context, o Options) error {
	passwordFile := filepath.Join(c.home.path, "password")
	err := os.WriteFile(passwordFile, []byte(c.password), 0o600)
	if err := errors.Join(err, c.in.give(passwordFile)); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	args := []string{"-D", c.data(), "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--auth=scram-sha-256", "--pwfile=" + passwordFile}
	switch {
	case o.Room > 0 && !o.LogInRoom:
		args = append(args, "--waldir="+c.data()+".wal")
	case o.LogInRoom:
		args = append(args, "--wal-segsize=1") // it needs room again and again
	}
	if err := c.in.run(ctx, c.home.path, "initdb", args...); err != nil {
		return err
	}
	conf, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	all := settings(o)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(conf, "%s = '%s'\n", k, strings.ReplaceAll(all[k], "'", "''"))
	}
	return conf.Close()
}

// mark is a setting that only clusters for tests have. Database writes to no other.
const mark = "anteroom.for_tests"

func settings(o Options) map[string]string {
	s := map[string]string{
		mark:                 "on",
		"listen_addresses":   "",
		"max_connections":    "200",
		"shared_buffers":     "32MB",
		"fsync":              "on",
		"synchronous_commit": "on",
		"full_page_writes":   "on",
		"log_line_prefix":    "%m [%p] %d ",
	}
	if !o.Durable {
		s["max_wal_size"] = "256MB" // it is memory
	}
	maps.Copy(s, o.Settings)
	return s
}

func (c *Cluster) data() string    { return filepath.Join(c.home.path, c.name) }
func (c *Cluster) sockets() string { return c.data() + ".s" }
func (c *Cluster) logFile() string { return logOf(c.data()) }

// logOf returns the log of the server with that data directory.
func logOf(data string) string { return data + ".log" }

// DSN returns the address of a database in the cluster, for its superuser.
func (c *Cluster) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", c.password), Path: "/" + database,
		RawQuery: url.Values{"host": {c.sockets()}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// start starts the server and waits until it answers.
func (c *Cluster) start(ctx context.Context) error {
	if err := os.Mkdir(c.sockets(), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("pgtest: %w", err)
	}
	log, err := os.OpenFile(c.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close() // the server has its own
	if err := c.in.give(c.sockets()); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	server := c.in.command(context.Background(), c.home.path, "postgres", "-D", c.data(), "-k", c.sockets())
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // how it ended is in its log
		close(ended)
	}()
	c.server, c.ended = server, ended
	if err := c.await(ctx, c.isOurs); err != nil {
		return fmt.Errorf("pgtest: the server in %s did not start: %w\n%s", c.data(), err, c.Log())
	}
	return nil
}

// isOurs asks the server which directory it serves.
func (c *Cluster) isOurs(ctx context.Context) (bool, error) {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing hangs on it
	var data string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return false, err
	}
	if data != c.data() {
		return false, fmt.Errorf("the server at %s serves %s, which is not ours", c.sockets(), data)
	}
	return true, nil
}

// await asks again and again until done says so. An error of done is told only when
// patience, ctx or the server ends.
func (c *Cluster) await(ctx context.Context, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-c.ended:
			return errors.Join(errors.New("the server ended"), err)
		case <-tick.C:
		}
	}
}

// Stop stops the server and waits until it has ended. It does nothing when it is stopped.
func (c *Cluster) Stop(mode StopMode) error {
	select {
	case <-c.ended:
		return nil
	default:
	}
	if err := c.server.Process.Signal(syscall.Signal(mode)); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("pgtest: stopping the server: %w", err)
	}
	select {
	case <-c.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("pgtest: the server in %s did not stop within %v\n%s", c.data(), patience, c.Log())
	}
}

// Restart stops the server and starts it again with the same data, at the same address.
func (c *Cluster) Restart(ctx context.Context, mode StopMode) error {
	if err := c.Stop(mode); err != nil {
		return err
	}
	return c.start(ctx)
}

// Close ends the server, and its standbys, and removes all that it was. For a standby,
// which shares the directory of its primary, it only ends the server.
func (c *Cluster) Close() (err error) {
	c.once.Do(func() {
		if c.standby != nil {
			err = c.standby.Close()
		}
		if c.server != nil {
			err = errors.Join(err, c.Stop(Immediate))
		}
		if c.primary == nil {
			err = errors.Join(err, c.home.remove())
		}
	})
	return err
}
