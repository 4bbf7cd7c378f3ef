package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/money"
)

func TestAttentionHasPages(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d), context.Background()
		for i := range 25 {
			s.notify(t, Payment{PaymentNo: fmt.Sprint(i), AttemptNo: "S0", Amount: 990, Currency: "CNY"})
		}
		s.pay(t, s.buy(t), func(p *Payment) { p.Amount = 1 })
		seen := map[string]bool{}
		var after string
		for pages := 0; ; pages++ {
			page, err := s.Attention(ctx, AttentionQuery{After: after, Limit: 10})
			require.NoError(t, err)
			if len(page) == 0 {
				assert.Equal(t, 3, pages)
				break
			}
			for _, p := range page {
				seen[p.ID] = true
			}
			after = page[len(page)-1].ID
		}
		assert.Len(t, seen, 26)
		page, err := s.Attention(ctx, AttentionQuery{Outcome: OutcomeMismatch})
		require.NoError(t, err)
		require.Len(t, page, 1)
		assert.Equal(t, OutcomeMismatch, page[0].Outcome)
		assert.True(t, page[0].Held)
		assert.Equal(t, money.Cents(990), page[0].OrderAmount, "beside what was paid")
	})
}

func TestResolve(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		var seen []Payment
		s, ctx := newShop(t, d, func(c *Config) {
			c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
				seen = append(seen, p)
				return d.sell(ctx, tx, p)
			}
		}), context.Background()
		mismatch := func() (*Attempt, string) {
			a := s.buy(t)
			s.pay(t, a, func(p *Payment) { p.Amount = 1 })
			payments := s.state(t, a.OrderNo).Payments
			require.Len(t, payments, 1)
			return a, payments[0].ID
		}
		decide := Resolution{By: "mei", Reason: "the payer sent the rest", Action: ActionCredit}

		a, id := mismatch()
		require.NoError(t, s.Resolve(ctx, id, decide))
		s.requireSales(t, a.OrderNo, 1)
		state := s.state(t, a.OrderNo)
		assert.Equal(t, OrderPaid, state.Status)
		assert.False(t, state.Held)
		kept := state.Payments[0].Resolution
		require.NotNil(t, kept)
		assert.Equal(t, []string{"mei", "the payer sent the rest", "credit"}, []string{kept.By, kept.Reason, string(kept.Action)})
		assert.WithinDuration(t, time.Now(), kept.At, time.Minute)
		require.Len(t, seen, 1)
		assert.EqualValues(t, 990, seen[0].OrderAmount)
		assert.EqualValues(t, 1, seen[0].Amount)
		assert.Equal(t, "mei", seen[0].Resolution.By)
		require.ErrorIs(t, s.Resolve(ctx, id, decide), ErrAlreadyResolved)
		s.pay(t, a, func(p *Payment) { p.Amount = 1 }) // the notification again
		s.requireSales(t, a.OrderNo, 1)
		assert.Empty(t, s.attention(t))

		for _, action := range []Action{ActionRefunded, ActionDismiss} {
			a, id = mismatch()
			require.NoError(t, s.Resolve(ctx, id, Resolution{By: "mei", Reason: "done", Action: action}))
			s.requireSales(t, a.OrderNo, 0)
			assert.Empty(t, s.attention(t))
			assert.Equal(t, OrderPending, s.state(t, a.OrderNo).Status)
			s.pay(t, a, func(p *Payment) { p.PaymentNo = "new" + a.No })
			s.requireSales(t, a.OrderNo, 1)
		}

		// An orphan needs an order, and a paid order is not credited again.
		s.notify(t, Payment{PaymentNo: "orphan", AttemptNo: "S0", Amount: 990, Currency: "CNY"})
		orphan := s.attention(t)[0].ID
		require.ErrorIs(t, s.Resolve(ctx, orphan, decide), ErrInvalidResolution)
		decide.OrderNo = "S1"
		require.ErrorIs(t, s.Resolve(ctx, orphan, decide), ErrOrderNotFound)
		decide.OrderNo = a.OrderNo
		require.ErrorIs(t, s.Resolve(ctx, orphan, decide), ErrOrderPaid)
		open := s.buy(t)
		decide.OrderNo = open.OrderNo
		require.NoError(t, s.Resolve(ctx, orphan, decide))
		s.requireSales(t, open.OrderNo, 1)
		require.ErrorIs(t, s.Resolve(ctx, "none", decide), ErrPaymentNotFound)
		for _, wrong := range []Resolution{{}, {By: "mei", Action: ActionDismiss}, {By: "mei", Reason: "x", Action: "other"},
			{By: "mei", Reason: "x", Action: ActionDismiss, OrderNo: "S1"}} {
			require.ErrorIs(t, s.Resolve(ctx, id, wrong), ErrInvalidResolution)
		}
	})
}

func TestConcurrentResolutionsDecideOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		shops := []*shop{newShop(t, d), newShop(t, d)}
		a := shops[0].buy(t)
		shops[0].pay(t, a, func(p *Payment) { p.Amount = 1 })
		id := shops[0].attention(t)[0].ID
		var deciding sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			deciding.Add(1)
			go func() {
				defer deciding.Done()
				errs[i] = shops[i%2].Resolve(context.Background(), id, Resolution{By: fmt.Sprint(i), Reason: "x", Action: ActionCredit})
			}()
			if i%4 == 0 { // and the payer pays again
				deciding.Add(1)
				go func() {
					defer deciding.Done()
					p := Payment{PaymentNo: "right", AttemptNo: a.No, Amount: 990, Currency: "CNY"}
					_, err := shops[0].record(context.Background(), shops[0].gateway, &p)
					assert.NoError(t, err)
				}()
			}
		}
		deciding.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			}
		}
		assert.LessOrEqual(t, won, 1)
		shops[0].requireSales(t, a.OrderNo, 1)
	})
}

func TestResolveFailsWithOnPaid(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		fail := true
		s, ctx := newShop(t, d, func(c *Config) {
			c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
				if fail {
					return errMerchant
				}
				return d.sell(ctx, tx, p)
			}
		}), context.Background()
		a := s.buy(t)
		s.pay(t, a, func(p *Payment) { p.Amount = 1 })
		id := s.attention(t)[0].ID
		decide := Resolution{By: "mei", Reason: "x", Action: ActionCredit}
		require.ErrorIs(t, s.Resolve(ctx, id, decide), errMerchant)
		assert.Len(t, s.attention(t), 1)
		fail = false
		require.NoError(t, s.Resolve(ctx, id, decide))
		s.requireSales(t, a.OrderNo, 1)
	})
}
