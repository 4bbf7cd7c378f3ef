// Package transport sends the requests of the five gateways: resty, wrapped
// once. It follows no redirect, reads a bounded answer, says whether a request
// may have reached the gateway, repeats only what may be repeated, and keeps
// URLs and their signatures out of its errors.
package transport

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/paygates/paygates-go/internal/bounded"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/sign"
)

const (
	// DefaultTimeout bounds one request with its answer, unless the merchant's
	// http.Client has a Timeout of its own.
	DefaultTimeout = 15 * time.Second

	// MaxAnswer is the longest answer that is read. The longest documented one
	// holds a QR code image of a few KiB.
	MaxAnswer = 2 << 20

	attempts  = 3
	firstWait = 100 * time.Millisecond

	// A merchant calls one host from many goroutines; net/http keeps two idle
	// connections a host, and would open and close the others all day.
	idleConnections = 64

	userAgent = "paygates-go"
)

// ContentTypeForm is the media type of a form body.
const ContentTypeForm = "application/x-www-form-urlencoded"

// ContentTypeJSON is the media type of a JSON body.
const ContentTypeJSON = "application/json"

// Client sends the requests of one gateway. It is safe for concurrent use.
type Client struct {
	resty   *resty.Client
	blank   resty.Request // the beginning of every request
	timeout time.Duration
	log     *slog.Logger
	name    string
	reports bool // net/http's own transport, which reports connections
}

// New returns a Client that uses a copy of hc (nil: one with its own connection
// pool). The name of the gateway stands in log lines.
func New(name string, hc *http.Client, log *slog.Logger) *Client {
	if log == nil {
		log = Silent()
	}
	own := http.Client{}
	if hc != nil {
		own = *hc
	}
	c := &Client{timeout: own.Timeout, log: log, name: name}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	// The context of each request carries the time-out instead: it costs fewer
	// allocations than http.Client's and ends the reading of the body as well.
	own.Timeout = 0
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if own.Transport == nil {
		own.Transport = defaultTransport()
	}
	_, c.reports = own.Transport.(*http.Transport)
	own.Transport = noLocation{own.Transport}
	c.resty = resty.NewWithClient(&own).
		SetLogger(silent{}).
		SetDisableWarn(true).
		SetPreRequestHook(sendOnce)
	c.blank = *c.resty.R().SetDoNotParseResponse(true)
	return c
}

// noLocation takes the address off a redirect. net/http reads it although nobody
// follows it, and where it cannot, returns an error that quotes it in place of the
// answer.
type noLocation struct{ http.RoundTripper }

func (t noLocation) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if response != nil && response.StatusCode >= 300 && response.StatusCode < 400 {
		response.Header.Del("Location")
	}
	return response, err
}

func defaultTransport() http.RoundTripper {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := base.Clone()
	t.MaxIdleConnsPerHost = idleConnections
	return t
}

// Call is one request.
type Call struct {
	Op          string // stands in errors and log lines
	Method, URL string
	ContentType string // of Body
	Body        string
	Header      map[string]string // beyond Accept and User-Agent
	BasicAuth   sign.Secret       // user name of basic authentication, the password being empty
	// Once is set for a call that must not be repeated: a create.
	Once bool
}

// Answer is what came back, whatever its status.
type Answer struct {
	Status int
	Body   []byte
}

// OK reports whether the status is 2xx.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Failure is the error of [Client.Do]: no answer, or one that cannot be read.
type Failure struct {
	Status int    // 0: no answer
	Body   []byte // what arrived of it
	// Err is failure.ErrNoAnswer or failure.ErrBadAnswer with the cause, marked
	// with failure.ErrOutcomeUnknown if a call that is sent once may have
	// reached the gateway.
	Err error

	passing bool // worth another try
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Do sends the call and returns the answer, whatever its status, or a *Failure.
// Unless call.Once is set, a call that got no answer, 429 or 5xx is repeated, three
// times in all, with a growing pause, within ctx.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	if ctx.Err() != nil {
		return Answer{}, &Failure{Err: noAnswer(context.Cause(ctx))}
	}
	if call.Once {
		return c.once(ctx, call)
	}
	for attempt, wait := 1, firstWait; ; attempt, wait = attempt+1, wait*3 {
		answer, err := c.once(ctx, call)
		if attempt == attempts || !worthRepeating(answer, err) {
			return answer, err
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, c.name+": repeating a request",
			slog.String("op", call.Op), slog.Int("attempt", attempt), slog.Int("status", answer.Status))
		// Half of the pause is random, so that many clients do not come back at once.
		pause := wait/2 + rand.N(wait/2+1) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(pause):
		}
	}
}

func worthRepeating(answer Answer, err error) bool {
	var failed *Failure
	if errors.As(err, &failed) {
		return failed.passing
	}
	return answer.Status == http.StatusTooManyRequests || answer.Status >= 500
}

func (c *Client) once(ctx context.Context, call Call) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent *connection
	if call.Once {
		sent = newConnection()
		ctx = httptrace.WithClientTrace(ctx, &sent.ClientTrace)
		if call.Body == "" {
			ctx = context.WithValue(ctx, onceKey{}, true)
		}
	}

	response, err := c.request(ctx, call).Execute(call.Method, call.URL)
	if err != nil {
		cause := noAnswer(withoutURL(err, call))
		if call.Once && c.mayHaveReached(sent, err) {
			cause = failure.Unknown(cause)
		}
		return Answer{}, &Failure{Err: cause, passing: !errors.Is(err, context.Canceled)}
	}
	answer, failed := read(response.RawResponse, call)
	if c.log.Enabled(ctx, slog.LevelDebug) {
		c.log.LogAttrs(ctx, slog.LevelDebug, c.name+": answered", slog.String("op", call.Op),
			slog.Int("status", answer.Status), slog.Int("bytes", len(answer.Body)), slog.Duration("took", response.Time()))
	}
	if failed == nil {
		return answer, nil
	}
	if call.Once {
		failed.Err = failure.Unknown(failed.Err)
	}
	return answer, failed
}

