package checkout

import (
	"context"
	"database/sql"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// Only the notification of some gateways tells what was received. A query that does not
// tell it says nothing about it.
func TestAQueryDoesNotOverruleWhatWasReceived(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		p := s.gateway.pay(a.No, func(p *Payment) { p.PaidAt = time.Time{} })
		p.Received = 1
		s.notify(t, p)
		assert.Equal(t, []Outcome{OutcomeMismatch}, outcomes(s.attention(t)))
		s.advance(time.Minute)
		s.work(t)
		s.requireSales(t, a.OrderNo, 0)
		kept := s.attention(t)
		assert.Equal(t, []Outcome{OutcomeMismatch}, outcomes(kept))
		assert.EqualValues(t, 1, kept[0].Received)
		p.Received = 989
		s.notify(t, p)
		s.requireSales(t, a.OrderNo, 1)
	})
}

// A notification can be older than what a query has told: the money went back.
func TestARefundedPaymentIsNotCreditedByAnOlderNotification(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		before := s.gateway.pay(a.No)
		s.gateway.pay(a.No, func(p *Payment) { p.PaidAt, p.Refunded = before.PaidAt, true })
		s.advance(time.Minute)
		s.work(t)
		assert.Equal(t, []Outcome{OutcomeRefunded}, outcomes(s.attention(t)))
		status, _ := s.notify(t, before)
		assert.Equal(t, http.StatusOK, status)
		s.requireSales(t, a.OrderNo, 0)
		assert.Equal(t, []Outcome{OutcomeRefunded}, outcomes(s.attention(t)))
	})
}

// The gateway sees the money only after the order was queried unpaid and ended, and then
// confirms it.
func TestLateMoneyThatIsUnconfirmedAtFirstIsLate(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		a := s.buy(t)
		s.advance(20 * time.Minute)
		s.work(t)
		require.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
		s.gateway.set(func() { s.gateway.unsure[a.No] = true })
		s.advance(time.Hour)
		s.work(t)
		require.Equal(t, AttemptUnconfirmed, s.state(t, a.OrderNo).Attempt().Status)
		s.pay(t, a, func(p *Payment) { p.PaidAt = time.Time{} })
		s.requireSales(t, a.OrderNo, 0)
		assert.Equal(t, []Outcome{OutcomeLate}, outcomes(s.attention(t)))
	})
}

// A gateway that is gone for good, or that never confirms a payment, leaves no order open
// forever.
func TestAnOrderEndsWhenQueriesAreGivenUp(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d)
		down, unsure := s.buy(t), s.buy(t)
		s.gateway.set(func() {
			s.gateway.unsure[unsure.No] = true
			s.gateway.onQuery = func(r QueryRequest) error {
				if r.AttemptNo == down.No {
					return errDown
				}
				return nil
			}
		})
		for range 40 {
			s.advance(24 * time.Hour)
			s.work(t)
		}
		for _, a := range []*Attempt{down, unsure} {
			state := s.state(t, a.OrderNo)
			assert.Equal(t, AttemptExpired, state.Attempt().Status)
			assert.Equal(t, OrderExpired, state.Status)
		}
		assert.Equal(t, []Outcome{OutcomeUnconfirmed}, outcomes(s.attention(t)))
		_, before := s.gateway.count()
		s.advance(365 * 24 * time.Hour)
		s.work(t)
		_, after := s.gateway.count()
		assert.Equal(t, before, after)
	})
}

// A person credits another order with money that the gateway does not confirm. When it is
// confirmed, the order that it was meant for still ends.
func TestUnconfirmedMoneyThatCreditedAnotherOrder(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute }), context.Background()
		a, b := s.buy(t), s.buy(t)
		s.gateway.set(func() { s.gateway.unsure[a.No] = true })
		for range 2 {
			s.advance(6 * time.Minute)
			s.work(t)
		}
		require.Len(t, s.attention(t), 1)
		require.NoError(t, s.Resolve(ctx, s.attention(t)[0].ID, Resolution{By: "mei", Reason: "typo", Action: ActionCredit, OrderNo: b.OrderNo}))
		s.gateway.pay(a.No)
		for range 30 {
			s.advance(time.Hour)
			s.work(t)
		}
		s.requireSales(t, a.OrderNo, 0)
		s.requireSales(t, b.OrderNo, 1)
		assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
		paid := s.state(t, b.OrderNo)
		require.Len(t, paid.Payments, 1)
		assert.Equal(t, "pay-"+a.No, paid.Payments[0].PaymentNo)
		assert.Empty(t, s.attention(t))
	})
}

