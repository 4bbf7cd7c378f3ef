package checkout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewRejectsAnInvalidConfig(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, SQLite).open(t)
	valid := func() Config {
		return Config{
			DB: db, Dialect: SQLite, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com",
			OnPaid: func(context.Context, *sql.Tx, Payment) error { return nil },
		}
	}
	for name, change := range map[string]func(*Config){
		"DB":          func(c *Config) { c.DB = nil },
		"Dialect":     func(c *Config) { c.Dialect = "oracle" },
		"Gateways":    func(c *Config) { c.Gateways = nil },
		"Gateways[0]": func(c *Config) { c.Gateways = []Gateway{nil} },
		"PublicURL":   func(c *Config) { c.PublicURL = "shop.example.com" },
		"OnPaid":      func(c *Config) { c.OnPaid = nil },
		"TablePrefix": func(c *Config) { c.TablePrefix = "x; DROP TABLE" },
		"NotifyPath":  func(c *Config) { c.NotifyPath = "notify" },
		"twice":       func(c *Config) { c.Gateways = []Gateway{newFake("fake"), newFake("fake")} },
		"the name":    func(c *Config) { c.Gateways = []Gateway{newFake("A/B")} },

		"MaxAttempts must be at least 1":            func(c *Config) { c.MaxAttempts = -1 },
		"QueriesPerGateway must be at least 1":      func(c *Config) { c.QueriesPerGateway = -1 },
		"ExpiresIn must be 1 s to 90 days":          func(c *Config) { c.ExpiresIn = time.Millisecond },
		"GatewayTimeout must be at least 1 ms":      func(c *Config) { c.GatewayTimeout = -1 },
		"NotificationTimeout must be at least 1 ms": func(c *Config) { c.NotificationTimeout = -1 },
		"RefreshTimeout must be at least 1 ms":      func(c *Config) { c.RefreshTimeout = -1 },
		"QueryInterval must be at least 1 ms":       func(c *Config) { c.QueryInterval = -1 },
		"PollInterval must be at least 1 ms":        func(c *Config) { c.PollInterval = -1 },
		"ClockTolerance must be 0 or more":          func(c *Config) { c.ClockTolerance = -1 },
		"UnconfirmedAfter must be 0 or more":        func(c *Config) { c.UnconfirmedAfter = -1 },
	} {
		config := valid()
		change(&config)
		_, err := New(context.Background(), config)
		require.ErrorIs(t, err, ErrInvalidConfig, name)
		assert.Contains(t, err.Error(), name)
	}
	s, err := New(context.Background(), valid())
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example.com/notify/fake", s.NotifyURL("fake"))
}

func TestNewSaysWhatSQLiteLacks(t *testing.T) {
	t.Parallel()
	for missing, options := range map[string]string{
		"_txlock":      strings.Replace(sqliteOptions, "_txlock=immediate&", "", 1),
		"busy_timeout": strings.Replace(sqliteOptions, "busy_timeout(30000)", "busy_timeout(0)", 1),
		"journal_mode": strings.Replace(sqliteOptions, "journal_mode(WAL)", "journal_mode(DELETE)", 1),
		"foreign_keys": strings.Replace(sqliteOptions, "foreign_keys(1)", "foreign_keys(0)", 1),
	} {
		db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(t.TempDir(), "x.db"))+options)
		require.NoError(t, err)
		_, err = New(context.Background(), Config{
			DB: db, Dialect: SQLite, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com",
			OnPaid: func(context.Context, *sql.Tx, Payment) error { return nil },
		})
		require.ErrorIs(t, err, ErrDatabaseUnsuitable)
		assert.Contains(t, err.Error(), missing)
		assert.Equal(t, 1, strings.Count(err.Error(), "_pragma")+strings.Count(err.Error(), "_txlock"), err)
		require.NoError(t, db.Close())
	}
}

func TestNewSaysWhatMySQLLacks(t *testing.T) {
	t.Parallel()
	for option, want := range map[string]string{
		"sql_mode=''":  "STRICT_TRANS_TABLES",
		"autocommit=0": "autocommit",
	} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, MySQL)
			d.dsn += "&" + option
			_, err := New(context.Background(), Config{
				DB: d.open(t), Dialect: MySQL, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com", TablePrefix: d.prefix,
				OnPaid: func(context.Context, *sql.Tx, Payment) error { return nil },
			})
			require.ErrorIs(t, err, ErrDatabaseUnsuitable)
			assert.Contains(t, err.Error(), want)
		})
	}
}

// MariaDB 12 says OFF, ON, NO_LOCK or NO_LOCK_NO_ADMIN for read_only, older servers 0 or 1.
func TestSettingsOfMySQL(t *testing.T) {
	t.Parallel()
	for value, on := range map[string]bool{"": false, "0": false, "OFF": false, "off": false, "1": true, "ON": true, "NO_LOCK": true, "NO_LOCK_NO_ADMIN": true} {
		assert.Equal(t, on, variables{"read_only": value}.isOn("read_only"), value)
	}
	d := newDatabase(t, MySQL)
	conn, err := d.open(t).Conn(context.Background())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	v, err := mysqlVariables(context.Background(), conn)
	require.NoError(t, err)
	for _, name := range []string{"version", "sql_mode", "autocommit", "read_only", "innodb_read_only", "innodb_flush_log_at_trx_commit", "log_bin", "sync_binlog"} {
		assert.NotEmpty(t, v[name], name)
	}
	assert.NotEmpty(t, v["transaction_read_only"]+v["tx_read_only"])
}

// PgBouncer 1.18 in transaction mode returned these to pgx.
func TestNewExplainsAPooler(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"26000", "42P05"} {
		err := explainPooler(fmt.Errorf("read settings: %w", &pgconn.PgError{Code: state, Message: "prepared statement"}))
		require.ErrorIs(t, err, ErrDatabaseUnsuitable)
		assert.Contains(t, err.Error(), "default_query_exec_mode=exec")
	}
	other := &pgconn.PgError{Code: "42P01"}
	assert.Same(t, error(other), explainPooler(other))
}

// A pool of one connection, as many programs set it for SQLite.
func TestSQLiteWithOneConnection(t *testing.T) {
	t.Parallel()
	s := newShop(t, newDatabase(t, SQLite), func(c *Config) { c.DB.SetMaxOpenConns(1) })
	runAll(t, s)
	attempts := make([]*Attempt, 10)
	for i := range attempts {
		attempts[i] = s.buy(t)
		if i%2 == 0 {
			s.gateway.pay(attempts[i].No) // found by Run
		} else {
			s.pay(t, attempts[i])
		}
	}
	for _, a := range attempts {
		eventually(t, func() bool { return s.state(t, a.OrderNo).Status == OrderPaid }, "paid")
		s.requireSales(t, a.OrderNo, 1)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"8.0.36": 800, "10.11.6-MariaDB-0+deb12u1": 1011, "3.35.5": 335, "9.1-x": 901, "": 0} {
		assert.Equal(t, want, versionNumber(text), text)
	}
}

func TestProcessesThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		var starting sync.WaitGroup
		for range 6 {
			starting.Add(1)
			db := d.open(t)
			go func() {
				defer starting.Done()
				_, err := New(context.Background(), Config{
					DB: db, Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com",
					OnPaid: func(context.Context, *sql.Tx, Payment) error { return nil },
				})
				assert.NoError(t, err)
			}()
		}
		starting.Wait()
		newShop(t, d, func(c *Config) { c.SkipMigrations = true }).buy(t)
	})
}

// Behind a pooler that gives each transaction another connection of the server, the lock stays
// with one that nobody unlocks. It must not stop the processes that wait for it.
func TestALockThatIsNotReleased(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		if d.dialect == SQLite {
			t.Skip("SQLite has no such lock")
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		log := &lines{}
		config := Config{
			Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com",
			OnPaid: d.sell, Logger: slog.New(slog.NewTextHandler(log, nil)),
		}
		held := config
		held.DB = d.open(t)
		held.DB.SetMaxOpenConns(1)
		conn, err := held.DB.Conn(ctx)
		require.NoError(t, err)
		locker := (&Service{config: config}).locker()
		require.NoError(t, locker.SessionLock(ctx, conn))
		require.NoError(t, conn.Close()) // and keeps the lock

		config.DB = d.open(t)
		waiting := make(chan error)
		go func() {
			_, err := New(ctx, config)
			waiting <- err
		}()
		eventually(t, func() bool { return strings.Contains(log.String(), "waiting for another process") }, "waiting")
		_, err = New(ctx, held) // the lock counts how often its session took it
		require.NoError(t, err)
		require.NoError(t, <-waiting)
	})
}

