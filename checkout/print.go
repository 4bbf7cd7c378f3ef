package checkout

import (
	"fmt"
	"io"
	"log/slog"
)

// The types with pay links or credentials print what their String methods return, whatever
// the verb and the logger.

// LogValue returns what String returns.
func (o Order) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String returns the number, the gateway and the status of the attempt.
func (a Attempt) String() string {
	return fmt.Sprintf("attempt %s of order %s at %s: %s", a.No, a.OrderNo, a.Gateway, a.Status)
}

// Format writes what String returns, whatever the verb.
func (a Attempt) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// LogValue returns what String returns.
func (a Attempt) LogValue() slog.Value { return slog.StringValue(a.String()) }

// String returns the amount to pay.
func (i Instructions) String() string {
	return fmt.Sprintf("instructions to pay %s %s", i.Amount, i.Currency)
}

// Format writes what String returns, whatever the verb.
func (i Instructions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue returns what String returns.
func (i Instructions) LogValue() slog.Value { return slog.StringValue(i.String()) }
