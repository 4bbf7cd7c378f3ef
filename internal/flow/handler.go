package flow

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/internal/transport"
)

const opHandle = "handle notification"

// rejected is the body of every other response.
const rejected = "fail"

// Handler handles notifications of type N, which are about orders of type O. It finishes what it began: the context of
// Confirm and Handle has the values of the request, but does not end when the sender
// closes the connection. It ends after the notification timeout.
type Handler[N, O any] struct {
	Accepted string // the gateway's word for "done"
	Parse    func(*http.Request) (N, error)
	Confirm  func(context.Context, N) (O, error) // nil: nothing is to be confirmed
	Handle   func(context.Context, N) error
	OrderNo  func(N) string // for log lines
	Number   string         // the name of what OrderNo returns, "order_no" by default
}

// Serve returns an http.Handler. It panics if Handle is nil, as net/http does for a nil
// handler.
func (h Handler[N, O]) Serve(c *Client) http.Handler {
	if h.Handle == nil {
		panic(c.Transport.Gateway + ": NotificationHandler needs a function")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Transport.Observer == nil {
			_, _ = h.serve(c, w, r)
			return
		}
		ctx, end := c.observe(r.Context())
		// The result if the merchant's function panics.
		status, err := 0, error(&handleError{errPanic})
		defer func() { end(status, err) }()
		status, err = h.serve(c, w, r.WithContext(ctx))
	})
}

var errPanic = errors.New("panic")

// serve handles a notification. It returns the status of the response and the error
// behind it.
func (h Handler[N, O]) serve(c *Client, w http.ResponseWriter, r *http.Request) (int, error) {
	orderNo, err := h.process(c, r)
	header := w.Header()
	header["Content-Type"] = plainText
	if err == nil {
		// Explicit, because a router's fallback handler may have set 404 before.
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, h.Accepted)
		return http.StatusOK, nil
	}
	status := paygates.NotificationStatus(err)
	c.Transport.Log(r.Context(), slog.LevelWarn, opHandle, "notification rejected",
		slog.String(cmp.Or(h.Number, "order_no"), orderNo), slog.Int("status", status), slog.String("reason", err.Error()))
	if allow := notify.AllowedMethods(err); allow != "" {
		header.Set("Allow", allow)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, rejected)
	return status, err
}

// observe tells the Observer of a notification. end tells it the result.
func (c *Client) observe(ctx context.Context) (observed context.Context, end func(status int, err error)) {
	start := time.Now()
	observed, done := transport.Observe(ctx, c.Transport, opHandle, func() (context.Context, func(paygates.NotificationResult)) {
		return c.Transport.Observer.ObserveNotification(ctx, paygates.NotificationInfo{Gateway: c.Transport.Gateway})
	})
	return observed, func(status int, err error) {
		done(paygates.NotificationResult{HTTPStatus: status, Duration: time.Since(start), ErrorKind: paygates.ErrorKind(err)})
	}
}

var plainText = []string{"text/plain; charset=utf-8"}

func (h Handler[N, O]) process(c *Client, r *http.Request) (orderNo string, err error) {
	n, err := h.Parse(r)
	if err != nil {
		return claimedBy(err), err
	}
	orderNo = h.OrderNo(n)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), c.notificationTimeout)
	defer cancel()
	if h.Confirm != nil {
		if _, err := h.Confirm(ctx, n); err != nil {
			return orderNo, err
		}
	}
	if err := h.Handle(ctx, n); err != nil {
		return orderNo, &handleError{err}
	}
	return orderNo, nil
}

// Claimed adds the number of an order or a payment to the error of a notification that is
// not verified, for its log line alone. A number that is no identifier is left out.
func Claimed(err error, number string) error {
	if !check.IsID(number, 64) {
		return err
	}
	return &claimed{err, number}
}

type claimed struct {
	error
	number string
}

func (e *claimed) Unwrap() error { return e.error }

func claimedBy(err error) string {
	var e *claimed
	if !errors.As(err, &e) {
		return ""
	}
	return e.number
}

// handleError marks an error of the merchant's function.
type handleError struct{ err error }

func (e *handleError) Error() string         { return "notification handler: " + e.err.Error() }
func (e *handleError) Unwrap() error         { return e.err }
func (*handleError) NotificationStatus() int { return http.StatusInternalServerError }
func (*handleError) ErrorKind() string       { return "handler_failed" }
