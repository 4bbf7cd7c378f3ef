package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatal("it never came true: " + what)
}

// runAll runs the workers of all shops until the test ends.
func runAll(t *testing.T, shops ...*shop) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, s := range shops {
		running.Add(1)
		go func() {
			defer running.Done()
			s.Run(ctx)
		}()
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func TestLostNotificationsAreFound(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		gateway := newFake("fake")
		same := func(c *Config) { c.Gateways = []Gateway{gateway} }
		shops := []*shop{newShop(t, d, same), newShop(t, d, same), newShop(t, d, same)}
		runAll(t, shops...)
		attempts := make([]*Attempt, 30)
		for i := range attempts {
			attempts[i] = shops[i%3].buy(t)
			gateway.pay(attempts[i].No)
		}
		eventually(t, func() bool {
			for _, a := range attempts {
				if shops[0].state(t, a.OrderNo).Status != OrderPaid {
					return false
				}
			}
			return true
		}, "all orders are paid")
		for _, a := range attempts {
			shops[0].requireSales(t, a.OrderNo, 1)
		}
		assert.Empty(t, shops[0].attention(t))
	})
}

func TestALeaseIsHeldByOne(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		shops := []*shop{newShop(t, d), newShop(t, d)}
		for range 20 {
			shops[0].buy(t)
		}
		for _, s := range shops {
			s.advance(time.Minute)
		}
		var leasing sync.WaitGroup
		var mu sync.Mutex
		count := map[string]int{}
		for i := range 8 {
			leasing.Add(1)
			go func() {
				defer leasing.Done()
				w := &worker{Service: shops[i%2].Service, gateway: shops[i%2].gateway}
				for range 10 {
					due, err := w.lease(context.Background(), 3)
					if !assert.NoError(t, err) {
						return
					}
					mu.Lock()
					for _, a := range due {
						count[a.attemptNo]++
					}
					mu.Unlock()
				}
			}()
		}
		leasing.Wait()
		assert.Len(t, count, 20)
		for no, n := range count {
			assert.Equal(t, 1, n, no)
		}

		// A process that has ended holds its leases until they end. A slow one that comes
		// back later changes nothing.
		s := shops[0]
		w := &worker{Service: s.Service, gateway: s.gateway}
		s.advance(s.lostAfter() + time.Second)
		first, err := w.lease(context.Background(), 1)
		require.NoError(t, err)
		require.Len(t, first, 1)
		s.advance(s.lostAfter() + time.Second)
		rest, err := w.lease(context.Background(), 100)
		require.NoError(t, err)
		assert.Len(t, rest, 20)
		s.release(context.Background(), first[0], time.Time{})
		s.advance(s.lostAfter() + time.Second)
		again, err := w.lease(context.Background(), 100)
		require.NoError(t, err)
		assert.Len(t, again, 20, "the lease was another one's")
	})
}

func TestIntervalsGrow(t *testing.T) {
	t.Parallel()
	s := &Service{config: Config{QueryInterval: 5 * time.Second}}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := &dueAttempt{closesAt: now.Add(time.Hour)}
	var intervals []time.Duration
	for a.queries = 0; a.queries < 10; a.queries++ {
		intervals = append(intervals, s.nextWhileOpen(a, now).Sub(now)/time.Second)
	}
	assert.Equal(t, []time.Duration{5, 5, 10, 10, 20, 20, 30, 30, 30, 30}, intervals)
	assert.Equal(t, a.closesAt.Add(time.Millisecond), s.nextWhileOpen(a, a.closesAt.Add(-time.Second)), "and when it closes")
	assert.Equal(t, 2*time.Minute, nextAfterClosing(a, a.closesAt).Sub(a.closesAt))
	assert.True(t, nextAfterClosing(a, a.closesAt.Add(100*time.Hour)).IsZero())
	assert.Equal(t, 30*time.Second, s.nextInTrouble(a, now).Sub(now))
	assert.Equal(t, 15*time.Minute, s.nextInTrouble(a, a.closesAt.Add(time.Hour)).Sub(a.closesAt.Add(time.Hour)))
	assert.True(t, s.nextInTrouble(a, now.Add(1000*time.Hour)).IsZero())
}

