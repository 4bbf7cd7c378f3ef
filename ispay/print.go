package ispay

import (
	"fmt"
	"log/slog"

	"github.com/paygates/paygates-go/internal/redact"
)

// The types with payer data, pay links or signatures print what their String methods
// return, whatever the verb and the logger.

// String returns the order number, the amount and the channel.
func (r CreateOrderRequest) String() string {
	return fmt.Sprintf("ispay order %s: %s yuan by %s", r.OrderNo, r.Amount, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the order number.
func (o CreatedOrder) String() string { return "ispay order " + o.OrderID + ": created" }

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the amount.
func (p PaymentCode) String() string { return "ispay payment code: " + p.Amount.String() + " yuan" }

// Format writes what String returns, whatever the verb.
func (p PaymentCode) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue returns what String returns.
func (p PaymentCode) LogValue() slog.Value { return redact.LogValue(p) }

// String returns the state.
func (s OrderState) String() string { return "ispay order: state " + s.State.String() }

// Format writes what String returns, whatever the verb.
func (s OrderState) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue returns what String returns.
func (s OrderState) LogValue() slog.Value { return redact.LogValue(s) }

// String returns the order number, the amount and the state.
func (o Order) String() string {
	return fmt.Sprintf("ispay order %s: %s yuan, state %s", o.OrderNo, o.Amount, o.State)
}

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the order number, the amount and the state.
func (n Notification) String() string {
	return fmt.Sprintf("ispay notification for order %s: %s yuan, state %s", n.OrderNo, n.Amount, n.State)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue returns what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }
