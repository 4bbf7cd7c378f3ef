package paygates

import (
	"context"
	"errors"
	"net/http"
)

// kinds are the texts of ErrorKind. The first match counts: an error can be several of
// these.
var kinds = []struct {
	err  error
	kind string
}{
	{ErrInvalidConfig, "invalid_config"},
	{ErrInvalidRequest, "invalid_request"},
	{ErrNotSent, "not_sent"},
	{ErrOutcomeUnknown, "outcome_unknown"},
	{ErrNotConfirmed, "not_confirmed"},
	{ErrOrderNotFound, "order_not_found"},
	{ErrNotPaid, "not_paid"},
	{ErrInvalidSignature, "invalid_signature"},
	{ErrInvalidNotification, "invalid_notification"},
	{ErrBusy, "busy"},
	{context.DeadlineExceeded, "timeout"},
	{context.Canceled, "canceled"},
	{ErrUnavailable, "unavailable"},
	{ErrBadResponse, "bad_response"},
	{ErrNoResponse, "no_response"},
}

// ErrorKind returns what went wrong as one of a few texts, for a metric or the
// attribute error.type of a trace: "invalid_config", "invalid_request", "not_sent",
// "outcome_unknown", "not_confirmed", "order_not_found", "not_paid",
// "invalid_signature", "invalid_notification", "busy", "timeout", "canceled",
// "unavailable", "bad_response", "no_response", "rejected" for every other [*Error],
// and "other". It returns "" for nil.
//
// "timeout" and "canceled" say why a query got no response. Those of a create are
// "not_sent" or "outcome_unknown".
func ErrorKind(err error) string {
	if err == nil {
		return ""
	}
	var own interface{ ErrorKind() string }
	if errors.As(err, &own) {
		return own.ErrorKind()
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	var failed *Error
	if errors.As(err, &failed) {
		return "rejected"
	}
	return "other"
}

// Retryable reports whether the same call may succeed later and can be made again
// without a risk for money, for a job queue. Retry with a growing delay and a limit.
//
// It is true for ErrNotSent and ErrBusy; for a query that got no response,
// ErrUnavailable, or a page instead of a result with HTTP status 2xx, as during
// maintenance; and for a wait that the end of its context interrupted.
//
// It is false for ErrOutcomeUnknown, after which a create could be paid twice, for
// rejections and for every other error that a retry does not change: see the table in
// docs/errors.md.
func Retryable(err error) bool {
	var failed *Error
	switch {
	case errors.Is(err, ErrOutcomeUnknown):
		return false
	case errors.Is(err, ErrNotSent), errors.Is(err, ErrBusy), errors.Is(err, ErrUnavailable), errors.Is(err, ErrNoResponse):
		return true
	case !errors.As(err, &failed):
		return false
	case errors.Is(err, ErrBadResponse): // the error of a wait has no status
		return failed.HTTPStatus < http.StatusMultipleChoices
	default:
		return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	}
}
