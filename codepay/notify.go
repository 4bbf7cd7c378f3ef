package codepay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/paygates/paygates-go/internal/callback"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a callback (付款通知) whose signature is right. The signature
// covers every parameter. A notification means that Money was paid.
type Notification struct {
	// OrderNo is what the merchant knows the payment by (pay_id): an order, or a
	// user who may pay many times.
	OrderNo string
	// PayNo is the unique number of the payment (流水号, pay_no), never "". Credit a
	// PayNo once: the gateway repeats callbacks.
	PayNo string
	// OrderID is the gateway's own number of the order (order_id), "" if it was
	// not sent: the document does not name it, deployments send it.
	OrderID string
	// Channel is how the payer paid (type).
	Channel Channel
	// Money is what was really paid, in yuan (实际付款金额, money). This is what may
	// be credited.
	Money money.Amount
	// Price is what was asked at the create, in yuan (订单原价, price), zero if it
	// was not sent. To credit it unseen is the classic hole: see Differs.
	Price money.Amount
	// Custom is what the create brought (自定义参数, param).
	Custom string
	// PaidAt is when the payer paid (付款时间, pay_time), zero if it was not sent.
	PaidAt time.Time
	// Tag is the note of the payment (付款备注, pay_tag or tag).
	Tag string
	// State is the status that came along (status). PayNo, not State, says that
	// the order is paid.
	State State
	// Chart is the encoding of the callback (chart).
	Chart Chart
	// Order is what the gateway's query says of the order. It is nil until
	// ConfirmNotification has set it.
	Order *Order
	// Raw holds all parameters as they came, the signature included, in the
	// encoding of Chart.
	Raw url.Values
}

// Differs reports whether the gateway sent both Money and Price and they are
// not the same amount. Some cents are the gateway's own doing, anything else is
// a payer who typed another amount. Without a Price only the merchant's own
// record of the order tells.
func (n Notification) Differs() bool { return n.Price != 0 && n.Price != n.Money }

// String names the payment and the amounts, without the signature and without
// the merchant's number, which may be a payer's name.
func (n Notification) String() string {
	return fmt.Sprintf("codepay notification of payment %s: %s yuan by %s", n.PayNo, n.Money, n.Channel)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue is what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// ParseNotification reads a callback, a POST (on some deployments a GET) with the
// parameters pay_id, money, price, type, pay_no, param, pay_time, pay_tag, sign
// and whatever else the gateway adds, and verifies its signature, which covers
// them all.
//
// Errors: [ErrInvalidNotification] for a request that is not of the documented
// shape, with a repeated parameter, with "&" in a value or without a pay_no
// among others; [ErrInvalidSignature].
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	values, err := callback.Values(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.verify(values)
}

// VerifyNotification is ParseNotification for values that a framework has
// already parsed. They must be the bytes that came: not decoded from GBK.
func (c *Client) VerifyNotification(values url.Values) (*Notification, error) {
	if err := callback.Single(values); err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.verify(values)
}

// callbackNames are the parameters of the document's callback and of its sample.
var callbackNames = sign.NewNames(
	"chart", "money", "param", "pay_id", "pay_no", "pay_tag", "pay_time", "price", "status", "tag", "type",
)

// verify reads values that have one value for each name.
func (c *Client) verify(values url.Values) (*Notification, error) {
	err := callbackNames.Verify(c.secret, values)
	switch {
	case errors.Is(err, sign.ErrAmbiguous):
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidNotification, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidSignature, err)
	default:
		return readNotification(values)
	}
}

// readNotification reads values whose signature is right.
func readNotification(values url.Values) (*Notification, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidNotification, field, allowed)
	}
	n := &Notification{Chart: Chart(values.Get("chart")), Raw: values}
	if !n.Chart.isText(values) {
		return nil, invalid("a parameter", "must be text in the encoding of chart, without control characters")
	}
	n.OrderNo, n.Custom = n.Chart.decode(values.Get("pay_id")), n.Chart.decode(values.Get("param"))
	n.PayNo, n.OrderID = values.Get("pay_no"), orderID(values.Get("order_id"))
	if n.OrderNo == "" {
		return nil, invalid("pay_id", "is required")
	}
	// The gateway's own PHP takes "0" for none.
	if n.PayNo == "" || n.PayNo == "0" {
		return nil, invalid("pay_no", "is required: without it nothing was paid")
	}
	var err error
	if n.Money, err = money.Parse(values.Get("money")); err != nil || n.Money == 0 {
		return nil, invalid("money", "must be an amount of more than 0.00 with at most two decimals")
	}
	if price := values.Get("price"); price != "" {
		if n.Price, err = money.Parse(price); err != nil {
			return nil, invalid("price", "must be an amount with at most two decimals")
		}
	}
	numbers := [...]int64{0, 0, 0}
	for i, name := range [...]string{"type", "status", "pay_time"} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if numbers[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, invalid(name, "must be a whole number")
		}
	}
	n.Channel, n.State = Channel(numbers[0]), State(numbers[1])
	if seconds := numbers[2]; seconds != 0 {
		n.PaidAt = time.Unix(seconds, 0).In(loosejson.Shanghai)
	}
	// The document's table says pay_tag, its sample tag.
	if n.Tag = values.Get("pay_tag"); n.Tag == "" {
		n.Tag = values.Get("tag")
	}
	return n, nil
}

