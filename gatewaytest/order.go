package gatewaytest

import (
	"time"

	"github.com/paygates/paygates-go/money"
)

// Order is an order of a fake gateway, whichever it is.
type Order struct {
	// ID is the gateway's number, OrderNo the merchant's. On a gateway that
	// knows no merchant's number OrderNo is "".
	ID, OrderNo string
	// Amount in hundredths of Currency, the price that was asked.
	Amount   money.Amount
	Currency string // "CNY", "USD"
	// Channel and State are the gateway's own words.
	Channel, State string
	// Paid is true once the payer has paid.
	Paid bool
	// CreatedAt and PaidAt are on this machine's clock; PaidAt is zero before.
	CreatedAt, PaidAt time.Time
	// NotifyURL is called back; none if empty. ReturnURL is where the cashier
	// page sends the payer.
	NotifyURL, ReturnURL string
	// Fields holds what else the create brought, by the gateway's names.
	Fields map[string]string
}

// Delivery is one try to call the merchant back.
type Delivery struct {
	// OrderID and OrderNo are the numbers of the order: see Order.
	OrderID, OrderNo string
	// Attempt counts from 1 in each series of repetitions.
	Attempt int
	// At is when it was sent, on this machine's clock.
	At time.Time
	// Method, URL and Body are what was sent. They hold a signature.
	Method, URL, Body string
	// Tampered is true for a callback from SendTampered.
	Tampered bool
	// Status and Reply are what the merchant answered, 0 and "" without one.
	Status int
	Reply  string
	// Accepted is true if the gateway would not call again after this reply.
	Accepted bool
	// Err says why there was no reply.
	Err string
}

// Fault makes a fake gateway misbehave. Fields that are set go together, in the
// order in which they stand here.
type Fault struct {
	// Path limits the fault to requests whose path begins with it.
	Path string
	// Times is how many requests it hits; 0 means all until Misbehave(Fault{}).
	Times int
	// Processed carries the request out before it misbehaves: an order is then
	// made although its create fails.
	Processed bool
	// Delay waits before it answers, or until the caller gives up.
	Delay time.Duration
	// Reset closes the connection without an answer.
	Reset bool
	// Redirect answers 307 to this URL.
	Redirect string
	// Cut sends only the first half of the true answer and closes the connection.
	Cut bool
	// Status, ContentType and Body replace those of the answer. Status alone
	// sends an empty body; Body alone is sent with status 200.
	Status      int
	ContentType string
	Body        string
}

func (f Fault) isZero() bool { return f == Fault{} }

// refuses reports whether a request is not carried out, unless Processed says so.
func (f Fault) refuses() bool {
	return !f.Cut && (f.Reset || f.Redirect != "" || f.Status != 0 || f.Body != "")
}
