package checkout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

func TestTheOrderIsStoredBeforeTheGatewayHearsOfIt(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		s.gateway.onCreate = func(r CreateRequest) (*Created, error) {
			state := s.state(t, r.OrderNo)
			assert.Equal(t, AttemptCreating, state.Attempt().Status)
			assert.Equal(t, s.NotifyURL("fake"), r.NotifyURL)
			assert.Equal(t, "203.0.113.7", r.PayerIP.Reveal())
			return &Created{OrderID: "1"}, nil
		}
		a := s.buy(t)
		assert.Equal(t, AttemptWaiting, s.state(t, a.OrderNo).Attempt().Status)
	})
}

func TestAnOrderInTheMerchantsTransaction(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		store := func() (*sql.Tx, *Pending) {
			tx, err := s.db.BeginTx(ctx, nil)
			require.NoError(t, err)
			require.NoError(t, d.sell(ctx, tx, Payment{OrderNo: "own row"}))
			p, err := s.CreateTx(ctx, tx, Order{Channel: "app", Amount: 990})
			require.NoError(t, err)
			return tx, p
		}
		tx, p := store()
		require.NoError(t, tx.Rollback())
		_, err := p.Send(ctx)
		require.ErrorIs(t, err, ErrNotStored)
		_, err = s.Order(ctx, p.OrderNo())
		require.ErrorIs(t, err, ErrOrderNotFound)
		s.requireSales(t, "own row", 0)

		tx, p = store()
		require.NoError(t, tx.Commit())
		s.requireSales(t, "own row", 1)
		creates, _ := s.gateway.count()
		assert.Zero(t, creates)
		assert.Equal(t, AttemptStored, s.state(t, p.OrderNo()).Attempt().Status)
		var sending sync.WaitGroup
		for range 5 {
			sending.Add(1)
			go func() {
				defer sending.Done()
				_, err := p.Send(ctx)
				assert.NoError(t, err)
			}()
		}
		sending.Wait()
		creates, _ = s.gateway.count()
		assert.Equal(t, 1, creates, "sent once")
		a, err := p.Send(ctx)
		require.NoError(t, err)
		assert.Equal(t, AttemptWaiting, a.Status)
		s.pay(t, a)
		s.requireSales(t, a.OrderNo, 1)
	})
}

// A transaction of the merchant's that reads a snapshot does not see what was stored since. What
// it stores does not get the number of another attempt.
func TestAnOrderInATransactionWithAnOldSnapshot(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		if d.dialect == SQLite {
			t.Skip("a transaction of SQLite is the only one that writes")
		}
		s, ctx := newShop(t, d), context.Background()
		for _, stored := range []bool{false, true} {
			o := Order{No: newOrderNo(), Channel: "app", Amount: 990}
			if stored {
				s.storeOnly(t, o)
				o.Channel = "web"
			}
			tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
			require.NoError(t, err)
			_, snapshot := s.attempts(ctx, tx, o.No)
			s.storeOnly(t, o)
			_, conflict := s.CreateTx(ctx, tx, o)
			require.NoError(t, tx.Rollback())
			require.NoError(t, snapshot)
			require.True(t, errors.Is(conflict, errConflict) || isRetryable(conflict), conflict)
			tx, err = s.db.BeginTx(ctx, nil)
			require.NoError(t, err)
			_, err = s.CreateTx(ctx, tx, o)
			require.NoError(t, err)
			require.NoError(t, tx.Commit())
		}
	})
}

