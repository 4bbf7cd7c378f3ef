package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paygates/paygates-go"
)

// The exit codes, as --help and the README describe them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitUnknown     = 3
	exitNotGenuine  = 4
	exitInterrupted = 130
)

// usageError is a mistake in the arguments or the environment.
type usageError struct{ error }

// Unwrap returns the cause.
func (e usageError) Unwrap() error { return errors.Unwrap(e.error) }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

var (
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
// that fits counts.
var kinds = []struct {
	err  error
	name string
	code int
}{
	{errInterrupted, "interrupted", exitInterrupted},
	{errTimeout, "timeout", exitUnknown},
	{errChecks, "check_failed", exitFailed},
	{errResponse, "unexpected_response", exitFailed},
	{errNotGenuine, "invalid_signature", exitNotGenuine},
	{paygates.ErrOutcomeUnknown, "outcome_unknown", exitUnknown},
	{paygates.ErrInvalidSignature, "invalid_signature", exitNotGenuine},
	{paygates.ErrInvalidNotification, "invalid_notification", exitNotGenuine},
	{paygates.ErrNotConfirmed, "not_confirmed", exitNotGenuine},
	{paygates.ErrInvalidConfig, "invalid_config", exitUsage},
	{paygates.ErrInvalidRequest, "invalid_request", exitUsage},
	{paygates.ErrOrderNotFound, "order_not_found", exitFailed},
	{paygates.ErrNotPaid, "not_paid", exitFailed},
	{paygates.ErrNotSent, "not_sent", exitFailed},
	{paygates.ErrUnavailable, "unavailable", exitFailed},
	{paygates.ErrNoResponse, "no_response", exitFailed},
	{paygates.ErrBadResponse, "bad_response", exitFailed},
}

// classify returns the name of an error and its exit code.
func classify(err error) (name string, code int) {
	for _, kind := range kinds {
		if errors.Is(err, kind.err) {
			return kind.name, kind.code
		}
	}
	var usage usageError
	var rejected *paygates.Error
	switch {
	case errors.As(err, &usage):
		return "usage", exitUsage
	case errors.As(err, &rejected):
		return "rejected", exitFailed
	default:
		return "failed", exitFailed
	}
}

// failure is an error in the JSON output.
type failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	// Code is the gateway's own code.
	Code string `json:"code,omitempty"`
}

// report prints an error and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return 0
	}
	name, code := classify(err)
	f := failure{Kind: name, Message: err.Error()}
	var rejected *paygates.Error
	if errors.As(err, &rejected) {
		f.Code = rejected.Code
	}
	if a.screen.JSON() {
		a.screen.Result("error", f)
	} else {
		a.screen.Note("paygates: %s", strings.TrimPrefix(f.Message, "paygates: "))
	}
	return code
}

// interruptedIf returns errInterrupted for an error after Ctrl-C: what a canceled
// context leaves behind reads in many ways. A create that may have reached the gateway
// stays what it is.
func interruptedIf(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) && !errors.Is(err, paygates.ErrOutcomeUnknown) {
		return errInterrupted
	}
	return err
}
