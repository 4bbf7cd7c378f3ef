package paygates

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/internal/redact"
)

// The errors of configuration and requests, before anything is sent.
var (
	// ErrInvalidConfig is returned when a field of Config is missing or malformed.
	ErrInvalidConfig = errors.New("invalid configuration")
	// ErrInvalidRequest is returned when an argument is missing or malformed.
	ErrInvalidRequest = errors.New("invalid request")
)

// The errors of calls.
var (
	// ErrNotSent is returned when a create request certainly did not reach the
	// gateway. It is safe to retry. It excludes ErrOutcomeUnknown.
	ErrNotSent = errors.New("request not sent")
	// ErrOutcomeUnknown is returned when a create request may have reached the
	// gateway but its result is unknown. Query the order; do not create it again.
	ErrOutcomeUnknown = errors.New("outcome unknown: query the order, do not create it again")
	// ErrNoResponse is returned when no response arrived. It does not say whether
	// the request reached the gateway: see ErrNotSent and ErrOutcomeUnknown.
	ErrNoResponse = errors.New("no response")
	// ErrBadResponse is returned when the response is not what the gateway's
	// document describes.
	ErrBadResponse = errors.New("unexpected response")
	// ErrUnavailable is returned when the gateway, or a proxy before it, responded to a query
	// with HTTP 408, 429, 499 or 5xx. The query can be retried.
	ErrUnavailable = errors.New("gateway unavailable")
	// ErrOrderNotFound is returned when the gateway does not know the order.
	ErrOrderNotFound = errors.New("order not found")
	// ErrNotPaid is returned by WaitForPayment when an order ended without a payment.
	ErrNotPaid = errors.New("order ended without a payment")
)

// The errors of notifications.
var (
	// ErrInvalidNotification is returned when a notification does not have the
	// documented shape.
	ErrInvalidNotification = errors.New("invalid notification")
	// ErrInvalidSignature is returned when the signature of a notification is missing
	// or wrong.
	ErrInvalidSignature = errors.New("invalid signature")
	// ErrNotConfirmed is returned when the gateway does not confirm what a
	// notification claims. Do not credit it.
	ErrNotConfirmed = errors.New("not confirmed by the gateway")
	// ErrBusy is returned when too many notifications are being confirmed at the
	// moment. The gateway sends the notification again.
	ErrBusy = errors.New("too many notifications are being confirmed")
)

// Error is what a call returns when the gateway rejected it, did not respond, or
// responded with something unexpected. Its text never holds a URL, a signature, a
// secret or Body.
type Error struct {
	// Gateway is the package of the gateway, such as "ispay".
	Gateway string
	// Op is the operation: "create order", "query order", ….
	Op string
	// HTTPStatus is the status of the response, 0 without one.
	HTTPStatus int
	// Code is the gateway's own code, "" without one. The packages document theirs.
	Code string
	// Message is the gateway's own message, with secrets and signatures masked.
	Message string
	// Body is the response as far as it arrived. It may hold payer data.
	Body Private[[]byte] `json:"-"`
	// Err is one or more of the errors above with the cause, or nil for a rejection
	// without a further meaning.
	Err error `json:"-"`
}

// Error returns the operation, the HTTP status, the gateway's code and message, and
// the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Gateway)
	b.WriteString(": ")
	b.WriteString(e.Op)
	if e.HTTPStatus != 0 && e.HTTPStatus != http.StatusOK {
		b.WriteString(": HTTP " + strconv.Itoa(e.HTTPStatus))
	}
	if e.Code != "" {
		b.WriteString(": code " + redact.Message(e.Code))
	}
	if e.Message != "" {
		b.WriteString(": " + redact.Message(e.Message))
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Format writes what Error returns, whatever the verb, so that no verb prints Body.
func (e Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// LogValue returns what Error returns.
func (e Error) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalText returns what Error returns, so that JSON holds the text alone.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// NotificationStatus returns the HTTP status with which a NotificationHandler
// responds to a notification that ended in err, for your own handler: 200 for
// nil; 400, 403, 405, 413 or 415 for a notification that is not genuine; 409 for one
// that the gateway does not confirm; 503 for ErrBusy; 500 for an error of the
// merchant's function; 502 for every other error, such as that of a query.
func NotificationStatus(err error) int {
	var own interface{ NotificationStatus() int }
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &own):
		return own.NotificationStatus()
	case errors.Is(err, ErrInvalidSignature):
		return http.StatusForbidden
	case errors.Is(err, ErrInvalidNotification):
		return http.StatusBadRequest
	case errors.Is(err, ErrNotConfirmed), errors.Is(err, ErrOrderNotFound):
		return http.StatusConflict
	case errors.Is(err, ErrBusy):
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadGateway
	}
}
