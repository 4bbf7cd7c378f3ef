package ispay

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a notification (回调接口) with a valid signature. The signature covers
// OrderNo only: Amount and State are claims of the sender until ConfirmNotification has
// queried the gateway.
type Notification struct {
	// OrderNo is the merchant order number (order_no).
	OrderNo string
	// Amount in yuan (amount). It is not signed.
	Amount money.Amount
	// State is the state of the order (state). It is not signed.
	State State
	// KeyIndex tells which secret verified the signature: 0 for Config.Secret, n for
	// Config.PreviousSecrets[n-1].
	KeyIndex int
	// Order is the gateway's record of the order. It is nil until ConfirmNotification
	// has set it.
	Order *Order
	// Raw holds all parameters as they arrived, the signature included.
	Raw paygates.Private[url.Values] `json:"-"`
}

// ParseNotification reads a notification, a GET with the parameters order_no, amount,
// state and sign, and verifies its signature. A valid signature means that the sender
// has seen a signature of this order, not that anything was paid: call
// ConfirmNotification before you credit it.
//
// The error is paygates.ErrInvalidNotification for a request that does not have the
// documented shape, with a repeated parameter for example, or ErrInvalidSignature.
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	return notify.Read(r, gateway, "order_no", notify.Query, c.readNotification)
}

// VerifyNotification is ParseNotification for values that a framework has parsed. It copies
// them: a framework may use their memory again. net/url leaves out a parameter with a raw
// ";", which ParseNotification reads.
func (c *Client) VerifyNotification(values url.Values) (*Notification, error) {
	values, err := notify.Single(values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.readNotification(context.Background(), values)
}

// readNotification keeps values, which have one value for each name.
func (c *Client) readNotification(_ context.Context, values url.Values) (*Notification, error) {
	v := check.New(gateway, paygates.ErrInvalidNotification)
	orderNo := values.Get("order_no")
	// The shape first: a signature made for another purpose must not pass as that of a
	// longer order number.
	v.ID("order_no", orderNo, 64)
	if err := v.Err(); err != nil {
		return nil, err
	}
	keyIndex, err := flow.Match(c.flow, c.secrets, func(secret sign.Secret) error {
		signature, err := sign.MD5Concat(secret, c.userID, orderNo)
		return cmp.Or(err, signature.Verify(values.Get(sign.FieldName)))
	})
	if err != nil {
		return nil, flow.Claimed(flow.InvalidSignature(gateway, values.Get(sign.FieldName), ""), orderNo)
	}
	amount, err := money.Parse(values.Get("amount"))
	v.That(err == nil && amount > 0, "amount", "must be an amount of more than 0.00 with at most two decimals")
	state, err := strconv.Atoi(values.Get("state"))
	v.That(err == nil, "state", "must be a whole number")
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &Notification{
		OrderNo: orderNo, Amount: amount, State: State(state), KeyIndex: keyIndex, Raw: paygates.NewPrivate(values),
	}, nil
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
// the order must be in StateConfirmed and have the notified amount, and the notification
// must say StateConfirmed. It sets n.Order and returns it. Compare the amount with your
// stored order yourself, and credit an order number once.
//
// The error is paygates.ErrNotConfirmed if the gateway says otherwise or does not know
// the order (then ErrOrderNotFound as well), ErrBusy, or that of QueryOrder, after
// which the notification should arrive again.
func (c *Client) ConfirmNotification(ctx context.Context, n *Notification) (*Order, error) {
	if n == nil {
		return nil, fmt.Errorf("%s: %w: the notification is nil", gateway, paygates.ErrInvalidNotification)
	}
	if !n.State.Paid() {
		return nil, c.flow.NotConfirmed("the notification says state " + n.State.String())
	}
	order, err := flow.Confirm(ctx, c.flow, n.OrderNo, c.QueryOrder, func(o *Order) string {
		switch {
		case !o.Paid():
			return "the gateway says state " + o.State.String()
		case o.Amount != n.Amount:
			return fmt.Sprintf("the gateway says %s yuan, the notification %s", o.Amount, n.Amount)
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

// NotificationHandler handles notifications: it parses, verifies and confirms each one
// and then calls handle, whose notification is paid and has Order set. Compare the
// amount with the stored order and credit the order number once: the gateway repeats
// notifications, also at the same time.
//
// The context of handle does not end when the sender closes the connection. It ends
// after Config.NotificationTimeout.
//
// The response is "success" if handle returns nil. Otherwise it is "fail", so that the
// notification arrives again, with the status of paygates.NotificationStatus.
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
