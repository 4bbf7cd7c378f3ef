// Package gateway is the table of the gateways for the programs of this repository:
// their environment variables, how to make a client, and the client's operations in one
// common shape.
package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign/explain"
)

// The operations, as the commands are called.
const (
	OpCreate  = "create"
	OpQuery   = "query"
	OpWait    = "wait"
	OpListen  = "listen"
	OpTrigger = "trigger"
	OpVerify  = "verify"
	OpSign    = "sign"
	OpDoctor  = "doctor"
)

// Gateway is one line of the table.
type Gateway struct {
	// Name is the name of the package, Title the name for people.
	Name, Title string
	// Variables are the environment variables, in the order in which they are listed.
	Variables []Variable
	// Groups are the variables that are useless without each other.
	Groups [][]string
	// QueryChecks are the credentials for which the gateway has a separate error when it
	// is queried for an order that it does not know.
	QueryChecks []string
	// Number says which number query and wait take: "order_no", "order_id" or
	// "charge_id".
	Number string
	// KnownOrder is the number of an order that the fake backend knows, if orders are not
	// made by a create but known to a backend. OrderVariable holds the number of one that
	// the true backend knows. Both are "" otherwise.
	KnownOrder, OrderVariable string
	// SignatureHeader is the header with the signature of a notification, which is JSON.
	// It is "" for a gateway that sends a form with a field for it.
	SignatureHeader string
	// Options are the options of create that the gateway has a field for.
	Options []string
	// Channels are the names of the channels, the default one first.
	Channels []string
	// Event are the fields of a notification with the values that trigger sends.
	Event func() []Field
	// AnyField is set if the gateway signs every field of a notification, so that trigger
	// may add some.
	AnyField bool
	// Accepted reports whether the gateway stops sending a notification after this
	// response. Accepts describes that response.
	Accepted func(status int, body string) bool
	Accepts  string
	// Story is what the quickstart tells.
	Story Story
	// Open returns a client.
	Open func(Settings) (*Client, error)
	// Fake starts the fake gateway. See [Fake] for public.
	Fake func(public string, options ...gatewaytest.Option) *Fake
}

// Story is what the quickstart tells of a payment and of an attack on it.
type Story struct {
	// OrderNo and Amount are those of the order, if the merchant chooses them.
	OrderNo string
	Amount  money.Amount
	// Genuine says why a notification is believed. It ends before what is believed.
	Genuine string
	// Forged says what an attacker sends: what SendTampered of the fake sends about the
	// order, or about another one that is not paid if Unpaid is set.
	Forged string
	Unpaid bool
}

// Variable is an environment variable.
type Variable struct {
	Name, Help string
	// Secret is set for credentials. Their values are never printed.
	Secret bool
	// Switch is set for variables that are on or off.
	Switch bool
	// Default is the value that an unset variable stands for.
	Default string
	// For lists the operations that need the variable.
	For []string
}

// Field is a field of a notification, by the gateway's name.
type Field struct{ Name, Value string }

// Settings is what a client is made from.
type Settings struct {
	Env        Env
	Logger     *slog.Logger
	HTTPClient *http.Client
}

// Client holds the operations of a gateway. An operation that the gateway does not
// have is nil.
type Client struct {
	Create func(context.Context, Order) (*Payment, error)
	Query  func(context.Context, string) (*Payment, error)
	Wait   func(ctx context.Context, number string, interval time.Duration) (*Payment, error)
	// Handler returns a notification handler that calls show for each notification
	// that is genuine and confirmed.
	Handler func(show func(*Payment)) http.Handler
	// Verify verifies the signature of a notification, Explain explains it. Both are nil
	// for a gateway that does not sign notifications.
	Verify  func(Received) (*Payment, error)
	Explain func(Received) explain.Explanation
	// Sign explains the signature of a request or a notification and returns it.
	Sign func(Received) (explain.Explanation, string, error)
	// Trigger returns a signed notification to the URL. With tamper it claims another
	// amount under the signature of the genuine one.
	Trigger func(to string, fields []Field, tamper bool) (gatewaytest.Message, error)
}

// Order is an order to create. A field that the gateway does not have is ignored.
type Order struct {
	OrderNo, Channel     string
	Amount               money.Amount
	Subject, Attach      string
	PayerIP              string
	NotifyURL, ReturnURL string
	Expires              time.Duration
}

// Received is a request or a notification as it was written down.
type Received struct {
	Values url.Values
	Body   []byte
	// Signature is the signature that arrived in a header.
	Signature string
}

// Payment is the result of the operations. Its JSON names are part of the program's
// interface.
type Payment struct {
	Gateway string `json:"gateway"`
	// Number is what query and wait take.
	Number        string `json:"number"`
	OrderNo       string `json:"order_no"`
	OrderID       string `json:"order_id"`
	PaymentNo     string `json:"payment_no,omitempty"`
	Event         string `json:"event_type,omitempty"`
	Subject       string `json:"subject,omitempty"`
	Amount        string `json:"amount"`
	Currency      string `json:"currency"`
	PayableAmount string `json:"payable_amount,omitempty"`
	PaidAmount    string `json:"paid_amount,omitempty"`
	Channel       string `json:"channel"`
	State         string `json:"state"`
	Paid          bool   `json:"paid"`
	TestMode      bool   `json:"test_mode,omitempty"`
	PayPage       string `json:"pay_page,omitempty"`
	QRCode        string `json:"qr_code,omitempty"`
	QRCodeURL     string `json:"qr_code_url,omitempty"`
	CreatedAt     string `json:"created_at,omitempty"`
	PaidAt        string `json:"paid_at,omitempty"`
	ExpiresAt     string `json:"expires_at,omitempty"`
	// Notes are remarks for people: what is not signed, what could not be shown.
	Notes []string `json:"notes,omitempty"`
}

// All returns the gateways.
func All() []*Gateway {
	return []*Gateway{
		ispayGateway(),
		codepayGateway(),
		gatepayGateway(),
		kechengcangGateway(),
		pingppGateway(),
	}
}

// Find returns the gateway with the given name, nil if there is none.
func Find(name string) *Gateway {
	for _, g := range All() {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// Names returns the names of the gateways.
func Names() []string {
	var names []string
	for _, g := range All() {
		names = append(names, g.Name)
	}
	return names
}

// says returns an Accepted function for a gateway that waits for a text.
func says(text string) func(int, string) bool {
	return func(_ int, body string) bool { return body == text }
}

// notZero returns "" for a zero amount.
func notZero(amount money.Amount) string {
	if amount == 0 {
		return ""
	}
	return amount.String()
}

// stamp returns a time for the JSON output, in UTC+8 as the results of the SDK, "" for the
// zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(loosejson.Shanghai).Format(time.RFC3339)
}
