package pingpp

import (
	"fmt"
	"log/slog"

	"github.com/paygates/paygates-go/internal/redact"
)

// The types with payer data or credentials print what their String methods return,
// whatever the verb and the logger.

// String returns the charge, its order, amount and state.
func (o CreatedOrder) String() string {
	if o.Charge == nil {
		return "pingpp order without a charge"
	}
	return o.Charge.String()
}

// Format writes what String returns, whatever the verb.
func (o CreatedOrder) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue returns what String returns.
func (o CreatedOrder) LogValue() slog.Value { return redact.LogValue(o) }

// String returns the charge, its order, amount and state.
func (c Charge) String() string {
	mode := ""
	if !c.LiveMode {
		mode = ", test mode"
	}
	return fmt.Sprintf("pingpp charge %s for order %s: %s %s, %s%s", c.ID, c.OrderNo, c.Amount, c.Currency, c.state(), mode)
}

// Format writes what String returns, whatever the verb.
func (c Charge) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue returns what String returns.
func (c Charge) LogValue() slog.Value { return redact.LogValue(c) }

// String returns the number of charges.
func (l ChargeList) String() string { return fmt.Sprintf("pingpp list of %d charges", len(l.Data)) }

// Format writes what String returns, whatever the verb.
func (l ChargeList) Format(f fmt.State, _ rune) { redact.Format(f, l) }

// LogValue returns what String returns.
func (l ChargeList) LogValue() slog.Value { return redact.LogValue(l) }

// String returns the number of refunds.
func (l RefundList) String() string { return fmt.Sprintf("pingpp list of %d refunds", len(l.Data)) }

// Format writes what String returns, whatever the verb.
func (l RefundList) Format(f fmt.State, _ rune) { redact.Format(f, l) }

// LogValue returns what String returns.
func (l RefundList) LogValue() slog.Value { return redact.LogValue(l) }

// String returns the refund, its amount and status.
func (r Refund) String() string {
	return fmt.Sprintf("pingpp refund %s: %s, %s", r.ID, r.Amount, r.Status)
}

// Format writes what String returns, whatever the verb.
func (r Refund) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue returns what String returns.
func (r Refund) LogValue() slog.Value { return redact.LogValue(r) }

// String returns what it is.
func (AlipayCredential) String() string { return "pingpp alipay credential" }

// Format writes what String returns, whatever the verb.
func (a AlipayCredential) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue returns what String returns.
func (a AlipayCredential) LogValue() slog.Value { return redact.LogValue(a) }

// String returns what it is.
func (WeChatCredential) String() string { return "pingpp wx credential" }

// Format writes what String returns, whatever the verb.
func (w WeChatCredential) Format(f fmt.State, _ rune) { redact.Format(f, w) }

// LogValue returns what String returns.
func (w WeChatCredential) LogValue() slog.Value { return redact.LogValue(w) }

// String returns the event, its type and its charge.
func (n Notification) String() string {
	return "pingpp notification " + eventText(n.ID, n.Type, n.Charge)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue returns what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// String returns the event, its type and its charge.
func (e Event) String() string { return "pingpp event " + eventText(e.ID, e.Type, e.Charge) }

func eventText(id string, eventType EventType, charge *Charge) string {
	text := id + ": " + string(eventType)
	if charge != nil {
		text += ": " + charge.String()
	}
	return text
}

// Format writes what String returns, whatever the verb.
func (e Event) Format(f fmt.State, _ rune) { redact.Format(f, e) }

// LogValue returns what String returns.
func (e Event) LogValue() slog.Value { return redact.LogValue(e) }
