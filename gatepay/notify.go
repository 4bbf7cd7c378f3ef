package gatepay

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/paygates/paygates-go/internal/callback"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a callback (支付成功异步通知) whose signature is right. It is sent
// only for a paid order. The signature covers every field, but with nothing
// between them: OrderID, OrderNo and Amount may be another callback's, cut
// differently, until ConfirmNotification has asked the gateway.
type Notification struct {
	// OrderID is the gateway's own number of the order (order_id).
	OrderID string
	// OrderNo is the merchant's number of the order (out_order_id).
	OrderNo string
	// Amount in yuan that was asked (订单价格, price).
	Amount money.Amount
	// PaidAmount in yuan that was really paid (真实价格, realprice). It can differ
	// from Amount by some cents, by which the gateway tells payers apart. The
	// gateway has no query for it.
	PaidAmount money.Amount
	// Channel is how the payer paid (type).
	Channel Channel
	// PaidAt is when the order was paid (paytime). The gateway has no query for it.
	PaidAt time.Time
	// Custom is that of the create (extend).
	Custom string
	// Order is what the gateway says of the order. It is nil until
	// ConfirmNotification has set it.
	Order *Order
	// Raw holds all parameters as they came, the signature included.
	Raw url.Values
}

// String names the order and its amount, without the signature and payer data.
func (n Notification) String() string {
	return fmt.Sprintf("gatepay notification for order %s: %s yuan", n.OrderNo, n.Amount)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue is what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// ParseNotification reads a callback, a form by POST (or, as in an older edition
// of the document, a GET) with the parameters order_id, out_order_id, price,
// realprice, type, paytime, extend and sign, and verifies its signature. It
// proves that the gateway once signed these characters in this order, not that
// they were cut into fields like this: call ConfirmNotification before believing
// it.
//
// Errors: [ErrInvalidNotification] for a request that is not of the documented
// shape, with a repeated parameter or another merchant's appkey among others;
// [ErrInvalidSignature].
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	values, err := callback.Values(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.VerifyNotification(values)
}

// VerifyNotification is ParseNotification for values that a framework has
// already parsed.
func (c *Client) VerifyNotification(values url.Values) (*Notification, error) {
	if err := callback.Single(values); err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	orderID, orderNo := values.Get("order_id"), values.Get("out_order_id")
	price, realPrice := values.Get("price"), values.Get("realprice")
	channel, payTime := values.Get("type"), values.Get("paytime")
	extend := values.Get("extend")
	// The shapes first: what was signed for another purpose, or cut differently,
	// must not pass for a callback as far as shapes can tell.
	amount, priceAllowed := parsePrice(price)
	paidAmount, realPriceAllowed := parsePrice(realPrice)
	paidAt, payTimeAllowed := parseTime(payTime)
	fields := [...]struct{ name, allowed string }{
		{"appkey", c.checkAppKey(values)},
		{"order_id", checkNumber(orderID)},
		{"out_order_id", check.Name(orderNo, longestOrderNo)},
		{"price", priceAllowed},
		{"realprice", realPriceAllowed},
		{"type", Channel(channel).check()},
		{"paytime", payTimeAllowed},
		{"extend", check.Text(extend, 1024)},
	}
	for _, field := range fields {
		if field.allowed != "" {
			return nil, failure.Invalid(gateway, ErrInvalidNotification, field.name, field.allowed)
		}
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, orderID, orderNo, price, realPrice, channel, payTime, extend)
	if err == nil {
		err = signature.Verify(values.Get("sign"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidSignature, err)
	}
	return &Notification{
		OrderID: orderID, OrderNo: orderNo,
		Amount: amount, PaidAmount: paidAmount,
		Channel: Channel(channel), PaidAt: paidAt,
		Custom: extend, Raw: values,
	}, nil
}

// checkAppKey wants no appkey, or the merchant's own: a callback may carry one,
// and it is always ours that signs.
func (c *Client) checkAppKey(values url.Values) string {
	received, ok := values["appkey"]
	if !ok || len(received) == 1 && subtle.ConstantTimeCompare([]byte(received[0]), []byte(c.appKey)) == 1 {
		return ""
	}
	return "must be the merchant's own"
}

// checkNumber wants a whole number as PHP writes it.
func checkNumber(text string) string {
	if len(text) > 1 && text[0] == '0' {
		return "must not begin with 0"
	}
	return check.Digits(text, 20)
}

// parsePrice reads an amount as the gateway writes it and no other way, so that
// no digit can be moved to or from it unseen.
func parsePrice(text string) (amount money.Amount, allowed string) {
	amount, err := money.Parse(text)
	point := len(text) - 3
	if err != nil || amount == 0 || point < 1 || text[point] != '.' || (point > 1 && text[0] == '0') {
		return 0, "must be an amount of more than 0.00 with exactly two decimals"
	}
	return amount, ""
}

// parseTime reads Unix seconds of exactly ten digits, 2001 to 2286: extend may
// begin with a digit, and so the length has to say where paytime ends.
func parseTime(text string) (at time.Time, allowed string) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) != 10 || text[0] < '1' {
		return time.Time{}, "must be Unix seconds of ten digits"
	}
	return time.Unix(seconds, 0).In(loosejson.Shanghai), ""
}

