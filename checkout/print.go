package checkout

import (
	"fmt"
	"io"
	"log/slog"
)

// The types with payer data, pay links or credentials print what their String methods return, whatever
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

// String returns the number, the amount and the status of the order.
func (o OrderState) String() string {
	return fmt.Sprintf("order %s: %s %s, %s", o.No, o.Amount, o.Currency, o.Status)
}

// Format writes what String returns, whatever the verb.
func (o OrderState) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }

// LogValue returns what String returns.
func (o OrderState) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String returns the number of the order.
func (p Pending) String() string { return "pending order " + p.order.No }

// Format writes what String returns, whatever the verb.
func (p Pending) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue returns what String returns.
func (p Pending) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String returns the number of the attempt, the amount and the channel.
func (r CreateRequest) String() string {
	return fmt.Sprintf("attempt %s: %s %s by %s", r.AttemptNo, r.Amount, r.Currency, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateRequest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns what String returns.
func (r CreateRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// LogValue returns the gateway's order number.
func (c Created) LogValue() slog.Value { return slog.StringValue("created order " + c.OrderID) }

// LogValue returns the gateway's order number.
func (r QueryResult) LogValue() slog.Value { return slog.StringValue("queried order " + r.OrderID) }
