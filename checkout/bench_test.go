package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
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
	onEachServer(b, func(b *testing.B, dialect Dialect) {
		for _, concurrency := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("c=%d", concurrency), func(b *testing.B) {
				b.Run("floor", func(b *testing.B) { benchFloor(b, dialect, concurrency) })
				b.Run("credit", func(b *testing.B) { benchCredit(b, dialect, concurrency, false) })
				b.Run("notification", func(b *testing.B) { benchCredit(b, dialect, concurrency, true) })
			})
		}
	})
}

// BenchmarkStored measures one order, from its create to its crediting, with few and with
// many other orders stored: floor has a thousand. CHECKOUT_MANY_ORDERS sets how many are many.
func BenchmarkStored(b *testing.B) {
	onEachServer(b, func(b *testing.B, dialect Dialect) {
		sizes := []int{1000}
		for n := 10_000; n <= max(manyOrders(), 10_000); n *= 10 {
			sizes = append(sizes, n)
		}
		shops := make([]*shop, len(sizes))
		for i, n := range sizes {
			shops[i] = newQuietShop(b, newDatabase(b, dialect), 8)
			shops[i].addOrders(b, "OTHER", n, time.Now().Add(time.Hour))
			shops[i].analyze(b)
		}
		for range 8 { // in turn: what else the machine does meets all of them
			for i, n := range sizes {
				name := strconv.Itoa(n)
				if i == 0 {
					name = "floor"
				}
				b.Run(name, func(b *testing.B) {
					s := shops[i]
					inParallel(b, 8, func(int) error {
						a, err := s.Create(context.Background(), Order{Gateway: "fake", Channel: "app", Amount: 990})
						if err != nil {
							return err
						}
						return s.notifyOnce(Payment{PaymentNo: "p" + a.No, AttemptNo: a.No, Amount: 990, Currency: "CNY", PaidAt: time.Now()})
					})
				})
			}
		}
	})
}

// BenchmarkRun measures one pass of Run, for each order that is due: floor has a thousand
// open orders, 100000 as many, and of each as many are due as there are iterations. idle is a
// pass that finds nothing due among 100000.
func BenchmarkRun(b *testing.B) {
	onEachServer(b, func(b *testing.B, dialect Dialect) {
		few, many := newQuietShop(b, newDatabase(b, dialect), 8), newQuietShop(b, newDatabase(b, dialect), 8)
		few.addOrders(b, "OTHER", 1000, time.Now().Add(time.Hour))
		many.addOrders(b, "OTHER", 100_000, time.Now().Add(time.Hour))
		few.analyze(b)
		many.analyze(b)
		for range 8 {
			b.Run("floor", func(b *testing.B) { few.benchPass(b) })
			b.Run("100000", func(b *testing.B) { many.benchPass(b) })
			b.Run("idle", func(b *testing.B) {
				w := many.worker()
				for range b.N {
					due, err := w.lease(context.Background(), 4)
					require.NoError(b, err)
					require.Empty(b, due)
				}
			})
		}
	})
}

// benchPass queries for b.N orders that are due.
func (s *shop) benchPass(b *testing.B) {
	b.Helper()
	prefix := "D" + randomText() + "X"
	s.addOrders(b, prefix, b.N, time.Now().Add(-time.Second))
	s.gateway.set(func() {
		for i := range b.N {
			s.gateway.created[prefix+strconv.Itoa(i)] = CreateRequest{}
		}
	})
	w, ctx := s.worker(), context.Background()
	var queries sync.WaitGroup
	b.ResetTimer()
	for {
		full, err := w.round(ctx, &queries)
		require.NoError(b, err)
		if !full {
			break
		}
	}
	queries.Wait()
	b.StopTimer()
	_, count := s.gateway.count()
	require.GreaterOrEqual(b, count, b.N)
}

func (s *shop) worker() *worker {
	return &worker{Service: s.Service, gateway: s.gateway, slots: make(chan struct{}, s.config.QueriesPerGateway)}
}

// onEachServer runs a benchmark on each database that is there.
func onEachServer(b *testing.B, bench func(b *testing.B, dialect Dialect)) {
	for _, dialect := range []Dialect{SQLite, PostgreSQL, MySQL} {
		b.Run(string(dialect), func(b *testing.B) { bench(b, dialect) })
	}
}

