package checkout

import (
	"time"

	"github.com/paygates/paygates-go/money"
)

// Outcome is what was decided about a payment.
type Outcome string

// The outcomes. A payment with any but OutcomeCredited needs a person: see Attention.
const (
	// OutcomeCredited is the payment that paid its order.
	OutcomeCredited Outcome = "credited"
	// OutcomeDuplicate is another payment of an order that is paid already.
	OutcomeDuplicate Outcome = "duplicate"
	// OutcomeMismatch is a payment whose amount or currency is not the expected one.
	OutcomeMismatch Outcome = "mismatch"
	// OutcomeLate is a payment made after the order expired.
	OutcomeLate Outcome = "late"
	// OutcomeOrphan is a genuine payment of an order that is not stored, or not with this
	// gateway and account.
	OutcomeOrphan Outcome = "orphan"
	// OutcomeReused is a payment whose number another order has used.
	OutcomeReused Outcome = "reused"
	// OutcomeRefunded is a payment whose money went back to the payer.
	OutcomeRefunded Outcome = "refunded"
	// OutcomeUnconfirmed is a payment that the gateway has seen but does not confirm, or
	// whose amount it does not tell.
	OutcomeUnconfirmed Outcome = "unconfirmed"
)

// lockedOrder is what is read of an attempt and its order while both rows are locked.
type lockedOrder struct {
	orderNo, currency string
	amount            money.Amount
	orderStatus       OrderStatus
	orderExpires      time.Time
	attemptNo         string
	payable           money.Amount
	attemptStatus     AttemptStatus
	payments          int64
	mayShift          bool // Capabilities.AmountMayShift
	guessed           bool // the payment names the order only, not the attempt
}

// judge decides about a payment of an order.
func (o *lockedOrder) judge(p *Payment, now time.Time, tolerance time.Duration) Outcome {
	switch {
	case p.Refunded:
		return OutcomeRefunded
	case o.orderStatus == OrderPaid:
		return OutcomeDuplicate
	case p.Currency != o.currency, !o.agrees(p):
		return OutcomeMismatch
	case o.isLate(p, now, tolerance):
		return OutcomeLate
	default:
		return OutcomeCredited
	}
}

// agrees reports whether the amount of a payment is the expected one.
func (o *lockedOrder) agrees(p *Payment) bool {
	if p.Received != 0 && !isAbout(p.Received, o.expected()) {
		return false
	}
	if o.payable == 0 && o.mayShift {
		// The response to the create was lost, and with it by how many cents the gateway
		// shifted the amount.
		return isAbout(p.Amount, o.amount)
	}
	return p.Amount == o.expected()
}

// expected returns the amount that a payment must have.
func (o *lockedOrder) expected() money.Amount {
	if o.payable != 0 {
		return o.payable
	}
	return o.amount
}

// isLate reports whether a payment was made after the order expired. Money that arrived
// here in time is not late, whatever the gateway's clock says, and neither is money that
// the gateway dates in time, whenever the news arrived. If the gateway gives no date, the
// money is late once the gateway was queried after the expiry and the attempt closed.
func (o *lockedOrder) isLate(p *Payment, now time.Time, tolerance time.Duration) bool {
	end := o.orderExpires.Add(tolerance)
	switch {
	case !now.After(end):
		return false
	case p.PaidAt.IsZero():
		return o.attemptStatus == AttemptExpired || o.orderStatus == OrderExpired
	default:
		return p.PaidAt.After(end)
	}
}

// isAbout reports whether an amount differs by no more than the cents by which gateways
// tell payers apart: less than one yuan, and at most a tenth.
func isAbout(amount, expected money.Amount) bool {
	difference := amount - expected
	if difference < 0 {
		difference = -difference
	}
	return difference < 100 && difference <= max(1, expected/10)
}
