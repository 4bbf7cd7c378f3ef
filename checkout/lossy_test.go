package checkout

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// lossy is a database whose replies can be lost: the statement runs, and the connection fails.
type lossy struct {
	real driver.Driver
	dsn  string

	mu     sync.Mutex
	before func(query string) // runs before each statement that changes something
	after  string             // the replies to the statements that contain it are lost, count times
	count  int
	err    error
}

func (l *lossy) Connect(context.Context) (driver.Conn, error) {
	conn, err := l.real.Open(l.dsn)
	return &lossyConn{conn, l}, err
}

func (l *lossy) Driver() driver.Driver { return l.real }

func (l *lossy) lose(after string, count int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after, l.count, l.err = after, count, err
}

// lost returns the error that follows a statement, nil if its reply arrives.
func (l *lossy) lost(query string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 || query != l.after && !(strings.Contains(l.after, "=") && strings.Contains(query, l.after)) {
		return nil
	}
	l.count--
	return l.err
}

type lossyConn struct {
	driver.Conn
	l *lossy
}

func (c *lossyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.l.mu.Lock()
	before := c.l.before
	c.l.mu.Unlock()
	if before != nil {
		before(query)
	}
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	if err == nil {
		err = c.l.lost(query)
	}
	return result, err
}

func (c *lossyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *lossyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return &lossyTx{tx, c.l}, err
}

type lossyTx struct {
	driver.Tx
	l *lossy
}

func (t *lossyTx) Commit() error {
	if err := t.l.lost("no commit"); err != nil {
		return err
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.l.lost("commit")
}

func (t *lossyTx) Rollback() error {
	if err := t.l.lost("no rollback"); err != nil {
		return err
	}
	return t.Tx.Rollback()
}

var errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

func newLossyShop(t *testing.T, d testDB, change ...func(*Config)) (*shop, *lossy) {
	t.Helper()
	l := &lossy{real: d.open(t).Driver(), dsn: d.dsn}
	if d.dialect == MySQL { // whose driver otherwise has every statement prepared, which goes past lossyConn
		config, err := mysql.ParseDSN(d.dsn)
		require.NoError(t, err)
		config.InterpolateParams = true
		l.dsn = config.FormatDSN()
	}
	db := sql.OpenDB(l)
	t.Cleanup(func() {
		require.Zero(t, l.count, "a statement did not run, or its reply was not lost: %s", l.after)
		require.NoError(t, db.Close())
	})
	return newShop(t, d, append(change, func(c *Config) { c.DB = db })...), l
}

// The outcome of a create is unknown, and that cannot be stored: the payer's page waits for the
// attempt all the same.
func TestAnUnknownOutcomeThatIsNotStoredHasAnAttempt(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	for _, cause := range []error{paygates.ErrOutcomeUnknown, errors.New("the gateway's own error")} {
		onEachDatabase(t, func(t *testing.T, d testDB) {
			s, l := newLossyShop(t, d)
			s.gateway.onCreate = func(CreateRequest) (*Created, error) { return nil, cause }
			l.lose(s.sql(qEndCreate), 1, broken)
			a, err := s.Create(context.Background(), Order{No: "A1", Channel: "app", Amount: 990})
			require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
			require.ErrorIs(t, err, broken)
			require.NotNil(t, a)
			assert.Equal(t, []any{"A1", AttemptUnknown}, []any{a.No, a.Status})
		})
	}
}

// The database commits, and its reply is lost: what is done again finds what was done.
func TestALostReplyToACommit(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, l := newLossyShop(t, d)
		ctx := context.Background()
		o := Order{No: "A1", Channel: "app", Amount: 990}
		l.lose("commit", 1, errReset)
		_, err := s.Create(ctx, o)
		require.ErrorIs(t, err, errReset)
		assert.Equal(t, AttemptStored, s.state(t, "A1").Attempt().Status)
		a, err := s.Create(ctx, o)
		require.NoError(t, err)
		assert.Equal(t, "A1", a.No)
		creates, _ := s.gateway.count()
		assert.Equal(t, 1, creates)

		l.lose("commit", 1, errReset)
		status, body := s.pay(t, a)
		assert.Equal(t, 500, status)
		assert.Equal(t, "fail", body)
		status, body = s.pay(t, a)
		assert.Equal(t, 200, status)
		assert.Equal(t, "success", body)
		s.requireSales(t, "A1", 1)

		b := s.buy(t)
		s.pay(t, b, func(p *Payment) { p.Amount = 1 })
		kept := s.attention(t)
		require.Len(t, kept, 1)
		require.NoError(t, s.Flush(ctx)) // the journal has transactions too
		decision := Resolution{By: "mei", Reason: "paid the rest in cash", Action: ActionCredit}
		l.lose("commit", 1, errReset)
		require.ErrorIs(t, s.Resolve(ctx, kept[0].ID, decision), errReset)
		require.ErrorIs(t, s.Resolve(ctx, kept[0].ID, decision), ErrAlreadyResolved)
		s.requireSales(t, b.OrderNo, 1)
	})
}

// A statement of SQLite that is interrupted late is the end of a transaction, which stays
// open then. The database must not stay locked.
func TestATransactionThatDoesNotEndLocksNothing(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"no commit", "no rollback"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			fail := false
			d := newDatabase(t, SQLite)
			s, l := newLossyShop(t, d, func(c *Config) {
				c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
					if fail {
						return errMerchant
					}
					return d.sell(ctx, tx, p)
				}
			})
			a := s.buy(t)
			fail = what == "no rollback"
			l.lose(what, 1, errors.New("interrupted (9)"))
			status, _ := s.pay(t, a)
			assert.Equal(t, 500, status)
			fail = false
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // less than busy_timeout
			defer cancel()
			p := Payment{PaymentNo: "1", AttemptNo: a.No, Amount: 990, Currency: "CNY"}
			outcome, err := s.record(ctx, s.gateway, &p)
			require.NoError(t, err)
			assert.Equal(t, OutcomeCredited, outcome)
			s.requireSales(t, a.OrderNo, 1)
		})
	}
}