func TestAnOrderExpiresAndALatePaymentIsFound(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		s.work(t)
		assert.Equal(t, OrderPending, s.state(t, a.OrderNo).Status)
		s.advance(20 * time.Minute)
		s.work(t)
		assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
		s.gateway.pay(a.No, func(p *Payment) { p.PaidAt = s.clock() })
		s.advance(time.Hour)
		s.work(t)
		s.requireSales(t, a.OrderNo, 0)
		assert.Equal(t, []Outcome{OutcomeLate}, outcomes(s.attention(t)))
		assert.True(t, s.state(t, a.OrderNo).Held)
		// It ends at last.
		for range 20 {
			s.advance(30 * time.Hour)
			s.work(t)
		}
		_, before := s.gateway.count()
		s.advance(1000 * time.Hour)
		s.work(t)
		_, after := s.gateway.count()
		assert.Equal(t, before, after)
	})
}

func TestAGatewayThatClosesAnOrder(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		s.gateway.set(func() { s.gateway.closed[a.No] = true })
		s.advance(time.Minute)
		s.work(t)
		state := s.state(t, a.OrderNo)
		assert.Equal(t, AttemptExpired, state.Attempt().Status)
		assert.Equal(t, OrderPending, state.Status, "another attempt can be made")
		s.buy(t, func(o *Order) { o.No = a.OrderNo })
	})
}

// The gateway closes the only attempt early: the order ends when it expires, not minutes later.
func TestAnOrderWhoseAttemptWasClosedEarlyEndsInTime(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		s.gateway.set(func() { s.gateway.closed[a.No] = true })
		s.advance(time.Minute)
		s.work(t)
		require.Equal(t, AttemptExpired, s.state(t, a.OrderNo).Attempt().Status)
		s.advance(15*time.Minute + 1*time.Second) // ExpiresIn and ClockTolerance
		s.work(t)
		assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
	})
}

func TestAnUnconfirmedPaymentIsListedAfterAWhile(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute })
		unconfirmed := func() *Attempt {
			a := s.buy(t)
			s.gateway.set(func() { s.gateway.unsure[a.No] = true })
			return a
		}
		a, b, c := unconfirmed(), unconfirmed(), unconfirmed()
		s.advance(time.Minute)
		s.work(t)
		assert.Equal(t, AttemptUnconfirmed, s.state(t, a.OrderNo).Attempt().Status)
		assert.Empty(t, s.attention(t))
		s.advance(30 * time.Minute)
		s.work(t)
		listed := s.attention(t)
		assert.Equal(t, []Outcome{OutcomeUnconfirmed, OutcomeUnconfirmed, OutcomeUnconfirmed}, outcomes(listed))

		// The gateway confirms it after all.
		s.pay(t, a)
		s.requireSales(t, a.OrderNo, 1)
		assert.Len(t, s.attention(t), 2)
		for _, p := range s.state(t, a.OrderNo).Payments {
			assert.False(t, p.Held, "a person has nothing to decide about %s", p.Outcome)
		}
		// A person sees the money and credits it. The notification then is the same money.
		var id string
		for _, p := range listed {
			if p.OrderNo == b.OrderNo {
				id = p.ID
			}
		}
		require.NoError(t, s.Resolve(context.Background(), id, Resolution{By: "mei", Reason: "it is on the account", Action: ActionCredit}))
		s.requireSales(t, b.OrderNo, 1)
		s.pay(t, b)
		s.pay(t, b)
		s.requireSales(t, b.OrderNo, 1)
		kept := s.attention(t)
		require.Len(t, kept, 1)
		assert.Equal(t, c.OrderNo, kept[0].OrderNo)
		payments := s.state(t, b.OrderNo).Payments
		require.Len(t, payments, 1)
		assert.Equal(t, "pay-"+b.No, payments[0].PaymentNo)
		// But a second payment is a second payment.
		s.pay(t, b, func(p *Payment) { p.PaymentNo = "again" })
		assert.Len(t, s.attention(t), 2)
	})
}

