package flow

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const (
	// DefaultNotificationTimeout limits the handling of one notification.
	DefaultNotificationTimeout = 60 * time.Second
	// DefaultConfirmations is how many notifications are confirmed at once.
	DefaultConfirmations = 32
)

// Settings are the parts of a provider's Config that are the same at every gateway.
type Settings struct {
	Gateway             string
	HTTPClient          *http.Client
	Logger              *slog.Logger      // nil: slog.Default() at the time of each line
	Observer            paygates.Observer // may be nil
	AppInfo             paygates.AppInfo
	NotificationTimeout time.Duration
	MaxConfirmations    int
	// Secrets are masked in whatever the gateway says.
	Secrets []sign.Secret
}

// Client is what the Clients of the providers share.
type Client struct {
	Gateway   string
	Transport *transport.Client

	observer            paygates.Observer
	notificationTimeout time.Duration
	slots               chan struct{} // one for each confirmation in flight
	queries             queries
}

// New returns a Client.
func New(s Settings) *Client {
	if s.NotificationTimeout <= 0 {
		s.NotificationTimeout = DefaultNotificationTimeout
	}
	if s.MaxConfirmations <= 0 {
		s.MaxConfirmations = DefaultConfirmations
	}
	return &Client{
		Gateway: s.Gateway,
		Transport: transport.New(transport.Options{
			Gateway: s.Gateway, HTTPClient: s.HTTPClient, Log: s.Logger, Observer: s.Observer, AppInfo: s.AppInfo, Secrets: s.Secrets,
		}),
		observer:            s.Observer,
		notificationTimeout: s.NotificationTimeout,
		slots:               make(chan struct{}, s.MaxConfirmations),
		queries:             queries{by: map[string]*inFlight{}},
	}
}

// Log returns the logger for a line: the configured one, or the current slog.Default().
func (c *Client) Log() *slog.Logger { return c.Transport.Log() }

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
	if len(unread) == 0 {
		return
	}
	attrs := []slog.Attr{slog.String("gateway", c.Gateway), slog.String("op", op)}
	if number != "" {
		attrs = append(attrs, slog.String(name, number))
	}
	attrs = append(attrs, slog.String("fields", strings.Join(unread, ", ")))
	c.Log().LogAttrs(ctx, slog.LevelWarn, c.Gateway+": unreadable fields left empty", attrs...)
}

// Match returns the index of the first key for which verify returns nil: 0 for the
// current one, n for the n-th previous one. If there is none, the error is that of the
// current key, and sign.ErrMismatch without any key: those of a Client that New did not
// return. Every key is compared, so that the time does not tell which one matches.
//
// It logs if a previous key matched: once no such line is logged anymore, the change of a
// key can end. The line has no request context: a notification can be verified without a
// request.
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
		c.Log().LogAttrs(context.Background(), slog.LevelDebug, c.Gateway+": verified with a previous key", slog.String("gateway", c.Gateway),
			slog.String("op", "verify notification"), slog.Int("key_index", index))
	}
	return index, nil
}

// fail returns an Error of an operation that is not a request.
func (c *Client) fail(op string, cause error) error {
	return &paygates.Error{Gateway: c.Gateway, Op: op, Err: cause}
}
