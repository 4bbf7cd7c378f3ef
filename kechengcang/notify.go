package kechengcang

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/internal/callback"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a callback (回调). It carries no signature, so it proves
// nothing: it is a hint to ask the gateway for the order OrderID.
type Notification struct {
	// OrderID is the gateway's number of the order (id). Whoever sent the
	// callback chose it.
	OrderID string
	// Order is what the gateway says of the order. It is nil until
	// ConfirmNotification has set it.
	Order *Order
	// Raw holds the body as it came. Nothing in it is to be believed, and it may
	// hold payer data and the secret of the application: Reveal returns it.
	Raw sign.Secret
}

// String names the order.
func (n Notification) String() string { return "kechengcang notification for order " + n.OrderID }

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue is what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// ParseNotification reads a callback, a POST of JSON with all fields of the
// order, of which it takes the id alone. It proves nothing, because the gateway
// does not sign its callbacks: call ConfirmNotification before believing that
// anything was paid.
//
// The error is [ErrInvalidNotification].
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	body, err := callback.Body(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.VerifyNotification(body)
}

// VerifyNotification is ParseNotification for a body that a framework has
// already read. It has the name that it has in the other packages, so that a
// handler for several gateways reads the same; but there is no signature here,
// and what it verifies is no more than the shape.
func (c *Client) VerifyNotification(body []byte) (*Notification, error) {
	if len(body) > callback.MaxBody {
		return nil, invalidNotification("the body", fmt.Sprintf("must not be longer than %d bytes", callback.MaxBody))
	}
	if len(body) == 0 {
		return nil, invalidNotification("the body", "is empty, or was already read")
	}
	var claimed struct {
		ID loosejson.String `json:"id"`
	}
	if err := loosejson.Unmarshal(body, &claimed); err != nil {
		return nil, invalidNotification("the body", "must be a JSON object: "+err.Error())
	}
	id := string(claimed.ID)
	if allowed := checkOrderID(id); allowed != "" {
		return nil, invalidNotification("id", allowed)
	}
	return &Notification{OrderID: id, Raw: sign.NewSecret(string(body))}, nil
}

func invalidNotification(field, allowed string) error {
	return failure.Invalid(gateway, ErrInvalidNotification, field, allowed)
}

// ConfirmNotification asks the gateway for the order of a notification: it must
// be in StateFinished and belong to this application. Then it sets n.Order and
// returns it. What is left to the merchant is to find the order among those that
// he created, by n.OrderID, to compare Order.Fee with it, and to credit it once.
//
// An id that is not among the merchant's own orders is not to be credited, even
// though it is confirmed: the public source knows one order under several ids.
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
		return nil, invalidNotification("the notification", "is nil")
	}
	order, err := c.QueryOrder(ctx, n.OrderID)
	switch {
	case errors.Is(err, ErrOrderNotFound):
		return nil, &Error{Op: op, Err: fmt.Errorf("%w: %w", ErrNotConfirmed, err)}
	case err != nil:
		return nil, err
	case order.AppID != "" && order.AppID != c.appID:
		return nil, notConfirmed("the order is another application's")
	case !order.Paid():
		return nil, notConfirmed("the gateway says state " + order.State.String())
	}
	n.Order = order
	return order, nil
}

// NotificationStatus returns the HTTP status with which NotificationHandler
// answers a callback that ended in err, for a handler of the merchant's own: 200 for
// nil, and 502 for an error that is none of this package's.
func NotificationStatus(err error) int { return callback.Status(err) }

// NotificationHandler handles callbacks: it takes the id of each, asks the
// gateway for the order, and calls accept, whose notification has a paid order
// in Order, as the gateway says it. accept finds the order among the merchant's
// own, compares Order.Fee with it and credits it once: the gateway repeats
// callbacks, also at the same time.
//
// The answer is "ok" if accept returns nil. Otherwise it is "fail", so that the
// callback comes again (after 30, 60, 90 … minutes, seven times at most), with a
// status for monitoring: 400, 405, 413 for a callback that is none, 409 for one
// that the gateway does not confirm, 500 for an error of accept, 502 if the
// gateway cannot be asked.
//
// Do not rely on callbacks: the public source of the gateway has the code that
// sends them, but nothing that starts it. WaitForPayment is the dependable way.
//
// It panics if accept is nil.
func (c *Client) NotificationHandler(accept func(context.Context, *Notification) error) http.Handler {
	callback.RequireAccept(gateway, accept)
	reply := callback.Reply{Gateway: gateway, Accepted: "ok", Again: "fail", Log: c.log}
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
