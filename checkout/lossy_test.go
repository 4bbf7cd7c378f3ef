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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lossy is a database whose replies can be lost: the statement runs, and the connection fails.
type lossy struct {
	real driver.Driver
	dsn  string

	mu    sync.Mutex
	after string // the replies to the statements that contain it are lost, count times
	count int
	err   error
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

type lossyConn struct {
	driver.Conn
	l *lossy
}

func (c *lossyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if err == nil && c.l.count > 0 && strings.Contains(query, c.l.after) {
		c.l.count--
		return nil, c.l.err
	}
	return result, err
}

func (c *lossyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *lossyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// The database notes that an attempt is about to be sent, and its reply is lost. The attempt
// is sent, once.
func TestALostReplyOfTheDatabaseDoesNotHoldUpACreate(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{
		"database/sql repeats it": driver.ErrBadConn,
		"checkout repeats it":     &net.OpError{Op: "read", Err: errors.New("connection reset by peer")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachDatabase(t, func(t *testing.T, d testDB) {
				l := &lossy{real: d.open(t).Driver(), dsn: d.dsn}
				db := sql.OpenDB(l)
				t.Cleanup(func() { require.NoError(t, db.Close()) })
				s := newShop(t, d, func(c *Config) { c.DB = db })
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
