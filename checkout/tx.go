package checkout

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// mostAttempts is how often a transaction is run that other transactions interrupt.
const mostAttempts = 8

// errConflict marks an error after which the transaction is run again because another
// one has stored the same row meanwhile.
var errConflict = errors.New("stored by another transaction meanwhile")

// inTx runs do in a transaction and commits it, or rolls it back if do returns an
// error. It runs do again after a deadlock, a serialization failure or errConflict.
func (s *Service) inTx(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.runTx(ctx, do)
		if err == nil || attempt == mostAttempts || ctx.Err() != nil {
			return err
		}
		if !isRetryable(err) && !errors.Is(err, errConflict) {
			return err
		}
		// At random, so that two transactions do not meet again.
		delay := time.Duration(rand.Int64N(int64(attempt) * int64(10*time.Millisecond))) //nolint:gosec // no secret
		if !sleep(ctx, delay) {
			return err
		}
	}
}

func (s *Service) runTx(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	if s.dialect.oneWriter {
		return s.write(ctx, do)
	}
	tx, err := s.db.BeginTx(ctx, s.dialect.txOptions)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// write is runTx for SQLite, which has one writer. Waiting here is fair, waiting for the
// file is not.
//
// The statements are not interrupted when ctx ends: a transaction on a local file takes
// busy_timeout at most. A driver can interrupt too late, and so end the commit or the rollback
// that follows. The transaction then stays open, and the database locked, until its
// connection is closed.
func (s *Service) write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the database: %w", ctx.Err())
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = conn.Close() }()
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, s.dialect.txOptions)
	if err != nil {
		discard(conn)
		return fmt.Errorf("begin transaction: %w", err)
	}
	ended := false
	defer func() {
		if !ended && tx.Rollback() != nil { // after a commit that failed it always fails
			discard(conn)
		}
	}()
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	ended = true
	return nil
}

// discard closes a connection, and with it the transaction that it may have open.
func discard(conn *sql.Conn) { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }

// exec runs a statement that runs often.
func (s *Service) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) (sql.Result, error) {
	if stmt := s.prepared(ctx, tx, query); stmt != nil { //nolint:sqlclosecheck // the end of tx closes it
		return stmt.ExecContext(ctx, args...)
	}
	return tx.ExecContext(ctx, s.sql(query), args...)
}

// queryRow runs a query that runs often.
func (s *Service) queryRow(ctx context.Context, tx *sql.Tx, query string, args ...any) *sql.Row {
	if stmt := s.prepared(ctx, tx, query); stmt != nil { //nolint:sqlclosecheck // the end of tx closes it
		return stmt.QueryRowContext(ctx, args...)
	}
	return tx.QueryRowContext(ctx, s.sql(query), args...)
}

// prepared returns a statement that prepareStatements has prepared, nil if the driver
// prepares by itself. database/sql prepares it once for each connection.
func (s *Service) prepared(ctx context.Context, tx *sql.Tx, query string) *sql.Stmt {
	if stmt, ok := s.preparedOnce.Load(query); ok {
		return tx.StmtContext(ctx, stmt.(*sql.Stmt)) //nolint:forcetypeassert // nothing else is stored
	}
	return nil
}

// prepareStatements prepares the statements that run often.
func (s *Service) prepareStatements(ctx context.Context) error {
	if !s.dialect.prepare {
		return nil
	}
	for _, query := range []string{qLockByNo, qLockByID, qInsertPayment, qPayOrder, qPayAttempt} {
		stmt, err := s.db.PrepareContext(ctx, s.sql(query))
		if err != nil {
			return fmt.Errorf("prepare statement: %w", err)
		}
		if old, ok := s.preparedOnce.Swap(query, stmt); ok {
			_ = old.(*sql.Stmt).Close() //nolint:forcetypeassert // nothing else is stored
		}
	}
	return nil
}

// changed reports whether a statement changed a row.
func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// sleep waits. It reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// millis converts a time for the database.
func millis(t time.Time) int64 { return t.UnixMilli() }

// nullMillis is millis with NULL for the zero time.
func nullMillis(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms) }

func fromNullMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64)
}

// nullText returns NULL for "".
func nullText(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }
