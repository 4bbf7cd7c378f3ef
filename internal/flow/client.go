package flow

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const (
	// defaultNotificationTimeout limits the handling of one notification.
	defaultNotificationTimeout = 60 * time.Second
	// defaultConfirmations is how many notifications are confirmed at once.
	defaultConfirmations = 32
)

// Client is what the Clients of the providers share.
type Client struct {
	Transport *transport.Client

	notificationTimeout time.Duration
	slots               chan struct{} // one for each confirmation in flight
	queries             queries
}

// New returns a Client. A timeout or a number of confirmations of 0 stands for the default.
func New(o transport.Options, notificationTimeout time.Duration, confirmations int) *Client {
	return &Client{
		Transport:           transport.New(o),
		notificationTimeout: cmp.Or(notificationTimeout, defaultNotificationTimeout),
		slots:               make(chan struct{}, cmp.Or(confirmations, defaultConfirmations)),
		queries:             queries{by: map[string]*inFlight{}},
	}
}

// Send is transport.Send for a result whose unreadable fields are logged. unread returns
// them and the number for the log line, name is the name of that number.
func Send[T any](
	ctx context.Context, c *Client, call transport.Call,
	decode func(transport.Response) (*T, error), name string, unread func(*T) (number string, fields []string),
) (*T, error) {
	result, err := transport.Send(ctx, c.Transport, call, decode)
	if err != nil {
		return nil, err
	}
	number, fields := unread(result)
	c.LogUnread(ctx, call.Op, name, number, fields)
	return result, nil
}

// LogUnread logs which fields of a response or a notification have another shape than
// documented and were left zero. name is the name of number: "order_no" for the merchant's
// order number, "order_id" for the gateway's, "pay_no" for that of a payment.
func (c *Client) LogUnread(ctx context.Context, op, name, number string, unread []string) {
	if len(unread) > 0 {
		c.Transport.Log(ctx, slog.LevelWarn, op, "unreadable fields left empty",
			slog.String(name, number), slog.String("fields", strings.Join(unread, ", ")))
	}
}

// Match returns the index of the first key for which verify returns nil: 0 for the
// current one, n for the n-th previous one. If no key matches, the error is that of the
// current key. A Client that New did not return has no keys: the error is sign.ErrMismatch.
// Every key is compared, so that the time does not tell which one matches.
//
// It logs if a previous key matched. When no such line appears anymore, the change of a key
// is complete.
func Match[K any](c *Client, keys []K, verify func(K) error) (int, error) {
	index, current := -1, sign.ErrMismatch
	for i := range keys {
		err := verify(keys[i])
		switch {
		case err == nil && index < 0:
			index = i
		case i == 0:
			current = err
		}
	}
	switch {
	case index < 0:
		return 0, current
	case index > 0:
		c.Transport.Log(context.Background(), slog.LevelDebug, "verify notification", "verified with a previous key", slog.Int("key_index", index))
	}
	return index, nil
}

// InvalidSignature returns the error for a form whose signature no key verifies, and says
// what is wrong with the received one, or else the hint.
func InvalidSignature(gateway, received, hint string) error {
	const length = 32
	switch {
	case received == "":
		hint = "no " + sign.FieldName + " was sent"
	case len(received) != length || strings.Trim(received, "0123456789abcdefABCDEF") != "":
		hint = sign.FieldName + " is not 32 hexadecimal digits"
	case hint == "":
		return fmt.Errorf("%s: %w", gateway, paygates.ErrInvalidSignature)
	}
	return fmt.Errorf("%s: %w: %s", gateway, paygates.ErrInvalidSignature, hint)
}