// newQuietShop opens a Service that logs nothing and whose merchant does nothing.
func newQuietShop(b *testing.B, d testDB, concurrency int) *shop {
	return newShop(b, d, func(c *Config) {
		c.DB.SetMaxOpenConns(max(concurrency, 2))
		c.DB.SetMaxIdleConns(max(concurrency, 2))
		c.OnPaid = func(context.Context, *sql.Tx, Payment) error { return nil }
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}))
		c.QueryInterval = time.Hour
	})
}

// analyze lets the database count its rows, as it does by itself after a while.
func (s *shop) analyze(t testing.TB) {
	t.Helper()
	if s.config.Dialect == SQLite {
		_, err := s.db.ExecContext(context.Background(), "ANALYZE")
		require.NoError(t, err)
		return
	}
	verb := map[Dialect]string{PostgreSQL: "ANALYZE ", MySQL: "ANALYZE TABLE "}[s.config.Dialect]
	for _, table := range []string{"orders", "attempts", "payments", "notifications"} {
		_, err := s.db.ExecContext(context.Background(), verb+s.d.prefix+table)
		require.NoError(t, err)
	}
}

// notifyOnce handles a notification in memory.
func (s *shop) notifyOnce(p Payment) error {
	w := &statusOnly{}
	s.serveNotification(w, s.notification(p))
	if w.status != http.StatusOK {
		return fmt.Errorf("status %d", w.status)
	}
	return nil
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

func benchCredit(b *testing.B, dialect Dialect, concurrency int, whole bool) {
	s := newQuietShop(b, newDatabase(b, dialect), concurrency)
	s.addOrders(b, "S", b.N, time.Now().Add(time.Hour))
	inParallel(b, concurrency, func(i int) error {
		no := "S" + strconv.Itoa(i)
		p := Payment{PaymentNo: "p" + no, AttemptNo: no, Amount: 990, Currency: "CNY", PaidAt: time.Now()}
		if whole {
			return s.notifyOnce(p)
		}
		outcome, err := s.record(context.Background(), s.gateway, &p)
		if err == nil && outcome != OutcomeCredited {
			err = fmt.Errorf("outcome %s", outcome)
		}
		return err
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

// addOrders stores many waiting orders with two statements. next is when their attempts are
// due.
func (s *shop) addOrders(t testing.TB, prefix string, n int, next time.Time) {
	t.Helper()
	now := millis(time.Now())
	expires := now + time.Hour.Milliseconds()
	// The numbers below n: a join of as many digits as n has.
	number, from := "0", ""
	for digit, unit := 0, 1; unit < max(n, 2); digit, unit = digit+1, unit*10 {
		number += fmt.Sprintf(" + %d * d%d.i", unit, digit)
		from += fmt.Sprintf("%s(SELECT 0 AS i%s) d%d", strings.Repeat(", ", min(digit, 1)), " UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"+
			" UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9", digit)
	}
	no := "'" + prefix + "' || (" + number + ")"
	if s.config.Dialect == MySQL {
		no = "CONCAT('" + prefix + "', " + number + ")"
	}
	from += " WHERE " + number + " < " + strconv.Itoa(n)
	require.NoError(t, s.inTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.sqlText(s.config.TablePrefix, fmt.Sprintf(`INSERT INTO {orders}
			(order_no, amount, currency, status, created_at, expires_at, payments)
			SELECT %s, 990, 'CNY', 'pending', %d, %d, 0 FROM %s`, no, now, expires, from)))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, s.dialect.sqlText(s.config.TablePrefix, fmt.Sprintf(`INSERT INTO {attempts}
			(attempt_no, order_no, seq, gateway, account, channel, status, payable, order_id, pay_page_url, qr_text, qr_image_url, address, chain,
			app_data, pay_amount, pay_currency, created_at, expires_at, closes_at, queries, queried_at, next_query_at, lease)
			SELECT no, no, 1, 'fake', '10001', 'app', 'waiting', 990, %s, '', '', '', '', '', '', 990, 'CNY', %d, %d, %d, 0, 0, %d, ''
			FROM (SELECT %s AS no FROM %s) numbers`, map[bool]string{true: "CONCAT('id-', no)", false: "'id-' || no"}[s.config.Dialect == MySQL],
			now, expires, expires, millis(next), no, from)))
		return err
	}))
}

// manyOrders is how many orders the tests of size store. CHECKOUT_MANY_ORDERS changes it.
func manyOrders() int {
	if n, err := strconv.Atoi(os.Getenv("CHECKOUT_MANY_ORDERS")); err == nil {
		return n
	}
	return 2000
}
