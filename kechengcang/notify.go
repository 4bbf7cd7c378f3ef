package kechengcang

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/notify"
)

// Notification is a notification (回调). It has no signature: it is only a hint to query
// the gateway for the order OrderID.
type Notification struct {
	// OrderID is the gateway's order number (id), as the sender claims.
	OrderID string
	// Order is the gateway's record of the order. It is nil until ConfirmNotification
	// has set it.
	Order *Order
	// Raw holds the body as it arrived. It is not signed, and it may hold payer data and
	// the secret of the application.
	Raw paygates.Private[json.RawMessage] `json:"-"`
}

// ParseNotification reads a notification, a POST of JSON with all fields of the order, of
// which it takes the id alone. The gateway does not sign its notifications: call
// ConfirmNotification before you credit it.
//
// The error is paygates.ErrInvalidNotification.
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	body, err := notify.Body(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.verify(body)
}

// VerifyNotification is ParseNotification for a body that a framework has read. It has the
// same name in the other packages; there is no signature here, and it verifies the shape
// alone. It copies the body: a framework may use its memory again.
func (c *Client) VerifyNotification(body []byte) (*Notification, error) {
	return c.verify(slices.Clone(body))
}

// verify keeps body.
func (c *Client) verify(body []byte) (*Notification, error) {
	v := check.New(gateway, paygates.ErrInvalidNotification)
	notify.CheckBody(v, body)
	if err := v.Err(); err != nil {
		return nil, err
	}
	claim, err := loosejson.Read(body)
	if err != nil {
		v.Fail("body", "must be a JSON object: "+err.Error())
	}
	v.That(claim.IsObject(), "body", "must be a JSON object")
	id := claim.Member("id").Text()
	v.Alphanumeric("id", id, longestOrderID)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &Notification{OrderID: id, Raw: paygates.NewPrivate(json.RawMessage(body))}, nil
}

// MarshalBinary returns an envelope with the notification as it arrived, for a queue:
// verify now, handle later. RestoreNotification reads it again. Like the notification in it,
// the envelope is not signed. It does not expire. It holds private data, payer data and the
// secret where the server sends it, but neither Order nor changed fields.
//
// The error is paygates.ErrInvalidNotification for a notification that did not come from
// this package.
func (n *Notification) MarshalBinary() ([]byte, error) {
	if n == nil {
		n = &Notification{}
	}
	return notify.MarshalBody(gateway, n.Raw.Reveal(), "")
}

// RestoreNotification returns the notification in an envelope of MarshalBinary, which it
// verifies as VerifyNotification does: the shape alone. Call ConfirmNotification before
// you credit it.
//
// The error is paygates.ErrInvalidNotification for an envelope that is damaged, or of
// another gateway or version, or that of VerifyNotification.
func (c *Client) RestoreNotification(data []byte) (*Notification, error) {
	body, _, err := notify.RestoreBody(gateway, data)
	if err != nil {
		return nil, err
	}
	return c.verify(body)
}

// ConfirmNotification queries the gateway for the order of a notification: it must be in
// StateFinished and belong to this application. It sets n.Order and returns it. Find the
// order among those that you created, by n.OrderID, compare Order.Fee with it, and credit
// it once.
//
// Do not credit an id that is not among your own orders, even if it is confirmed: the
// public source knows one order under several ids.
//
// The error is paygates.ErrNotConfirmed if the gateway says otherwise or does not know
// the order (then ErrOrderNotFound as well), ErrBusy, or that of QueryOrder, after
// which the notification should arrive again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Order, error) {
	if n == nil {
		return nil, fmt.Errorf("%s: %w: the notification is nil", gateway, paygates.ErrInvalidNotification)
	}
	order, err := flow.Confirm(ctx, c.flow, n.OrderID, c.QueryOrder, func(o *Order) string {
		switch {
		case o.AppID != "" && o.AppID != c.appID:
			return fmt.Sprintf("the order belongs to application %q, not %q", o.AppID, c.appID)
		case !o.Paid():
			return "the gateway says state " + o.State.String()
		default:
			return ""
		}
	})
	if err != nil {
		return nil, err
	}
	n.Order = order
	return order, nil
}

// NotificationHandler handles notifications: it takes the id of each one, queries the
// gateway for the order, and calls handle, whose notification has the paid order in Order.
// Find the order among your own, compare Order.Fee with it and credit it once: the gateway
// repeats notifications, also at the same time.
//
// The context of handle does not end when the sender closes the connection. It ends
// after Config.NotificationTimeout.
//
// The response is "ok" if handle returns nil. Otherwise it is "fail", so that the
// notification arrives again (after 30, 60, 90 … minutes, seven times at most), with the
// status of paygates.NotificationStatus.
//
// Do not rely on notifications: the public source of the gateway has the code that sends
// them, but nothing that starts it. See WaitForPayment.
//
// It panics if handle is nil.
func (c *Client) NotificationHandler(handle func(context.Context, *Notification) error) http.Handler {
	return flow.Handler[*Notification, *Order]{
		Accepted: "ok",
		Parse:    c.ParseNotification,
		Confirm:  c.ConfirmNotification,
		Handle:   handle,
		OrderNo:  func(n *Notification) string { return n.OrderID },
		Number:   "order_id",
	}.Serve(c.flow)
}
