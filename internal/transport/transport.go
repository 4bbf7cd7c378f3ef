// Package transport sends the requests of the gateways through resty. It follows no
// redirect, reads bounded responses, sends a create once, retries queries, tells
// whether a request may have reached the gateway, and keeps URLs, signatures and
// secrets out of its errors.
package transport

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/sign"
)

const (
	// DefaultTimeout limits one request and its response, unless the merchant's
	// http.Client has a Timeout.
	DefaultTimeout = 15 * time.Second

	// MaxBody is the length of the longest response body that is read. The longest
	// documented one holds a QR code image of a few KiB.
	MaxBody = 2 << 20

	attempts     = 3
	firstBackoff = 100 * time.Millisecond
	// A gateway that requests a longer delay gets no further attempt within the call.
	longestRetryAfter = 2 * time.Second

	// A merchant calls one host from many goroutines; net/http keeps two idle
	// connections a host, and would open and close the others all day.
	idleConnections = 64
)

// The media types of request bodies.
const (
	ContentTypeForm = "application/x-www-form-urlencoded"
	ContentTypeJSON = "application/json"
)

// Options are what a provider package knows about its gateway and the merchant.
type Options struct {
	// Gateway is the name in errors and log lines.
	Gateway string
	// HTTPClient is copied. Default: a client with its own connection pool.
	HTTPClient *http.Client
	// Log receives log lines. Default: slog.Default() at the time of each line.
	Log *slog.Logger
	// Observer observes each attempt. Default: none.
	Observer paygates.Observer
	// AppInfo is added to the User-Agent header.
	AppInfo paygates.AppInfo
	// Secrets are masked in whatever a gateway says.
	Secrets []sign.Secret
}

// Client sends the requests of one gateway. It is safe for concurrent use.
type Client struct {
	gateway  string
	foreign  bool          // not net/http's Transport
	query    resty.Request // the beginning of every query
	create   resty.Request // and of every create
	requests sync.Pool     // of *resty.Request
	noBody   *strings.Reader
	headers  headers
	timeout  time.Duration
	log      *slog.Logger      // nil: slog.Default()
	observer paygates.Observer // may be nil
	secrets  []string
}

// New returns a Client.
func New(o Options) *Client {
	own := newClient(o.HTTPClient)
	c := &Client{
		gateway: o.Gateway, headers: newHeaders(o.AppInfo), timeout: own.Timeout, log: o.Log, observer: o.Observer,
		secrets: maskedTexts(o.Secrets), noBody: strings.NewReader(""),
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	switch own.Transport.(type) {
	case *http.Transport, *ownTransport:
	default:
		c.foreign = true
	}
	// The context of each request carries the timeout instead: it costs fewer
	// allocations than http.Client's and ends the reading of the body as well.
	own.Timeout = 0
	own.Transport = noLocation{own.Transport}
	c.query, c.create = blank(own, prepareQuery), blank(own, prepareCreate)
	return c
}

// newClient returns a copy of the merchant's client, if there is one, that follows no
// redirect.
func newClient(merchants *http.Client) *http.Client {
	own := http.Client{}
	if merchants != nil {
		own = *merchants
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if own.Transport == nil {
		own.Transport = defaultTransport()
	}
	return &own
}

// noLocation removes the address of a redirect. net/http parses it although it is
// not followed, and returns an error that quotes it if it cannot be parsed.
type noLocation struct{ http.RoundTripper }

func (t noLocation) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if response != nil && response.StatusCode >= 300 && response.StatusCode < 400 {
		response.Header.Del("Location")
	}
	return response, err
}

// Call is one request.
type Call struct {
	Op          string // in errors and log lines
	OrderNo     string // in log lines, where there is one to show
	Method, URL string
	URLTemplate string // the documented path with placeholders, for Observers
	ContentType string // of Body
	Body        string
	Header      map[string]string // beyond Accept and User-Agent
	BasicAuth   sign.Secret       // user name of basic authentication with an empty password
	// NoRetry marks a create, which is sent once.
	NoRetry bool
}

// Send sends the call and decodes the response, whatever its status. A call that got
// no response, 429 or 5xx is sent up to three times with a growing backoff, unless
// call.NoRetry is set. The error is an [*paygates.Error], or that of decode, which sees
// the response of each attempt. Its outcome is what an Observer is told.
func Send[T any](ctx context.Context, c *Client, call Call, decode func(Response) (*T, error)) (result *T, err error) {
	_, err = c.do(ctx, call, func(response Response) (err error) {
		result, err = decode(response)
		return err
	})
	return result, err
}

func (c *Client) do(ctx context.Context, call Call, decode func(Response) error) (Response, error) {
	if ctx.Err() != nil {
		cause := noResponse(context.Cause(ctx))
		if call.NoRetry {
			cause = NotSent(context.Cause(ctx))
		}
		return Response{}, c.fail(call, cause)
	}
	if call.NoRetry {
		response, err, _ := c.attempt(ctx, call, 1, decode)
		c.logUnknown(ctx, call, response, err)
		return response, err
	}
	for n, backoff := 1, firstBackoff; ; n, backoff = n+1, backoff*3 {
		response, err, retryable := c.attempt(ctx, call, n, decode)
		if n == attempts || !retryable || response.retryAfter > longestRetryAfter {
			return response, err
		}
		c.Log().LogAttrs(ctx, slog.LevelDebug, c.gateway+": retrying", slog.String("gateway", c.gateway),
			slog.String("op", call.Op), slog.Int("attempt", n), slog.Int("status", response.Status))
		// Half of the backoff is random, so that many clients do not return at once.
		delay := max(backoff/2+rand.N(backoff/2+1), response.retryAfter) //nolint:gosec // no secret
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
			return response, err
		}
		select {
		case <-ctx.Done():
			return response, err
		case <-time.After(delay):
		}
	}
}

