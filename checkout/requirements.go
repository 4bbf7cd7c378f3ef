package checkout

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// requirements collects what is missing, so that one error names all of it.
type requirements struct{ missing []string }

func (r *requirements) that(ok bool, format string, args ...any) {
	if !ok {
		r.missing = append(r.missing, fmt.Sprintf(format, args...))
	}
}

func (r *requirements) err() error {
	if len(r.missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDatabaseUnsuitable, strings.Join(r.missing, "; "))
}

// checkDatabase returns ErrDatabaseUnsuitable if the server is too old or set up in a
// way that could lose a payment.
func (s *Service) checkDatabase(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }()
	switch s.config.Dialect {
	case PostgreSQL:
		return s.checkPostgres(ctx, conn)
	case MySQL:
		return s.checkMySQL(ctx, conn)
	default:
		return s.checkSQLite(ctx, conn)
	}
}

func (s *Service) checkPostgres(ctx context.Context, conn *sql.Conn) error {
	var version int
	var readOnly, encoding, synchronous, fsync string
	err := conn.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_setting('transaction_read_only'),
		current_setting('server_encoding'), current_setting('synchronous_commit'), current_setting('fsync')`).
		Scan(&version, &readOnly, &encoding, &synchronous, &fsync)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	var r requirements
	r.that(version >= 120000, "PostgreSQL must be 12 or newer: this is %d", version/10000)
	r.that(readOnly == "off", "transactions must not be read-only: connect to the primary server")
	r.that(encoding == "UTF8", "server_encoding must be UTF8: it is %s", encoding)
	s.warn(ctx, synchronous == "off", "synchronous_commit is off: a crash of the server can lose the last credits")
	s.warn(ctx, fsync == "off", "fsync is off: a power cut can lose the last credits, or the whole database")
	return r.err()
}

func (s *Service) checkMySQL(ctx context.Context, conn *sql.Conn) error {
	v, err := mysqlVariables(ctx, conn)
	if err != nil {
		return err
	}
	var innoDB bool
	err = conn.QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM information_schema.engines WHERE engine = 'InnoDB' AND support IN ('YES', 'DEFAULT')").Scan(&innoDB)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	version, mode := v["version"], v["sql_mode"]
	name, least := "MySQL", 800
	if strings.Contains(version, "MariaDB") {
		name, least = "MariaDB", 1006
	}
	var r requirements
	r.that(versionNumber(version) >= least, "%s must be %d.%d or newer: this is %s", name, least/100, least%100, version)
	r.that(strings.Contains(mode, "STRICT_TRANS_TABLES") || strings.Contains(mode, "STRICT_ALL_TABLES"),
		"sql_mode must contain STRICT_TRANS_TABLES: otherwise values are cut off silently")
	r.that(v.isOn("autocommit"), "autocommit must be on: otherwise single statements are never committed")
	r.that(!v.isOn("read_only") && !v.isOn("innodb_read_only"), "the server must not be read-only: connect to the primary server")
	r.that(!v.isOn("transaction_read_only") && !v.isOn("tx_read_only"), "transactions must not be read-only")
	r.that(innoDB, "the storage engine InnoDB is missing")
	logs := v.isOn("log_bin")
	r.that(!logs || v["binlog_format"] != "STATEMENT", "binlog_format must be ROW or MIXED: STATEMENT does not allow READ COMMITTED")
	s.warn(ctx, v["innodb_flush_log_at_trx_commit"] != "1", "innodb_flush_log_at_trx_commit is not 1: a crash of the server can lose the last credits")
	s.warn(ctx, logs && v["sync_binlog"] != "1", "sync_binlog is not 1: a power cut can lose the last credits")
	return r.err()
}

// variables are settings of MySQL by their names. Those that a version does not have are
// missing.
type variables map[string]string

// isOn reports whether a setting is there and on. MariaDB has more than two values for some.
func (v variables) isOn(name string) bool {
	value := v[name]
	return value != "" && value != "0" && !strings.EqualFold(value, "OFF")
}

func mysqlVariables(ctx context.Context, conn *sql.Conn) (variables, error) {
	v := variables{}
	_, err := queryAll(ctx, conn, func(r row) (struct{}, error) {
		var name, value string
		err := r.Scan(&name, &value)
		v[name] = value
		return struct{}{}, err
	}, `SHOW VARIABLES WHERE Variable_name IN ('version', 'sql_mode', 'autocommit', 'read_only', 'innodb_read_only',
		'transaction_read_only', 'tx_read_only', 'innodb_flush_log_at_trx_commit', 'log_bin', 'binlog_format', 'sync_binlog')`)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return v, nil
}

func (s *Service) checkSQLite(ctx context.Context, conn *sql.Conn) error {
	var version, journal string
	var timeout, foreignKeys, synchronous int
	for query, into := range map[string]any{
		"SELECT sqlite_version()": &version,
		"PRAGMA journal_mode":     &journal,
		"PRAGMA busy_timeout":     &timeout,
		"PRAGMA foreign_keys":     &foreignKeys,
		"PRAGMA synchronous":      &synchronous,
	} {
		if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
			return fmt.Errorf("read settings: %s: %w", query, err)
		}
	}
	var r requirements
	r.that(versionNumber(version) >= 335, "SQLite must be 3.35 or newer: this is %s", version)
	r.that(strings.EqualFold(journal, "wal"), "journal_mode must be WAL: it is %s (_pragma=journal_mode(WAL))", journal)
	r.that(timeout >= 1000, "busy_timeout must be at least 1000 ms: it is %d (_pragma=busy_timeout(10000))", timeout)
	r.that(foreignKeys == 1, "foreign_keys must be on (_pragma=foreign_keys(1))")
	immediate, err := s.isImmediate(ctx, conn)
	if err != nil {
		return err
	}
	r.that(immediate, "transactions must be immediate (_txlock=immediate): otherwise one that reads first can fail to write")
	s.warn(ctx, synchronous < 2, "synchronous is below FULL: a power cut can lose the last credits (_pragma=synchronous(FULL))")
	return r.err()
}

// isImmediate reports whether a transaction takes the write lock at its beginning: then
// another connection cannot begin to write. It needs a second connection and reports
// true if the pool has only one.
func (s *Service) isImmediate(ctx context.Context, other *sql.Conn) (bool, error) {
	if s.db.Stats().MaxOpenConnections == 1 {
		return true, nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	var timeout int
	if err := other.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout); err != nil {
		return false, fmt.Errorf("read settings: %w", err)
	}
	if _, err := other.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return false, fmt.Errorf("change busy_timeout: %w", err)
	}
	_, locked := other.ExecContext(ctx, "BEGIN IMMEDIATE")
	if locked == nil {
		_, _ = other.ExecContext(ctx, "ROLLBACK")
	}
	if _, err := other.ExecContext(ctx, "PRAGMA busy_timeout = "+strconv.Itoa(timeout)); err != nil {
		return false, fmt.Errorf("change busy_timeout: %w", err)
	}
	return locked != nil, nil
}

func (s *Service) warn(ctx context.Context, problem bool, message string) {
	if problem {
		s.log.WarnContext(ctx, "checkout: database: "+message)
	}
}

// versionNumber returns 100 × major + minor of "10.11.6-MariaDB".
func versionNumber(text string) int {
	major, rest, _ := strings.Cut(text, ".")
	minor, _, _ := strings.Cut(rest, ".")
	minor = strings.TrimRight(minor, "abcdefghijklmnopqrstuvwxyz-")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	return a*100 + b
}

// isConnectionError reports whether the database could not be reached, so that the same
// call may succeed later.
func isConnectionError(err error) bool {
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.As(err, &network),
		errors.Is(err, io.EOF): // lib/pq has no separate error for a connection that ended
		return true
	}
	return matches(err, func(e error) bool {
		state := sqlState(e)
		// connection exception; server shutting down or starting; too many connections
		if strings.HasPrefix(state, "08") || strings.HasPrefix(state, "57P0") || state == "53300" {
			return true
		}
		switch mysqlNumber(e) {
		case 1040, 1203, 1226, 1053, 1047: // too many connections, of a user; shutting down; a node of a cluster that joins
			return true
		}
		return strings.Contains(e.Error(), "invalid connection") ||
			strings.Contains(e.Error(), "unexpected EOF") || strings.Contains(e.Error(), "conn closed")
	})
}

// waitForDatabase runs do until it succeeds, fails for another reason than a lock or the
// connection, or ctx ends.
func (s *Service) waitForDatabase(ctx context.Context, do func(context.Context) error) error {
	delay := 200 * time.Millisecond
	for {
		err := do(ctx)
		if err == nil || !isConnectionError(err) && !isRetryable(err) || ctx.Err() != nil {
			return err
		}
		s.log.WarnContext(ctx, "checkout: database not reachable, retrying", "interval", delay.String(), "error", err)
		if !sleep(ctx, delay) {
			return fmt.Errorf("%w (last error: %w)", context.Cause(ctx), err)
		}
		delay = min(2*delay, 5*time.Second)
	}
}

// explainPooler says what to do about a pooler that gives each transaction another connection
// of the server, where the prepared statements of pgx are not.
func explainPooler(err error) error {
	lost := matches(err, func(e error) bool {
		state := sqlState(e)
		return state == "26000" || state == "42P05" // no such prepared statement, or one of another connection
	})
	if !lost {
		return err
	}
	return fmt.Errorf("%w: prepared statements are lost, as behind PgBouncer: add default_query_exec_mode=exec to the URL of pgx: %w", ErrDatabaseUnsuitable, err)
}
