package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// PostgresOptions are settings of a Store in PostgreSQL.
type PostgresOptions struct {
	// Statements is how statements are sent, see StatementModes; empty means prepared.
	Statements string
	// Connections is the most connections that read; zero means 4 for each processor and
	// at least 8. Writers are connections beside them.
	Connections int
	// Writers is how many connections write; those of one tenant share one. Zero means 4.
	Writers int
	// Performs says that this process performs jobs, beside others on the same database.
	Performs bool
	// Name is what others call this process; Lease how long it may go without a sign of
	// life before they take its jobs over, zero means 10 s.
	Name  string
	Lease time.Duration
	// Clock is the real clock; nil means time.Now.
	Clock func() time.Time
	// OnWake is called when jobs may have become free that this process can perform, OnLost
	// when those that it held were taken over. Neither may block.
	OnWake, OnLost func()
}

// StatementModes are the ways to send statements: prepared once for a connection, or
// without names, for poolers that give each transaction another connection.
var StatementModes = map[string]pgx.QueryExecMode{
	"prepared": pgx.QueryExecModeCacheStatement,
	"unnamed":  pgx.QueryExecModeExec,
	"simple":   pgx.QueryExecModeSimpleProtocol,
}

const (
	defaultLease  = 10 * time.Second
	migrateWithin = time.Hour // how long another process may take to bring the schema up to date
)

func (o *PostgresOptions) complete() {
	if o.Statements == "" {
		o.Statements = "prepared"
	}
	if o.Connections <= 0 {
		o.Connections = max(8, 4*runtime.GOMAXPROCS(0))
	}
	if o.Writers <= 0 {
		o.Writers = 4
	}
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.OnWake == nil {
		o.OnWake = func() {}
	}
	if o.OnLost == nil {
		o.OnLost = func() {}
	}
}

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	o.Postgres.complete()
	config, err := postgresConfig(o)
	if err != nil {
		return err
	}
	where := fmt.Sprintf("%s at %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
	db := postgresDatabase(config)
	if !o.ReadOnly {
		err = migratePostgres(ctx, db, o.NoMigrate)
	}
	if err == nil {
		err = s.connectPostgres(ctx, db, o)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: the database %s: %w", where, err)
	}
	return nil
}

// connectPostgres opens the connections and begins to write.
func (s *Store) connectPostgres(ctx context.Context, db *database, o Options) error {
	first, err := db.connect(ctx)
	if err != nil {
		return err
	}
	if err := postgresDurable(ctx, first); err != nil {
		return errors.Join(err, first.close())
	}
	if o.ReadOnly { // else it was brought up to date
		version, err := schemaVersion(ctx, first)
		if err == nil && version == 0 {
			err = errors.New("it holds no data of this program; is it the right one?")
		}
		if err != nil {
			return errors.Join(err, first.close())
		}
	}
	if o.Postgres.Performs {
		db.replica = &replica{
			db: db, name: o.Postgres.Name, lease: o.Postgres.Lease, clock: o.Postgres.Clock, log: o.Logger,
			onWake: o.Postgres.OnWake, onLost: o.Postgres.OnLost,
		}
		if err := db.replica.start(ctx); err != nil {
			return errors.Join(err, first.close())
		}
		s.replica = db.replica
	}
	s.readers = newReaders(db, o.Postgres.Connections)
	s.tenants = &numbers{readers: s.readers}
	if o.ReadOnly {
		s.writers = []*writer{closedWriter(first)}
		return nil
	}
	s.analyst = newAnalyst(s.readers, o.Logger)
	if o.MaxGroup <= 0 {
		o.MaxGroup = 64
	}
	for i := range o.Postgres.Writers {
		c := first
		if i > 0 {
			if c, err = db.connect(ctx); err != nil {
				return err
			}
		}
		w := newWriter(db, c, o)
		w.mark = &mark{db: db, writer: newNumber()}
		if err := w.mark.begin(ctx, c); err != nil {
			return errors.Join(err, c.close())
		}
		s.writers = append(s.writers, w)
		go w.run()
	}
	return nil
}

// postgresConfig is the configuration of a connection.
func postgresConfig(o Options) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(o.Data)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: the URL of the database: %w", err) // pgx leaves the password out
	}
	mode, ok := StatementModes[o.Postgres.Statements]
	if !ok {
		return nil, fmt.Errorf("sqlstore: statements cannot be sent as %q; use prepared, unnamed or simple", o.Postgres.Statements)
	}
	config.DefaultQueryExecMode = mode
	if config.ValidateConnect == nil && len(config.Fallbacks) > 0 { // of several hosts the one that takes changes
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWithin
	}
	params := map[string]string{
		"application_name": "anteroom",
		"timezone":         "UTC",
		// Whoever hangs in a transaction holds up others.
		"idle_in_transaction_session_timeout": milliseconds(o.Postgres.Lease),
		"lock_timeout":                        milliseconds(2 * o.Postgres.Lease),
		// Each query has an index made for it; tables that grow from nothing outrun their
		// statistics.
		"enable_seqscan": "off",
		"jit":            "off",
	}
	for name, value := range params {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func postgresDatabase(config *pgx.ConnConfig) *database {
	return &database{
		dialect: &postgresDialect, open: postgresOpener(config),
		sql:  func() *sql.DB { return stdlib.OpenDB(*config) },
		kept: newKept(),
	}
}

// postgresDurable refuses a server that does not make commits durable.
func postgresDurable(ctx context.Context, c *conn) error {
	for name, bad := range map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"} {
		var is string
		err := c.query(ctx, "SELECT current_setting($1)", []driver.Value{name}, func(v []driver.Value) error {
			is, _ = v[0].(string)
			return nil
		})
		if err != nil {
			return err
		}
		if is == bad {
			return fmt.Errorf("its setting %s is %s, so that what was answered can be lost; set it to on", name, is)
		}
	}
	return nil
}

// Performing reports whether this process may begin jobs: always, but for one of several on
// a database that could not renew its lease in time.
func (s *Store) Performing() bool { return s.replica == nil || s.replica.holds() }