// isText reports whether every name and value is text in the encoding, without
// control characters.
func (c Chart) isText(values url.Values) bool {
	for name, all := range values {
		if !isText(name) {
			return false
		}
		for _, value := range all {
			if !isText(c.decode(value)) {
				return false
			}
		}
	}
	return true
}

// decode returns text in UTF-8, and what is not in the encoding as bytes that
// are no UTF-8.
func (c Chart) decode(text string) string {
	if check.IsPlain(text) || !c.isGBK() {
		return text
	}
	decoded, err := simplifiedchinese.GBK.NewDecoder().String(text)
	if err != nil || strings.ContainsRune(decoded, utf8.RuneError) {
		return "\xff"
	}
	return decoded
}

func isText(text string) bool { return check.Text(text, len(text)) == "" }

// ConfirmNotification asks the gateway's query for the order of a notification:
// it must be paid. Then it sets n.Order and returns it. The signature covers
// the whole callback already, so this is an extra: it helps against a key that got
// out, if callbacks without an OrderID are refused as well. The query says no
// amount, so Money rests on the signature alone.
//
// Errors: [ErrInvalidConfig] without Config.Token; [ErrInvalidNotification] for
// a notification without an OrderID; [ErrNotConfirmed] if the gateway says
// otherwise or does not know the order (then [ErrOrderNotFound] as well); an
// [*Error] if it cannot be asked, after which the callback should come again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Order, error) {
	const op = "confirm notification"
	switch {
	case n == nil:
		return nil, failure.Invalid(gateway, ErrInvalidNotification, "the notification", "is nil")
	case n.OrderID == "":
		return nil, failure.Invalid(gateway, ErrInvalidNotification, "order_id", "is missing, so the gateway cannot be asked")
	}
	order, err := c.QueryOrder(ctx, n.OrderID)
	switch {
	case errors.Is(err, ErrOrderNotFound):
		return nil, &Error{Op: op, Err: fmt.Errorf("%w: %w", ErrNotConfirmed, err)}
	case err != nil:
		return nil, err
	case !order.Paid():
		return nil, &Error{Op: op, Err: fmt.Errorf("%w: the gateway says state %s", ErrNotConfirmed, order.State)}
	}
	n.Order = order
	return order, nil
}

// NotificationStatus returns the HTTP status with which NotificationHandler
// answers a callback that ended in err, for a handler of the merchant's own: 200 for
// nil, and 502 for an error that is none of this package's.
func NotificationStatus(err error) int { return callback.Status(err) }

// NotificationHandler handles callbacks: it parses and verifies each and then
// calls accept. accept compares Money with what the stored order asks for
// (CreatedOrder.Money) and credits PayNo once: the gateway repeats callbacks,
// also at the same time.
//
// With Config.Token a callback that brings an order_id is confirmed first, as
// [Client.ConfirmNotification] does, and has Order set. One that brings none is
// passed on by its signature alone: nobody can drop the order_id of a callback
// without breaking its signature, so it is the gateway that does not send it.
//
// The answer is "success" if accept returns nil. Otherwise it is "fail", so that
// the callback comes again, with a status for monitoring: 400, 403, 405, 413 for
// a callback that is not genuine, 409 for one that the gateway does not confirm,
// 500 for an error of accept, 502 if the gateway cannot be asked.
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
			if n.OrderID != "" && !c.token.IsEmpty() {
				if _, err := c.ConfirmNotification(r.Context(), n); err != nil {
					return err
				}
			}
			return callback.Accept(r.Context(), accept, n)
		})
	})
}