// ConfirmNotification asks the gateway for the order of a notification and
// compares: the order must be paid and have the notified OrderID and Amount.
// Then it sets n.Order and returns it. PaidAmount, PaidAt and Custom stand where
// the confirmed fields leave no other cut, but the gateway has no query for them.
// What is left to the merchant is to compare the amount with the stored order
// and to credit the order number once.
//
// Errors: [ErrNotConfirmed] if the gateway says otherwise or does not know the
// order (then [ErrOrderNotFound] as well); an [*Error] if it cannot be asked,
// after which the callback should come again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Order, error) {
	const op = "confirm notification"
	notConfirmed := func(why string) error {
		return &Error{Op: op, Err: fmt.Errorf("%w: %s", ErrNotConfirmed, why)}
	}
	if n == nil {
		return nil, failure.Invalid(gateway, ErrInvalidNotification, "the notification", "is nil")
	}
	order, err := c.QueryOrder(ctx, n.OrderNo)
	switch {
	case errors.Is(err, ErrOrderNotFound):
		return nil, &Error{Op: op, Err: fmt.Errorf("%w: %w", ErrNotConfirmed, err)}
	case err != nil:
		return nil, err
	case !order.Paid():
		return nil, notConfirmed("the gateway says state " + order.State.String())
	case order.OrderID != n.OrderID:
		return nil, notConfirmed("the gateway says another order_id")
	case order.Amount != n.Amount:
		return nil, notConfirmed(fmt.Sprintf("the gateway says %s yuan, the notification %s", order.Amount, n.Amount))
	}
	n.Order = order
	return order, nil
}

// NotificationStatus returns the HTTP status with which NotificationHandler
// answers a callback that ended in err, for a handler of the merchant's own: 200 for
// nil, and 502 for an error that is none of this package's.
func NotificationStatus(err error) int { return callback.Status(err) }

// NotificationHandler handles callbacks: it parses, verifies and confirms each
// and then calls accept, whose notification is paid and has Order set. accept
// compares the amount with the stored order and credits the order number once:
// the gateway repeats callbacks, also at the same time.
//
// The answer is "success" if accept returns nil. Otherwise it is "fail", so that
// the callback comes again, with a status for monitoring: 400, 403, 405, 413,
// 415 for a callback that is not genuine, 409 for one that the gateway does not
// confirm, 500 for an error of accept, 502 if the gateway cannot be asked. The
// gateway calls again three times, one minute apart, and then no more; and it does
// not call for an order that was paid after it expired: query what stays open.
//
// It panics if accept is nil.
func (c *Client) NotificationHandler(accept func(context.Context, *Notification) error) http.Handler {
	callback.RequireAccept(gateway, accept)
	reply := callback.Reply{Gateway: gateway, Accepted: "success", Again: "fail", Log: c.log}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.Serve(w, r, func() error {
			n, err := c.ParseNotification(r)
			if err != nil {
				return err
			}
			if _, err := c.ConfirmNotification(r.Context(), n); err != nil {
				return err
			}
			return callback.Accept(r.Context(), accept, n)
		})
	})
}
