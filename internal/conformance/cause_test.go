package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

// In an errgroup, the error of one call is the cause with which the context of the others
// ends: of another order it says nothing.
func TestTheCauseOfAContext(t *testing.T) {
	t.Parallel()
	signal := errors.New("interrupt signal received")
	for name, cause := range map[string]error{
		"none":            nil,
		"signal":          signal,
		"not paid":        &paygates.Error{Gateway: "example", Op: "wait for payment", Err: paygates.ErrNotPaid},
		"not found":       &paygates.Error{Gateway: "example", Op: "query order", HTTPStatus: 404, Err: paygates.ErrOrderNotFound},
		"not sent":        &paygates.Error{Gateway: "example", Op: "create order", Err: paygates.ErrNotSent},
		"outcome unknown": &paygates.Error{Gateway: "example", Op: "create order", HTTPStatus: 502, Err: paygates.ErrOutcomeUnknown},
		"rejected":        &paygates.Error{Gateway: "example", Op: "create order", Code: "1004"},
		"timed out": &paygates.Error{Gateway: "example", Op: "query order", HTTPStatus: 503,
			Err: fmt.Errorf("%w: %w: %w", paygates.ErrUnavailable, paygates.ErrBadResponse, context.DeadlineExceeded)},
		"invalid": errors.Join(paygates.ErrInvalidRequest, signal),
	} {
		for _, when := range []string{"before", "connecting", "reading"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				for _, g := range descriptors {
					checkCause(t, g, when, cause)
				}
			})
		}
	}
}

// checkCause makes every call of a gateway, and ends its context with a cause.
func checkCause(t *testing.T, g *descriptor, when string, cause error) {
	t.Helper()
	var cancel context.CancelCauseFunc
	fake := roundTripper(func(r *http.Request) (*http.Response, error) {
		cancel(cause)
		<-r.Context().Done()
		err := context.Cause(r.Context())
		if when == "connecting" {
			return nil, err
		}
		return &http.Response{StatusCode: 200, Request: r, Body: io.NopCloser(iotest.ErrReader(err))}, nil
	})
	for _, call := range g.calls(t, setup{base: anyHost, http: &http.Client{Transport: fake}, log: silent}) {
		if call.kind == handler { // it has no context
			continue
		}
		var ctx context.Context
		ctx, cancel = context.WithCancelCause(context.Background())
		if when == "before" {
			cancel(cause)
		}
		_, err := call.do(ctx)
		cancel(nil)
		kind := "canceled"
		switch {
		case call.kind == create && when == "before":
			kind = "not_sent"
		case call.kind == create:
			kind = "outcome_unknown"
		}
		assert.Equal(t, kind, paygates.ErrorKind(err), "%s.%s: %v", g.name, call.name, err)
		assert.Equal(t, kind != "outcome_unknown", paygates.Retryable(err), "%s.%s: %v", g.name, call.name, err)
		assert.ErrorIs(t, err, context.Canceled, "%s.%s", g.name, call.name)
		assert.NotErrorIs(t, err, paygates.ErrNotPaid, "%s.%s", g.name, call.name)
		assert.NotErrorIs(t, err, paygates.ErrOrderNotFound, "%s.%s", g.name, call.name)
		assert.NotErrorIs(t, err, paygates.ErrUnavailable, "%s.%s", g.name, call.name)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "%s.%s", g.name, call.name)
		assert.False(t, errors.Is(err, paygates.ErrNotSent) && errors.Is(err, paygates.ErrOutcomeUnknown), "%s.%s: %v", g.name, call.name, err)
		if paygates.ErrorKind(cause) == "other" {
			assert.ErrorIs(t, err, cause, "%s.%s", g.name, call.name)
		}
	}
}