// request begins a request of resty's as a copy of a blank one: what R makes are
// five maps, of which one is needed. Nobody writes into what the copies share, the
// header included, of which resty sends a copy.
func (c *Client) request(ctx context.Context, call Call) *resty.Request {
	request := c.blank
	request.SetContext(ctx)
	request.Header = plainHeader
	if call.Body != "" {
		// As a reader the body is passed on; as a string resty copies it thrice.
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
		// Laravel answers errors with a page or a redirect without it; and
		// without a preset value resty works one out with regular expressions.
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
	default: // a header of its own: resty completes one without a type
		return withContentType(plainHeader, contentType)
	}
}

func read(response *http.Response, call Call) (Answer, *Failure) {
	defer func() { _ = response.Body.Close() }()
	body, err := bounded.Read(response.Body, response.ContentLength, MaxAnswer)
	answer := Answer{Status: response.StatusCode, Body: body}
	broken := err != nil
	switch {
	case broken:
		err = fmt.Errorf("%w: it broke off: %w", failure.ErrBadAnswer, withoutURL(err, call))
	case len(answer.Body) > MaxAnswer:
		err = fmt.Errorf("%w: longer than %d bytes", failure.ErrBadAnswer, MaxAnswer)
	case answer.Status >= 300 && answer.Status < 400:
		// Not its Location: it may carry what the request carried.
		err = fmt.Errorf("%w: a redirect, which is not followed (is the base URL right?)", failure.ErrBadAnswer)
	default:
		return answer, nil
	}
	return answer, &Failure{Status: answer.Status, Body: answer.Body, Err: err, passing: broken}
}

func noAnswer(cause error) error { return fmt.Errorf("%w: %w", failure.ErrNoAnswer, cause) }

// connection learns from net/http whether a request ever had a connection to be
// written to.
type connection struct {
	httptrace.ClientTrace
	got atomic.Bool
}

func newConnection() *connection {
	c := &connection{}
	c.GotConn = func(httptrace.GotConnInfo) { c.got.Store(true) }
	return c
}

// mayHaveReached reports whether a request that failed with err may have reached
// the gateway. A RoundTripper of the merchant's own need not report connections:
// then only an error of dialling rules it out.
func (c *Client) mayHaveReached(sent *connection, err error) bool {
	if sent.got.Load() {
		return true
	}
	var op *net.OpError
	dialling := errors.As(err, &op) && op.Op == "dial"
	return !c.reports && !dialling
}

type onceKey struct{}

// sendOnce keeps net/http from sending a create by GET again, which it does by
// itself when a connection that was used before breaks, although the gateway may
// have read the request: not with a body, which it cannot rewind. Of an empty
// one nothing is sent.
func sendOnce(_ *resty.Client, r *http.Request) error {
	if r.Body == nil && r.Context().Value(onceKey{}) != nil {
		r.Body = io.NopCloser(strings.NewReader(""))
	}
	return nil
}

// cause is an error whose text has been cleared of the request's URL. The error
// below it stays reachable for errors.Is and errors.As.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

// notHTTP is the beginning of what net/http says of an answer that is no HTTP. It
// goes on with the line, which may be anything, such as the answer's JSON.
var notHTTP = regexp.MustCompile(`^net/http: HTTP/1\.x transport connection broken: ` +
	`(malformed|bad|invalid|unsupported|too many|http: message)[A-Za-z -]*`)

// withoutURL drops net/http's own mention of the URL, and clears what a custom
// RoundTripper may have put into its error.
func withoutURL(err error, call Call) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	text := err.Error()
	if what := notHTTP.FindString(text); what != "" {
		return errors.New(strings.TrimSpace(what))
	}
	shown := text
	for _, private := range privateTexts(call) {
		shown = strings.ReplaceAll(shown, private, "[redacted]")
	}
	if shown == text {
		return err
	}
	return &cause{shown, err}
}

// privateTexts returns what an error must not show of a call: its parts, and the
// pieces of them, for an error that quotes them or takes them apart. The longest
// stand first: a piece that is part of another one would leave the rest of that.
// A piece shorter than six bytes says too little to be hidden.
func privateTexts(call Call) []string {
	const shortest = 6
	user := call.BasicAuth.Reveal()
	parts := []string{call.URL, call.Body, user, base64.StdEncoding.EncodeToString([]byte(user + ":"))}
	for _, value := range call.Header {
		parts = append(parts, value)
	}
	if u, err := url.Parse(call.URL); err == nil {
		parts = append(parts, u.RequestURI(), u.RawQuery)
	}
	texts := slices.Clone(parts)
	for _, part := range parts[1:] {
		for _, piece := range strings.FieldsFunc(part, isDelimiter) {
			texts = append(texts, piece)
			if unescaped, err := url.QueryUnescape(piece); err == nil {
				texts = append(texts, unescaped)
			}
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	return slices.DeleteFunc(texts, func(text string) bool { return len(text) < shortest })
}

func isDelimiter(r rune) bool { return strings.ContainsRune(`/?&=,:;{}[]"\ `, r) }

// silent is resty's logger: what is worth saying is said by this package.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// Silent returns a logger that writes nothing.
func Silent() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.Level(math.MaxInt)}))
}

// Explain returns the parts of an error of [Client.Do] for the Error of a
// provider package.
func Explain(err error) (status int, body []byte, cause error) {
	var failed *Failure
	if !errors.As(err, &failed) {
		return 0, nil, err
	}
	return failed.Status, failed.Body, failed.Err
}