// The process ends between the commit and Send: the order is not lost. Create sends it,
// and without that it expires, without a query.
func TestAnOrderThatWasNotSent(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		var pending []*Pending
		for _, no := range []string{"A1", "A2", "A3"} {
			pending = append(pending, s.storeOnly(t, Order{No: no, Channel: "app", Amount: 990}))
		}
		a := s.buy(t, func(o *Order) { o.No = "A1" })
		assert.Equal(t, "A1", a.No)
		assert.Equal(t, AttemptWaiting, a.Status)
		// Another attempt has been paid: the first one is not sent anymore.
		s.pay(t, s.buy(t, func(o *Order) { o.No, o.Channel = "A3", "web" }))
		_, err := pending[2].Send(ctx)
		require.ErrorIs(t, err, ErrOrderPaid)
		s.advance(time.Hour)
		_, err = pending[1].Send(ctx)
		require.ErrorIs(t, err, ErrOrderExpired)
		s.work(t)
		assert.Equal(t, AttemptExpired, s.state(t, "A2").Attempt().Status)
		assert.Equal(t, OrderExpired, s.state(t, "A2").Status)
		creates, queries := s.gateway.count()
		assert.Equal(t, 2, creates, "of A1, and of A3 by the other channel")
		assert.Equal(t, 1, queries, "of A1")
	})
}

func TestACreateWithAnUnknownOutcomeIsNeverRepeated(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		for name, lost := range map[string]error{
			"outcome unknown": fmt.Errorf("fake: create: %w", paygates.ErrOutcomeUnknown),
			"another error":   context.DeadlineExceeded,
			"a panic":         nil,
		} {
			s, ctx := newShop(t, d), context.Background()
			s.gateway.onCreate = func(CreateRequest) (*Created, error) {
				if lost == nil {
					panic(name)
				}
				return nil, lost
			}
			order := Order{No: newOrderNo(), Channel: "app", Amount: 990}
			a, err := s.Create(ctx, order)
			require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
			require.NotNil(t, a)
			assert.Equal(t, AttemptUnknown, a.Status)
			again, err := s.Create(ctx, order)
			require.NoError(t, err)
			assert.Equal(t, a.No, again.No)
			creates, _ := s.gateway.count()
			assert.Equal(t, 1, creates)

			s.gateway.pay(a.No)
			s.advance(time.Minute)
			s.work(t)
			s.requireSales(t, a.OrderNo, 1)
		}
	})
}

// The process ends while it waits for the gateway.
func TestACreateThatNeverCameBackIsLookedFor(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		store := func(sent bool) string {
			p := s.storeOnly(t, Order{Channel: "app", Amount: 990})
			first, err := p.start(ctx, randomText())
			require.NoError(t, err)
			require.True(t, first)
			if sent {
				s.gateway.set(func() { s.gateway.created[p.OrderNo()] = CreateRequest{} })
			}
			return p.OrderNo()
		}
		sent, notSent := store(true), store(false)
		s.work(t)
		_, queries := s.gateway.count()
		assert.Zero(t, queries, "it may still be on its way")
		s.advance(s.lostAfter() + time.Second)
		s.work(t)
		assert.Equal(t, AttemptWaiting, s.state(t, sent).Attempt().Status)
		assert.Equal(t, "id-"+sent, s.state(t, sent).Attempt().OrderID)
		assert.Equal(t, AttemptUnknown, s.state(t, notSent).Attempt().Status)
		s.advance(time.Hour)
		s.work(t)
		assert.Equal(t, OrderExpired, s.state(t, notSent).Status)
		creates, _ := s.gateway.count()
		assert.Zero(t, creates)
	})
}

