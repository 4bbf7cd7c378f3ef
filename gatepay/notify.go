package gatepay

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a notification (支付成功异步通知) with a valid signature. The gateway sends
// one only for a paid order. The signature covers all fields, but with nothing between
// them: OrderID, OrderNo and Amount may be another notification's, cut differently, until
// ConfirmNotification has queried the gateway.
type Notification struct {
	// OrderID is the gateway's order number (order_id).
	OrderID string
	// OrderNo is the merchant order number (out_order_id).
	OrderNo string
	// Amount is the price of the order, in yuan (订单价格, price).
	Amount money.Amount
	// PaidAmount is what was paid, in yuan (真实价格, realprice). It can differ from Amount
	// by some cents, by which the gateway tells payers apart. The gateway has no query
	// for it.
	PaidAmount money.Amount
	// Channel is the payment method (type).
	Channel Channel
	// PaidAt is the time of the payment (paytime). The gateway has no query for it.
	PaidAt time.Time
	// Attach is that of the create, as it arrived (extend). Deployments return quotes and
	// angle brackets escaped for HTML. The gateway has no query for it.
	Attach string `json:"-"`
	// KeyIndex tells which secret verified the signature: 0 for Config.Secret, n for
	// Config.PreviousSecrets[n-1].
	KeyIndex int
	// Order is the gateway's record of the order. It is nil until ConfirmNotification
	// has set it.
	Order *Order
	// Unread lists the parameters that are not UTF-8. Their invalid bytes are replaced by
	// U+FFFD.
	Unread []string
	// Raw holds all parameters as they arrived, the signature included.
	Raw paygates.Private[url.Values] `json:"-"`
}

// ParseNotification reads a notification, a POST (a GET in an older edition of the
// document) with the parameters order_id, out_order_id, price, realprice, type, paytime,
// extend and sign, and verifies its signature. The parameters of a POST are those of the
// body, or of the query if there is no body. A valid signature means that the gateway
// signed these characters, not that they were cut into these fields: call
// ConfirmNotification before you credit it.
//
// The error is paygates.ErrInvalidNotification for a request that does not have the
// documented shape, with a repeated parameter or another merchant's appkey for example,
// or ErrInvalidSignature.
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	return notify.Read(r, gateway, sign.FieldName, notify.Form, c.readNotification)
}

// VerifyNotification is ParseNotification for values that a framework has parsed. It copies
// them: a framework may use their memory again. net/url leaves out a parameter with a raw
// ";", which ParseNotification reads.
func (c *Client) VerifyNotification(values url.Values) (*Notification, error) {
	return notify.Verify(c, gateway, values, (*Client).readNotification)
}

func (c *Client) readNotification(ctx context.Context, values url.Values) (*Notification, error) {
	orderID, orderNo := values.Get("order_id"), values.Get("out_order_id")
	price, realPrice := values.Get("price"), values.Get("realprice")
	channel, payTime := values.Get("type"), values.Get("paytime")
	extend := values.Get("extend")
	// The shapes first. They protect what ConfirmNotification cannot query: once order_id,
	// out_order_id, price and type are confirmed, only one cut of the signed text has
	// these shapes.
	//   - price has one possible end, because realprice begins neither with a point nor with
	//     a zero before another digit: 1.9 and 1.90 cannot both come before an amount.
	//   - realprice ends at the first letter of type.
	//   - paytime has ten digits, or is a date, and extend is the rest, whatever it holds.
	// The confirmed fields themselves are protected by the confirmation alone.
	v := check.New(gateway, paygates.ErrInvalidNotification)
	c.checkMerchant(v, values)
	checkOrderID(v, orderID)
	v.ID("out_order_id", orderNo, longestOrderNo)
	amount := readPrice(v, "price", price)
	paidAmount := readPrice(v, "realprice", realPrice)
	checkType(v, channel)
	paidAt := readPayTime(v, payTime)
	if err := v.Err(); err != nil {
		return nil, err
	}
	keyIndex, err := c.verify(values, c.appKey, orderID, orderNo, price, realPrice, channel, payTime, extend)
	if err != nil {
		return nil, err
	}
	n := &Notification{
		OrderID:    orderID,
		OrderNo:    orderNo,
		Amount:     amount,
		PaidAmount: paidAmount,
		Channel:    Channel(channel),
		PaidAt:     paidAt,
		Attach:     extend,
		KeyIndex:   keyIndex,
		Raw:        paygates.NewPrivate(values),
	}
	if !utf8.ValidString(extend) {
		n.Attach, n.Unread = strings.ToValidUTF8(extend, "\uFFFD"), []string{"extend"}
		c.flow.LogUnread(ctx, "read notification", "order_no", orderNo, n.Unread)
	}
	return n, nil
}

// verify verifies the signature of the parts.
func (c *Client) verify(values url.Values, parts ...string) (keyIndex int, err error) {
	received := values.Get(sign.FieldName)
	keyIndex, err = flow.Match(c.flow, c.secrets, func(secret sign.Secret) error {
		signature, err := sign.MD5Nested(secret, parts...)
		return cmp.Or(err, signature.Verify(received))
	})
	if err != nil {
		return 0, flow.Claimed(flow.InvalidSignature(gateway, received, ""), values.Get("out_order_id"))
	}
	return keyIndex, nil
}

