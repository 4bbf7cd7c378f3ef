package codepay

import (
	"fmt"
	"log/slog"

	"github.com/paygates/paygates-go/internal/redact"
)

// The types with payer data, pay links or signatures print what their String methods
// return, whatever the verb and the logger. OrderNo is left out, because it may be a
// payer's name.

// String returns the amount and the channel.
func (r CreateOrderRequest) String() string {
	return fmt.Sprintf("codepay order: %s yuan by %s", r.Amount, r.channel())
}

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the gateway's order number, the amount to pay and the channel.
func (o CreatedOrder) String() string {
	return fmt.Sprintf("codepay order %s: %s yuan by %s", o.OrderID, o.PayableAmount, o.Channel)
}

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the gateway's order number and the state.
func (o Order) String() string { return "codepay order " + o.OrderID + ": state " + o.State.String() }

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the number of the payment, the amount and the channel.
func (n Notification) String() string {
	return fmt.Sprintf("codepay notification of payment %s: %s yuan by %s", n.PaymentNo, n.PaidAmount, n.Channel)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue returns what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// String returns the number of the payment.
func (r Return) String() string { return "codepay return of the payer of payment " + r.PaymentNo }

// Format writes what String returns, whatever the verb.
func (r Return) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r Return) LogValue() slog.Value { return redact.LogValue(r) }