// The payer pays an order twice, and of the second payment only the query tells, without its
// amount: it is not lost.
func TestAnUnconfirmedPaymentOfAPaidOrderIsListed(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute })
		first := s.buy(t)
		second := s.buy(t, func(o *Order) { o.No, o.Channel = first.OrderNo, "web" })
		s.gateway.set(func() { s.gateway.unsure[second.No] = true })
		s.pay(t, first)
		for range 2 {
			s.advance(6 * time.Minute)
			s.work(t)
		}
		kept := s.attention(t)
		require.Equal(t, []Outcome{OutcomeUnconfirmed}, outcomes(kept))
		assert.Equal(t, second.No, kept[0].AttemptNo)
		// Its notification comes after all.
		s.pay(t, second)
		assert.Equal(t, []Outcome{OutcomeDuplicate}, outcomes(s.attention(t)))
		s.requireSales(t, first.OrderNo, 1)
	})
}

// A notification has told of a payment that credits nothing, and the query sees the same payment
// without its amount: it is one payment, and a person must not see two.
func TestAPaymentThatANotificationToldOfIsNotUnconfirmed(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute })
		first := s.buy(t)
		second := s.buy(t, func(o *Order) { o.No, o.Channel = first.OrderNo, "web" })
		other := s.buy(t)
		s.gateway.set(func() {
			s.gateway.quiet, s.gateway.unsure[second.No], s.gateway.unsure[other.No] = true, true, true
		})
		s.pay(t, first)
		s.pay(t, second)
		s.pay(t, other, func(p *Payment) { p.Amount = 1 })
		for range 4 {
			s.advance(6 * time.Minute)
			s.work(t)
		}
		assert.Equal(t, []Outcome{OutcomeDuplicate, OutcomeMismatch}, outcomes(s.attention(t)))
		assert.Equal(t, OrderExpired, s.state(t, other.OrderNo).Status)
	})
}

// The number that a notification told is another order's, so its money may be too: what the query
// sees is listed beside it.
func TestAReusedNumberTellsOfNoPayment(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute })
		other, a := s.buy(t), s.buy(t)
		same := func(p *Payment) { p.PaymentNo = "same" }
		s.pay(t, other, same)
		s.gateway.set(func() { s.gateway.quiet, s.gateway.unsure[a.No] = true, true })
		s.pay(t, a, same)
		for range 2 {
			s.advance(6 * time.Minute)
			s.work(t)
		}
		assert.Equal(t, []Outcome{OutcomeReused, OutcomeUnconfirmed}, outcomes(s.attention(t)))
	})
}

// The gateway has seen a payment, and then it cannot be asked anymore: it has forgotten the order,
// its token is gone from the configuration, or it does not respond for 30 days.
func TestAnUnconfirmedPaymentThatCannotBeQueriedIsListed(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{paygates.ErrOrderNotFound, ErrCannotQuery, errDown} {
		onEachDatabase(t, func(t *testing.T, d testDB) {
			s, l := newLossyShop(t, d)
			a := s.buy(t)
			s.gateway.set(func() { s.gateway.unsure[a.No] = true })
			s.advance(time.Minute)
			s.work(t)
			require.Equal(t, AttemptUnconfirmed, s.state(t, a.OrderNo).Attempt().Status)
			s.gateway.set(func() { s.gateway.onQuery = func(QueryRequest) error { return failure } })
			s.advance(31 * 24 * time.Hour)
			l.lose("payments = payments + 1 WHERE order_no", 1, errReset)
			s.work(t)
			require.Equal(t, OrderPending, s.state(t, a.OrderNo).Status, "not ended before it is listed")
			s.advance(31 * 24 * time.Hour)
			s.work(t)
			assert.Equal(t, []Outcome{OutcomeUnconfirmed}, outcomes(s.attention(t)))
			assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
		})
	}
}

