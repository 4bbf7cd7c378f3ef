package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/redact"
)

// Response is what a gateway responded, whatever the status. Its methods make the
// errors of the provider packages: they know the gateway, the operation, whether the
// call was a create, and which secrets to mask.
type Response struct {
	Status int
	Body   []byte

	gateway    string
	op         string
	create     bool
	retryable  bool // another attempt may succeed
	retryAfter time.Duration
	secrets    func() words // of the client, or nil
	carried    *Call        // with further private texts, or nil
}

// Kept returns a Response for a body that was stored: a Raw of an earlier response.
func Kept(gateway, op string, body []byte) Response {
	return Response{Status: http.StatusOK, Body: body, gateway: gateway, op: op}
}

// OK reports whether the status is 2xx.
func (r Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Error returns the error for a response with the gateway's code and message.
//
// A create becomes ErrOutcomeUnknown unless the response rules out that the order
// exists: a readable rejection or a 4xx does, an unreadable response, a 5xx or a timeout
// does not. A query becomes ErrUnavailable after 429, a timeout, and a 5xx that says nothing
// about the order.
func (r Response) Error(code, message string, cause error) *paygates.Error {
	bad := errors.Is(cause, paygates.ErrBadResponse)
	switch {
	case r.create && (r.Status >= 500 || r.isTimeout() || r.Status < 400 && bad):
		cause = Unknown(cause)
	case !r.create && r.isUnavailable() && (bad || r.Status != http.StatusInternalServerError):
		cause = r.unavailable(cause)
	}
	return r.Fail(code, message, cause)
}

// Uncertain returns the error for a failure of the server after which the order of a
// create may exist, whatever the HTTP status.
func (r Response) Uncertain(code, message string, cause error) *paygates.Error {
	if r.create {
		return r.Fail(code, message, Unknown(cause))
	}
	return r.Error(code, message, cause)
}

// Bad returns the error for a response that is not the documented one.
func (r Response) Bad(why string) *paygates.Error { return r.Error("", "", Bad(r.Mask(why))) }

// Other says that a response is about another order, or another object, because a
// field is not the requested one.
func (r Response) Other(field, got, want string) string {
	return fmt.Sprintf("response is about something else: %s is %.128q, not %q", field, r.Mask(got), want)
}

// Unreadable returns the error for a body that cannot be decoded, for the reason err.
// It names HTML as what it is. HTML and HTTP 404 are signs of a wrong BaseURL.
func (r Response) Unreadable(err error) *paygates.Error {
	if tag := htmlTag(r.Body); tag != "" {
		return r.Bad(fmt.Sprintf("not JSON (starts with %q); check BaseURL", tag))
	}
	if r.Status == http.StatusNotFound {
		return r.Bad(err.Error() + "; check BaseURL")
	}
	return r.Bad(err.Error())
}

// NotSuccess returns the error for a body that reports success with another HTTP status. The
// order of a create may exist: a web server that hands unknown paths to a program can leave
// its 404 in the response.
func (r Response) NotSuccess() *paygates.Error {
	return r.Uncertain("", "", Bad("response reports success with HTTP status "+strconv.Itoa(r.Status)))
}

// Fail returns an error with this cause, whatever the HTTP status: for a rejection after which
// no order exists.
func (r Response) Fail(code, message string, cause error) *paygates.Error {
	return &paygates.Error{
		Gateway: r.gateway, Op: r.op, HTTPStatus: r.Status,
		Code: redact.Signatures(r.mask(code)), Message: redact.Signatures(r.mask(message)),
		Body: paygates.NewPrivate(r.Body), Err: cause,
	}
}

// Mask makes a text of the gateway fit to print, without the secrets of the client and
// what is private in the request.
func (r Response) Mask(text string) string { return redact.Message(r.mask(text)) }

func (r Response) isUnavailable() bool {
	return r.Status == http.StatusTooManyRequests || r.Status >= 500 || r.isTimeout()
}

// isTimeout reports whether the status is that of a proxy that gave up: it may have passed
// the request on. Envoy responds so with 408, nginx has 499 for a client that did not wait.
func (r Response) isTimeout() bool {
	return r.Status == http.StatusRequestTimeout || r.Status == statusClientClosedRequest
}

const statusClientClosedRequest = 499

// htmlTag returns the first tag of an HTML page, without attributes, or "".
func htmlTag(body []byte) string {
	text := bytes.TrimLeft(body, "\ufeff \t\r\n")
	if len(text) < 2 || text[0] != '<' {
		return ""
	}
	end := bytes.IndexFunc(text[1:], func(r rune) bool {
		return r != '!' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 1 || end > 12 {
		return "<"
	}
	return strings.ToLower(string(text[:end+1])) + ">"
}

// Bad returns an ErrBadResponse that says why.
func Bad(why string) error { return fmt.Errorf("%w: %s", paygates.ErrBadResponse, why) }

// Unknown marks the cause of a failed create after which the order may exist.
func Unknown(cause error) error {
	switch {
	case cause == nil:
		return paygates.ErrOutcomeUnknown
	case errors.Is(cause, paygates.ErrOutcomeUnknown):
		return cause
	default:
		return fmt.Errorf("%w (%w)", paygates.ErrOutcomeUnknown, cause)
	}
}

// unavailable is an ErrUnavailable with the delay that the gateway requests.
type unavailable struct {
	error
	after time.Duration
}

func (u *unavailable) Unwrap() error { return u.error }

func (r Response) unavailable(cause error) error {
	err := paygates.ErrUnavailable
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return &unavailable{err, r.retryAfter}
}

// RetryAfter returns how long to wait before the next attempt, as the gateway
// requests it in its header Retry-After, or 0.
func RetryAfter(err error) time.Duration {
	var u *unavailable
	if !errors.As(err, &u) {
		return 0
	}
	return u.after
}

// retryAfter reads the header of a 429 or 5xx, in seconds or as a date. The date is that of
// the server's clock, from which this machine's may differ.
func retryAfter(response *http.Response) time.Duration {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode < 500 {
		return 0
	}
	const longest = time.Hour
	var delay time.Duration
	value := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		delay = time.Duration(min(seconds, longest.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(response.Header.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		delay = at.Sub(now)
	}
	return min(max(0, delay), longest)
}

func (c *Client) read(ctx context.Context, response *http.Response, call Call) (Response, error) {
	defer func() { _ = response.Body.Close() }()
	if c.foreign { // its body may not end with ctx, as net/http's does
		defer context.AfterFunc(ctx, func() { _ = response.Body.Close() })()
	}
	r := Response{
		Status: response.StatusCode, gateway: c.Gateway, op: call.Op, create: call.NoRetry,
		retryAfter: retryAfter(response), secrets: c.secrets,
	}
	if !call.BasicAuth.IsEmpty() || len(call.Header) > 0 || len(call.Private) > 0 {
		r.carried = &Call{BasicAuth: call.BasicAuth, Header: call.Header, Private: call.Private}
	}
	// The body of a 101 is the connection itself: reading it would end with neither
	// the timeout nor the context.
	if r.Status == http.StatusSwitchingProtocols {
		return r, Bad("HTTP 101 Switching Protocols")
	}
	var err error
	r.Body, err = ReadAll(response.Body, response.ContentLength, MaxBody)
	if bytes.HasPrefix(r.Body, []byte("\x1f\x8b")) {
		r.Body = unzip(r.Body)
	}
	switch {
	case err != nil:
		r.retryable = true
		if ctx.Err() != nil { // what it says of a body that was closed is not the cause
			err = Ended(ctx)
		}
		return r, fmt.Errorf("%w: body is truncated: %w", paygates.ErrBadResponse, withoutURL(err, call))
	case len(r.Body) > MaxBody:
		return r, Bad(fmt.Sprintf("longer than %d bytes", MaxBody))
	case r.Status >= 300 && r.Status < 400:
		// The Location is left out: it may carry what the request carried.
		return r, Bad("a redirect, which is not followed; check BaseURL")
	default:
		r.retryable = r.isUnavailable()
		return r, nil
	}
}

// unzip returns what a body in gzip holds, or the body if it is no whole gzip. net/http
// leaves one without Content-Encoding, and one for which a Transport of the merchant set
// Accept-Encoding.
func unzip(body []byte) []byte {
	packed := bytes.NewReader(body)
	zipped, err := gzip.NewReader(packed)
	if err != nil {
		return body
	}
	zipped.Multistream(false) // a line feed may follow
	plain, err := ReadAll(zipped, 0, MaxBody)
	if err != nil || len(plain) <= MaxBody && len(bytes.TrimSpace(body[len(body)-packed.Len():])) > 0 {
		return body
	}
	return plain
}

// firstBuffer is where the buffer begins: an announced length costs the sender
// nothing, and what arrives may be longer.
const firstBuffer = 16 << 10

// ReadAll reads r to its end. It returns more than limit bytes only to show that
// there were more, and then stops reading. announced is the announced length, -1 or 0
// without one.
func ReadAll(r io.Reader, announced int64, limit int) ([]byte, error) {
	size := int64(512)
	if announced > 0 {
		// One byte more than announced, so that the end is seen without growing.
		size = min(announced, firstBuffer-1) + 1
	}
	body := make([]byte, 0, size)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil || len(body) > limit:
			return body, err
		case len(body) == cap(body):
			body = append(body, 0)[:len(body)]
		}
	}
}
