// Package failure holds the sentinel errors that the five provider packages
// share under their own names, and the one way in which an error reads.
package failure

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The provider packages give these values their own names, so that a merchant
// with several gateways can test for any of the names.
var (
	ErrInvalidConfig       = errors.New("invalid configuration")
	ErrInvalidRequest      = errors.New("invalid request")
	ErrInvalidSignature    = errors.New("invalid signature")
	ErrInvalidNotification = errors.New("invalid notification")
	ErrNotConfirmed        = errors.New("not confirmed by the gateway: do not credit it")
	ErrOrderNotFound       = errors.New("order not found")
	ErrNotPaid             = errors.New("the order ended without a payment")
	ErrOutcomeUnknown      = errors.New("outcome unknown: the order may exist; look for it, do not create it again")
	ErrNoAnswer            = errors.New("no answer from the gateway")
	ErrBadAnswer           = errors.New("the gateway's answer cannot be read")
)

// Invalid returns an error that is kind and names the field and what is
// allowed. It never holds the value.
func Invalid(pkg string, kind error, field, allowed string) error {
	return fmt.Errorf("%s: %w: %s %s", pkg, kind, field, allowed)
}

// Text is what an Error of a provider package prints: operation, HTTP status,
// the gateway's code and words, and the cause.
func Text(pkg, op string, status int, code, message string, cause error) string {
	var b strings.Builder
	b.WriteString(pkg + ": " + op)
	if status != 0 && status != 200 {
		b.WriteString(": HTTP " + strconv.Itoa(status))
	}
	if code != "" {
		b.WriteString(": code " + code)
	}
	if message != "" {
		b.WriteString(": " + Words(message))
	}
	if cause != nil {
		b.WriteString(": " + cause.Error())
	}
	return b.String()
}

// digest is what a signature looks like, whether it was sent or is the one that
// the gateway would have liked better.
var digest = regexp.MustCompile(`[0-9A-Fa-f]{32,}`)

// Words makes the gateway's words fit to print in one line of a log: no control
// characters, valid UTF-8, no signatures, at most 200 runes.
func Words(message string) string {
	const most = 200
	message = digest.ReplaceAllStringFunc(message, func(found string) string {
		if strings.Trim(found, "0123456789") == "" {
			return found // the number of an order
		}
		return "[redacted]"
	})
	var b strings.Builder
	n := 0
	for _, r := range message {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Unknown marks the cause of a failed create after which the order may exist.
func Unknown(cause error) error {
	if cause == nil {
		return ErrOutcomeUnknown
	}
	return fmt.Errorf("%w (%w)", ErrOutcomeUnknown, cause)
}

// AfterCreate returns cause, marked with ErrOutcomeUnknown unless the answer
// rules out that the order exists: a readable no or a 4xx does, an unreadable
// answer or a 5xx does not.
func AfterCreate(status int, cause error) error {
	if status >= 500 || status < 400 && errors.Is(cause, ErrBadAnswer) {
		return Unknown(cause)
	}
	return cause
}

// Bad returns an ErrBadAnswer that says why.
func Bad(why string) error { return fmt.Errorf("%w: %s", ErrBadAnswer, why) }
