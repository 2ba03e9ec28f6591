package sqlstore

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
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
func migrate(ctx context.Context, from *database) (err error) {
	files, err := migrationsFor(from.dialect)
	if err != nil {
		return err
	}
	db := from.sql()
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(from.goose, db, files,
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
	case current == target:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	c, err := from.connect(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(from.prepare(ctx, c), c.close()); err != nil {
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