// A process whose clock is ahead, or that runs while the other one is suspended, queries while the create
// is on its way. Then the gateway rejects the order.
func TestACreateThatIsRejectedAfterAQuery(t *testing.T) {
	t.Parallel()
	for _, queried := range []bool{false, true} { // before the rejection, or after it
		onEachDatabase(t, func(t *testing.T, d testDB) {
			s, ctx := newShop(t, d), context.Background()
			o := Order{No: newOrderNo(), Channel: "app", Amount: 990}
			p := s.storeOnly(t, o)
			first, err := p.start(ctx, "lease")
			require.NoError(t, err)
			require.True(t, first)
			s.advance(s.lostAfter() + time.Second)
			w := &worker{Service: s.Service, gateway: s.gateway}
			due, err := w.lease(ctx, 1)
			require.NoError(t, err)
			require.Len(t, due, 1)
			if queried {
				w.query(ctx, due[0])
			}
			a := p.stored.attempt
			require.NoError(t, s.endCreate(ctx, &a, AttemptRejected, "lease"))
			if !queried {
				w.query(ctx, due[0])
			}
			s.advance(time.Minute)
			s.work(t)
			assert.Equal(t, AttemptRejected, s.state(t, o.No).Attempt().Status)
			again := s.buy(t, func(next *Order) { *next = o })
			assert.Equal(t, o.No+"_B", again.No)

			other := s.storeOnly(t, Order{No: newOrderNo(), Channel: "app", Amount: 990})
			_, err = other.start(ctx, "lease")
			require.NoError(t, err)
			s.advance(s.lostAfter() + time.Second)
			due, err = w.lease(ctx, 10)
			require.NoError(t, err)
			a = other.stored.attempt
			require.NoError(t, s.endCreate(ctx, &a, AttemptRejected, "lease"))
			for _, one := range due {
				w.query(ctx, one)
			}
			for range 3 {
				s.advance(10 * time.Minute)
				s.work(t)
			}
			assert.Equal(t, OrderExpired, s.state(t, other.OrderNo()).Status)
		})
	}
}

func TestARejectedCreateLeavesTheOrderOpen(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		order := Order{No: "A1", Channel: "app", Amount: 990}
		for i, rejection := range []error{
			&paygates.Error{Gateway: "fake", Op: "create order", Code: "1004"},
			fmt.Errorf("fake: create order: %w: connection refused", paygates.ErrNotSent),
		} {
			s.gateway.set(func() { s.gateway.onCreate = func(CreateRequest) (*Created, error) { return nil, rejection } })
			a, err := s.Create(ctx, order)
			require.ErrorIs(t, err, rejection)
			assert.Nil(t, a)
			state := s.state(t, "A1")
			assert.Equal(t, OrderPending, state.Status)
			require.Len(t, state.Attempts, i+1)
			assert.Equal(t, AttemptRejected, state.Attempt().Status)
		}
		s.gateway.set(func() { s.gateway.onCreate = nil })
		a, err := s.Create(ctx, order)
		require.NoError(t, err)
		assert.Equal(t, "A1_C", a.No)
		s.advance(time.Hour)
		s.work(t)
		assert.Equal(t, OrderExpired, s.state(t, "A1").Status)
	})
}

// A payer changes the channel and then the gateway, and pays two of the three attempts.
func TestAttemptsOfOneOrder(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		other := newFake("other")
		s := newShop(t, d, func(c *Config) { c.Gateways = append(c.Gateways, other) })
		first := s.buy(t, func(o *Order) { o.No = "A1" })
		assert.Equal(t, first.No, s.buy(t, func(o *Order) { o.No = "A1" }).No, "a page that is loaded again")
		second := s.buy(t, func(o *Order) { o.No = "A1"; o.Channel = "web" })
		third := s.buy(t, func(o *Order) { o.No = "A1"; o.Gateway = "other" })
		assert.Equal(t, []string{"A1", "A1_B", "A1_C"}, []string{first.No, second.No, third.No})

		s.pay(t, second)
		s.requireSales(t, "A1", 1)
		// The notification of the other payment is lost.
		other.pay(third.No)
		s.advance(time.Minute)
		s.work(t)
		s.requireSales(t, "A1", 1)
		kept := s.attention(t)
		require.Len(t, kept, 1)
		assert.Equal(t, OutcomeDuplicate, kept[0].Outcome)
		assert.Equal(t, "other", kept[0].Gateway)
		assert.Equal(t, "A1_C", kept[0].AttemptNo)

		_, err := s.Create(context.Background(), Order{No: "A1", Gateway: "fake", Channel: "app", Amount: 990})
		require.ErrorIs(t, err, ErrOrderPaid)
	})
}

