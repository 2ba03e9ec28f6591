// Command river does the job that the benchmark of Anteroom measures with the job queue River
// and plain SQL: a request is stored together with a job, the job calls the endpoint, resume
// lets the request go on once, and a second job delivers it. It checks no token, knows no rules
// and keeps no history: it does less than Anteroom does, so that what it reaches is what a plain
// job queue in the same database could reach at best.
//
// It answers the paths that the benchmark calls, and no others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// options are what the command line says. The benchmark starts every server as
// "BINARY dev --addr HOST:PORT --data DATABASE …".
type options struct {
	addr, data, endpoint string
	cooldown             time.Duration
	workers, connections int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, readOptions(os.Args[1:]))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}

func readOptions(args []string) options {
	if len(args) > 0 && args[0] == "dev" {
		args = args[1:]
	}
	var o options
	f := flag.NewFlagSet("river", flag.ExitOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:0", "`host:port` to listen at")
	f.StringVar(&o.data, "data", "", "the `URL` of the PostgreSQL database; its tables are made where there are none")
	f.StringVar(&o.endpoint, "endpoint", "", "the `URL` that is called for each request")
	f.DurationVar(&o.cooldown, "cooldown", time.Millisecond, "River's FetchCooldown; its default is 100 ms")
	f.IntVar(&o.workers, "workers", 256, "River's MaxWorkers")
	f.IntVar(&o.connections, "connections", 32, "connections to the database")
	_ = f.Parse(args) // it exits
	return o
}

func run(ctx context.Context, o options) (err error) {
	db, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer db.Close()
	f := &front{db: db, endpoint: o.endpoint, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.workers}, Timeout: 10 * time.Second}}
	if f.jobs, err = f.newClient(o); err != nil {
		return err
	}
	if err := f.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: f.routes(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, srv.Shutdown(end), f.jobs.Stop(end))
}

// open connects, and makes River's tables and those of the front.
func open(ctx context.Context, o options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.data)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(o.connections)
	db, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(db), nil)
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err == nil {
		_, err = db.Exec(ctx, tables)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// newClient returns River's client, tuned to wait for nothing.
func (f *front) newClient(o options) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &caller{front: f})
	river.AddWorker(workers, &deliverer{front: f})
	return river.NewClient(riverpgxv5.New(f.db), &river.Config{
		FetchCooldown: o.cooldown, FetchPollInterval: max(100*time.Millisecond, o.cooldown),
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.workers}},
		Workers: workers,
	})
}
