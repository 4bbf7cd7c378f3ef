package checkout

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only the notification of some gateways tells what was received. A query that does not
// tell it proves nothing about it.
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