func TestOrdersThatCannotBeCreated(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d, func(c *Config) { c.MaxAttempts = 2 }), context.Background()
		for want, orders := range map[error][]Order{
			ErrInvalidOrder: {
				{No: "A_B", Channel: "app", Amount: 1}, {Channel: "app"}, {Channel: "no", Amount: 1}, {Amount: 1},
				{Channel: "app", Amount: 1, Currency: "USD"}, {Channel: "app", Amount: 1, ExpiresIn: time.Millisecond},
			},
			ErrUnknownGateway: {{Gateway: "none", Channel: "app", Amount: 1}},
		} {
			for _, o := range orders {
				_, err := s.Create(ctx, o)
				require.ErrorIs(t, err, want, o)
			}
		}
		s.buy(t, func(o *Order) { o.No = "A1" })
		_, err := s.Create(ctx, Order{No: "A1", Channel: "app", Amount: 991})
		require.ErrorIs(t, err, ErrOrderConflict)
		s.buy(t, func(o *Order) { o.No = "A1"; o.Channel = "web" })
		_, err = s.Create(ctx, Order{No: "A1", Channel: "app", Amount: 990})
		require.ErrorIs(t, err, ErrTooManyAttempts)
		s.advance(time.Hour)
		_, err = s.Create(ctx, Order{No: "A1", Channel: "app", Amount: 990})
		require.ErrorIs(t, err, ErrOrderExpired)
	})
}

func TestConcurrentCreatesOfOneOrderMakeOneAttempt(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		shops := []*shop{newShop(t, d), newShop(t, d)}
		var creating sync.WaitGroup
		for i := range 12 {
			creating.Add(1)
			go func() {
				defer creating.Done()
				_, err := shops[i%2].Create(context.Background(), Order{No: "A1", Channel: "app", Amount: 990})
				assert.NoError(t, err)
			}()
		}
		creating.Wait()
		first, _ := shops[0].gateway.count()
		second, _ := shops[1].gateway.count()
		assert.Equal(t, 1, first+second)
		assert.Len(t, shops[0].state(t, "A1").Attempts, 1)
	})
}

func TestAPayerWhoClosesTheBrowserDoesNotCancelTheCreate(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		ctx, cancel := context.WithCancel(context.Background())
		s.gateway.onCreate = func(CreateRequest) (*Created, error) {
			cancel()
			time.Sleep(20 * time.Millisecond)
			return &Created{OrderID: "1"}, nil
		}
		a, err := s.Create(ctx, Order{Channel: "app", Amount: 990})
		require.NoError(t, err)
		assert.Equal(t, AttemptWaiting, s.state(t, a.OrderNo).Attempt().Status)
		require.ErrorIs(t, ctx.Err(), context.Canceled)
	})
}

// The notification is faster than the response to the create.
func TestANotificationBeforeTheResponse(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		s.gateway.onCreate = func(r CreateRequest) (*Created, error) {
			status, _ := s.notify(t, Payment{PaymentNo: "1", AttemptNo: r.AttemptNo, Amount: 990, Currency: "CNY"})
			assert.Equal(t, 200, status)
			return &Created{OrderID: "1"}, nil
		}
		a := s.buy(t)
		state := s.state(t, a.OrderNo)
		assert.Equal(t, OrderPaid, state.Status)
		assert.Equal(t, AttemptPaid, state.Attempt().Status)
		assert.Equal(t, "1", state.Attempt().OrderID)
		s.requireSales(t, a.OrderNo, 1)
	})
}

func TestAttemptNumbers(t *testing.T) {
	t.Parallel()
	want := map[int64]string{1: "A", 2: "A_B", 26: "A_Z", 27: "A_AA", 52: "A_AZ", 53: "A_BA"}
	for seq, no := range want {
		assert.Equal(t, no, attemptNo("A", seq))
	}
	assert.Regexp(t, `^S[A-Z2-7]{16}E$`, newOrderNo())
}
