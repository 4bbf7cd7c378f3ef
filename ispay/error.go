package ispay

import (
	"fmt"
	"io"
	"strconv"

	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
)

// The errors to test for with errors.Is. They are the same values in every
// provider package of this module.
var (
	// ErrInvalidConfig: a field of Config is missing or malformed.
	ErrInvalidConfig = failure.ErrInvalidConfig
	// ErrInvalidRequest: an argument is missing or malformed; nothing was sent.
	ErrInvalidRequest = failure.ErrInvalidRequest
	// ErrInvalidSignature: a callback's signature is missing or not the one that
	// its values and the secret make.
	ErrInvalidSignature = failure.ErrInvalidSignature
	// ErrInvalidNotification: a callback does not have the documented shape.
	ErrInvalidNotification = failure.ErrInvalidNotification
	// ErrNotConfirmed: the gateway was asked and does not say what the callback
	// says. Do not credit it.
	ErrNotConfirmed = failure.ErrNotConfirmed
	// ErrOrderNotFound: the gateway does not know the order (订单不存在).
	ErrOrderNotFound = failure.ErrOrderNotFound
	// ErrNotPaid: an order that was waited for ended without a payment.
	ErrNotPaid = failure.ErrNotPaid
	// ErrOutcomeUnknown: a create may or may not have happened. Query the order
	// number; do not create it again.
	ErrOutcomeUnknown = failure.ErrOutcomeUnknown
	// ErrNoAnswer: the gateway could not be reached or did not answer in time.
	ErrNoAnswer = failure.ErrNoAnswer
	// ErrBadAnswer: the gateway answered something that is not its document's.
	ErrBadAnswer = failure.ErrBadAnswer
)

// Error is what every call returns when the gateway said no, did not answer, or
// answered something unreadable. Its text never holds a URL, a signature, a
// secret or Body.
type Error struct {
	// Op is what was tried: "create order", "query order", ….
	Op string
	// HTTPStatus is the status of the answer, 0 without one.
	HTTPStatus int
	// Code is the gateway's errorCode. It may be 0 even though the gateway said
	// no (订单不存在 comes with 0).
	Code int
	// Message holds the gateway's words (errorMsg).
	Message string
	// Body is what arrived, as far as it arrived. It may hold payer data.
	Body []byte `json:"-"`
	// Err is one or more of the Err values above with the cause, or nil for a
	// plain no.
	Err error
}

// Error returns the operation, the HTTP status, the gateway's code and words
// and the cause.
func (e *Error) Error() string {
	code := ""
	if e.Code != 0 {
		code = strconv.Itoa(e.Code)
	}
	return failure.Text(gateway, e.Op, e.HTTPStatus, code, e.Message, e.Err)
}

// Format writes what Error returns, whatever the verb, so that none prints Body:
// not that of a pointer, and not that of an Error itself.
func (e Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func answerError(op string, answer transport.Answer, err error) *Error {
	return &Error{Op: op, HTTPStatus: answer.Status, Body: answer.Body, Err: err}
}

func callError(op string, err error) error {
	status, body, cause := transport.Explain(err)
	return &Error{Op: op, HTTPStatus: status, Body: body, Err: cause}
}

func invalidRequest(field, allowed string) error {
	return failure.Invalid(gateway, ErrInvalidRequest, field, allowed)
}
