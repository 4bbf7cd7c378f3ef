package paygates_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go"
)

// call returns the error of a call.
func call(op string, status int, causes ...error) error {
	return &paygates.Error{Gateway: "ispay", Op: op, HTTPStatus: status, Err: errors.Join(causes...)}
}

// The errors that the operations return, as internal/transport and internal/flow make
// them.
func TestKindAndRetryable(t *testing.T) {
	t.Parallel()
	const create, query, wait, confirm = "create order", "query order", "wait for payment", "confirm notification"
	for name, test := range map[string]struct {
		err   error
		kind  string
		retry bool
	}{
		"nil":           {nil, "", false},
		"config":        {fmt.Errorf("ispay: %w: Secret is required", paygates.ErrInvalidConfig), "invalid_config", false},
		"request":       {fmt.Errorf("ispay: %w: OrderNo is required", paygates.ErrInvalidRequest), "invalid_request", false},
		"foreign":       {errors.New("database is down"), "other", false},
		"foreign, time": {context.DeadlineExceeded, "timeout", false},

		"create not sent":           {call(create, 0, paygates.ErrNotSent, paygates.ErrNoResponse), "not_sent", true},
		"create after its context":  {call(create, 0, paygates.ErrNotSent, paygates.ErrNoResponse, context.Canceled), "not_sent", true},
		"create without a response": {call(create, 0, paygates.ErrOutcomeUnknown, paygates.ErrNoResponse), "outcome_unknown", false},
		"create with a timeout":     {call(create, 0, paygates.ErrOutcomeUnknown, paygates.ErrNoResponse, context.DeadlineExceeded), "outcome_unknown", false},
		"create unreadable":         {call(create, 200, paygates.ErrOutcomeUnknown, paygates.ErrBadResponse), "outcome_unknown", false},
		"create with 5xx":           {call(create, 503, paygates.ErrOutcomeUnknown), "outcome_unknown", false},
		"create with 404":           {call(create, 404, paygates.ErrBadResponse), "bad_response", false},
		"create rejected":           {call(create, 200), "rejected", false},
		"create with 429":           {call(create, 429), "rejected", false},

		"query without a response":  {call(query, 0, paygates.ErrNoResponse), "no_response", true},
		"query with a timeout":      {call(query, 0, paygates.ErrNoResponse, context.DeadlineExceeded), "timeout", true},
		"query canceled":            {call(query, 0, paygates.ErrNoResponse, context.Canceled), "canceled", true},
		"query with 503":            {call(query, 503, paygates.ErrUnavailable, paygates.ErrBadResponse), "unavailable", true},
		"query, maintenance page":   {call(query, 200, paygates.ErrBadResponse), "bad_response", true},
		"query, a wrong address":    {call(query, 404, paygates.ErrBadResponse), "bad_response", false},
		"query, a redirect":         {call(query, 302, paygates.ErrBadResponse), "bad_response", false},
		"query of an unknown order": {call(query, 200, paygates.ErrOrderNotFound), "order_not_found", false},
		"query rejected":            {call(query, 401), "rejected", false},

		"wait ended unpaid":        {call(wait, 0, paygates.ErrNotPaid), "not_paid", false},
		"wait interrupted":         {call(wait, 0, context.DeadlineExceeded), "timeout", true},
		"wait canceled":            {call(wait, 0, context.Canceled), "canceled", true},
		"wait, last without":       {call(wait, 0, context.Canceled, call(query, 0, paygates.ErrNoResponse)), "canceled", true},
		"wait, last with 503":      {call(wait, 0, context.DeadlineExceeded, call(query, 503, paygates.ErrUnavailable)), "timeout", true},
		"wait, last with a page":   {call(wait, 0, context.DeadlineExceeded, call(query, 200, paygates.ErrBadResponse)), "timeout", true},
		"wait, unreadable at last": {call(query, 200, paygates.ErrBadResponse), "bad_response", true},

		"notification, signature":     {fmt.Errorf("ispay: %w", paygates.ErrInvalidSignature), "invalid_signature", false},
		"notification, shape":         {fmt.Errorf("ispay: %w: sign", paygates.ErrInvalidNotification), "invalid_notification", false},
		"notification, not confirmed": {call(confirm, 0, paygates.ErrNotConfirmed), "not_confirmed", false},
		"notification, unknown order": {call(confirm, 0, paygates.ErrNotConfirmed, paygates.ErrOrderNotFound), "not_confirmed", false},
		"notification, busy":          {call(confirm, 0, paygates.ErrBusy), "busy", true},
	} {
		assert.Equal(t, test.kind, paygates.ErrorKind(test.err), name)
		assert.Equal(t, test.retry, paygates.Retryable(test.err), name)
		wrapped := fmt.Errorf("own: %w", test.err)
		if test.err != nil {
			assert.Equal(t, test.kind, paygates.ErrorKind(wrapped), name)
			assert.Equal(t, test.retry, paygates.Retryable(wrapped), name)
		}
	}
}

// A create that may have happened is never retryable, whatever else its error is.
func TestAnUnknownOutcomeIsNeverRetryable(t *testing.T) {
	t.Parallel()
	for _, other := range []error{
		paygates.ErrNoResponse, paygates.ErrUnavailable, paygates.ErrBadResponse, paygates.ErrBusy, context.Canceled, context.DeadlineExceeded,
	} {
		for _, status := range []int{0, 200, 429, 503} {
			assert.False(t, paygates.Retryable(call("create order", status, other, paygates.ErrOutcomeUnknown)))
			assert.Equal(t, "outcome_unknown", paygates.ErrorKind(call("create order", status, other, paygates.ErrOutcomeUnknown)))
		}
	}
}