func TestAGatewayThatHangsSlowsOnlyItself(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		hanging, failing := newFake("hanging"), newFake("failing")
		hang := make(chan struct{})
		hanging.onQuery = func(QueryRequest) error { <-hang; return errDown }
		var failures atomic.Int64
		failing.onQuery = func(QueryRequest) error { failures.Add(1); return errDown }
		s := newShop(t, d, func(c *Config) { c.Gateways = append(c.Gateways, hanging, failing); c.QueriesPerGateway = 2 })
		t.Cleanup(func() { close(hang) })
		for _, name := range []string{"hanging", "failing"} {
			for range 10 {
				s.buy(t, func(o *Order) { o.Gateway = name })
			}
		}
		a := s.buy(t)
		s.gateway.pay(a.No)
		ctx, cancel := context.WithCancel(context.Background())
		running := make(chan struct{})
		go func() { s.Run(ctx); close(running) }()
		eventually(t, func() bool { return s.state(t, a.OrderNo).Status == OrderPaid }, "the healthy gateway's order is paid")
		time.Sleep(200 * time.Millisecond)
		assert.LessOrEqual(t, failures.Load(), int64(4), "it is left alone for a while")
		cancel()
		select {
		case <-running:
			t.Error("Run must wait for the queries that it began")
		case <-time.After(50 * time.Millisecond):
		}
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d, func(c *Config) { c.RefreshTimeout = 200 * time.Millisecond }), context.Background()
		a := s.buy(t)
		state, err := s.Refresh(ctx, a.OrderNo)
		require.NoError(t, err)
		assert.Equal(t, OrderPending, state.Status)
		s.gateway.pay(a.No)
		s.advance(time.Second)
		state, err = s.Refresh(ctx, a.OrderNo)
		require.NoError(t, err)
		assert.Equal(t, OrderPaid, state.Status)
		s.requireSales(t, a.OrderNo, 1)

		for _, no := range []string{"S0", "\x00", strings.Repeat("A", 1000)} {
			_, err = s.Refresh(ctx, no)
			require.ErrorIs(t, err, ErrOrderNotFound)
			_, err = s.Order(ctx, no)
			require.ErrorIs(t, err, ErrOrderNotFound)
		}

		// A gateway that hangs.
		hang := make(chan struct{})
		s.gateway.set(func() { s.gateway.onQuery = func(QueryRequest) error { <-hang; return errDown } })
		b := s.buy(t)
		began := time.Now()
		state, err = s.Refresh(ctx, b.OrderNo)
		require.NoError(t, err)
		assert.Equal(t, OrderPending, state.Status)
		assert.Less(t, time.Since(began), 5*time.Second)
		close(hang)
	})
}

// A payer who reloads the page does not reach the gateway each time.
func TestRefreshIsBounded(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d, func(c *Config) { c.QueryInterval = time.Minute })
		a := s.buy(t)
		s.advance(time.Minute)
		var reloading sync.WaitGroup
		for range 20 {
			reloading.Add(1)
			go func() {
				defer reloading.Done()
				_, err := s.Refresh(context.Background(), a.OrderNo)
				assert.NoError(t, err)
			}()
		}
		reloading.Wait()
		_, queries := s.gateway.count()
		assert.Equal(t, 1, queries)
	})
}

