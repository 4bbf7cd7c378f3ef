package codepay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a notification (付款通知) with a valid signature, which covers all
// parameters. It means that PaidAmount was paid.
type Notification struct {
	// OrderNo is the merchant order number, or a user who may pay many times (pay_id).
	OrderNo string
	// PaymentNo is the number of the payment (流水号, pay_no), never "", at most 64 bytes.
	// Credit a payment once: PaymentNo with Channel identifies it.
	PaymentNo string
	// OrderID is the gateway's order number (order_id), "" if it was not sent, or if another
	// number, such as the merchant's, was sent in its place.
	OrderID string
	// Channel is the payment method (type).
	Channel Channel
	// PaidAmount is what was paid, in yuan (实际付款金额, money). Credit this amount.
	PaidAmount money.Amount
	// Amount is the amount of the create, in yuan (订单原价, price), zero if it was not
	// sent. Do not credit it: the payer may have paid another amount. See AmountDiffers.
	Amount money.Amount
	// Attach is that of the create (自定义参数, param).
	Attach string `json:"-"`
	// PaidAt is the time of the payment (付款时间, pay_time), zero if it was not sent.
	PaidAt time.Time
	// Tag is the note that the payer typed (付款备注, pay_tag or tag). It may hold any
	// characters; bytes that are no text are replaced by U+FFFD.
	Tag paygates.Private[string] `json:"-"`
	// State is the state that was sent (status), the zero State if none was. It does not
	// decide: a notification with a PaymentNo is paid.
	State State
	// Charset is the encoding of the notification (chart).
	Charset Charset
	// KeyIndex tells which secret verified the signature: 0 for Config.Secret, n for
	// Config.PreviousSecrets[n-1].
	KeyIndex int
	// Order is the gateway's record of the order. It is nil until ConfirmNotification
	// has set it.
	Order *Order
	// Unread lists the parameters that arrived in another shape and were left zero, or
	// that are texts with bytes of another encoding.
	Unread []string
	// Raw holds all parameters as they arrived, the signature included, in the encoding of
	// Charset.
	Raw paygates.Private[url.Values] `json:"-"`
}

// AmountDiffers reports whether the gateway sent an Amount, and it is not PaidAmount. Some
// cents are shifted by the gateway, any other difference means that the payer paid another
// amount. Without an Amount only your stored order tells.
func (n Notification) AmountDiffers() bool { return n.Amount != 0 && n.Amount != n.PaidAmount }

// ParseNotification reads a notification, a POST (a GET on some deployments) with the
// parameters pay_id, money, price, type, pay_no, param, pay_time, pay_tag, sign and
// others that the gateway adds, and verifies its signature, which covers them all.
//
// The parameters are those of the body, or of the query if there is no body. Only pay_id,
// pay_no and money have to be readable: see Notification.Unread for the others.
//
// The error is paygates.ErrInvalidNotification for a request that does not have the
// documented shape, with a repeated parameter or without a pay_no for example, or
// ErrInvalidSignature.
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	return notify.Read(r, gateway, sign.FieldName, notify.Form, c.readNotification)
}

// VerifyNotification is ParseNotification for values that a framework has parsed. They
// must be the bytes that arrived: not decoded from GBK. It copies them: a framework may use
// their memory again. net/url leaves out a parameter with a raw ";", which ParseNotification
// reads.
func (c *Client) VerifyNotification(values url.Values) (*Notification, error) {
	return notify.Verify(c, gateway, values, (*Client).readNotification)
}

// verify verifies the signature of values that have one value for each name.
func (c *Client) verify(values url.Values) (keyIndex int, err error) {
	keyIndex, err = flow.Match(c.flow, c.secrets, func(secret sign.Secret) error {
		return sign.VerifyMD5SortedValues(secret, values, c.ownParameters...)
	})
	switch {
	case err == nil:
		return keyIndex, nil
	case errors.Is(err, sign.ErrAmbiguous):
		return 0, fmt.Errorf("%s: %w: %w", gateway, paygates.ErrInvalidNotification, err)
	default:
		return 0, flow.Claimed(flow.InvalidSignature(gateway, values.Get(sign.FieldName), c.undocumented(values)), values.Get("pay_no"))
	}
}

