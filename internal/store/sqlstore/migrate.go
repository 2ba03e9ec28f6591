package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrate brings the schema up to date. Migrations only go forward.
func migrate(ctx context.Context, c driver.Connector, d *dialect) (err error) {
	files, err := migrationsFor(d)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(d.goose, db, files,
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, target, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("migrations: %w", err)
	case current > target:
		return fmt.Errorf("it was written by a newer version of the program: its schema has version %d, this program knows %d", current, target)
	case current < target:
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
	}
	// At every start, as the process may have died between the migrations and this.
	k, err := connect(ctx, c, d)
	if err != nil {
		return err
	}
	if err := errors.Join(d.prepare(ctx, k), k.close()); err != nil {
		return fmt.Errorf("after the migrations: %w", err)
	}
	return nil
}

// migrationsFor returns the migrations as the dialect spells them.
func migrationsFor(d *dialect) (fs.FS, error) {
	const dir = "migrations"
	entries, err := migrationFiles.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	spell := strings.NewReplacer(d.ddl...)
	files := make(fstest.MapFS)
	for _, e := range entries {
		b, err := migrationFiles.ReadFile(dir + "/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		files[e.Name()] = &fstest.MapFile{Data: []byte(spell.Replace(string(b)))}
	}
	return files, nil
}