// interrupted is the error of a driver of SQLite.
type interrupted struct{}

func (interrupted) Error() string { return "interrupted (9)" }
func (interrupted) Code() int     { return 9 }

// A statement is interrupted because the context of an earlier one has ended: it is run again.
func TestAnInterruptedStatementIsRunAgain(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, SQLite)
	s, l := newLossyShop(t, d)
	l.lose("no commit", 1, interrupted{}) // of the order
	a := s.buy(t)
	assert.Equal(t, AttemptWaiting, a.Status)
	l.lose("THEN 'waiting' ELSE status END,\n\t\tlease = ", 1, interrupted{}) // of what the gateway responded
	b := s.buy(t)
	require.Zero(t, l.count, "it was interrupted")
	assert.Equal(t, "id-"+b.No, s.state(t, b.OrderNo).Attempt().OrderID)
	l.lose("no commit", 1, interrupted{})
	status, _ := s.pay(t, a)
	assert.Equal(t, 200, status)
	s.requireSales(t, a.OrderNo, 1)
}

// The database notes that an attempt is about to be sent, and its reply is lost. The attempt
// is sent, once.
func TestALostReplyOfTheDatabaseDoesNotHoldUpACreate(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{
		"database/sql repeats it": driver.ErrBadConn,
		"checkout repeats it":     errReset,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachDatabase(t, func(t *testing.T, d testDB) {
				s, l := newLossyShop(t, d)
				l.lose("status = 'creating'", 2, lost)
				a := s.buy(t)
				assert.Equal(t, AttemptWaiting, a.Status)
				l.lose("status = 'creating'", 1, lost)
				p := s.storeOnly(t, Order{Channel: "app", Amount: 990})
				var sending sync.WaitGroup
				for range 6 {
					sending.Add(1)
					go func() {
						defer sending.Done()
						_, err := p.Send(context.Background())
						assert.NoError(t, err)
					}()
				}
				sending.Wait()
				creates, _ := s.gateway.count()
				assert.Equal(t, 2, creates, "each is sent once")
				s.gateway.pay(p.OrderNo())
				s.advance(3 * time.Second)
				state, err := s.Refresh(context.Background(), p.OrderNo())
				require.NoError(t, err)
				assert.Equal(t, OrderPaid, state.Status, "no lease is left")
			})
		})
	}
}

// An attempt that was started stays started for its lease only, whatever becomes of its order.
func TestAStartIsRepeatedAfterAPayment(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		ctx := context.Background()
		start := func(p *Pending, lease string) bool {
			first, err := p.start(ctx, lease)
			require.NoError(t, err)
			return first
		}
		for _, early := range []bool{true, false} { // started before the payment
			a := s.buy(t)
			p := s.storeOnly(t, Order{No: a.OrderNo, Channel: "web", Amount: 990})
			if early {
				require.True(t, start(p, "lease"))
			}
			s.pay(t, a)
			require.Equal(t, OrderPaid, s.state(t, a.OrderNo).Status)
			assert.Equal(t, early, start(p, "lease"))
			assert.False(t, start(p, "another lease"))
		}

		expired := s.storeOnly(t, Order{Channel: "app", Amount: 990})
		assert.True(t, start(expired, "lease"))
		s.advance(24 * time.Hour)
		assert.True(t, start(expired, "lease"))
		assert.False(t, start(expired, "another lease"))

		s.notify(t, Payment{PaymentNo: "1", AttemptNo: expired.stored.attempt.No, Amount: 990, Currency: "CNY"})
		assert.False(t, start(expired, "lease"), "it was sent")
	})
}

// The cause of a context may be the error of another order's call, as in an errgroup.
func TestWaitingForTheDatabaseSaysNothingOfTheOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, newDatabase(t, SQLite))
	s.writer <- struct{}{}
	defer func() { <-s.writer }()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrOrderPaid)
	_, err := s.Create(ctx, Order{Gateway: "fake", Channel: "app", Amount: 990, PayerIP: "203.0.113.7"})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrOrderPaid)
}

// A process whose clock is ahead queries for an attempt whose create is still on its way, and
// stores the result at the same time as the other one.
func TestAQueryDoesNotOverwriteTheResponseToACreate(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, l := newLossyShop(t, d)
		ctx := context.Background()
		p := s.storeOnly(t, Order{Channel: "app", Amount: 990})
		first, err := p.start(ctx, "lease")
		require.NoError(t, err)
		require.True(t, first)
		s.gateway.set(func() { s.gateway.created[p.OrderNo()] = CreateRequest{} })
		var once sync.Once
		l.before = func(query string) {
			if query == s.sql(qUpdateFound) {
				once.Do(func() {
					a := p.stored.attempt
					assert.NoError(t, s.storeCreated(ctx, &a, &Created{Instructions: Instructions{
						PayPageURL: "https://pay.example.com/1", Amount: 991, Currency: "CNY",
					}}, "lease"))
				})
			}
		}
		s.advance(s.lostAfter() + time.Second)
		s.work(t)
		a := s.state(t, p.OrderNo()).Attempt()
		assert.Equal(t, AttemptWaiting, a.Status)
		assert.Equal(t, "id-"+a.No, a.OrderID)
		assert.Equal(t, "https://pay.example.com/1", a.Instructions.PayPageURL)
		assert.EqualValues(t, 991, a.Instructions.Amount)
	})
}
