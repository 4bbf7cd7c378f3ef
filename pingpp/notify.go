package pingpp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/sign"
)

// SignatureHeader is the header of a webhook with its signature.
const SignatureHeader = "X-Pingplusplus-Signature"

// EventType is the type of an event (事件类型). An unknown type is kept.
type EventType string

// The documented types of events.
const (
	EventChargeSucceeded         EventType = "charge.succeeded"          // 支付成功: a charge was paid
	EventRefundSucceeded         EventType = "refund.succeeded"          // 退款成功
	EventTransferSucceeded       EventType = "transfer.succeeded"        // 企业付款成功
	EventRedEnvelopeSent         EventType = "red_envelope.sent"         // 红包发送成功
	EventRedEnvelopeReceived     EventType = "red_envelope.received"     // 红包接收成功
	EventBatchTransferSucceeded  EventType = "batch_transfer.succeeded"  // 批量企业付款成功
	EventBatchRefundSucceeded    EventType = "batch_refund.succeeded"    // 批量退款成功
	EventCustomsSucceeded        EventType = "customs.succeeded"         // 报关成功
	EventSummaryDailyAvailable   EventType = "summary.daily.available"   // 日交易统计
	EventSummaryWeeklyAvailable  EventType = "summary.weekly.available"  // 周交易统计
	EventSummaryMonthlyAvailable EventType = "summary.monthly.available" // 月交易统计
	EventOrderSucceeded          EventType = "order.succeeded"           // 商品订单支付成功
	EventOrderRefundSucceeded    EventType = "order_refund.succeeded"    // 订单退款成功
)

// Notification is an event (Webhooks 事件通知) with a valid signature. The signature covers the
// whole body, but not when it was sent: credit a Charge.ID once.
type Notification struct {
	// Event holds what the body says, whose signature was verified here.
	Event
	// KeyIndex tells which key verified the signature: 0 for Config.WebhookPublicKey, n for
	// Config.PreviousWebhookPublicKeys[n-1].
	KeyIndex int
	// Signature is the value of SignatureHeader.
	Signature paygates.Private[string] `json:"-"`
}

// Paid reports whether the event says that a charge was paid: EventChargeSucceeded with a
// charge that is paid, see Charge.Paid. It is true in test mode too, which a Client
// rejects unless Config.AllowTestMode is set.
func (n Notification) Paid() bool {
	return n.Type == EventChargeSucceeded && n.Charge != nil && n.Charge.Paid()
}

// ParseNotification reads a webhook, a POST with an event as its JSON body and its signature
// in SignatureHeader, and verifies it. The body can be read again afterwards.
//
// The error is paygates.ErrInvalidNotification for a request that does not have the
// documented shape, with [ErrTestMode] for one of test mode; ErrInvalidSignature; or
// ErrInvalidConfig without Config.WebhookPublicKey.
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	body, err := notify.Body(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.verify(body, r.Header.Get(SignatureHeader))
}

// VerifyNotification is ParseNotification for a body that a framework has read, exactly as
// it arrived, and the value of SignatureHeader. It copies both: a framework may use their
// memory again.
func (c *Client) VerifyNotification(body []byte, signature string) (*Notification, error) {
	return c.verify(slices.Clone(body), strings.Clone(signature))
}

// verify keeps body.
func (c *Client) verify(body []byte, signature string) (*Notification, error) {
	v := check.New(gateway, paygates.ErrInvalidNotification)
	notify.CheckBody(v, body)
	switch {
	case len(c.publicKeys) == 0:
		return nil, notConfigured("WebhookPublicKey", "verify a notification")
	case v.Err() != nil:
		return nil, v.Err()
	case signature == "":
		return nil, fmt.Errorf("%s: %w: no header %s", gateway, paygates.ErrInvalidSignature, SignatureHeader)
	}
	keyIndex, err := flow.Match(c.flow, c.publicKeys, func(key sign.PublicKey) error { return key.Verify(body, signature) })
	if err != nil {
		return nil, invalidSignature(signature)
	}
	e, err := decodeEvent(body)
	if err == nil && e.isTestMode() && !c.allowTestMode {
		err = ErrTestMode
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, paygates.ErrInvalidNotification, err)
	}
	n := &Notification{Event: *e, KeyIndex: keyIndex, Signature: paygates.NewPrivate(signature)}
	c.flow.LogUnread(context.Background(), "verify notification", "order_no", n.orderNo(), n.Unread)
	return n, nil
}

