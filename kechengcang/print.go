package kechengcang

import (
	"fmt"
	"log/slog"

	"github.com/paygates/paygates-go/internal/redact"
)

// The types with payer data print what their String methods return, whatever the verb and
// the logger.

// String returns the fee.
func (r CreateOrderRequest) String() string { return "kechengcang order of " + r.Fee.String() }

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the order number, the fee and the state.
func (o Order) String() string {
	return fmt.Sprintf("kechengcang order %s: %s, state %s", o.OrderID, o.Fee, o.State)
}

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the order number.
func (n Notification) String() string { return "kechengcang notification for order " + n.OrderID }

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue returns what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }
