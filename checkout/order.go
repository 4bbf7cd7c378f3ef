package checkout

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Order is an order to be paid.
type Order struct {
	// No is the merchant's order number. Unique, 1 to 48 letters, digits or "-". Optional:
	// without it one is made of random letters and digits.
	No string
	// Gateway is the name of one of Config.Gateways. Optional if there is only one.
	Gateway string
	// Channel is the payment method in the gateway's own words. Optional if the gateway has
	// at most one: see Capabilities.Channels.
	Channel string
	// Amount in hundredths of Currency. Required.
	Amount money.Amount
	// Currency is an ISO 4217 code. Optional if the gateway has only one.
	Currency string
	// Subject is shown to the payer. Default: the order number. It is not stored.
	Subject string
	// PayerIP is the payer's address, which some gateways require. It is not stored.
	PayerIP string
	// ReturnURL is the page to which the payer returns. Optional. It is not stored.
	ReturnURL string
	// ExpiresIn is how long the order can be paid. Default: Config.ExpiresIn. It counts
	// for the first attempt of an order only.
	ExpiresIn time.Duration
}

// String returns the order number, the amount and the gateway.
func (o Order) String() string {
	return fmt.Sprintf("order %s: %s %s by %s", o.No, o.Amount, o.Currency, o.Gateway)
}

// Format writes what String returns, whatever the verb: PayerIP is payer data.
func (o Order) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }

// OrderStatus is the status of an order.
type OrderStatus string

// The statuses of an order.
const (
	// OrderPending is an order that can be paid.
	OrderPending OrderStatus = "pending"
	// OrderPaid is an order that was credited. It stays paid.
	OrderPaid OrderStatus = "paid"
	// OrderExpired is an order that was not paid in time. Money may still arrive: it is
	// OutcomeLate then.
	OrderExpired OrderStatus = "expired"
)

// AttemptStatus is the status of an attempt.
type AttemptStatus string

// The statuses of an attempt.
const (
	// AttemptStored is stored and certainly not sent to the gateway: the next Create or
	// Pending.Send sends it.
	AttemptStored AttemptStatus = "stored"
	// AttemptCreating is about to be sent to the gateway, or was sent by a process that
	// ended before the response.
	AttemptCreating AttemptStatus = "creating"
	// AttemptUnknown was sent, and the response was lost. It is never sent again: Run
	// queries the gateway.
	AttemptUnknown AttemptStatus = "unknown"
	// AttemptWaiting waits for the payment.
	AttemptWaiting AttemptStatus = "waiting"
	// AttemptUnconfirmed has a payment that the gateway does not confirm yet.
	AttemptUnconfirmed AttemptStatus = "unconfirmed"
	// AttemptPaid has a payment that credited the order.
	AttemptPaid AttemptStatus = "paid"
	// AttemptRejected was rejected by the gateway, or was not sent.
	AttemptRejected AttemptStatus = "rejected"
	// AttemptExpired was not paid in time.
	AttemptExpired AttemptStatus = "expired"
)

// Attempt is an order at one gateway with one channel. A payer who changes the gateway or
// the channel gets another attempt of the same order.
type Attempt struct {
	// No is the merchant order number at the gateway. The first attempt has the order's
	// number, the second one the same with "_B", and so on.
	No string
	// OrderNo is the merchant's order number.
	OrderNo string
	// Gateway, Account and Channel say where the payer pays.
	Gateway, Account, Channel string
	// Status is the status of the attempt.
	Status AttemptStatus
	// OrderID is the gateway's order number, "" if it is not known.
	OrderID string
	// Instructions is what the payer needs.
	Instructions Instructions
	// CreatedAt is when the attempt was stored.
	CreatedAt time.Time

	amount money.Amount // the order's, while the attempt is created
	found  bool         // the response to the create is not stored
}

// OrderState is an order as stored.
type OrderState struct {
	// No, Amount and Currency are those of the Order.
	No       string
	Amount   money.Amount
	Currency string
	// Status is the status of the order.
	Status OrderStatus
	// Held reports whether money arrived for the order that a person has to decide about.
	Held bool
	// CreatedAt and ExpiresAt are on this machine's clock. PaidAt is when the order was
	// credited, zero before.
	CreatedAt, ExpiresAt, PaidAt time.Time
	// Attempts are the attempts, oldest first.
	Attempts []Attempt
	// Payments are the payments that were reported for the order, oldest first.
	Payments []Payment
}

// Attempt returns the newest attempt, nil without one.
func (o *OrderState) Attempt() *Attempt {
	if len(o.Attempts) == 0 {
		return nil
	}
	return &o.Attempts[len(o.Attempts)-1]
}

// Credited returns the payment that credited the order, nil if it is not paid.
func (o *OrderState) Credited() *Payment {
	for i := range o.Payments {
		p := &o.Payments[i]
		if p.Outcome == OutcomeCredited || p.Resolution != nil && p.Resolution.Action == ActionCredit {
			return p
		}
	}
	return nil
}

var (
	orderNoShape  = regexp.MustCompile(`^[A-Za-z0-9-]{1,48}$`)
	currencyShape = regexp.MustCompile(`^[A-Z]{3}$`)
)

// complete fills in the defaults of an order and checks it.
func (s *Service) complete(o Order) (Order, Gateway, error) {
	if o.No == "" {
		o.No = newOrderNo()
	}
	if o.Gateway == "" && len(s.config.Gateways) == 1 {
		o.Gateway = s.config.Gateways[0].Name()
	}
	gateway, ok := s.gateways[o.Gateway]
	if !ok {
		return o, nil, fmt.Errorf("%w %.32q", ErrUnknownGateway, o.Gateway)
	}
	can := gateway.Capabilities()
	if o.Channel == "" && len(can.Channels) == 1 {
		o.Channel = can.Channels[0]
	}
	if o.Currency == "" {
		o.Currency = can.Currency
	}
	if o.Subject == "" {
		o.Subject = o.No
	}
	if o.ExpiresIn == 0 {
		o.ExpiresIn = s.config.ExpiresIn
	}
	return o, gateway, o.validate(can)
}

func (o Order) validate(can Capabilities) error {
	known := o.Channel == "" && len(can.Channels) == 0
	for _, channel := range can.Channels {
		known = known || channel == o.Channel
	}
	var rule string
	switch {
	case !orderNoShape.MatchString(o.No):
		rule = `No must be 1 to 48 letters, digits or "-"`
	case o.Amount <= 0:
		rule = "Amount must be more than 0.00"
	case !currencyShape.MatchString(o.Currency):
		rule = "Currency must be an ISO 4217 code"
	case can.Currency != "" && o.Currency != can.Currency:
		rule = "Currency must be " + can.Currency + " at " + o.Gateway
	case !known:
		rule = fmt.Sprintf("Channel must be one of %v at %s", can.Channels, o.Gateway)
	case !canExpireIn(o.ExpiresIn):
		rule = "ExpiresIn must be 1 s to 90 days"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrInvalidOrder, rule)
}

// canExpireIn reports whether an order can be paid for that long.
func canExpireIn(d time.Duration) bool { return d >= time.Second && d <= 90*24*time.Hour }

// newOrderNo returns 80 random bits between two letters: gatepay signs its fields without
// separators, and a number that begins and ends with a letter cannot be cut otherwise.
func newOrderNo() string {
	var random [10]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic("checkout: crypto/rand: " + err.Error()) // there is no safe number without it
	}
	return "S" + base32.StdEncoding.EncodeToString(random[:]) + "E"
}

// attemptNo returns the number of an attempt: "A1" for the first, then "A1_B", "A1_C", ….
// An order number has no "_", so no attempt has the number of another order.
func attemptNo(orderNo string, seq int64) string {
	if seq == 1 {
		return orderNo
	}
	suffix := ""
	for n := seq - 1; n >= 0; n = n/26 - 1 {
		suffix = string(rune('A'+n%26)) + suffix
	}
	return orderNo + "_" + suffix
}

// tell reports whether the payer is told how to pay.
func (i *Instructions) tell() bool {
	return i.PayPageURL+i.QRText+i.QRImageURL+i.Address != "" || len(i.AppData.Reveal()) > 0
}

// merge replaces the fields that are set in news.
func (i *Instructions) merge(news Instructions) {
	set := func(into *string, value string) {
		if value != "" {
			*into = value
		}
	}
	set(&i.PayPageURL, news.PayPageURL)
	set(&i.QRText, news.QRText)
	set(&i.QRImageURL, news.QRImageURL)
	set(&i.Address, news.Address)
	set(&i.Chain, news.Chain)
	if len(news.AppData.Reveal()) > 0 {
		i.AppData = paygates.NewPrivate(news.AppData.Reveal())
	}
	if news.Amount != 0 {
		i.Amount, i.Currency = news.Amount, news.Currency
	}
	if !news.ExpiresAt.IsZero() {
		i.ExpiresAt = news.ExpiresAt
	}
}
