package main

import (
	"context"
	"database/sql"
	_ "embed" // the schema
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// errNoOrder is returned for an order that the shop does not have.
var errNoOrder = errors.New("no such order")

// store keeps the orders, in SQLite or in PostgreSQL. All statements are of the
// SQL that both know, so there is one code for both.
type store struct {
	db    *sql.DB
	grace time.Duration // how long after its expiry an order may still be paid
}

// openStore opens the database, a postgres:// URL or the path of a SQLite file,
// and brings its tables up to date.
func openStore(ctx context.Context, database string, grace time.Duration) (*store, error) {
	db, err := openDB(database)
	if err != nil {
		return nil, err
	}
	s := &store{db: db, grace: grace}
	if err := s.migrate(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("migrate the database: %w", err)
	}
	return s, nil
}

func openDB(database string) (*sql.DB, error) {
	if strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://") {
		db, err := sql.Open("pgx", database)
		if err != nil {
			return nil, errors.New("the database URL cannot be read") // the cause may hold its password
		}
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
		return db, nil
	}
	// IMMEDIATE: a transaction that reads and then writes must not find the write
	// lock taken in between. FULL: what was answered with "success" survives a
	// power cut.
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: database}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, err
	}
	// SQLite has one writer at a time. Waiting for the connection is a fair queue,
	// waiting for the file is not.
	db.SetMaxOpenConns(1)
	return db, nil
}

func (s *store) close() error { return s.db.Close() }

func (s *store) ping(ctx context.Context) error { return s.db.PingContext(ctx) }

//go:embed schema.sql
var schema string

// migrations are applied in order, each once.
var migrations = []string{schema}

// migrate may run in several shops at the same time. The one that inserts the
// version first does the work; the others wait at the primary key until it has
// committed, and find nothing left to do.
func (s *store) migrate(ctx context.Context) error {
	if err := s.createMigrations(ctx); err != nil {
		return err
	}
	for i, migration := range migrations {
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			first, err := changed(tx.ExecContext(ctx,
				`INSERT INTO migrations (version) VALUES ($1) ON CONFLICT (version) DO NOTHING`, i+1))
			if err != nil || !first {
				return err
			}
			for _, statement := range strings.Split(strings.TrimSpace(migration), ";\n") {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("version %d: %w", i+1, err)
		}
	}
	return nil
}

// PostgreSQL lets one of two fail that create a table at the same moment, IF NOT
// EXISTS or not. The next try finds the table.
func (s *store) createMigrations(ctx context.Context) error {
	var err error
	for range 5 {
		if _, err = s.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY)`); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

// inTx commits what do did, or nothing of it.
func (s *store) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// changed reports whether a statement changed a row.
func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