func TestTheJournal(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d, func(c *Config) { c.JournalRetention = time.Hour }), context.Background()
		a := s.buy(t)
		s.pay(t, a)
		response, err := http.Post(s.NotifyURL("fake"), "", strings.NewReader("sign=forged&attempt="+a.No))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusForbidden, response.StatusCode)
		require.NoError(t, s.Flush(ctx))
		journal, err := s.Journal(ctx, JournalQuery{OrderNo: a.OrderNo})
		require.NoError(t, err)
		require.Len(t, journal, 2)
		forged, genuine := journal[0], journal[1]
		assert.Equal(t, http.StatusForbidden, forged.HTTPStatus)
		assert.Equal(t, "invalid signature", forged.Reason)
		assert.Equal(t, OutcomeCredited, genuine.Outcome)
		assert.Equal(t, "fake", genuine.Gateway)
		assert.Positive(t, genuine.Duration)
		page, err := s.Journal(ctx, JournalQuery{Before: forged.ID, Limit: 1})
		require.NoError(t, err)
		assert.Equal(t, []JournalEntry{genuine}, page)

		require.NoError(t, s.deleteJournal(ctx))
		page, err = s.Journal(ctx, JournalQuery{})
		require.NoError(t, err)
		assert.Len(t, page, 2)
		s.advance(2 * time.Hour)
		require.NoError(t, s.deleteJournal(ctx))
		page, err = s.Journal(ctx, JournalQuery{})
		require.NoError(t, err)
		assert.Empty(t, page)
	})
}

// Anyone can send notifications: a flood of forged ones fills no table.
func TestAFloodOfForgedNotifications(t *testing.T) {
	t.Parallel()
	s := newShop(t, newDatabase(t, SQLite), func(c *Config) {
		c.OnPaid = func(context.Context, *sql.Tx, Payment) error { return errMerchant }
	})
	a := s.buy(t)
	for range 300 {
		r := s.notification(Payment{})
		r.Body = http.NoBody
		s.serveNotification(discardResponse{}, r)
	}
	s.pay(t, a)
	require.NoError(t, s.Flush(context.Background()))
	genuine, err := s.Journal(context.Background(), JournalQuery{OrderNo: a.OrderNo})
	require.NoError(t, err)
	require.Len(t, genuine, 1, "forged ones do not hide why a payer's money is not there")
	assert.Equal(t, "OnPaid failed", genuine[0].Reason)
	journal, err := s.Journal(context.Background(), JournalQuery{Limit: 1000})
	require.NoError(t, err)
	assert.InDelta(t, journalRejected, len(journal), journalRejected, "a minute may end meanwhile")
	assert.LessOrEqual(t, len(journal), 2*journalRejected)
}

type discardResponse struct{}

func (discardResponse) Header() http.Header         { return http.Header{} }
func (discardResponse) Write(p []byte) (int, error) { return len(p), nil }
func (discardResponse) WriteHeader(int)             {}

func TestNothingPrivateIsLoggedOrKept(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		a := s.buy(t, func(o *Order) { o.ReturnURL = "https://shop.example.com/?token=1234"; o.Subject = "for 张三" })
		s.pay(t, a)
		require.NoError(t, s.Flush(ctx))
		for _, private := range []string{"203.0.113.7", "genuine", "token=1234", "张三"} {
			assert.NotContains(t, s.log.String(), private)
		}
		assert.NotContains(t, fmt.Sprintf("%+v", Order{No: "A", PayerIP: "203.0.113.7"}), "203.0.113.7")
		for _, table := range []string{"orders", "attempts", "payments", "notifications"} {
			for _, row := range rowsOf(t, s, table) {
				for _, private := range []string{"203.0.113.7", "genuine", "token=1234", "张三"} {
					assert.NotContains(t, row, private, table)
				}
			}
		}
	})
}

// rowsOf returns all rows of a table as text.
func rowsOf(t *testing.T, s *shop, table string) []string {
	t.Helper()
	rows, err := s.db.QueryContext(context.Background(), "SELECT * FROM "+s.d.prefix+table)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var all []string
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		all = append(all, fmt.Sprint(values))
	}
	require.NoError(t, rows.Err())
	return all
}
