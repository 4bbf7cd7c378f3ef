package pingpp

import (
	"encoding/json"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Charge is a payment as Ping++ knows it (支付对象).
type Charge struct {
	// ID is the number of the charge (id), "ch_…".
	ID string
	// OrderNo is the merchant order number (order_no).
	OrderNo string
	// App is the Ping++ application (app), "app_…".
	App string
	// Channel is the payment method (channel).
	Channel Channel
	// LiveMode is false for a charge of test mode, in which no money moves (livemode).
	LiveMode bool
	// PaidOnce reports whether the payer has paid (paid). It stays true after a refund, so
	// decide by Paid.
	PaidOnce bool
	// Refunded reports whether there is a refund, whatever its state (refunded).
	Refunded bool
	// Reversed reports whether the charge was canceled (撤销, reversed): it can no longer be
	// paid, and what was paid goes back to the payer. The document's sample does not have it,
	// later responses do.
	Reversed bool
	// Amount is the amount to pay (amount), AmountSettle the amount that will be settled
	// (amount_settle) and AmountRefunded the amount that was refunded (amount_refunded), in
	// hundredths of Currency.
	Amount, AmountSettle, AmountRefunded money.Amount
	// Currency is the ISO code in lower case, such as "cny" (currency).
	Currency string
	// Subject is the title of the order (subject), Body its description (body).
	Subject string
	Body    paygates.Private[string] `json:"-"`
	// Description is the merchant's note (description).
	Description paygates.Private[string] `json:"-"`
	// ClientIP is the payer's address (client_ip).
	ClientIP paygates.Private[string] `json:"-"`
	// CreatedAt is when the charge was created (created), PaidAt when it was paid
	// (time_paid), ExpiresAt until when it can be paid (time_expire), SettledAt when it was
	// settled (time_settle). Zero if unknown.
	CreatedAt, PaidAt, ExpiresAt, SettledAt time.Time
	// TransactionNo is the channel's number of the payment (transaction_no).
	TransactionNo string
	// Refunds are the refunds that Ping++ lists with the charge (refunds).
	Refunds RefundList
	// FailureCode and FailureMessage tell why a charge failed (failure_code, failure_msg).
	FailureCode, FailureMessage string
	// Metadata is what the merchant backend added (metadata). A number is kept as its
	// digits, a list or an object as its JSON.
	Metadata paygates.Private[map[string]string] `json:"-"`
	// Extra holds the parameters of the channel (extra), as they arrived.
	Extra paygates.Private[json.RawMessage] `json:"-"`
	// Credential is what the app pays with (credential), as it arrived. It is {} in a
	// notification. AlipayCredential and WeChatCredential read it.
	Credential paygates.Private[json.RawMessage] `json:"-"`
	// Unread lists the fields that arrived in another shape and were left zero.
	Unread []string
	// Raw is the whole charge as it arrived. Pass it to the Ping++ SDK of the app unchanged.
	// It holds payer data.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// Paid reports whether the money has arrived and was neither wholly refunded nor reversed. A
// partly refunded charge is paid, and its AmountRefunded is more than zero.
func (c Charge) Paid() bool { return c.PaidOnce && !c.Reversed && c.AmountRefunded < c.Amount }

// A charge that is not paid this long after it expired is over. Clocks differ, and a
// channel may report a payment of the last minute late.
const expiryGrace = 5 * time.Minute

// Final reports whether waiting is over: the charge is paid or refunded, it failed, it was
// reversed, or it expired more than five minutes ago by this machine's clock.
func (c Charge) Final() bool { return c.state() != "waiting" }

// orderNo returns the order number, "" without a charge.
func (c *Charge) orderNo() string {
	if c == nil {
		return ""
	}
	return c.OrderNo
}

func (c Charge) state() string {
	switch {
	case c.Paid() && c.AmountRefunded > 0:
		return "paid, partly refunded (" + c.AmountRefunded.String() + ")"
	case c.Paid():
		return "paid"
	case c.Reversed:
		return "reversed"
	case c.PaidOnce:
		return "refunded"
	case c.FailureCode != "":
		return "failed"
	case !c.ExpiresAt.IsZero() && time.Since(c.ExpiresAt) > expiryGrace:
		return "expired"
	default:
		return "waiting"
	}
}
