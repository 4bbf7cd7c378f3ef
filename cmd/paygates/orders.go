package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/money"
)

// waiting are the flags of commands that wait for a payment.
type waiting struct {
	Timeout  time.Duration `default:"5m" help:"How long to wait for the payment."`
	Interval time.Duration `placeholder:"3s" help:"Interval between two queries."`
	PayAfter time.Duration `default:"2s" help:"With --fake: when the payer pays, 0 for never."`
}

type createCommand struct {
	gatewayArgs
	OrderNo   *string       `placeholder:"NUMBER" help:"Merchant order number ({with order-no}). Default: a new one, or {known}."`
	Amount    *money.Amount `placeholder:"YUAN" help:"Amount with at most two decimals. Default: 1.00 ({with amount})."`
	Channel   *string       `placeholder:"NAME" help:"Payment method. {channels}. Default: the first."`
	Subject   *string       `placeholder:"TEXT" help:"Title of the order ({with subject})."`
	Attach    *string       `placeholder:"TEXT" help:"Text that the notification brings back ({with attach})."`
	PayerIP   *string       `name:"payer-ip" placeholder:"ADDRESS" help:"Payer's address ({with payer-ip})."`
	NotifyURL *string       `placeholder:"URL" help:"Receives the notification ({with notify-url}). Default: the variable …_NOTIFY_URL."`
	ReturnURL *string       `placeholder:"URL" help:"Page to which the payer returns ({with return-url})."`
	Expires   time.Duration `placeholder:"6m" help:"How long the QR code is valid ({with expires})."`
	Wait      bool          `help:"Wait for the payment."`
	waiting
}

// Run creates an order.
func (c *createCommand) Run(ctx context.Context, a *app) error {
	s, err := a.open(c.gatewayArgs, gateway.OpCreate)
	if err != nil {
		return err
	}
	defer s.close()
	if c.Wait {
		if err := checkEnv(a.screen.Language(), s.Gateway, s.env, gateway.OpWait); err != nil {
			return err
		}
	}
	o, err := c.order(s)
	if err != nil {
		return err
	}
	created, err := s.client.Create(ctx, o)
	// codepay.ErrListenerOffline comes with an order.
	if created != nil {
		a.screen.Result("created", created)
		a.screen.QR(created.QRCode)
	}
	if s.fake != nil && !c.Wait {
		a.screen.Note("The fake gateway ends now, with the order: add --wait, or use paygates sandbox.")
	}
	if errors.Is(err, paygates.ErrOutcomeUnknown) && slices.Contains(s.Options, "order-no") {
		err = ofOrder{err, o.OrderNo}
	}
	if err != nil || !c.Wait {
		return err
	}
	return c.waitFor(ctx, s, created.Number)
}

// order returns the order with its defaults, and an error for an option that the gateway
// does not have.
func (c *createCommand) order(s *session) (gateway.Order, error) {
	given := map[string]bool{
		"order-no": c.OrderNo != nil, "amount": c.Amount != nil, "channel": c.Channel != nil, "subject": c.Subject != nil,
		"attach": c.Attach != nil, "payer-ip": c.PayerIP != nil, "notify-url": c.NotifyURL != nil,
		"return-url": c.ReturnURL != nil, "expires": c.Expires != 0,
	}
	for name, isGiven := range given {
		if isGiven && !slices.Contains(s.Options, name) {
			return gateway.Order{}, s.app.usage("%s has no --%s: it has --%s", s.Name, name, strings.Join(s.Options, ", --"))
		}
	}
	channel := or(c.Channel, s.Channels[0])
	if !slices.Contains(s.Channels, channel) {
		return gateway.Order{}, s.app.usage("--channel of %s must be %s", s.Name, strings.Join(s.Channels, ", "))
	}
	number := or(c.OrderNo, newOrderNo())
	if s.KnownOrder != "" {
		if number = or(c.OrderNo, s.env[s.OrderVariable]); number == "" {
			return gateway.Order{}, s.app.usage("create %s needs --order-no: the number of an order that the merchant backend knows", s.Name)
		}
	}
	amount := money.Cents(100)
	if c.Amount != nil {
		amount = *c.Amount
	}
	return gateway.Order{
		OrderNo: number, Channel: channel, Amount: amount,
		Subject: or(c.Subject, "Example"), Attach: or(c.Attach, ""), PayerIP: or(c.PayerIP, examplePayerIP),
		NotifyURL: or(c.NotifyURL, s.notifyURL()), ReturnURL: or(c.ReturnURL, ""), Expires: c.Expires,
	}, nil
}

// or returns what an option says, or value without the option. An empty option, such as that
// of an unset variable of a script, is not left out.
func or(option *string, value string) string {
	if option != nil {
		return *option
	}
	return value
}

type queryCommand struct {
	gatewayArgs
	Number string `arg:"" help:"Order number: the merchant's for {number order_no}, the gateway's for the others."`
}

// Run queries an order.
func (c *queryCommand) Run(ctx context.Context, a *app) error {
	s, err := a.open(c.gatewayArgs, gateway.OpQuery)
	if err != nil {
		return err
	}
	defer s.close()
	number, err := s.prepare(ctx, c.Number, "")
	if err != nil {
		return err
	}
	payment, err := s.client.Query(ctx, number)
	if err != nil {
		return err
	}
	a.screen.Result("order", payment)
	return nil
}

type waitCommand struct {
	gatewayArgs
	Number string `arg:"" help:"Order number: the merchant's for {number order_no}, the gateway's for the others."`
	waiting
}

// Run waits for a payment.
func (c *waitCommand) Run(ctx context.Context, a *app) error {
	s, err := a.open(c.gatewayArgs, gateway.OpWait)
	if err != nil {
		return err
	}
	defer s.close()
	number, err := s.prepare(ctx, c.Number, "")
	if err != nil {
		return err
	}
	return c.waitFor(ctx, s, number)
}

func (w *waiting) waitFor(ctx context.Context, s *session, number string) error {
	cause := s.app.fail(errTimeout, "%s: not paid at the end of the timeout: %s; query the order before you give up", s.Name, w.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, w.Timeout, cause)
	defer cancel()
	s.payLater(ctx, number, w.PayAfter)
	interval := w.Interval
	if interval == 0 && s.fake != nil {
		interval = 200 * time.Millisecond
	}
	stop := s.app.screen.Progress("Waiting for the payment")
	payment, err := s.client.Wait(ctx, number, interval)
	stop()
	if payment != nil {
		event := "not_paid"
		if err == nil {
			event = "paid"
		}
		s.app.screen.Result(event, payment)
	}
	if err == nil || !errors.Is(context.Cause(ctx), errTimeout) {
		return err
	}
	var wait, query *paygates.Error
	if errors.As(err, &wait) && errors.As(wait.Err, &query) {
		return s.app.fail(errTimeout, "%s (last query: %s)", cause, query)
	}
	return cause
}
