package checkout

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Gateway is one merchant account at a gateway. Ispay, Codepay, Gatepay, Kechengcang and
// Pingpp return those of this repository; your own type can be another one. It must be
// safe for concurrent use.
type Gateway interface {
	// Name is unique in Config.Gateways and is the last element of the notify URL:
	// 1 to 32 lower-case letters, digits or "-".
	Name() string
	// Account is the merchant's number at the gateway, at most 128 bytes. A payment to
	// another account never credits an order.
	Account() string
	// Capabilities describes what the gateway can do.
	Capabilities() Capabilities
	// Create creates the order at the gateway. It is called at most once for an attempt.
	// The error is paygates.ErrNotSent or paygates.ErrInvalidRequest if certainly nothing
	// reached the gateway, a *paygates.Error that is not paygates.ErrOutcomeUnknown if the
	// gateway rejected the order. After every other error the order may exist.
	Create(ctx context.Context, r CreateRequest) (*Created, error)
	// Query returns what the gateway knows about an attempt. The error is ErrCannotQuery or
	// that of the gateway's query, paygates.ErrOrderNotFound for example.
	Query(ctx context.Context, r QueryRequest) (*QueryResult, error)
	// ReadNotification reads, verifies and, where the signature leaves something open,
	// confirms a notification. After an error the Notification may still name the order.
	ReadNotification(ctx context.Context, r *http.Request) (Notification, error)
	// Responses are the bodies with which the gateway expects a notification to be
	// accepted and rejected.
	Responses() (accepted, rejected string)
}

// Capabilities describes what a gateway can do.
type Capabilities struct {
	// Channels are the payment methods in the gateway's own words. It is empty if there is
	// nothing to choose.
	Channels []string
	// Currency is the only currency of the gateway, "" if it has several.
	Currency string
	// QueryByOrderNo reports whether an order can be queried by the merchant's number, so
	// that a create with an unknown outcome can be looked for.
	QueryByOrderNo bool
	// QueryByOrderID reports whether an order can be queried by the gateway's number.
	QueryByOrderID bool
	// QueryTellsAmount reports whether a query tells the paid amount. Without it a payment
	// whose notification was lost becomes OutcomeUnconfirmed.
	QueryTellsAmount bool
	// TellsPaidAt reports whether the gateway tells the time of a payment.
	TellsPaidAt bool
	// AmountMayShift reports whether the payable amount may be some cents more or less
	// than the order's, by which the gateway tells payers apart.
	AmountMayShift bool
	// NotificationConfirmed reports whether a notification is confirmed by a query before
	// it counts.
	NotificationConfirmed bool
}

// CreateRequest is what a gateway is told about an order.
type CreateRequest struct {
	// AttemptNo is the merchant order number to give to the gateway: unique for every
	// attempt, 1 to 64 letters, digits, "-" or "_".
	AttemptNo string
	// OrderNo is the merchant's order number. It is the AttemptNo of the first attempt.
	OrderNo string
	// Channel is the payment method in the gateway's own words.
	Channel string
	// Amount and Currency are the order's.
	Amount   money.Amount
	Currency string
	// Subject is shown to the payer.
	Subject string
	// PayerIP is the payer's address.
	PayerIP paygates.Private[string]
	// NotifyURL receives notifications. ReturnURL is the page to which the payer returns.
	NotifyURL, ReturnURL string
	// CreatedAt is when the attempt was stored, ExpiresAt when the order expires.
	CreatedAt, ExpiresAt time.Time
}

// Created is an order that the gateway accepted.
type Created struct {
	// OrderID is the gateway's order number, "" if it gave none.
	OrderID string
	// Payable is the amount that a payment must have, in the order's currency. 0 means the
	// order's amount.
	Payable money.Amount
	// Instructions is what the payer needs.
	Instructions Instructions
}