// undocumented says how many parameters are neither the gateway's nor the merchant's own,
// the usual cause of an invalid signature, or "".
func (c *Client) undocumented(values url.Values) string {
	n := 0
	for name := range values {
		if !slices.Contains(gatewayParameters, name) && !slices.Contains(c.ownParameters, name) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("with undocumented parameters (%d): name those of your notify URL in Config.OwnParameters", n)
}

// readNotification verifies and keeps values, which have one value for each name.
func (c *Client) readNotification(ctx context.Context, values url.Values) (*Notification, error) {
	keyIndex, err := c.verify(values)
	if err != nil {
		return nil, err
	}
	v := check.New(gateway, paygates.ErrInvalidNotification)
	p := c.readPayment(v, values)
	v.That(loosejson.IsNumber(p.PaymentNo), "pay_no", "is required: without it nothing was paid")
	v.That(p.PaidAmount > 0, "money", "must be an amount of more than 0.00 with at most two decimals")
	if err := v.Err(); err != nil {
		return nil, err
	}
	n := &p.Notification
	n.KeyIndex = keyIndex
	n.State = p.state("status")
	n.PaidAt = p.fields.Time("pay_time")
	// The document's table has pay_tag, its sample tag.
	name := "pay_tag"
	if values.Get(name) == "" {
		name = "tag"
	}
	if tag := p.text(name); tag != "" {
		n.Tag = paygates.NewPrivate(tag)
	}
	n.Unread = p.fields.Unread()
	c.flow.LogUnread(ctx, "read notification", "pay_no", n.PaymentNo, n.Unread)
	return n, nil
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
// verifies as VerifyNotification does, with the secrets of this Client. They need
// the OwnParameters with which it arrived.
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
// the order must be paid, and if the response says OrderNo, PaymentNo or PaidAmount, they
// must be those of the notification. It sets n.Order and returns it. The signature
// covers the whole notification already, so this is an addition, which helps against a
// leaked key if you also reject notifications without an OrderID.
//
// The error is paygates.ErrInvalidConfig without Config.Token; ErrInvalidNotification for
// a notification without an OrderID; ErrNotConfirmed if the gateway says otherwise or
// does not know the order (then ErrOrderNotFound as well); ErrBusy; or that of
// QueryOrder.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Order, error) {
	switch {
	case n == nil:
		return nil, fmt.Errorf("%s: %w: the notification is nil", gateway, paygates.ErrInvalidNotification)
	case n.OrderID == "":
		return nil, fmt.Errorf("%s: %w: no order_id to query", gateway, paygates.ErrInvalidNotification)
	}
	order, err := flow.Confirm(ctx, c.flow, n.OrderID, c.QueryOrder, n.compare)
	var other *otherOrder
	switch {
	case errors.As(err, &other):
		return nil, c.flow.NotConfirmed(other.why)
	case err != nil:
		return nil, err
	}
	n.Order = order
	return order, nil
}

// compare returns what the gateway says otherwise than the notification, or "".
func (n *Notification) compare(o *Order) string {
	says := func(field, got, want string) string {
		return fmt.Sprintf("the gateway says %s %q, the notification %q", field, got, want)
	}
	switch {
	case !o.Paid():
		return "the gateway says state " + o.State.String()
	case o.OrderNo != "" && o.OrderNo != n.OrderNo:
		return says("pay_id", o.OrderNo, n.OrderNo)
	case loosejson.IsNumber(o.PaymentNo) && o.PaymentNo != n.PaymentNo:
		return says("pay_no", o.PaymentNo, n.PaymentNo)
	case o.PaidAmount != 0 && o.PaidAmount != n.PaidAmount:
		return says("money", o.PaidAmount.String(), n.PaidAmount.String())
	default:
		return ""
	}
}

// confirmIfPossible confirms a notification unless the query gives no result: a deployment
// that does not have the query would send the notification again and again.
func (c *Client) confirmIfPossible(ctx context.Context, n *Notification) (*Order, error) {
	if n.OrderID == "" {
		return nil, nil //nolint:nilnil // there is nothing to query
	}
	order, err := c.ConfirmNotification(ctx, n)
	// The clock, because the timer of ctx may fire after that of the query.
	deadline, limited := ctx.Deadline()
	isOver := limited && !time.Now().Before(deadline)
	if err == nil || isOver || errors.Is(err, paygates.ErrNotConfirmed) || errors.Is(err, paygates.ErrBusy) {
		return order, err
	}
	c.flow.Transport.Log(ctx, slog.LevelWarn, "confirm notification", "notification accepted by its signature alone, the query gave no result",
		slog.String("pay_no", n.PaymentNo), slog.String("reason", err.Error()))
	return nil, nil //nolint:nilnil // the signature is valid
}

// NotificationHandler handles notifications: it parses and verifies each one and then
// calls handle. Compare PaidAmount with the stored CreatedOrder.PayableAmount and credit
// the payment once, by PaymentNo and Channel: the gateway repeats notifications, also at
// the same time.
//
// With Config.ConfirmByQuery a notification with an OrderID is confirmed first and has
// Order set. It is rejected if the gateway says that the order is unpaid, unknown or
// another one. A notification without an OrderID, or one whose query gives no result (no
// response, HTTP 404, a page, a wrong token), is passed on with a nil Order, because its
// signature is valid; the latter is logged as a warning. Return an error for a nil Order
// if you accept confirmed notifications only.
//
// The context of handle does not end when the sender closes the connection. It ends
// after Config.NotificationTimeout.
//
// The response is "success" if handle returns nil. Otherwise it is "fail", so that the
// notification arrives again, with the status of paygates.NotificationStatus.
//
// It panics if handle is nil.
func (c *Client) NotificationHandler(handle func(context.Context, *Notification) error) http.Handler {
	h := flow.Handler[*Notification, *Order]{
		Accepted: "success",
		Parse:    c.ParseNotification,
		Handle:   handle,
		// OrderNo may be a payer's name.
		OrderNo: func(n *Notification) string { return n.PaymentNo },
		Number:  "pay_no",
	}
	if c.confirmByQuery {
		h.Confirm = c.confirmIfPossible
	}
	return h.Serve(c.flow)
}
