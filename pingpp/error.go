package pingpp

import (
	"errors"
	"fmt"
	"io"
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
	// ErrInvalidSignature: a notification's signature is missing or not the one
	// that Ping++ made over its body.
	ErrInvalidSignature = failure.ErrInvalidSignature
	// ErrInvalidNotification: a notification does not have the documented shape.
	ErrInvalidNotification = failure.ErrInvalidNotification
	// ErrNotConfirmed: Ping++ was asked and does not say what the notification
	// says. Do not credit it.
	ErrNotConfirmed = failure.ErrNotConfirmed
	// ErrOrderNotFound: Ping++ does not know the charge.
	ErrOrderNotFound = failure.ErrOrderNotFound
	// ErrNotPaid: a charge that was waited for ended without a payment.
	ErrNotPaid = failure.ErrNotPaid
	// ErrOutcomeUnknown: a create may or may not have happened. What to do is said
	// at CreateOrder.
	ErrOutcomeUnknown = failure.ErrOutcomeUnknown
	// ErrNoAnswer: the gateway could not be reached or did not answer in time.
	ErrNoAnswer = failure.ErrNoAnswer
	// ErrBadAnswer: the gateway answered something that is not its document's.
	ErrBadAnswer = failure.ErrBadAnswer
)

// The errors of this gateway alone.
var (
	// ErrInvalidChannel: the merchant backend does not take the channel
	// (无效的支付通道, status -4).
	ErrInvalidChannel = errors.New("the merchant backend does not take this channel")
	// ErrPaymentRequestFailed: the merchant backend could not get a charge for the
	// order (支付请求失败, status -4).
	ErrPaymentRequestFailed = errors.New("the merchant backend could not get a charge")
	// ErrTestMode: an event or a payment of test mode, in which no money moves,
	// while Config.AllowTestMode is not set.
	ErrTestMode = errors.New("test mode, in which no money moves, is not allowed (AllowTestMode)")
)

// Error is what every call returns when the gateway said no, did not answer, or
// answered something unreadable. Its text never holds a URL, a signature, a
// secret or Body.
type Error struct {
	// Op is what was tried: "create order", "query charge", ….
	Op string
	// HTTPStatus is the status of the answer, 0 without one.
	HTTPStatus int
	// Code is the merchant backend's status, -4 in both documented cases; 0 for an
	// error of Ping++.
	Code int
	// Type, APICode and Param are what Ping++ says of an error beside its words
	// (error.type, error.code, error.param): the kind, such as
	// "invalid_request_error", the reason, mostly "", and the parameter. They are
	// "" for an error of the merchant backend.
	Type, APICode, Param string
	// Message holds the gateway's words (message, error.message).
	Message string
	// Body is what arrived, as far as it arrived. It may hold payer data.
	Body []byte `json:"-"`
	// Err is one or more of the Err values above with the cause, or nil for a
	// plain no.
	Err error
}

// Error returns the operation, the HTTP status, the gateway's codes and words
// and the cause.
func (e *Error) Error() string {
	var codes []string
	if e.Code != 0 {
		codes = append(codes, strconv.Itoa(e.Code))
	}
	for _, word := range [...]string{e.Type, e.APICode, e.Param} {
		if word != "" {
			codes = append(codes, failure.Words(word))
		}
	}
	return failure.Text(gateway, e.Op, e.HTTPStatus, strings.Join(codes, " "), e.Message, e.Err)
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
