package analytics

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed views/*.sql
var views embed.FS

// Migrate makes the database, brings its tables up to date and makes every view afresh in the program's time zone.
// Repeating it changes nothing.
func Migrate(ctx context.Context, c Config) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	zone, err := c.zone()
	if err != nil {
		return err
	}
	if err := createDatabase(ctx, o); err != nil {
		return err
	}
	tables, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	db := clickhouse.OpenDB(o)
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, tables)
	if err != nil {
		return fmt.Errorf("migrations: %w", errors.Join(err, db.Close()))
	}
	defer func() { _ = provider.Close() }() // closes db too
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate ClickHouse: %w", err)
	}
	return eachView(func(name, query string) error {
		if _, err := db.ExecContext(ctx, strings.ReplaceAll(query, "{zone}", "'"+zone+"'")); err != nil {
			return fmt.Errorf("view %s: %w", name, err)
		}
		return nil
	})
}

func createDatabase(ctx context.Context, o *clickhouse.Options) error {
	first := *o
	first.Auth.Database = "default" // ours may not be there yet
	conn, err := clickhouse.Open(&first)
	if err != nil {
		return fmt.Errorf("open ClickHouse: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS `"+strings.ReplaceAll(o.Auth.Database, "`", "")+"`"); err != nil {
		return fmt.Errorf("create database %s: %w", o.Auth.Database, err)
	}
	return nil
}

// eachView calls do with every view's name and the statement that makes it, in the order of their names.
func eachView(do func(name, query string) error) error {
	files, err := fs.Glob(views, "views/*.sql")
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	for _, file := range files {
		query, err := views.ReadFile(file)
		if err != nil {
			return fmt.Errorf("views: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "views/"), ".sql")
		if err := do(name, string(query)); err != nil {
			return err
		}
	}
	return nil
}
