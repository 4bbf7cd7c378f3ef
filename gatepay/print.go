package gatepay

import (
	"fmt"
	"log/slog"

	"github.com/paygates/paygates-go/internal/redact"
)

// The types with payer data, pay links or signatures print what their String methods
// return, whatever the verb and the logger.

// String returns the order number, the amount and the channel.
func (r CreateOrderRequest) String() string {
	return fmt.Sprintf("gatepay order %s: %s yuan by %s", r.OrderNo, r.Amount, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the order number, the amount and the channel.
func (r CreateCloudOrderRequest) String() string {
	return fmt.Sprintf("gatepay cloud order %s: %s yuan by %s", r.OrderNo, r.Amount, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateCloudOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateCloudOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the order number, the number of products and the channel.
func (r CreateGroupOrderRequest) String() string {
	return fmt.Sprintf("gatepay order %s: group of %d products by %s", r.OrderNo, len(r.Items), r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateGroupOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateGroupOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the order number, the product and the channel.
func (r CreateProductOrderRequest) String() string {
	return fmt.Sprintf("gatepay order %s: product %s by %s", r.OrderNo, r.ProductID, r.Channel)
}

// Format writes what String returns, whatever the verb.
func (r CreateProductOrderRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r CreateProductOrderRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the amount, if there is one.
func (r QuickPayRequest) String() string {
	if r.Amount == 0 {
		return "gatepay quick-pay link"
	}
	return "gatepay quick-pay link: " + r.Amount.String() + " yuan"
}

// Format writes what String returns, whatever the verb.
func (r QuickPayRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r QuickPayRequest) LogValue() slog.Value { return redact.LogValue(r) }

// String returns the order number.
func (o CreatedOrder) String() string { return "gatepay order " + o.OrderNo + ": created" }

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// String returns what it is.
func (PaymentPage) String() string { return "gatepay payment page" }

// Format writes what String returns, whatever the verb.
func (p PaymentPage) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue returns what String returns.
func (p PaymentPage) LogValue() slog.Value { return redact.LogValue(p) }

// String returns the order number, the amount and the state.
func (o Order) String() string {
	return fmt.Sprintf("gatepay order %s: %s yuan, state %s", o.OrderNo, o.Amount, o.State)
}

// Format writes what String returns, whatever the verb.
func (o Order) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o Order) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the order number and the amount.
func (n Notification) String() string {
	return fmt.Sprintf("gatepay notification for order %s: %s yuan", n.OrderNo, n.Amount)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue returns what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// String returns the order number.
func (r Return) String() string { return "gatepay return of the payer of order " + r.OrderNo }

// Format writes what String returns, whatever the verb.
func (r Return) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r Return) LogValue() slog.Value { return redact.LogValue(r) }
