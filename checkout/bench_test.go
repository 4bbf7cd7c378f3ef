package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkCredit measures crediting beside the floor: one transaction with one insert and
// one update, by the same driver, in the same run. "notification" is the whole handler.
func BenchmarkCredit(b *testing.B) {
	for _, dialect := range []Dialect{SQLite, PostgreSQL, MySQL} {
		b.Run(string(dialect), func(b *testing.B) {
			for _, concurrency := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("c=%d", concurrency), func(b *testing.B) {
					b.Run("floor", func(b *testing.B) { benchFloor(b, dialect, concurrency) })
					b.Run("credit", func(b *testing.B) { benchCredit(b, dialect, concurrency, false) })
					b.Run("notification", func(b *testing.B) { benchCredit(b, dialect, concurrency, true) })
				})
			}
		})
	}
}

// BenchmarkCreditStored measures crediting with few and with many stored orders: the time
// is the same. CHECKOUT_MANY_ORDERS says how many are many.
func BenchmarkCreditStored(b *testing.B) {
	for _, dialect := range []Dialect{SQLite, PostgreSQL, MySQL} {
		for _, stored := range []int{1000, max(manyOrders(), 20_000)} {
			b.Run(fmt.Sprintf("%s/stored=%d", dialect, stored), func(b *testing.B) {
				benchCredit(b, dialect, 8, false, func(s *shop) { s.addOrders(b, "OTHER", stored, time.Now().Add(time.Hour)) })
			})
		}
	}
}

func benchFloor(b *testing.B, dialect Dialect, concurrency int) {
	d := newDatabase(b, dialect)
	db := d.open(b)
	db.SetMaxOpenConns(concurrency)
	db.SetMaxIdleConns(concurrency)
	ctx := context.Background()
	exec := func(query string, args ...any) {
		_, err := db.ExecContext(ctx, dialects[dialect].sqlText("", query), args...)
		require.NoError(b, err)
	}
	text := "VARCHAR(64)"
	exec("CREATE TABLE " + d.prefix + "floor_a (no " + text + " NOT NULL PRIMARY KEY, amount BIGINT NOT NULL, name " + text + " NOT NULL)")
	exec("CREATE TABLE " + d.prefix + "floor_b (no " + text + " NOT NULL PRIMARY KEY, status " + text + " NOT NULL)")
	for from := 0; from < b.N; from += 500 {
		n := min(500, b.N-from)
		args := make([]any, 0, 2*n)
		for i := range n {
			args = append(args, "S"+strconv.Itoa(from+i), "pending")
		}
		exec("INSERT INTO "+d.prefix+"floor_b VALUES "+strings.Repeat("(?, ?), ", n-1)+"(?, ?)", args...)
	}
	insert := dialects[dialect].sqlText("", "INSERT INTO "+d.prefix+"floor_a VALUES (?, ?, ?)")
	update := dialects[dialect].sqlText("", "UPDATE "+d.prefix+"floor_b SET status = ? WHERE no = ?")
	inParallel(b, concurrency, func(i int) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		no := "S" + strconv.Itoa(i)
		if _, err := tx.ExecContext(ctx, insert, no, 990, "payment"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, update, "paid", no); err != nil {
			return err
		}
		return tx.Commit()
	})
}

func benchCredit(b *testing.B, dialect Dialect, concurrency int, whole bool, before ...func(*shop)) {
	d := newDatabase(b, dialect)
	var db *sql.DB
	s := newShop(b, d, func(c *Config) {
		db = c.DB
		db.SetMaxOpenConns(max(concurrency, 2))
		db.SetMaxIdleConns(max(concurrency, 2))
		c.OnPaid = func(context.Context, *sql.Tx, Payment) error { return nil }
		c.Logger = nil
	})
	for _, f := range before {
		f(s)
	}
	s.addOrders(b, "S", b.N, time.Now().Add(time.Hour))
	inParallel(b, concurrency, func(i int) error {
		no := "S" + strconv.Itoa(i)
		p := Payment{PaymentNo: "p" + no, AttemptNo: no, Amount: 990, Currency: "CNY", PaidAt: time.Now()}
		if !whole {
			outcome, err := s.record(context.Background(), s.gateway, &p)
			if err == nil && outcome != OutcomeCredited {
				err = fmt.Errorf("outcome %s", outcome)
			}
			return err
		}
		w := &statusOnly{}
		s.serveNotification(w, s.notification(p))
		if w.status != http.StatusOK {
			return fmt.Errorf("status %d", w.status)
		}
		return nil
	})
}

type statusOnly struct {
	discardResponse
	status int
}

func (s *statusOnly) WriteHeader(status int) { s.status = status }

// inParallel calls do b.N times, concurrently, and reports the 95th percentile and the maximum.
func inParallel(b *testing.B, concurrency int, do func(i int) error) {
	b.Helper()
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var clients sync.WaitGroup
	b.ResetTimer()
	for range concurrency {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				began := time.Now()
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		}()
	}
	clients.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	// On SQLite the floor is unfair: few clients win again and again, and the others wait.
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

// addOrders stores many waiting orders at once, which Create would not. next is when their
// attempts are due.
func (s *shop) addOrders(t testing.TB, prefix string, n int, next time.Time) {
	t.Helper()
	ctx, now := context.Background(), millis(time.Now())
	expires := now + time.Hour.Milliseconds()
	for from := 0; from < n; from += 200 {
		count := min(200, n-from)
		var orders, attempts []any
		for i := range count {
			no := prefix + strconv.Itoa(from+i)
			orders = append(orders, no, 990, "CNY", OrderPending, now, expires)
			attempts = append(attempts, no, no, 1, "fake", "10001", "app", AttemptWaiting, 990, "id-"+no, now, expires, expires, millis(next))
		}
		require.NoError(t, s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			row := "(?, ?, ?, ?, ?, ?, 0)"
			if _, err := tx.ExecContext(ctx, s.dialect.sqlText(s.config.TablePrefix,
				"INSERT INTO {orders} (order_no, amount, currency, status, created_at, expires_at, payments) VALUES "+
					strings.Repeat(row+", ", count-1)+row), orders...); err != nil {
				return err
			}
			row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', '', '', '', 990, 'CNY', ?, ?, ?, 0, 0, ?, '')"
			_, err := tx.ExecContext(ctx, s.dialect.sqlText(s.config.TablePrefix,
				"INSERT INTO {attempts} (attempt_no, order_no, seq, gateway, account, channel, status, payable, order_id, pay_page_url, qr_text, "+
					"qr_image_url, address, chain, app_data, pay_amount, pay_currency, created_at, expires_at, closes_at, queries, queried_at, "+
					"next_query_at, lease) VALUES "+strings.Repeat(row+", ", count-1)+row), attempts...)
			return err
		}))
	}
}

// manyOrders is how many orders the tests of size store. CHECKOUT_MANY_ORDERS changes it.
func manyOrders() int {
	if n, err := strconv.Atoi(os.Getenv("CHECKOUT_MANY_ORDERS")); err == nil {
		return n
	}
	return 2000
}
