package main

import (
	"crypto/rand"
	"time"

	"github.com/paygates/paygates-go/money"
)

// status is where an order stands in the shop.
type status string

const (
	// statusCreating: stored, and the gateway is being asked. If the shop dies now,
	// the worker finds out what became of it.
	statusCreating status = "creating"
	// statusUnknown: the gateway's answer was lost, so the order may exist there.
	// It is never created again; the worker asks.
	statusUnknown status = "unknown"
	// statusWaiting: the payer may pay.
	statusWaiting status = "waiting"
	// statusUnconfirmed: the gateway has seen a payment, but does not confirm it yet
	// (ispay, kechengcang) or does not say how much (codepay). What it says next
	// decides, or a person.
	statusUnconfirmed status = "unconfirmed"
	// statusPaid: credited. Nothing changes it any more.
	statusPaid status = "paid"
	// statusHeld: money came, but too late or not the right amount. A person
	// decides: see the admin page.
	statusHeld status = "held"
	// statusExpired: not paid in time. Money can still come; it is held then.
	statusExpired status = "expired"
	// statusRefused: the gateway said no; the order does not exist there.
	statusRefused status = "refused"
)

// account is the shop's account at a gateway: numbers are unique within one.
type account struct{ Gateway, Account string }

// order is a row of the table orders.
type order struct {
	No string // the merchant's number, known to the payer only
	account
	Channel  string
	Price    money.Amount
	Currency string
	// Expected is what the gateway's word of the payment must say. It is Price,
	// but for a gateway that shifts cents to tell payers apart.
	Expected money.Amount
	Status   status
	Note     string // why it was refused or is held
	OrderID  string // the gateway's number

	// What the cashier page shows. Some gateways have only some of these.
	QRText, QRImageURL, PayPageURL string
	PayText                        string // what to send, if that is not Price
	AppData                        string // what a mobile app pays with

	CreatedAt, ExpiresAt, PaidAt time.Time

	NextQueryAt time.Time // zero: never
	Queries     int
	Version     int64 // counts changes that the payer sees
}

// Letter, sixteen of base 32, letter: 80 random bits, because whoever knows the
// number sees the order; and neither end is a digit, because gatepay signs its
// fields without separators.
func newOrderNo() string { return "S" + rand.Text()[:16] + "E" }

// payment is money of which a gateway has told, by a callback or when asked.
type payment struct {
	account
	// No is the gateway's unique number of the payment. It is credited once.
	No string
	// The order is known by OrderNo or, on a gateway that takes no number of the
	// merchant's, by OrderID.
	OrderNo, OrderID string
	// Amount is what must be the order's Expected.
	Amount   money.Amount
	Currency string
	// Received is what really arrived, if the gateway tells that apart; 0 if not.
	Received money.Amount
	PaidAt   time.Time // zero if the gateway does not say
	Source   string    // "callback" or "query"
}

// outcome is what the shop made of a payment.
type outcome string

const (
	outcomeCredited  outcome = "credited"
	outcomeDuplicate outcome = "duplicate"     // the order was credited by another payment
	outcomeMismatch  outcome = "mismatch"      // not the amount or currency that was asked
	outcomeLate      outcome = "late"          // paid after the order expired
	outcomeOrphan    outcome = "unknown order" // genuine, but the shop has no such order
)

// judge decides about a payment. credited says whether the order has been paid
// by another one.
func judge(o order, p payment, credited bool, grace time.Duration) outcome {
	switch {
	case credited:
		return outcomeDuplicate
	case p.Amount != o.Expected, p.Currency != o.Currency, !about(p.Received, o.Expected):
		return outcomeMismatch
	case late(o, p, grace):
		return outcomeLate
	default:
		return outcomeCredited
	}
}

// late goes by the time of the payment, not by that of the callback: a shop that
// was down for an hour must not turn away who paid in time. A gateway that does
// not tell the time was asked before the order was closed, so what it reports
// only afterwards is late.
func late(o order, p payment, grace time.Duration) bool {
	if p.PaidAt.IsZero() {
		return o.Status == statusExpired
	}
	return p.PaidAt.After(o.ExpiresAt.Add(grace))
}

// about reports whether received is what was expected but for the cents by which
// gatepay tells payers apart: less than a yuan, and at most a tenth.
func about(received, expected money.Amount) bool {
	if received == 0 {
		return true // not told
	}
	difference := received - expected
	if difference < 0 {
		difference = -difference
	}
	return difference < 100 && difference <= max(1, expected/10)
}