// A person has given back money that was not confirmed. When it is confirmed, it credits
// nothing, and the payer can pay again.
func TestUnconfirmedMoneyThatWasRefunded(t *testing.T) {
	t.Parallel()
	for _, refunded := range []bool{false, true} { // what the gateway says of it
		onEachDatabase(t, func(t *testing.T, d testDB) {
			s, ctx := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute }), context.Background()
			a := s.buy(t)
			s.gateway.set(func() { s.gateway.unsure[a.No] = true })
			for range 2 {
				s.advance(6 * time.Minute)
				s.work(t)
			}
			require.NoError(t, s.Resolve(ctx, s.attention(t)[0].ID, Resolution{By: "mei", Reason: "sent back", Action: ActionRefunded}))
			for range 2 {
				status, _ := s.pay(t, a, func(p *Payment) { p.Refunded = refunded })
				assert.Equal(t, http.StatusOK, status)
			}
			for _, quiet := range []bool{false, true} { // the query tells of the payment, or only that there is one
				s.gateway.set(func() { s.gateway.quiet = quiet })
				s.advance(time.Minute)
				s.work(t)
			}
			s.requireSales(t, a.OrderNo, 0)
			assert.Empty(t, s.attention(t))
			state := s.state(t, a.OrderNo)
			require.Len(t, state.Payments, 1)
			assert.Equal(t, "pay-"+a.No, state.Payments[0].PaymentNo)
			assert.Equal(t, ActionRefunded, state.Payments[0].Resolution.Action)

			s.pay(t, a, func(p *Payment) { p.PaymentNo = "again" })
			s.requireSales(t, a.OrderNo, 1)
		})
	}
}

// A person has credited money that was not confirmed. When it is confirmed, its number turns
// out to be that of another order's payment.
func TestAReusedNumberAfterAnUnconfirmedPayment(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, ctx := newShop(t, d, func(c *Config) { c.UnconfirmedAfter = 5 * time.Minute }), context.Background()
		other, a := s.buy(t), s.buy(t)
		same := func(p *Payment) { p.PaymentNo = "same" }
		s.pay(t, other, same)
		s.gateway.set(func() { s.gateway.unsure[a.No] = true })
		for range 2 {
			s.advance(6 * time.Minute)
			s.work(t)
		}
		require.NoError(t, s.Resolve(ctx, s.attention(t)[0].ID, Resolution{By: "mei", Reason: "seen", Action: ActionCredit}))
		status, _ := s.pay(t, a, same)
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, []Outcome{OutcomeReused}, outcomes(s.attention(t)))
		s.requireSales(t, a.OrderNo, 1)
		s.requireSales(t, other.OrderNo, 1)
	})
}

// The gateway is back after 30 days and tells of money, and the merchant's database fails just
// then: the money is not lost.
func TestMoneyThatIsNotRecordedIsNotGivenUp(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		fails := true
		s := newShop(t, d, func(c *Config) {
			c.OnPaid = func(ctx context.Context, tx *sql.Tx, p Payment) error {
				if fails {
					return errMerchant
				}
				return d.sell(ctx, tx, p)
			}
		})
		a := s.buy(t)
		s.gateway.pay(a.No)
		s.advance(31 * 24 * time.Hour)
		s.work(t)
		s.requireSales(t, a.OrderNo, 0)
		fails = false
		s.advance(31 * 24 * time.Hour)
		s.work(t)
		s.requireSales(t, a.OrderNo, 1)
	})
}

// The end of an order is stored later if the database fails, whenever that is.
func TestAnEndThatIsNotStoredIsStoredLater(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, d testDB) {
		s, l := newLossyShop(t, d)
		a := s.buy(t)
		s.gateway.set(func() { s.gateway.onQuery = func(QueryRequest) error { return errDown } })
		s.advance(31 * 24 * time.Hour)
		l.lose("SET status = 'expired' WHERE attempt_no", 1, errReset)
		s.work(t)
		require.Zero(t, l.count, "it was lost")
		require.Equal(t, OrderPending, s.state(t, a.OrderNo).Status)
		s.advance(31 * 24 * time.Hour)
		s.work(t)
		assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
	})
}

// A payment that the gateway does not confirm is listed later if the database fails, whenever
// that is.
func TestAnUnconfirmedPaymentThatIsNotStoredIsStoredLater(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} { // the gateway does not see the payment anymore
		onEachDatabase(t, func(t *testing.T, d testDB) {
			s, l := newLossyShop(t, d)
			a := s.buy(t)
			s.gateway.set(func() { s.gateway.unsure[a.No] = true })
			s.advance(time.Minute)
			s.work(t)
			s.gateway.set(func() { s.gateway.unsure[a.No] = !gone })
			s.advance(31 * 24 * time.Hour)
			l.lose("payments = payments + 1 WHERE order_no", 1, errReset)
			s.work(t)
			require.Zero(t, l.count, "it was lost")
			require.Empty(t, s.attention(t))
			s.advance(31 * 24 * time.Hour)
			s.work(t)
			assert.Equal(t, []Outcome{OutcomeUnconfirmed}, outcomes(s.attention(t)))
			assert.Equal(t, OrderExpired, s.state(t, a.OrderNo).Status)
		})
	}
}
