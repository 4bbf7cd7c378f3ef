package gatewaytest

import (
	"time"

	"github.com/paygates/paygates-go/money"
)

// Order is an order of a fake gateway.
type Order struct {
	// ID is the gateway's order number, OrderNo the merchant's. OrderNo is "" on a
	// gateway that has no merchant order numbers.
	ID, OrderNo string
	// Amount is the amount of the create, in hundredths of Currency.
	Amount   money.Amount
	Currency string // "CNY", "USD"
	// Channel and State are in the gateway's own terms.
	Channel, State string
	// Paid reports whether the payer has paid.
	Paid bool
	// CreatedAt and PaidAt are by the clock of the fake (see [WithClock]). PaidAt is zero
	// before the payment.
	CreatedAt, PaidAt time.Time
	// NotifyURL receives the notifications, none are sent if it is empty. ReturnURL is
	// the page to which the cashier page sends the payer.
	NotifyURL, ReturnURL string
	// Fields holds the other fields of the create, by the gateway's names.
	Fields map[string]string
}
