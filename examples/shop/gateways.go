package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// gateway is what the shop needs of a payment gateway. Each adapter translates
// it for one of the five, in a file of its own, and decides what is that
// gateway's unique number of a payment and which amounts must agree.
type gateway interface {
	// Create asks for a payment. It is called once for an order. An error that is
	// errOutcomeUnknown means that the order may exist nevertheless.
	Create(ctx context.Context, o order, urls urls) (created, error)
	// Query asks what became of an order. The error is errCannotAsk if there is
	// nothing to ask by, errNotFound if the gateway does not know the order.
	Query(ctx context.Context, o order) (answer, error)
	// Notifications handles callbacks and calls accept for each payment that is
	// genuine.
	Notifications(accept func(context.Context, payment) error) http.Handler
}

// offer is a gateway in the shop's window.
type offer struct {
	gateway
	account
	Currency string
	Channels []string // the gateway's own words; none if there is nothing to choose
	// testPayURL returns a page on which the payer of a fake gateway pays. It is nil
	// for real gateways.
	testPayURL func(order) string
}

// urls are what a gateway is told about the shop and the payer.
type urls struct {
	Notify, Return string
	PayerIP        string
}

// created is what a gateway answers to a create.
type created struct {
	OrderID            string
	QRText, QRImageURL string
	PayPageURL         string
	PayText            string
	AppData            string
	Expected           money.Amount // 0: the price
	ExpiresAt          time.Time    // zero: when the shop says
}

// answer is what a gateway says of an order.
type answer struct {
	// Payment is nil as long as nothing was paid.
	Payment *payment
	// Unconfirmed means that the gateway has seen a payment, but does not confirm it
	// yet or does not say how much.
	Unconfirmed bool
	// Closed means that the gateway takes no payment any more.
	Closed bool
	// OrderID, QRText and PayText are news for the cashier page, "" for none.
	OrderID, QRText, PayText string
}

var (
	// The five packages export the same values under the same names, so testing
	// for one package's is testing for all.
	errOutcomeUnknown = paygates.ErrOutcomeUnknown
	errNotFound       = paygates.ErrOrderNotFound

	errCannotAsk = errors.New("the gateway cannot be asked for this order")
)

const (
	fromCallback = "callback"
	fromQuery    = "query"
)