// checkMerchant requires no appkey, or the merchant's. The configured one is signed in
// either case.
func (c *Client) checkMerchant(v *check.Checker, values url.Values) {
	if values.Has("appkey") {
		ours := subtle.ConstantTimeCompare([]byte(values.Get("appkey")), []byte(c.appKey)) == 1
		v.That(ours, "appkey", "must be that of Config")
	}
}

// checkOrderID requires a whole number as PHP writes it.
func checkOrderID(v *check.Checker, text string) {
	v.Digits("order_id", text, 20)
	v.That(len(text) == 1 || !strings.HasPrefix(text, "0"), "order_id", "must not begin with 0")
}

func checkType(v *check.Checker, text string) {
	v.That(text == string(ChannelAlipay) || text == string(ChannelWeChat), "type", "must be alipay or wechat")
}

// readPrice reads an amount, also one that is written as 1.9, 10 or 1.8800.
func readPrice(v *check.Checker, field, text string) money.Amount {
	amount, err := money.Parse(text)
	v.That(err == nil && amount > 0, field, "must be an amount of more than 0.00 with at most two decimals")
	v.That(!strings.HasPrefix(text, "0") || strings.HasPrefix(text, "0."), field, "must not begin with 0 and another digit")
	return amount
}

// readPayTime reads Unix seconds of ten digits, 2001 to 2286, or a date such as
// "2019-04-30 16:48:04". Other shapes would leave open where extend begins.
func readPayTime(v *check.Checker, text string) time.Time {
	if len(text) == len(time.DateTime) {
		if at, err := time.ParseInLocation(time.DateTime, text, loosejson.Shanghai); err == nil {
			return at
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	v.That(err == nil && len(text) == 10 && text[0] >= '1', "paytime", "must be Unix seconds of ten digits")
	return time.Unix(seconds, 0).In(loosejson.Shanghai)
}

// MarshalBinary returns an envelope with the notification as it arrived, for a queue:
// verify now, handle later. RestoreNotification verifies it again; there is no
// UnmarshalBinary, because it could not. The envelope does not expire. It holds private
// data, the signature and what the payer typed, but neither Order nor changed fields.
//
// The error is paygates.ErrInvalidNotification for a notification that did not come from
// this package.
func (n *Notification) MarshalBinary() ([]byte, error) {
	if n == nil {
		n = &Notification{}
	}
	return notify.MarshalValues(gateway, n.Raw.Reveal())
}

// RestoreNotification returns the notification in an envelope of MarshalBinary, which it
// verifies as VerifyNotification does, with the secrets of this Client. Call
// ConfirmNotification before you credit it.
//
// The error is paygates.ErrInvalidNotification for an envelope that is damaged, or of
// another gateway or version, or that of VerifyNotification.
func (c *Client) RestoreNotification(data []byte) (*Notification, error) {
	values, err := notify.RestoreValues(gateway, data)
	if err != nil {
		return nil, err
	}
	return c.VerifyNotification(values)
}

// ConfirmNotification queries the gateway for the order of a notification and compares:
// the order must be paid and have the notified OrderID, Amount and Channel. It sets n.Order
// and returns it. The gateway has no query for PaidAmount, PaidAt and Attach; the
// signature covers them. Compare the amount with your stored order yourself, and credit an
// order number once.
//
// The error is paygates.ErrNotConfirmed if the gateway says otherwise or does not know
// the order (then ErrOrderNotFound as well), ErrBusy, or that of QueryOrder, after
// which the notification should arrive again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Order, error) {
	if n == nil {
		return nil, fmt.Errorf("%s: %w: the notification is nil", gateway, paygates.ErrInvalidNotification)
	}
	order, err := flow.Confirm(ctx, c.flow, n.OrderNo, c.QueryOrder, n.difference)
	if err != nil {
		return nil, err
	}
	n.Order = order
	return order, nil
}

// difference returns what the gateway says otherwise than the notification, or "".
func (n *Notification) difference(o *Order) string {
	switch {
	case !o.Paid():
		return "the gateway says state " + string(o.State)
	case o.OrderID != n.OrderID:
		return fmt.Sprintf("the gateway says order_id %q, the notification %q", o.OrderID, n.OrderID)
	case o.Amount != n.Amount:
		return fmt.Sprintf("the gateway says %s yuan, the notification %s", o.Amount, n.Amount)
	case o.Channel != "" && n.Channel != "" && o.Channel != n.Channel:
		return fmt.Sprintf("the gateway says order_type %q, the notification %q", string(o.Channel), string(n.Channel))
	default:
		return ""
	}
}

// NotificationHandler handles notifications: it parses, verifies and confirms each one
// and then calls handle, whose notification is paid and has Order set. Compare the
// amount with the stored order and credit the order number once: the gateway repeats
// notifications, also at the same time.
//
// The context of handle does not end when the sender closes the connection. It ends
// after Config.NotificationTimeout.
//
// The response is "success" if handle returns nil. Otherwise it is "fail", so that the
// notification arrives again, with the status of paygates.NotificationStatus. The gateway
// sends it three more times, one minute apart. It sends none for an order that was paid
// after it expired: query the orders that stay open.
//
// It panics if handle is nil.
func (c *Client) NotificationHandler(handle func(context.Context, *Notification) error) http.Handler {
	return flow.Handler[*Notification, *Order]{
		Accepted: "success",
		Parse:    c.ParseNotification,
		Confirm:  c.ConfirmNotification,
		Handle:   handle,
		OrderNo:  func(n *Notification) string { return n.OrderNo },
	}.Serve(c.flow)
}