// MySQL commits each statement that creates a table, so a process can end between any two.
func TestAProcessThatEndsWhileItMigratesMySQL(t *testing.T) {
	t.Parallel()
	d, ctx := newDatabase(t, MySQL), context.Background()
	db := d.open(t)
	text, err := migrations.ReadFile("migrations/mysql/00001_checkout.sql")
	require.NoError(t, err)
	_, up, _ := strings.Cut(string(text), "-- +goose Up")
	up, _, _ = strings.Cut(up, "-- +goose Down")
	statements := strings.Split(strings.TrimSpace(strings.ReplaceAll(up, "{prefix}", d.prefix)), ";")
	// goose begins with this table: https://github.com/pressly/goose, internal/dialects/mysql.go.
	done := []string{"CREATE TABLE " + d.prefix + "versions (id serial NOT NULL, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NULL default now(), PRIMARY KEY(id))"}
	for i := -1; i < len(statements)-1; i++ {
		if i >= 0 {
			done = append(done, statements[i])
		}
		d.drop(t)
		for _, statement := range done {
			_, err := db.ExecContext(ctx, statement)
			require.NoError(t, err)
		}
		s := newShop(t, d)
		a := s.buy(t)
		s.pay(t, a)
		s.requireSales(t, a.OrderNo, 1)
		require.NoError(t, s.Flush(ctx))
	}
}

// A table of another program has the name of one of checkout's.
func TestATableOfAnotherProgram(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		for _, table := range []string{"orders", "notifications"} {
			d.prefix = "t" + randomText() + "_"
			t.Cleanup(func() { d.drop(t) })
			db := d.open(t)
			_, err := db.ExecContext(context.Background(), "CREATE TABLE "+d.prefix+table+" (id INTEGER, order_no VARCHAR(64) PRIMARY KEY)")
			require.NoError(t, err)
			_, err = New(context.Background(), Config{
				DB: db, Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{newFake("fake")},
				PublicURL: "https://shop.example.com", OnPaid: d.sell,
			})
			require.ErrorContains(t, err, d.prefix, table)
		}
	})
}

func TestSkipMigrations(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		_, err := New(context.Background(), Config{
			DB: d.open(t), Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com",
			OnPaid:         func(context.Context, *sql.Tx, Payment) error { return nil },
			SkipMigrations: true,
		})
		require.ErrorContains(t, err, "SkipMigrations")
	})
}

// proxy passes connections to a database on, until the test cuts them.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	away  bool
	conns map[net.Conn]bool
}

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, target: target, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = listener.Close(); p.set(true) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *proxy) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	p.mu.Lock()
	away := p.away
	p.mu.Unlock()
	if away {
		return
	}
	upstream, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	p.mu.Lock()
	p.conns[conn] = true
	p.mu.Unlock()
	go func() { _, _ = io.Copy(upstream, conn); _ = upstream.Close() }()
	_, _ = io.Copy(conn, upstream)
}

// set cuts all connections, or lets new ones through.
func (p *proxy) set(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
	if away {
		for conn := range p.conns {
			_ = conn.Close()
		}
		clear(p.conns)
	}
}

// through returns a database that is reached through a proxy.
func (d testDB) through(t *testing.T) (testDB, *proxy) {
	t.Helper()
	switch d.dialect {
	case PostgreSQL:
		u, err := url.Parse(d.dsn)
		require.NoError(t, err)
		p := startProxy(t, u.Host)
		u.Host = p.listener.Addr().String()
		d.dsn = u.String()
		return d, p
	case MySQL:
		address := regexp.MustCompile(`tcp\(([^)]*)\)`)
		found := address.FindStringSubmatch(d.dsn)
		require.Len(t, found, 2)
		p := startProxy(t, found[1])
		d.dsn = address.ReplaceAllLiteralString(d.dsn, "tcp("+p.listener.Addr().String()+")")
		return d, p
	default:
		t.Skip("SQLite is a file and not a server")
		return d, nil
	}
}

func TestTheDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		newShop(t, d) // its tables exist
		d, proxy := d.through(t)
		// A process starts and waits.
		proxy.set(true)
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		_, err := New(ctx, Config{
			DB: d.open(t), Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{newFake("fake")}, PublicURL: "https://shop.example.com",
			OnPaid: func(context.Context, *sql.Tx, Payment) error { return nil },
		})
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.AfterFunc(300*time.Millisecond, func() { proxy.set(false) })
		s := newShop(t, d)
		runAll(t, s)

		// Notifications are rejected while the database is away, and nothing is lost.
		attempts := make([]*Attempt, 20)
		for i := range attempts {
			attempts[i] = s.buy(t)
		}
		stop := make(chan struct{})
		var cutting sync.WaitGroup
		cutting.Add(1)
		go func() {
			defer cutting.Done()
			for range 8 {
				time.Sleep(30 * time.Millisecond)
				proxy.set(true)
				time.Sleep(20 * time.Millisecond)
				proxy.set(false)
			}
			close(stop)
		}()
		var paying sync.WaitGroup
		for i, a := range attempts {
			paying.Add(1)
			go func() {
				defer paying.Done()
				time.Sleep(time.Duration(i) * 15 * time.Millisecond)
				for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
					p := Payment{PaymentNo: "pay-" + a.No, AttemptNo: a.No, Amount: 990, Currency: "CNY"}
					response, err := http.DefaultClient.Do(s.notification(p))
					if !assert.NoError(t, err) {
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode == http.StatusOK {
						return
					}
					assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
					time.Sleep(10 * time.Millisecond)
				}
				t.Error("never accepted")
			}()
		}
		paying.Wait()
		cutting.Wait()
		for _, a := range attempts {
			s.requireSales(t, a.OrderNo, 1)
		}
		assert.Empty(t, s.attention(t))
	})
}

// A create whose result cannot be stored at once is stored when the database is back.
func TestTheDatabaseGoesAwayDuringACreate(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		d, proxy := d.through(t)
		s := newShop(t, d)
		s.gateway.onCreate = func(CreateRequest) (*Created, error) {
			proxy.set(true)
			time.AfterFunc(300*time.Millisecond, func() { proxy.set(false) })
			return &Created{OrderID: "1"}, nil
		}
		a := s.buy(t)
		assert.Equal(t, "1", s.state(t, a.OrderNo).Attempt().OrderID)
	})
}

func TestTransactionsThatOtherOnesInterrupt(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&pgconn.PgError{Code: "40001", Message: "could not serialize access due to concurrent update"},
		&pgconn.PgError{Code: "40P01", Message: "deadlock detected"},
		&mysql.MySQLError{Number: 1213, Message: "Deadlock found when trying to get lock; try restarting transaction"},
		&mysql.MySQLError{Number: 1205, Message: "Lock wait timeout exceeded; try restarting transaction"},
		&mysql.MySQLError{Number: 1020, Message: "Record has changed since last read in table 'orders'; try restarting transaction"},
	} {
		assert.True(t, isRetryable(fmt.Errorf("commit: %w", err)), err)
	}
}

// The texts are those of the servers.
func TestServersThatTakeNoConnectionNow(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&pgconn.PgError{Code: "53300", Message: `too many connections for role "shop"`},
		&pgconn.PgError{Code: "57P03", Message: "the database system is starting up"},
		&mysql.MySQLError{Number: 1040, Message: "Too many connections"},
		&mysql.MySQLError{Number: 1203, Message: "User shop already has more than 'max_user_connections' active connections"},
		&mysql.MySQLError{Number: 1226, Message: "User 'shop' has exceeded the 'max_user_connections' resource (current value: 1)"},
		&mysql.MySQLError{Number: 1053, Message: "Server shutdown in progress"},
		&mysql.MySQLError{Number: 1047, Message: "WSREP has not yet prepared node for application use"},
	} {
		assert.True(t, isConnectionError(fmt.Errorf("connect: %w", err)), err)
	}
	for _, err := range []error{
		&pgconn.PgError{Code: "28P01", Message: "password authentication failed"},
		&mysql.MySQLError{Number: 1045, Message: "Access denied for user"},
	} {
		assert.False(t, isConnectionError(fmt.Errorf("connect: %w", err)), err)
	}
}

func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		a := s.buy(t)
		_, err := s.db.ExecContext(ctx, s.sql(qInsertOrder), a.OrderNo, 1, "CNY", "pending", 1, 1)
		require.True(t, isDuplicate(errors.Join(io.EOF, err)), err)
		assert.False(t, isRetryable(err))
		assert.False(t, isConnectionError(err))
		assert.True(t, isConnectionError(fmt.Errorf("connect: %w", io.EOF)), "of lib/pq")
		_, err = s.db.ExecContext(ctx, "SELECT nonsense FROM nowhere")
		require.Error(t, err)
		assert.False(t, isDuplicate(err) || isRetryable(err) || isConnectionError(err), err)
	})
}
