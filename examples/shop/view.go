package main

import (
	"fmt"
	"hash/fnv"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/checkout"
)

// stage is what the page of an order shows.
type stage string

const (
	stageWaiting     stage = "waiting"     // the payer can pay
	stageCreating    stage = "creating"    // the create is under way, or its outcome is unknown
	stageLost        stage = "lost"        // the order exists, but what the payer needs was lost
	stageChecking    stage = "checking"    // the time is over, but a payment may be under way
	stageUnconfirmed stage = "unconfirmed" // a payment is not confirmed yet
	stagePaid        stage = "paid"
	stageHeld        stage = "held"     // money came that a person has to decide about
	stageRefunded    stage = "refunded" // money came, and went back to the payer
	stageExpired     stage = "expired"
	stageRejected    stage = "rejected"
	stageEnded       stage = "ended" // the gateway or the payer ended the attempt, but not the order
)

// orderView is an order as its page shows it.
type orderView struct {
	No, Method, Gateway, OrderID string
	Stage                        stage
	Price                        string // the order's amount
	ToPay                        string // what the payer has to pay
	Coins                        string // the number of coins alone, to be copied into a wallet
	Address, Chain, QRImageURL   string
	PayPageURL                   template.URL
	DemoPayURL                   string
	InApp, CanChange             bool
	Seconds, Lifetime            int              // how long it can be paid, now and in all
	Left                         string           // Seconds as minutes and seconds
	Held                         checkout.Outcome // why a payment of it is held, "" if none is
	Paid                         string           // what was credited, is held or went back
	PaidAt                       time.Time
	Version                      string // changes with everything that the page shows

	attempt *checkout.Attempt
	qrText  string
}

// Changing reports whether the stage can soon change by itself.
func (v *orderView) Changing() bool {
	switch v.Stage {
	case stagePaid, stageHeld, stageRefunded, stageRejected, stageEnded, stageExpired:
		return false
	default:
		return true
	}
}

// HasQR reports whether the shop draws the QR code itself.
func (v *orderView) HasQR() bool { return v.qrText != "" }

func (w *web) view(state *checkout.OrderState, now time.Time) *orderView {
	v := &orderView{
		No: state.No, Price: formatMoney(state.Amount, state.Currency),
		Lifetime: int(state.ExpiresAt.Sub(state.CreatedAt) / time.Second),
	}
	held := heldPayment(state)
	if held != nil {
		v.Held = held.Outcome
	}
	switch p := state.Credited(); {
	case p != nil:
		v.setPaid(p, state.PaidAt)
	case held != nil && held.Outcome != checkout.OutcomeUnconfirmed:
		v.setPaid(held, held.ReceivedAt)
	}
	if v.attempt = shownAttempt(state, held); v.attempt == nil {
		v.attempt = &checkout.Attempt{Status: checkout.AttemptRejected}
	}
	a, i := v.attempt, v.attempt.Instructions
	v.Method, v.Gateway, v.OrderID = methodName(a.Channel), a.Gateway, a.OrderID
	v.Address, v.Chain, v.QRImageURL, v.PayPageURL, v.qrText = i.Address, i.Chain, i.QRImageURL, payLink(i.PayPageURL), i.QRText
	v.InApp = len(i.AppData.Reveal()) > 0
	if v.InApp && v.qrText == "" {
		v.qrText = w.settings.publicURL + "/orders/" + v.No // leads the phone to the order, and its app to app.json
	}
	v.ToPay = v.Price
	if i.Amount > 0 {
		v.ToPay, v.Coins = formatMoney(i.Amount, i.Currency), i.Amount.String()
	}
	expires := state.ExpiresAt
	if !i.ExpiresAt.IsZero() && i.ExpiresAt.Before(expires) {
		expires = i.ExpiresAt
	}
	v.Seconds = max(0, int(expires.Sub(now)/time.Second))
	v.Left = fmt.Sprintf("%02d:%02d", v.Seconds/60, v.Seconds%60)
	v.Stage = v.stage(state, !now.Before(expires))
	if v.Stage == stageRefunded {
		v.setPaid(refund(state, a.No), time.Time{})
	}
	// What was rejected or is over can be tried again with the only method there is.
	again := v.Stage == stageRejected || v.Stage == stageEnded || v.Stage == stageChecking
	v.CanChange = canChange(state, now) && (again || len(w.methodsIn(state.Currency)) > 1)
	if w.demo != nil && v.Stage == stageWaiting {
		v.DemoPayURL = w.demo.payURL(a)
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, v.Stage, v.Held, a.No, a.Status, v.OrderID, v.ToPay, v.Address, v.Chain, v.QRImageURL, v.PayPageURL, v.qrText, v.Paid)
	v.Version = fmt.Sprintf("%x", hash.Sum64())
	return v
}

