package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/go-resty/resty/v2"

	"github.com/paygates/paygates-go"
)

var (
	errProxy = errors.New("the proxy requires authentication")
	errTwice = errors.New("the connection was lost after the request was sent")
)

// trace learns from net/http how far a create got.
type trace struct {
	httptrace.ClientTrace
	firstHop          atomic.Pointer[string] // to which net/http wanted a connection
	got, wrote, twice atomic.Bool
}

// withTrace returns a context that carries a trace. cancel ends the request: net/http
// sends a request again when a connection breaks or an HTTP/2 stream is refused,
// although the gateway may have read it, and a create is sent once. net/http may write to
// an HTTP/1 connection before it sees that the request has ended, so that is closed.
func withTrace(ctx context.Context, cancel context.CancelFunc) (context.Context, *trace) {
	t := &trace{}
	stop := func() bool {
		if !t.wrote.Load() {
			return false
		}
		t.twice.Store(true)
		cancel()
		return true
	}
	t.GetConn = func(firstHop string) { t.firstHop.Store(&firstHop); stop() }
	t.GotConn = func(info httptrace.GotConnInfo) {
		if stop() && !isHTTP2(info.Conn) {
			_ = info.Conn.Close()
		}
		t.got.Store(true)
	}
	t.WroteHeaders = func() { t.wrote.Store(true) }
	return httptrace.WithClientTrace(ctx, &t.ClientTrace), t
}

// isAddressOf reports whether address is the host and port of the URL target.
func isAddressOf(address, target string) bool {
	u, err := url.Parse(target)
	return err == nil && strings.EqualFold(address, net.JoinHostPort(u.Hostname(), portOf(u)))
}

// certainlyNotSent reports whether nothing reached the gateway: net/http requested a
// connection and got none, or did not write to it. After the end of ctx an HTTP/2
// connection may still be about to write. A RoundTripper that does not report
// connections leaves it open.
func (t *trace) certainlyNotSent(ctx context.Context) bool {
	return t.firstHop.Load() != nil && !t.got.Load() || t.got.Load() && !t.wrote.Load() && ctx.Err() == nil
}

// refusedByProxy reports whether a 407 is the proxy's: through a tunnel to https it is
// the gateway's own.
func (t *trace) refusedByProxy(call Call) bool {
	firstHop := t.firstHop.Load()
	return firstHop != nil && !isAddressOf(*firstHop, call.URL) && !strings.HasPrefix(strings.ToLower(call.URL), "https:")
}

// prepareQuery removes the type of an empty body, which is not sent.
func prepareQuery(_ *resty.Client, r *http.Request) error {
	if r.Body == http.NoBody {
		r.Header.Del("Content-Type")
	}
	return nil
}

// prepareCreate keeps net/http from sending a create again by itself: not with a body
// that it cannot rewind.
func prepareCreate(client *resty.Client, r *http.Request) error {
	err := prepareQuery(client, r)
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = io.NopCloser(eof{})
	}
	return err
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// sendError returns the cause for a call that failed with err before a response.
func (c *Client) sendError(ctx context.Context, call Call, sent *trace, err error) error {
	cause := whenEnded(ctx, foreign(withoutURL(err, call)))
	switch {
	case sent == nil:
		return noResponse(cause)
	case sent.twice.Load():
		return Unknown(noResponse(errTwice))
	case sent.certainlyNotSent(ctx):
		return NotSent(cause)
	default:
		return Unknown(noResponse(cause))
	}
}

func noResponse(cause error) error {
	return fmt.Errorf("%w: %w", paygates.ErrNoResponse, foreign(cause))
}

// NotSent returns an ErrNotSent, which is an ErrNoResponse too.
func NotSent(cause error) error {
	return notSent{fmt.Errorf("%w: %w", paygates.ErrNotSent, foreign(cause))}
}

type notSent struct{ error }

func (e notSent) Unwrap() []error { return []error{e.error, paygates.ErrNoResponse} }

// Ended returns why ctx ended: ctx.Err(), and the text of its cause if there is another.
func Ended(ctx context.Context) error { return whenEnded(ctx, foreign(context.Cause(ctx))) }

// whenEnded adds ctx.Err() to an error after the end of ctx: its cause is often another
// error, such as "interrupt signal received", that does not say so.
func whenEnded(ctx context.Context, err error) error {
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		return fmt.Errorf("%w: %w", end, err)
	}
	return err
}

// foreign returns an error that came from outside, such as the cause of a context. An error
// of this module in it is that of another call, whose group canceled this one: its text is
// kept, but ErrNotSent, ErrNotPaid or ErrOutcomeUnknown would say of this call what is not
// known.
func foreign(err error) error {
	var own *paygates.Error // one that timed out has further meanings
	switch kind := paygates.ErrorKind(err); {
	case !errors.As(err, &own) && (kind == "other" || kind == "timeout" || kind == "canceled"):
		return err
	default:
		return errors.New(err.Error())
	}
}
