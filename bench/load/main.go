// Command load fills a database with as much as a large tenant has: see package
// internal/load. The server must not run meanwhile.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/load"
	"anteroom/internal/store/sqlstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	began := time.Now()
	var o load.Options
	data := flag.String("data", "", "the database `file`")
	tenant := flag.String("tenant", "c0ffee00-0000-4000-8000-000000000001", "the tenant to fill; the default is that of a development server")
	flag.StringVar(&o.App, "app", "c0ffee00-0000-4000-8000-00000000000a", "the client application through which people ask")
	flag.IntVar(&o.Catalogs, "catalogs", 1000, "how many catalogs; 400 have an extension, as a tenant may have no more than 500")
	flag.IntVar(&o.Packages, "packages", 20_000, "how many packages, each with a policy: a quarter is given at once, the rest waits for its catalog's extension")
	flag.IntVar(&o.People, "people", 50_000, "how many people")
	flag.IntVar(&o.Assignments, "assignments", 300_000, "how many delivered assignments")
	flag.IntVar(&o.Waiting, "waiting", 1_000_000, "how many requests that wait for a callback")
	flag.IntVar(&o.Workers, "workers", 1, "how many transactions at a time; SQLite has one writer")
	flag.BoolVar(&o.AllowDenyAtCreated, "deny-at-created", true, "requests may be denied at assignmentRequestCreated, as on a development server")
	flag.StringVar(&o.Endpoint, "endpoint", "", "`URL` of the extensions; nothing is sent to it")
	flag.Parse()
	id, ok := entitlement.ParseTenantID(*tenant)
	if !ok || *data == "" {
		flag.Usage()
		return errors.New("-data names the database file, and -tenant is a UUID")
	}
	o.Tenant = id
	db, err := sqlstore.Open(ctx, sqlstore.Options{Data: *data})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	o.Store, o.Tell = db, teller(began)
	return load.Fill(ctx, o)
}

// teller says every few seconds how far it is.
func teller(began time.Time) func(string, int, int) {
	var last time.Time
	return func(what string, made, of int) {
		if now := time.Now(); made == of || now.Sub(last) > 5*time.Second {
			last = now
			fmt.Fprintf(os.Stderr, "%5.0f s  %d of %d %s\n", now.Sub(began).Seconds(), made, of, what)
		}
	}
}
