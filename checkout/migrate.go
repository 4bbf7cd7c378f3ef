package checkout

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// longestMigration is how long a process waits for another one that migrates the tables.
const longestMigration = time.Minute

// errMigrating is returned while another process migrates the tables.
var errMigrating = errors.New("another process is migrating the tables")

// migrate brings the tables up to date. Any number of processes may call it at once.
func (s *Service) migrate(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	began, waiting := time.Now(), false
	// SQLite has no lock for a session: of two processes that begin at once one finds
	// the table that the other has created, and succeeds the next time.
	for try := 1; ; {
		_, err := provider.Up(ctx) // takes no lock if there is nothing to do
		busy := errors.Is(err, errMigrating)
		switch {
		case err == nil:
			return nil
		case busy && time.Since(began) < longestMigration && ctx.Err() == nil:
			if !waiting {
				waiting = true
				s.log.InfoContext(ctx, "checkout: waiting for another process that migrates the tables")
			}
		case busy, try == mostAttempts, ctx.Err() != nil, isConnectionError(err):
			return fmt.Errorf("migrate tables: %w", err)
		default:
			try++
		}
		if !sleep(ctx, time.Duration(try)*50*time.Millisecond) {
			return err
		}
		if !busy {
			s.completeVersions(ctx)
		}
	}
}

// completeVersions stores the row with which goose begins its list. MySQL commits the table
// at once, so that a process that ended just then has left it empty.
func (s *Service) completeVersions(ctx context.Context) {
	if s.config.Dialect == MySQL { // otherwise Up says what is wrong
		_, _ = s.db.ExecContext(ctx, s.sql(`INSERT INTO {versions} (version_id, is_applied)
			SELECT 0, TRUE FROM (SELECT COUNT(*) AS n FROM {versions}) v WHERE v.n = 0`))
	}
}

// checkTables returns an error if a table with one of the names is not checkout's: MySQL
// does not change a table that exists.
func (s *Service) checkTables(ctx context.Context) error {
	for table, columns := range map[string]string{
		"orders": orderColumns + ", payments", "attempts": attemptColumns + ", next_query_at, " + dueColumns,
		"payments": paymentColumns + ", reused", "notifications": journalColumns,
	} {
		_, err := s.db.ExecContext(ctx, s.sql("SELECT "+columns+" FROM {"+table+"} WHERE 1 = 0"))
		if err != nil && !isConnectionError(err) && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", ErrDatabaseUnsuitable, err)
		}
		if err != nil {
			return fmt.Errorf("look at the table %s%s: %w", s.config.TablePrefix, table, err)
		}
	}
	return nil
}

// checkMigrated returns an error if a migration is missing.
func (s *Service) checkMigrated(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the tables: %w", err)
	case pending:
		return errors.New("the tables are missing or out of date: run the migrations, or leave Config.SkipMigrations unset")
	}
	return nil
}

func (s *Service) migrations() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/"+string(s.config.Dialect))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithTableName(s.config.TablePrefix + "versions"),
		goose.WithLogger(goose.NopLogger()),
	}
	if locker := s.locker(); locker != nil {
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(s.dialect.goose, s.db, prefixFS{dir, s.config.TablePrefix}, options...)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}

// locker keeps other processes from migrating the same tables. It is nil for SQLite.
func (s *Service) locker() interface {
	SessionLock(ctx context.Context, conn *sql.Conn) error
	SessionUnlock(ctx context.Context, conn *sql.Conn) error
} {
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, "paygates checkout "+s.config.TablePrefix)
	switch s.config.Dialect {
	case PostgreSQL:
		return sessionLock{"SELECT pg_try_advisory_lock($1)::int", "SELECT pg_advisory_unlock($1)", int64(hash.Sum64())} //nolint:gosec // any number will do
	case MySQL:
		return sessionLock{"SELECT GET_LOCK(?, 0)", "SELECT RELEASE_LOCK(?)", fmt.Sprintf("paygates-%x", hash.Sum64())}
	default:
		return nil
	}
}

// sessionLock is a lock that the database holds for a connection.
type sessionLock struct {
	lock, unlock string
	key          any
}

// SessionLock takes the lock, or returns errMigrating. It does not wait: behind a pooler such
// as PgBouncer the lock can stay with a connection of the server that nobody unlocks.
func (l sessionLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var taken sql.NullInt64
	err := conn.QueryRowContext(ctx, l.lock, l.key).Scan(&taken)
	switch {
	case err != nil:
		return fmt.Errorf("lock: %w", err)
	case taken.Int64 != 1:
		return errMigrating
	}
	return nil
}

func (l sessionLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, l.unlock, l.key)
	return err
}

// prefixFS replaces "{prefix}" in the files that it opens.
type prefixFS struct {
	fs.FS
	prefix string
}

func (p prefixFS) Open(name string) (fs.File, error) {
	file, err := p.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return prefixFile{file, strings.NewReader(strings.ReplaceAll(string(text), "{prefix}", p.prefix))}, nil
}

// prefixFile reads from text instead of the file.
type prefixFile struct {
	fs.File
	text *strings.Reader
}

func (f prefixFile) Read(p []byte) (int, error) { return f.text.Read(p) }
