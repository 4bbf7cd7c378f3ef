package ispay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/paygates/paygates-go/internal/callback"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Notification is a callback (回调) whose signature is right. The signature
// covers OrderNo only: Amount and State are what the sender claims until
// ConfirmNotification has asked the gateway.
type Notification struct {
	// OrderNo is the merchant's number of the order (order_no).
	OrderNo string
	// Amount in yuan (amount). Not signed.
	Amount money.Amount
	// State of the order (state). Not signed.
	State State
	// Order is what the gateway says of the order. It is nil until
	// ConfirmNotification has set it.
	Order *Order
	// Raw holds all parameters as they came, the signature included.
	Raw url.Values
}

// String names the order, its amount and state, without the signature.
func (n Notification) String() string {
	return fmt.Sprintf("ispay notification for order %s: %s yuan, state %s", n.OrderNo, n.Amount, n.State)
}

// Format writes what String returns, whatever the verb.
func (n Notification) Format(f fmt.State, _ rune) { redact.Format(f, n) }

// LogValue is what String returns.
func (n Notification) LogValue() slog.Value { return redact.LogValue(n) }

// ParseNotification reads a callback, a GET with the parameters order_no,
// amount, state and sign, and verifies its signature. It proves that somebody
// knew the signature of the order, not that anything was paid: call
// ConfirmNotification before believing it.
//
// Errors: [ErrInvalidNotification] for a request that is not of the documented
// shape, with a repeated parameter among others; [ErrInvalidSignature].
func (c *Client) ParseNotification(r *http.Request) (*Notification, error) {
	values, err := callback.Query(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.VerifyNotification(values)
}

// VerifyNotification is ParseNotification for values that a framework has
// already parsed.
func (c *Client) VerifyNotification(values url.Values) (*Notification, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidNotification, field, allowed)
	}
	if err := callback.Single(values); err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	orderNo := values.Get("order_no")
	// The shape first: what was signed for another purpose must not pass as the
	// signature of a longer order number.
	if allowed := check.Name(orderNo, 64); allowed != "" {
		return nil, invalid("order_no", allowed)
	}
	signature, err := sign.MD5Concat(c.secret, c.userID, orderNo)
	if err == nil {
		err = signature.Verify(values.Get("sign"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidSignature, err)
	}
	amount, err := money.Parse(values.Get("amount"))
	if err != nil || amount == 0 {
		return nil, invalid("amount", "must be an amount of more than 0.00 with at most two decimals")
	}
	state, err := strconv.Atoi(values.Get("state"))
	if err != nil {
		return nil, invalid("state", "must be a whole number")
	}
	return &Notification{OrderNo: orderNo, Amount: amount, State: State(state), Raw: values}, nil
}

// ConfirmNotification asks the gateway for the order of a notification and
// compares: the order must be in StateConfirmed and have the notified amount,
// and the notification must say StateConfirmed. Then it sets n.Order and
// returns it. What is left to the merchant is to compare the amount with the
// stored order and to credit the order number once.
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
	if !n.State.Paid() {
		return nil, notConfirmed("the notification says state " + n.State.String())
	}
	order, err := c.QueryOrder(ctx, n.OrderNo)
	switch {
	case errors.Is(err, ErrOrderNotFound):
		return nil, &Error{Op: op, Err: fmt.Errorf("%w: %w", ErrNotConfirmed, err)}
	case err != nil:
		return nil, err
	case !order.Paid():
		return nil, notConfirmed("the gateway says state " + order.State.String())
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
			if _, err := c.ConfirmNotification(r.Context(), n); err != nil {
				return err
			}
			return callback.Accept(r.Context(), accept, n)
		})
	})
}
