package pingpp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/paygates/paygates-go/internal/callback"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/redact"
)

// SignatureHeader is the header of a webhook that carries its signature.
const SignatureHeader = "X-Pingplusplus-Signature"

// EventType is what happened (事件类型). A type that is not listed here is kept as
// it came.
type EventType string

// The documented types of events. What happened to is in Notification.Object.
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

// Notification is an event (Webhooks 事件通知) whose signature is right. The
// signature covers all of it, but not whether it was seen before: deduplicate
// on ID, and on Charge.ID.
type Notification struct {
	// ID is Ping++'s number of the event (id), "evt_…". It is the same whenever
	// the event is repeated.
	ID string
	// Type is what happened (type).
	Type EventType
	// LiveMode is false for an event of test mode, in which no money moves
	// (livemode).
	LiveMode bool
	// CreatedAt is when it happened (created).
	CreatedAt time.Time
	// Charge is the charge of a charge event (data.object). It is never nil for
	// EventChargeSucceeded, and nil for types that do not begin with "charge.".
	Charge *Charge
	// Object is what it happened to, whatever the type (data.object). It holds
	// payer data.
	Object json.RawMessage
	// PendingWebhooks is how many webhooks have not been delivered yet
	// (pending_webhooks).
	PendingWebhooks int
	// RequestID is the API request that made it happen (request), "" if none did.
	RequestID string
	// Raw is the body as it came, not copied.
	Raw json.RawMessage
}

// Paid reports whether the event says that a charge was paid:
// EventChargeSucceeded with paid set, and nothing else. It is true in test mode
// too, which a Client refuses unless Config.AllowTestMode is set.
func (n Notification) Paid() bool {
	return n.Type == EventChargeSucceeded && n.Charge != nil && n.Charge.Paid
}

// testMode reports whether either says so: what is not live moves no money.
func (n Notification) testMode() bool {
	return !n.LiveMode || (n.Charge != nil && !n.Charge.LiveMode)
}

// String names the event, its type and its charge, without payer data.
func (n Notification) String() string {
	text := "pingpp notification " + n.ID + ": " + string(n.Type)
	if n.Charge != nil {
		text += ": " + n.Charge.String()
	}
	return text
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue is what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// ParseNotification reads a webhook, a POST with an event as its JSON body and
// its signature in SignatureHeader, and verifies it. The body can be read again
// afterwards.
//
// Errors: [ErrInvalidNotification] for a request that is not of the documented
// shape, with [ErrTestMode] for one of test mode; [ErrInvalidSignature];
// [ErrInvalidConfig] without Config.WebhookPublicKey.
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	body, err := callback.Body(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.VerifyNotification(body, r.Header.Get(SignatureHeader))
}

// VerifyNotification is ParseNotification for a body that a framework has
// already read, exactly as it came, and the value of SignatureHeader.
func (c *Client) VerifyNotification(body []byte, signature string) (*Notification, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidNotification, field, allowed)
	}
	switch {
	case c.publicKey.IsZero():
		return nil, notConfigured("WebhookPublicKey", "verify a notification")
	case len(body) == 0:
		return nil, invalid("the body", "is empty, or was already read")
	case signature == "":
		return nil, fmt.Errorf("%s: %w: no header %s", gateway, ErrInvalidSignature, SignatureHeader)
	}
	if err := c.publicKey.Verify(body, signature); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidSignature, err)
	}
	var event struct {
		ID        loosejson.String `json:"id"`
		Object    loosejson.String `json:"object"`
		Type      loosejson.String `json:"type"`
		LiveMode  loosejson.Bool   `json:"livemode"`
		CreatedAt loosejson.Unix   `json:"created"`
		Data      struct {
			Object json.RawMessage `json:"object"`
		} `json:"data"`
		PendingWebhooks loosejson.Int    `json:"pending_webhooks"`
		RequestID       loosejson.String `json:"request"`
	}
	if err := loosejson.Unmarshal(body, &event); err != nil {
		return nil, invalid("the body", "is "+err.Error())
	}
	switch {
	case event.Object != "event":
		return nil, invalid("object", `must be "event"`)
	case event.ID == "":
		return nil, invalid("id", "is required")
	case event.Type == "":
		return nil, invalid("type", "is required")
	case !event.LiveMode.Set:
		return nil, invalid("livemode", "is required")
	case !isObject(event.Data.Object):
		return nil, invalid("data.object", "is required")
	}
	n := &Notification{
		ID:              string(event.ID),
		Type:            EventType(event.Type),
		LiveMode:        event.LiveMode.Value,
		CreatedAt:       event.CreatedAt.Time,
		Object:          event.Data.Object,
		PendingWebhooks: int(event.PendingWebhooks.Value),
		RequestID:       string(event.RequestID),
		Raw:             body,
	}
	if strings.HasPrefix(string(event.Type), "charge.") {
		charge, err := readCharge(n.Object)
		if err != nil && n.Type == EventChargeSucceeded {
			return nil, invalid("data.object", "is not a readable charge: "+err.Error())
		}
		n.Charge = charge
	}
	if n.testMode() && !c.allowTestMode {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidNotification, ErrTestMode)
	}
	return n, nil
}