// attempt sends the call once and decodes the response. retryable reports whether
// another attempt may succeed.
func (c *Client) attempt( //nolint:revive // the flag belongs to the other two
	ctx context.Context, call Call, n int, decode func(Response) error,
) (response Response, err error, retryable bool) {
	if c.observer == nil {
		response, err, retryable = c.send(ctx, call)
		if err == nil {
			err = decode(response)
		}
		return response, err, retryable
	}
	ctx, end := c.observe(ctx, call, n)
	start := time.Now()
	response, err, retryable = c.send(ctx, call)
	took := time.Since(start)
	if err == nil {
		err = decode(response)
	}
	end(response, took, err)
	return response, err, retryable
}

// send sends the call once.
func (c *Client) send(ctx context.Context, call Call) (response Response, err error, retryable bool) { //nolint:revive // as attempt
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent *trace
	if call.NoRetry {
		ctx, sent = withTrace(ctx, cancel)
	}
	request := c.request(ctx, call)
	defer c.release(request)
	raw, err := request.Execute(call.Method, call.URL)
	if err != nil {
		return Response{}, c.fail(call, c.sendError(ctx, call, sent, err)), !errors.Is(err, context.Canceled)
	}
	response, bad := c.read(ctx, raw.RawResponse, call)
	if log := c.Log(); log.Enabled(ctx, slog.LevelDebug) {
		log.LogAttrs(ctx, slog.LevelDebug, c.gateway+": response", slog.String("gateway", c.gateway), slog.String("op", call.Op),
			slog.Int("status", response.Status), slog.Int("bytes", len(response.Body)), slog.Duration("took", raw.Time()))
	}
	switch {
	case bad != nil:
		return response, response.Error("", "", bad), response.broken
	case response.Status == http.StatusProxyAuthRequired && sent != nil && sent.refusedByProxy(call):
		return response, response.fail("", "", NotSent(errProxy)), false
	default:
		return response, nil, response.isUnavailable()
	}
}

// Log returns the logger: the configured one, or the current slog.Default().
func (c *Client) Log() *slog.Logger {
	if c.log != nil {
		return c.log
	}
	return slog.Default()
}

// logUnknown logs a create whose outcome is unknown: the order has to be queried.
func (c *Client) logUnknown(ctx context.Context, call Call, response Response, err error) {
	if !errors.Is(err, paygates.ErrOutcomeUnknown) {
		return
	}
	attrs := []slog.Attr{slog.String("gateway", c.gateway), slog.String("op", call.Op)}
	if call.OrderNo != "" {
		attrs = append(attrs, slog.String("order_no", call.OrderNo))
	}
	attrs = append(attrs, slog.Int("status", response.Status), slog.String("reason", err.Error()))
	c.Log().LogAttrs(ctx, slog.LevelWarn, c.gateway+": create with unknown outcome", attrs...)
}

func (c *Client) fail(call Call, cause error) *paygates.Error {
	return &paygates.Error{Gateway: c.gateway, Op: call.Op, Err: cause}
}
