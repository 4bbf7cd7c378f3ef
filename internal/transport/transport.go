// Package transport sends the requests of the gateways through resty. It follows no
// redirect, reads bounded responses, sends a create once, retries queries, tells
// whether a request may have reached the gateway, and keeps URLs, signatures and
// secrets out of its errors.
package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
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
	// A gateway that asks for a longer delay gets no further attempt within the call.
	longestRetryAfter = 2 * time.Second

	// A merchant calls one host from many goroutines; net/http keeps two idle
	// connections a host, and would open and close the others all day.
	idleConnections = 64

	userAgent = "paygates-go"
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
	// Log receives debug lines. Default: none.
	Log *slog.Logger
	// Secrets are masked in whatever a gateway says.
	Secrets []sign.Secret
}

// Client sends the requests of one gateway. It is safe for concurrent use.
type Client struct {
	gateway string
	resty   *resty.Client
	foreign bool          // not net/http's Transport
	blank   resty.Request // the beginning of every request
	timeout time.Duration
	log     *slog.Logger
	secrets []string
}

// New returns a Client.
func New(o Options) *Client {
	if o.Log == nil {
		o.Log = Silent()
	}
	own := http.Client{}
	if o.HTTPClient != nil {
		own = *o.HTTPClient
	}
	c := &Client{gateway: o.Gateway, timeout: own.Timeout, log: o.Log, secrets: maskedTexts(o.Secrets)}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	// The context of each request carries the timeout instead: it costs fewer
	// allocations than http.Client's and ends the reading of the body as well.
	own.Timeout = 0
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if own.Transport == nil {
		own.Transport = defaultTransport()
	}
	switch own.Transport.(type) {
	case *http.Transport, *ownTransport:
	default:
		c.foreign = true
	}
	own.Transport = noLocation{own.Transport}
	c.resty = resty.NewWithClient(&own).
		SetLogger(silent{}).
		SetDisableWarn(true).
		SetPreRequestHook(sendOnce)
	c.blank = *c.resty.R().SetDoNotParseResponse(true)
	return c
}

// noLocation removes the address of a redirect. net/http parses it although nobody
// follows it, and returns an error that quotes it if it cannot be parsed.
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
	Method, URL string
	ContentType string // of Body
	Body        string
	Header      map[string]string // beyond Accept and User-Agent
	BasicAuth   sign.Secret       // user name of basic authentication with an empty password
	// NoRetry marks a create, which is sent once.
	NoRetry bool
}

// Do sends the call and returns the response, whatever its status. A call that got no
// response, 429 or 5xx is sent up to three times with a growing backoff, unless
// call.NoRetry is set. The error is an [*paygates.Error].
func (c *Client) Do(ctx context.Context, call Call) (Response, error) {
	if ctx.Err() != nil {
		cause := noResponse(context.Cause(ctx))
		if call.NoRetry {
			cause = NotSent(context.Cause(ctx))
		}
		return Response{}, c.fail(call, cause)
	}
	if call.NoRetry {
		response, err, _ := c.attempt(ctx, call)
		return response, err
	}
	for n, backoff := 1, firstBackoff; ; n, backoff = n+1, backoff*3 {
		response, err, retryable := c.attempt(ctx, call)
		if n == attempts || !retryable || response.retryAfter > longestRetryAfter {
			return response, err
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, c.gateway+": retrying",
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

// attempt sends the call once. retryable reports whether another attempt may succeed.
func (c *Client) attempt(ctx context.Context, call Call) (response Response, err error, retryable bool) { //nolint:revive // the flag belongs to the other two
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent *trace
	if call.NoRetry {
		ctx, sent = withTrace(ctx, cancel, call.URL)
	}
	raw, err := c.request(ctx, call).Execute(call.Method, call.URL)
	if err != nil {
		return Response{}, c.fail(call, c.sendError(ctx, call, sent, err)), !errors.Is(err, context.Canceled)
	}
	response, bad := c.read(ctx, raw.RawResponse, call)
	if c.log.Enabled(ctx, slog.LevelDebug) {
		c.log.LogAttrs(ctx, slog.LevelDebug, c.gateway+": response", slog.String("op", call.Op),
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

func (c *Client) fail(call Call, cause error) *paygates.Error {
	return &paygates.Error{Gateway: c.gateway, Op: call.Op, Err: cause}
}

// request begins a request as a copy of a blank one: resty.Client.R makes five maps,
// of which one is needed. Nobody writes into what the copies share, the header
// included, of which resty sends a copy.
func (c *Client) request(ctx context.Context, call Call) *resty.Request {
	request := c.blank
	request.SetContext(ctx)
	request.Header = plainHeader
	if call.Body != "" {
		// A reader is passed on; a string is copied three times by resty.
		request.SetBody(strings.NewReader(call.Body))
		request.Header = headerOf(call.ContentType)
	}
	if len(call.Header) > 0 {
		request.Header = request.Header.Clone()
		request.SetHeaders(call.Header)
	}
	if user := call.BasicAuth.Reveal(); user != "" {
		request.SetBasicAuth(user, "")
	}
	return &request
}

var (
	plainHeader = http.Header{
		"User-Agent": {userAgent},
		// Without it Laravel reports errors as a page or a redirect, and resty finds a
		// value with regular expressions.
		"Accept": {ContentTypeJSON},
	}
	formHeader = withContentType(plainHeader, ContentTypeForm)
	jsonHeader = withContentType(plainHeader, ContentTypeJSON)
)

func withContentType(header http.Header, contentType string) http.Header {
	header = header.Clone()
	header.Set("Content-Type", contentType)
	return header
}

func headerOf(contentType string) http.Header {
	switch contentType {
	case ContentTypeForm:
		return formHeader
	case ContentTypeJSON:
		return jsonHeader
	default: // resty completes a header without a type, so it needs its own copy
		return withContentType(plainHeader, contentType)
	}
}

// silent is resty's logger.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// Silent returns a logger that writes nothing.
func Silent() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.Level(math.MaxInt)}))
}
