package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// asProcess tells a copy of this test's process to ask for databases, too.
const asProcess = "PGTEST_AS_PROCESS"

// TestDatabaseOfManyProcesses lets several processes ask for databases of one schema at
// once. The migration fails when it is run twice.
func TestDatabaseOfManyProcesses(t *testing.T) {
	if dsn := os.Getenv(asProcess); dsn != "" {
		askForDatabases(t, dsn)
		return
	}
	c := started(t, Options{})
	counter := c.DSN("postgres")
	do(t, counter, "CREATE TABLE migrated (n int PRIMARY KEY)")
	var processes sync.WaitGroup
	for range 3 {
		processes.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
			cmd.Env = append(os.Environ(), Variable+"="+counter, asProcess+"="+counter)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	processes.Wait()
	if n := ask(t, counter, "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'anteroom_%'"); n != "1" {
		t.Errorf("%s databases are left, want the template alone", n)
	}
}

func askForDatabases(t *testing.T, counter string) {
	migrate := func(ctx context.Context, dsn string) error {
		for at, sql := range map[string]string{counter: "INSERT INTO migrated VALUES (1)", dsn: "CREATE TABLE made AS SELECT 1 AS n"} {
			if err := with(ctx, at, func(ctx context.Context, conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, sql)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			dsn := Database(t, "one schema", migrate)
			do(t, dsn, "INSERT INTO made VALUES (2)")
			if n := ask(t, dsn, "SELECT sum(n)::text FROM made"); n != "3" {
				t.Errorf("sum %s, want 3: the database is not this test's own", n)
			}
		})
	}
}

// TestFailedMigration leaves no template behind.
func TestFailedMigration(t *testing.T) {
	broken := errors.New("broken")
	fails := func(context.Context, string) error { return broken }
	if _, err := newDatabase(t.Context(), t.Name(), fails); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the migration", err)
	}
	dsn := Database(t, t.Name(), func(ctx context.Context, dsn string) error { do(t, dsn, "CREATE TABLE made (n int)"); return nil })
	do(t, dsn, "INSERT INTO made VALUES (1)")
}

// TestGuard kills a process that has a cluster, and waits until server and directory are gone.
func TestGuard(t *testing.T) {
	if os.Getenv(asProcess) != "" {
		c, err := Start(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("HOME", c.home.path)
		select {}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGuard$")
	cmd.Env = append(os.Environ(), asProcess+"=yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var path string
	if _, err := fmt.Fscanf(out, "HOME %s\n", &path); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	c := &Cluster{ended: make(chan struct{})}
	err = c.await(t.Context(), func(context.Context) (bool, error) {
		_, err := os.Stat(path)
		return os.IsNotExist(err), err
	})
	if err != nil {
		t.Errorf("%s is still there: %v", path, err)
	}
}