// invalidSignature says what is wrong with a signature that no key verifies.
func invalidSignature(received string) error {
	if _, err := base64.StdEncoding.DecodeString(received); err != nil {
		return fmt.Errorf("%s: %w: header %s is not base64", gateway, paygates.ErrInvalidSignature, SignatureHeader)
	}
	return fmt.Errorf("%s: %w", gateway, paygates.ErrInvalidSignature)
}

// MarshalBinary returns an envelope with the notification as it arrived, for a queue:
// verify now, handle later. RestoreNotification verifies it again; there is no
// UnmarshalBinary, because it could not. The envelope does not expire. It holds private
// data, the signature and payer data, but no changed fields.
//
// The error is paygates.ErrInvalidNotification for a notification that did not come from
// this package.
func (n *Notification) MarshalBinary() ([]byte, error) {
	if n == nil {
		n = &Notification{}
	}
	return notify.MarshalBody(gateway, n.Raw.Reveal(), n.Signature.Reveal())
}

// RestoreNotification returns the notification in an envelope of MarshalBinary, which it
// verifies as VerifyNotification does, with the public keys of this Client.
//
// The error is paygates.ErrInvalidNotification for an envelope that is damaged, or of
// another gateway or version, or that of VerifyNotification.
func (c *Client) RestoreNotification(data []byte) (*Notification, error) {
	body, signature, err := notify.RestoreBody(gateway, data)
	if err != nil {
		return nil, err
	}
	return c.verify(body, signature)
}

// ConfirmNotification queries Ping++ for the charge of a notification and compares: it must
// be paid, see Charge.Paid, and have the notified order number, amount, currency and
// mode. The signature of a notification covers all of these, so confirm one only to rule
// out that an old event was recorded and sent again after a refund. A charge that was
// partly refunded since is confirmed: look at its AmountRefunded.
//
// The error is paygates.ErrNotConfirmed if Ping++ says otherwise, does not know the charge
// (then ErrOrderNotFound as well), or the notification is not one of a payment;
// ErrInvalidConfig without Config.APIKey; ErrBusy; or that of QueryCharge, after which the
// notification should arrive again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Charge, error) {
	if n == nil {
		return nil, fmt.Errorf("%s: %w: the notification is nil", gateway, paygates.ErrInvalidNotification)
	}
	if !n.Paid() {
		return nil, c.flow.NotConfirmed("the notification is not one of a payment")
	}
	query := func(ctx context.Context, chargeID string) (*Charge, error) {
		charge, err := c.QueryCharge(ctx, chargeID)
		if errors.Is(err, ErrTestMode) {
			return nil, c.flow.NotConfirmedBy(ErrTestMode)
		}
		return charge, err
	}
	return flow.Confirm(ctx, c.flow, n.Charge.ID, query, n.Charge.compare)
}

// compare returns how the charge that Ping++ returned differs from that of a notification,
// or "".
func (c *Charge) compare(o *Charge) string {
	switch {
	case !o.Paid():
		return "Ping++ says state " + o.state()
	case o.OrderNo != c.OrderNo:
		return fmt.Sprintf("Ping++ says order %q, the notification %q", o.OrderNo, c.OrderNo)
	case o.Amount != c.Amount || o.Currency != c.Currency:
		return fmt.Sprintf("Ping++ says %s %s, the notification %s %s", o.Amount, o.Currency, c.Amount, c.Currency)
	case o.LiveMode != c.LiveMode:
		return "Ping++ says another mode"
	default:
		return ""
	}
}

// NotificationHandler handles webhooks: it parses and verifies each one and then calls
// handle, whatever its type: check Paid or Type, and return nil for what you do not need.
// For a payment compare Charge.Amount with the stored order and credit the charge once:
// Ping++ repeats events, also at the same time. It sends no query: see
// ConfirmNotification.
//
// The context of handle does not end when the sender closes the connection. It ends
// after Config.NotificationTimeout.
//
// The response is "success" with status 200 if handle returns nil. Otherwise it is "fail",
// so that the event arrives again, with the status of paygates.NotificationStatus.
//
// It panics if handle is nil.
func (c *Client) NotificationHandler(handle func(context.Context, *Notification) error) http.Handler {
	return flow.Handler[*Notification, *Charge]{
		Accepted: "success",
		Parse:    c.ParseNotification,
		Handle:   handle,
		OrderNo:  (*Notification).orderNo,
	}.Serve(c.flow)
}

func (n *Notification) orderNo() string { return n.Charge.orderNo() }