// Instructions is what the payer needs to pay, whatever the gateway. Fields that a gateway
// does not have are zero.
type Instructions struct {
	// PayPageURL is a page of the gateway, or at gatepay a link that opens an app, such as
	// weixin://: redirect the payer there. In html/template such a link needs template.URL.
	PayPageURL string
	// QRText is the text of a QR code to show.
	QRText string
	// QRImageURL is the address of a QR code image to show.
	QRImageURL string
	// Address is the address to pay to, on a gateway for digital currencies.
	Address string
	// Chain is the chain of Address, such as "TRC20" or "ERC20". It is "" without an address
	// and if the gateway does not tell it. Coins sent over another chain are lost: show it.
	Chain string
	// AppData is what a mobile app pays with. It holds credentials of the payment.
	AppData paygates.Private[json.RawMessage] `json:"-"`
	// Amount is what the payer has to pay, in hundredths of Currency. It can differ from
	// the order's amount by some cents, or be in another currency: show it.
	Amount   money.Amount
	Currency string
	// ExpiresAt is until when the payer can pay.
	ExpiresAt time.Time
}

// QueryRequest names an attempt.
type QueryRequest struct {
	// AttemptNo is the merchant order number that the gateway was given.
	AttemptNo string
	// OrderNo is the merchant's order number.
	OrderNo string
	// OrderID is the gateway's order number, "" if it is not known.
	OrderID string
}

// QueryResult is what a gateway knows about an attempt.
type QueryResult struct {
	// Payment is nil while nothing was paid.
	Payment *Payment
	// Unconfirmed reports whether the gateway has seen a payment but does not confirm it
	// yet, or does not tell its amount.
	Unconfirmed bool
	// Closed reports whether the gateway accepts no payment for the attempt anymore.
	Closed bool
	// OrderID is the gateway's order number, "" if it is not told.
	OrderID string
	// Instructions replaces the stored fields that are not zero.
	Instructions Instructions
}

// Notification is a notification that a gateway has verified and confirmed.
type Notification struct {
	// Payment is nil for a notification that tells of no payment, such as a summary.
	Payment *Payment
	// OrderNo is the number that the notification names, for the journal.
	OrderNo string
}

// Payment is money that a gateway reports. The fields up to Source come from the gateway;
// checkout fills in the others.
type Payment struct {
	// PaymentNo is the gateway's unique number of the payment. It is credited once.
	PaymentNo string
	// AttemptNo is the merchant order number at the gateway, OrderID the gateway's own. A
	// gateway sets what it knows; OrderID counts first.
	AttemptNo, OrderID string
	// OrderNo is the merchant's order number. A gateway sets it only if it is told
	// CreateRequest.OrderNo instead of AttemptNo. Checkout sets it to "" if there is no such
	// order.
	OrderNo string
	// Amount is what must be equal to Created.Payable, Currency to the order's currency.
	Amount   money.Amount
	Currency string
	// Received is what arrived, if the gateway tells it apart from Amount. It may differ by
	// some cents. 0 means that it is not told.
	Received money.Amount
	// PaidAt is when the payer paid, by the gateway's clock. It is zero if not told.
	PaidAt time.Time
	// Refunded reports whether all of the money went back to the payer.
	Refunded bool
	// Source is "notification" or "query".
	Source string

	// ID is the number of the payment in the table of payments.
	ID string
	// Gateway and Account name the merchant account that received the payment.
	Gateway, Account string
	// OrderAmount is the amount of the order: what to credit. It differs from Amount on a
	// gateway that shifts cents.
	OrderAmount money.Amount
	// ReceivedAt is when checkout learned of the payment.
	ReceivedAt time.Time
	// Outcome is what was decided about the payment.
	Outcome Outcome
	// Held reports whether a person has to decide about the payment, as stored: Attention
	// lists it.
	Held bool
	// Resolution is set if a person decided.
	Resolution *Resolution
}

// The sources of a payment.
const (
	SourceNotification = "notification"
	SourceQuery        = "query"
)
