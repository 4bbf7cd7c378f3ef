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
	// Logger receives log lines. Default: slog.Default() at the time of each line.
	Logger *slog.Logger
	// Observer observes each attempt. Default: none.
	Observer paygates.Observer
	// AppInfo is added to the User-Agent header.
	AppInfo paygates.AppInfo
	// Secrets are masked in whatever a gateway says.
	Secrets []sign.Secret
}

// Client sends the requests of one gateway. It is safe for concurrent use.
type Client struct {
	Gateway  string
	Observer paygates.Observer // may be nil

	foreign  bool          // not net/http's Transport
	query    resty.Request // the beginning of every query
	create   resty.Request // and of every create
	requests sync.Pool     // of *resty.Request
	noBody   *strings.Reader
	headers  map[string]http.Header // by Content-Type
	timeout  time.Duration
	log      *slog.Logger // nil: slog.Default()
	secrets  func() words // not in plain memory, where printers that use reflection find them
}

// New returns a Client.
func New(o Options) *Client {
	own := newClient(o.HTTPClient)
	c := &Client{
		Gateway: o.Gateway, headers: headers(o.AppInfo), timeout: own.Timeout, log: o.Logger, Observer: o.Observer,
		secrets: hiding(o.Secrets), noBody: strings.NewReader(""),
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
	ContentType string // of Body: ContentTypeForm or ContentTypeJSON
	Body        string
	Header      map[string]string // beyond Accept and User-Agent
	BasicAuth   sign.Secret       // user name of basic authentication with an empty password
	// Private is what the gateway is told and may repeat, but no error must show: payer data
	// and URLs.
	Private []string
	// NoRetry marks a create, which is sent once.
	NoRetry bool
}

// Send sends the call and decodes the response, whatever its status. A call that got
// no response, 408, 429, 499 or 5xx is sent up to three times with a growing backoff, unless
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
		cause := noResponse(Ended(ctx))
		if call.NoRetry {
			cause = NotSent(Ended(ctx))
		}
		return Response{}, c.Fail(call.Op, cause)
	}
	if call.NoRetry {
		response, err := c.attempt(ctx, call, 1, decode)
		if errors.Is(err, paygates.ErrOutcomeUnknown) { // the order has to be queried
			c.Log(ctx, slog.LevelWarn, call.Op, "create with unknown outcome", slog.String("order_no", call.OrderNo),
				slog.Int("status", response.Status), slog.String("reason", err.Error()))
		}
		return response, err
	}
	for n, backoff := 1, firstBackoff; ; n, backoff = n+1, backoff*3 {
		response, err := c.attempt(ctx, call, n, decode)
		if n == attempts || !response.retryable || response.retryAfter > longestRetryAfter {
			return response, err
		}
		c.Log(ctx, slog.LevelDebug, call.Op, "retrying", slog.Int("attempt", n), slog.Int("status", response.Status))
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

// attempt sends the call once and decodes the response.
func (c *Client) attempt(ctx context.Context, call Call, n int, decode func(Response) error) (Response, error) {
	ctx, end := c.observe(ctx, call, n)
	start := time.Now()
	response, err := c.send(ctx, call)
	took := time.Since(start)
	if err == nil {
		err = decode(response)
	}
	end(response, took, err)
	return response, err
}

// send sends the call once.
func (c *Client) send(ctx context.Context, call Call) (Response, error) {
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
		cause := c.sendError(ctx, call, sent, err)
		return Response{retryable: !errors.Is(cause, context.Canceled)}, c.Fail(call.Op, cause)
	}
	response, bad := c.read(ctx, raw.RawResponse, call)
	c.Log(ctx, slog.LevelDebug, call.Op, "response",
		slog.Int("status", response.Status), slog.Int("bytes", len(response.Body)), slog.Duration("took", raw.Time()))
	switch {
	case bad != nil:
		return response, response.Uncertain("", "", bad) // what is missing may report success
	case response.Status == http.StatusProxyAuthRequired && sent != nil && sent.refusedByProxy(call):
		return response, response.Fail("", "", NotSent(errProxy))
	default:
		return response, nil
	}
}

// Log writes a log line of an operation to the configured logger, or to the current
// slog.Default(). It leaves out empty texts, such as a number that is not known.
func (c *Client) Log(ctx context.Context, level slog.Level, op, message string, attrs ...slog.Attr) {
	log := c.log
	if log == nil {
		log = slog.Default()
	}
	if !log.Enabled(ctx, level) {
		return
	}
	all := []slog.Attr{slog.String("gateway", c.Gateway), slog.String("op", op)}
	for _, attr := range attrs {
		if !attr.Value.Equal(slog.StringValue("")) {
			all = append(all, attr)
		}
	}
	log.LogAttrs(ctx, level, c.Gateway+": "+message, all...)
}

// Fail returns the error of an operation that got no response.
func (c *Client) Fail(op string, cause error) *paygates.Error {
	return &paygates.Error{Gateway: c.Gateway, Op: op, Err: cause}
}