// ConfirmNotification asks Ping++ how the charge of a notification stands now and
// compares: it must be paid, not refunded, and have the notified order number,
// amount, currency and mode. The signature of a notification covers all of
// these, so this is for who wants to be sure that an old event was not recorded
// and sent again after a refund.
//
// Errors: [ErrNotConfirmed] if Ping++ says otherwise, does not know the charge
// (then [ErrOrderNotFound] as well), or the notification is not that of a
// payment; [ErrInvalidConfig] without Config.APIKey; an [*Error] if Ping++
// cannot be asked, after which the notification should come again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Charge, error) {
	const op = "confirm notification"
	notConfirmed := func(why string) error {
		return &Error{Op: op, Err: fmt.Errorf("%w: %s", ErrNotConfirmed, why)}
	}
	if n == nil {
		return nil, failure.Invalid(gateway, ErrInvalidNotification, "the notification", "is nil")
	}
	if !n.Paid() {
		return nil, notConfirmed("the notification is not that of a payment")
	}
	charge, err := c.QueryCharge(ctx, n.Charge.ID)
	switch {
	case errors.Is(err, ErrOrderNotFound), errors.Is(err, ErrTestMode):
		return nil, &Error{Op: op, Err: fmt.Errorf("%w: %w", ErrNotConfirmed, err)}
	case err != nil:
		return nil, err
	case !charge.Paid:
		return nil, notConfirmed("Ping++ says state " + charge.state())
	case charge.AmountRefunded > 0:
		return nil, notConfirmed("it has been refunded")
	case charge.OrderNo != n.Charge.OrderNo:
		return nil, notConfirmed("Ping++ says another order number")
	case charge.Amount != n.Charge.Amount || charge.Currency != n.Charge.Currency:
		return nil, notConfirmed(fmt.Sprintf("Ping++ says %s %s, the notification %s %s",
			charge.Amount, charge.Currency, n.Charge.Amount, n.Charge.Currency))
	case charge.LiveMode != n.Charge.LiveMode:
		return nil, notConfirmed("Ping++ says another mode")
	}
	return charge, nil
}

// NotificationStatus returns the HTTP status with which NotificationHandler
// answers a webhook that ended in err, for a handler of the merchant's own: 200 for
// nil, and 502 for an error that is none of this package's.
func NotificationStatus(err error) int { return callback.Status(err) }

// NotificationHandler handles webhooks: it parses and verifies each and then
// calls accept, whatever its type: accept looks at Paid or Type, and returns nil
// for what it has no use for. For a payment it compares Charge.Amount with the
// stored order and credits the charge once: Ping++ repeats events, also at the
// same time, and so can whoever recorded one.
//
// The answer is "success" with status 200 if accept returns nil. Otherwise it is
// "fail", so that the event comes again, with a status for monitoring: 400, 403,
// 405 or 413 for a webhook that is not genuine or is of test mode, 500 for an error
// of accept.
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
			return callback.Accept(r.Context(), accept, n)
		})
	})
}