// heldPayment returns the newest payment that a person has to decide about, nil if there is
// none.
func heldPayment(state *checkout.OrderState) *checkout.Payment {
	for i := len(state.Payments) - 1; i >= 0; i-- {
		if state.Payments[i].Held {
			return &state.Payments[i]
		}
	}
	return nil
}

// shownAttempt returns the attempt for which money came, or the newest one.
func shownAttempt(state *checkout.OrderState, held *checkout.Payment) *checkout.Attempt {
	for _, fits := range []func(checkout.Attempt) bool{
		func(a checkout.Attempt) bool { return a.Status == checkout.AttemptPaid },
		func(a checkout.Attempt) bool { return held != nil && held.AttemptNo == a.No },
		isUnconfirmed,
	} {
		if i := slices.IndexFunc(state.Attempts, fits); i >= 0 {
			return &state.Attempts[i]
		}
	}
	return state.Attempt()
}

// payLink returns a link of a gateway: a page, or a link that opens an app of the phone,
// which html/template does not know to be safe.
func payLink(link string) template.URL {
	scheme, _, _ := strings.Cut(link, "://")
	switch strings.ToLower(scheme) {
	case "https", "http", "weixin", "alipays", "alipay", "alipayqr", "mqqapi", "mqqwpa", "upwrp", "uppaywallet":
		return template.URL(link) //nolint:gosec // none of these schemes runs a script
	default:
		return ""
	}
}

func isUnconfirmed(a checkout.Attempt) bool { return a.Status == checkout.AttemptUnconfirmed }

// refund returns the payment of an attempt whose money went back to the payer, nil if there
// is none.
func refund(state *checkout.OrderState, attemptNo string) *checkout.Payment {
	for i := range state.Payments {
		p := &state.Payments[i]
		byPerson := p.Resolution != nil && p.Resolution.Action == checkout.ActionRefunded
		if p.AttemptNo == attemptNo && (p.Outcome == checkout.OutcomeRefunded || byPerson) {
			return p
		}
	}
	return nil
}

func (v *orderView) setPaid(p *checkout.Payment, creditedAt time.Time) {
	amount := p.Amount
	if p.Received > 0 {
		amount = p.Received
	}
	v.Paid, v.PaidAt = formatMoney(amount, p.Currency), p.PaidAt
	if v.PaidAt.IsZero() {
		v.PaidAt = creditedAt
	}
}

func (v *orderView) stage(state *checkout.OrderState, over bool) stage {
	switch {
	case state.Status == checkout.OrderPaid:
		return stagePaid
	case v.Held != "" && v.Held != checkout.OutcomeUnconfirmed && v.Held != checkout.OutcomeRefunded:
		return stageHeld
	case v.Held == checkout.OutcomeUnconfirmed, isUnconfirmed(*v.attempt):
		return stageUnconfirmed
	case refund(state, v.attempt.No) != nil:
		return stageRefunded
	case state.Status == checkout.OrderExpired:
		return stageExpired
	case v.attempt.Status == checkout.AttemptRejected:
		return stageRejected
	case over:
		return stageChecking
	case v.attempt.Status == checkout.AttemptExpired:
		return stageEnded
	case v.attempt.Status != checkout.AttemptWaiting:
		return stageCreating
	case v.qrText == "" && v.QRImageURL == "" && v.PayPageURL == "" && v.Address == "":
		return stageLost
	default:
		return stageWaiting
	}
}
