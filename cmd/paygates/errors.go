package main

import (
	"context"
	"errors"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/cmd/paygates/internal/text"
)

// The exit codes, as --help and the README describe them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitUnknown     = 3
	exitNotGenuine  = 4
	exitInterrupted = 130
)

// usage returns an error for a mistake in the arguments or the input.
func (a *app) usage(english string, args ...any) error { return a.fail(errUsage, english, args...) }

// fail returns an error in the user's language. errors.Is finds kind.
func (a *app) fail(kind error, english string, args ...any) error {
	return a.screen.Language().Error(kind, english, args...)
}

var (
	// errUsage is returned for a mistake in the arguments or the input.
	errUsage = errors.New("wrong usage")
	// errTimeout is returned when an order is not paid at the end of the timeout.
	errTimeout = errors.New("not paid at the end of the timeout")
	// errNotGenuine is returned when a signature does not match.
	errNotGenuine = errors.New("the signature does not match")
	// errInterrupted is returned after Ctrl-C.
	errInterrupted = errors.New("interrupted")
	// errChecks is returned by doctor when a check failed.
	errChecks = errors.New("a check failed")
	// errResponse is returned by trigger for an unexpected response.
	errResponse = errors.New("unexpected response of your server")
)

// kinds are the names of errors in the JSON output and their exit codes. The first one
// that fits counts. An error of the SDK is English; summary says in the user's language
// what kind it is.
var kinds = []kind{
	{errInterrupted, "interrupted", exitInterrupted, ""},
	{errTimeout, "timeout", exitUnknown, ""},
	{errChecks, "check_failed", exitFailed, ""},
	{errResponse, "unexpected_response", exitFailed, ""},
	{errNotGenuine, "invalid_signature", exitNotGenuine, ""},
	{errUsage, "usage", exitUsage, ""},
	{paygates.ErrOutcomeUnknown, "outcome_unknown", exitUnknown, "outcome unknown, query the order"},
	{paygates.ErrInvalidSignature, "invalid_signature", exitNotGenuine, "invalid signature"},
	{paygates.ErrInvalidNotification, "invalid_notification", exitNotGenuine, "invalid notification"},
	{paygates.ErrNotConfirmed, "not_confirmed", exitNotGenuine, "not confirmed by the gateway"},
	{paygates.ErrInvalidConfig, "invalid_config", exitUsage, "invalid configuration"},
	{paygates.ErrInvalidRequest, "invalid_request", exitUsage, "invalid request"},
	{paygates.ErrOrderNotFound, "order_not_found", exitFailed, "order not found"},
	{paygates.ErrNotPaid, "not_paid", exitFailed, "order ended without a payment"},
	{paygates.ErrNotSent, "not_sent", exitFailed, "request not sent"},
	{paygates.ErrUnavailable, "unavailable", exitFailed, "gateway unavailable"},
	{paygates.ErrNoResponse, "no_response", exitFailed, "no response"},
	{paygates.ErrBadResponse, "bad_response", exitFailed, "unexpected response"},
}

type kind struct {
	err     error
	name    string
	code    int
	summary string
}

// classify returns the kind of an error.
func classify(err error) kind {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k
		}
	}
	var rejected *paygates.Error
	if errors.As(err, &rejected) {
		return kind{err, "rejected", exitFailed, "rejected by the gateway"}
	}
	return kind{err, "failed", exitFailed, ""}
}

// failure is an error in the JSON output.
type failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	// Code is the gateway's own code.
	Code string `json:"code,omitempty"`
	// OrderNo is the merchant order number of a create of unknown outcome.
	OrderNo string `json:"order_no,omitempty"`
}

// ofOrder is an error of the order with a number that the user may not know.
type ofOrder struct {
	error
	orderNo string
}

// Unwrap returns the error without the number.
func (e ofOrder) Unwrap() error { return e.error }

// report prints an error and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return 0
	}
	k := classify(err)
	f := failure{Kind: k.name, Message: a.explained(err)}
	var rejected *paygates.Error
	if errors.As(err, &rejected) {
		f.Code = rejected.Code
	}
	var unknown ofOrder
	if errors.As(err, &unknown) {
		f.OrderNo = unknown.orderNo
	}
	if a.screen.JSON() && a.screen.Err() == nil {
		a.screen.Result("error", f)
	} else {
		a.screen.Note("paygates: %s", strings.TrimPrefix(f.Message, "paygates: "))
		if f.OrderNo != "" {
			a.screen.Note("The order number is %s.", f.OrderNo)
		}
	}
	return k.code
}

// explained returns the text of an error, with its kind before it if the text is the SDK's
// and the user reads another language.
func (a *app) explained(err error) string {
	k := classify(err)
	if k.summary == "" || text.IsOwn(err) || a.screen.Language() == text.English {
		return err.Error()
	}
	return a.screen.Text("%s: %s", a.screen.Text(k.summary), err)
}

// interruptedIf returns errInterrupted for an error after Ctrl-C: what a canceled
// context leaves behind reads in many ways. A create that may have reached the gateway
// stays what it is.
func (a *app) interruptedIf(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) && !errors.Is(err, paygates.ErrOutcomeUnknown) {
		return a.fail(errInterrupted, "interrupted")
	}
	return err
}
