package kechengcang

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

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
	// ErrInvalidSignature is here for the sake of the other packages: the
	// callbacks of this gateway are not signed, and no call returns it.
	ErrInvalidSignature = failure.ErrInvalidSignature
	// ErrInvalidNotification: a callback does not have the documented shape.
	ErrInvalidNotification = failure.ErrInvalidNotification
	// ErrNotConfirmed: the gateway was asked and does not say that the order of
	// the callback is paid. Do not credit it.
	ErrNotConfirmed = failure.ErrNotConfirmed
	// ErrOrderNotFound: the gateway does not know the order: its answer is 200
	// with a null result.
	ErrOrderNotFound = failure.ErrOrderNotFound
	// ErrNotPaid: an order that was waited for ended without a payment.
	ErrNotPaid = failure.ErrNotPaid
	// ErrOutcomeUnknown: a create may or may not have happened. This gateway
	// takes no order number of the merchant's, so there is nothing to query: see
	// Client.CreateOrder for what to do.
	ErrOutcomeUnknown = failure.ErrOutcomeUnknown
	// ErrNoAnswer: the gateway could not be reached or did not answer in time.
	ErrNoAnswer = failure.ErrNoAnswer
	// ErrBadAnswer: the gateway answered something that is not its document's: an
	// exception of the server among others.
	ErrBadAnswer = failure.ErrBadAnswer
)

// Error is what every call returns when the gateway said no, did not answer, or
// answered something unreadable. The gateway says no in three ways: with a code
// that is not 200, with an exception of Laravel (HTTP 500 and a message), and
// with the errors of each field (HTTP 422). The text of an Error never holds a
// URL, a signature, a secret or Body.
type Error struct {
	// Op is what was tried: "create order", "query order", ….
	Op string
	// HTTPStatus is the status of the answer, 0 without one.
	HTTPStatus int
	// Code is the gateway's code, 0 without one: Laravel's own errors have none.
	Code int
	// Message holds the gateway's words (message, or msg in an edition of the
	// public source). A server that does not run in debug mode says "Server
	// Error" in place of its words.
	Message string
	// Fields holds what is wrong with each field (errors), by the gateway's names
	// of them. It is nil except after HTTP 422.
	Fields map[string][]string
	// Body is what arrived, as far as it arrived. It may hold payer data and the
	// secret of the application.
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

// afterCreate marks a failed create with ErrOutcomeUnknown where the order may
// exist: an exception can come after the order was stored.
func (e *Error) afterCreate() {
	switch {
	case isRefusal(e.Message):
	case e.isException():
		e.Err = failure.Unknown(e.Err)
	default:
		e.Err = failure.AfterCreate(e.HTTPStatus, e.Err)
	}
}

// isException reports whether the server failed rather than said no. An edition
// of the public source answers every exception with 400 twice.
func (e *Error) isException() bool {
	return e.HTTPStatus >= http.StatusInternalServerError ||
		e.HTTPStatus == http.StatusBadRequest && e.Code == http.StatusBadRequest
}

// isRefusal reports whether these are the words of an exception that the public
// source throws before it stores the order.
func isRefusal(message string) bool {
	switch strings.TrimRight(message, "!！") {
	case "应用不存在", "签名不正确", "价格系统出错":
		return true
	default:
		return false
	}
}

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
