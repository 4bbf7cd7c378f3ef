package conformance

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

// tester is a *testing.T, or a doubt.
type tester interface {
	assert.TestingT
	Helper()
}

// doubt notes that something failed.
type doubt bool

func (d *doubt) Errorf(string, ...any) { *d = true }
func (*doubt) Helper()                 {}

// isTimed reports whether the outcome of a cell depends on how much the machine gets
// done until its time is over.
func (c *cell) isTimed() bool {
	return c.fault.timeout+c.fault.deadline > 0 || c.call.kind == wait || c.took >= bound(c)
}

// settled returns the cell, or one like it that ran alone if the machine may have been
// too busy for it.
func settled(t *testing.T, c *cell) *cell {
	t.Helper()
	var failed doubt
	if c.isTimed() {
		judge(&failed, c)
	}
	if !failed {
		return c
	}
	alone := &cell{fault: c.fault, gateway: c.gateway, call: c.call, bare: c.bare, h2: c.h2}
	alone.run(t)
	return alone
}

func judge(t tester, c *cell) {
	t.Helper()
	f := c.fault
	assert.Nil(t, c.panics, "%s panicked", c)
	assert.Zero(t, c.bodies, "%s left a body open", c)
	assert.Zero(t, c.conns, "%s left a connection open", c)
	assert.Less(t, c.took, bound(c), "%s took too long", c)
	judgeRequests(t, c)
	if f.network != nil {
		most := map[kind]int32{create: 1, query: 3, handler: 3, wait: 30}[c.call.kind]
		assert.LessOrEqual(t, c.dials.Load(), most, "%s: connections", c)
	}
	if f.kind == nil || f.opaque && c.call.opaque || f.numbers && c.call.noNumber {
		judgeSuccess(t, c)
		return
	}
	if c.call.kind == handler {
		// The notification has to arrive again, and nothing was credited.
		o := c.got.(*outcome)
		if c.gateway.signed {
			assert.Equal(t, outcome{status: http.StatusOK, body: "success", handled: true}, *o, "%s", c)
			return
		}
		assert.Equal(t, outcome{status: http.StatusBadGateway, body: "fail"}, *o, "%s", c)
		return
	}
	if !assert.Error(t, c.err, "%s", c) {
		return
	}
	assert.Nil(t, c.got, "%s: a result beside an error", c)
	var failed *paygates.Error
	if assert.ErrorAs(t, c.err, &failed, "%s", c) {
		assert.Equal(t, c.gateway.name, failed.Gateway, "%s", c)
	}
	if c.call.kind == wait {
		want := context.DeadlineExceeded
		if f.cause != nil {
			want = f.cause
		}
		assert.ErrorIs(t, c.err, want, "%s", c)
	} else {
		judgeKind(t, c)
	}
	for _, verdict := range []error{
		paygates.ErrOrderNotFound, paygates.ErrNotPaid, paygates.ErrNotConfirmed, paygates.ErrInvalidSignature,
		paygates.ErrInvalidRequest, paygates.ErrInvalidConfig, paygates.ErrInvalidNotification,
	} {
		assert.NotErrorIs(t, c.err, verdict, "%s", c)
	}
}

func judgeRequests(t tester, c *cell) {
	t.Helper()
	requests := int(c.requests.Load())
	if c.fault.used {
		assert.NoError(t, c.warmUp, "%s: the first call", c)
		requests--
	}
	switch {
	case c.call.kind == wait:
	case c.call.kind == create:
		assert.Equal(t, c.fault.creates, requests, "%s: requests", c)
		if c.fault.used {
			assert.EqualValues(t, 1, c.dials.Load(), "%s: it was another connection", c)
		}
	case c.fault.used:
		// A GET is sent once more by net/http.
		assert.Contains(t, []int{c.fault.queries, c.fault.queries + 1}, requests, "%s: requests", c)
	default:
		assert.Equal(t, c.fault.queries, requests, "%s: requests", c)
	}
}

func judgeKind(t tester, c *cell) {
	t.Helper()
	f := c.fault
	for _, kind := range []error{paygates.ErrNoResponse, paygates.ErrBadResponse} {
		assert.Equal(t, errors.Is(f.kind, kind), errors.Is(c.err, kind), "%s: is %q: %v", c, kind, c.err)
	}
	created := c.call.kind == create
	for kind, want := range map[error]bool{
		paygates.ErrOutcomeUnknown: created && f.unknown,
		paygates.ErrNotSent:        created && !f.unknown && errors.Is(f.kind, paygates.ErrNoResponse),
		paygates.ErrUnavailable:    !created && f.unavailable,
	} {
		assert.Equal(t, want, errors.Is(c.err, kind), "%s: is %q: %v", c, kind, c.err)
	}
	if f.cause != nil {
		assert.ErrorIs(t, c.err, f.cause, "%s", c)
	}
}

func judgeSuccess(t tester, c *cell) {
	t.Helper()
	assert.NoError(t, c.err, "%s", c)
	assert.NotNil(t, c.got, "%s", c)
	if o, ok := c.got.(*outcome); ok {
		assert.True(t, o.handled, "%s", c)
		assert.Equal(t, http.StatusOK, o.status, "%s", c)
	}
}

// bound is how long a call may take.
func bound(c *cell) time.Duration {
	switch {
	case c.call.kind == wait:
		return waiting + slack
	case c.fault.deadline > 0:
		return c.fault.deadline + slack
	case c.fault.timeout > 0 && c.call.kind == create:
		return c.fault.timeout + slack
	case c.fault.timeout > 0:
		return 3*c.fault.timeout + slowest
	default:
		return slowest
	}
}
