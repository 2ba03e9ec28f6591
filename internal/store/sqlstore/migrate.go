package sqlstore

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// schemaAhead is how many migrations a database may be ahead of the program: while an
// upgrade rolls, the old version goes on beside the new one, which has migrated. Each
// migration is made so that the version before it can go on.
const schemaAhead = 1

// Migration is one step of the schema, and whether the database has it.
type Migration struct {
	Version int64
	// Name is that of its file; empty for one that this program does not know.
	Name    string
	Applied bool
	// AppliedAt is when it was applied, on the clock of the database; zero while it is
	// pending, and for one that this program does not know.
	AppliedAt time.Time
}

// Migrate brings the schema of a database up to date, as Open does, and returns what was
// applied. It makes a database where there is none.
func Migrate(ctx context.Context, o Options) ([]Migration, error) {
	before, err := MigrationStatus(ctx, o)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	o.ReadOnly, o.NoMigrate = false, false
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	after, err := MigrationStatus(ctx, o)
	if err != nil {
		return nil, err
	}
	had := make(map[int64]bool)
	for _, m := range before {
		had[m.Version] = m.Applied
	}
	return slices.DeleteFunc(after, func(m Migration) bool { return had[m.Version] }), nil
}

// MigrationStatus lists all migrations, the oldest first, and those of a newer program that
// the database has. It changes nothing, and a server may use the database meanwhile. An
// empty database has none. Where there is no database the error is fs.ErrNotExist.
func MigrationStatus(ctx context.Context, o Options) (list []Migration, err error) {
	db, version, err := look(ctx, o)
	if err != nil {
		return nil, err
	}
	p, done, err := db.provider()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if version == 0 { // goose would make its table
		for _, s := range p.ListSources() {
			list = append(list, Migration{Version: s.Version, Name: filepath.Base(s.Path)})
		}
		return list, nil
	}
	status, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	for _, s := range status {
		m := Migration{Version: s.Source.Version, Name: filepath.Base(s.Source.Path)}
		if s.State == goose.StateApplied {
			m.Applied, m.AppliedAt = true, s.AppliedAt.UTC()
		}
		list = append(list, m)
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	for v := target + 1; v <= current; v++ {
		list = append(list, Migration{Version: v, Applied: true})
	}
	return list, nil
}

// provider returns what knows the migrations of a database; done closes its connection.
func (from *database) provider() (p *goose.Provider, done func() error, err error) {
	files, err := migrationsFor(from.dialect)
	if err != nil {
		return nil, nil, err
	}
	db := from.sql()
	db.SetMaxOpenConns(1)
	p, err = goose.NewProvider(from.goose, db, files,
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("migrations: %w", err), db.Close())
	}
	return p, db.Close, nil
}

// migrate brings the schema up to date, or refuses one that is not where only is set.
// Migrations only go forward.
func (from *database) migrate(ctx context.Context, only bool) (err error) {
	p, done, err := from.provider()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	current, target, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("migrations: %w", err)
	case current > target+schemaAhead:
		return fmt.Errorf("it was written by a newer version of the program: its schema has version %d, and this program, which knows %d, can use %d at most; run the newer version",
			current, target, target+schemaAhead)
	case current < target && only:
		return fmt.Errorf("%d migrations are pending: its schema has version %d, and this program needs %d; run anteroom migrate up, or let the server do it", target-current, current, target)
	case current < target:
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
	}
	// At every start, as the process may have died between the migrations and this.
	c, err := from.connect(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(from.prepare(ctx, c), c.close()); err != nil {
		return fmt.Errorf("after the migrations: %w", err)
	}
	return nil
}

// migrationsFor returns the migrations as the dialect spells them. A file that is for one
// database alone has its name before the ending: 00006_revision.sqlite.sql.
func migrationsFor(d *dialect) (fs.FS, error) {
	const dir = "migrations"
	entries, err := migrationFiles.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	spell := strings.NewReplacer(d.ddl...)
	files := make(fstest.MapFS)
	for _, e := range entries {
		name, _ := strings.CutSuffix(e.Name(), ".sql")
		if base, only, ok := strings.Cut(name, "."); ok {
			if only != d.name {
				continue
			}
			name = base
		}
		b, err := migrationFiles.ReadFile(dir + "/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		files[name+".sql"] = &fstest.MapFile{Data: []byte(spell.Replace(string(b)))}
	}
	return files, nil
}

// Fingerprint is the same for programs that make the same schema.
func Fingerprint() string {
	h := sha256.New()
	err := fs.WalkDir(migrationFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := migrationFiles.ReadFile(path)
		_, _ = h.Write(b) // it never fails
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
