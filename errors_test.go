package paygates_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]paygates.Error{
		"ispay: create order": {},
		"ispay: create order: code 1004: 订单创建失败!":                            {HTTPStatus: 200, Code: "1004", Message: "订单创建失败!"},
		"ispay: create order: HTTP 500: code 0: no: order not found":         {HTTPStatus: 500, Code: "0", Message: "no", Err: paygates.ErrOrderNotFound},
		"ispay: create order: HTTP 201":                                      {HTTPStatus: 201},
		"ispay: create order: no response":                                   {Err: paygates.ErrNoResponse},
		"ispay: create order: a?b":                                           {HTTPStatus: 200, Message: "a\nb"},
		"ispay: create order: code a?b":                                      {Code: "a\x1bb"},
		"ispay: create order: expected [redacted]":                           {Message: "expected 63a5bf1f3500791f438c2829da45d037"},
		"ispay: create order: code [redacted]":                               {Code: "63a5bf1f3500791f438c2829da45d037"},
		"ispay: create order: order 20191118123424201911181234242019 exists": {Message: "order 20191118123424201911181234242019 exists"},
	} {
		err.Gateway, err.Op = "ispay", "create order"
		assert.Equal(t, want, err.Error())
		assert.Equal(t, err.Err, errors.Unwrap(&err))
	}
}

// Body may hold payer data: nothing prints it.
func TestErrorPrintsNoBody(t *testing.T) {
	t.Parallel()
	failed := &paygates.Error{
		Gateway: "ispay", Op: "query order", HTTPStatus: 200, Body: paygates.NewPrivate([]byte(`{"ip":"203.0.113.7"}`)), Err: paygates.ErrBadResponse,
	}
	const want = "ispay: query order: unexpected response"
	type holder struct {
		Err    error
		Direct paygates.Error
		List   []*paygates.Error
		hidden *paygates.Error
		err    error
		direct paygates.Error
		list   []*paygates.Error
	}
	list := []*paygates.Error{failed}
	all := holder{failed, *failed, list, failed, failed, *failed, list}
	for verb := 'A'; verb <= 'z'; verb++ { // also those that fmt does not have, and %w, which is not for Sprintf
		for _, value := range []any{failed, *failed, list, all, &all, struct{ err error }{failed}} {
			for _, flag := range []string{"%", "%+", "%#"} {
				text := strings.NewReplacer("0x", "", " ", "", ",", "").Replace(fmt.Sprintf(flag+string(verb), value))
				assert.NotContains(t, text, "203.0.113.7", string(verb))
				assert.NotContains(t, text, "504851", "%s: decimal bytes", string(verb))
				assert.NotContains(t, strings.ToLower(text), "3230332e", "%s: bytes in hex", string(verb))
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, want, fmt.Sprintf(verb, failed), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, *failed), verb)
		assert.NotContains(t, fmt.Sprintf(verb, all), "203.0.113.7", verb)
		assert.NotContains(t, fmt.Sprintf(verb, &all), "203.0.113.7", verb)
		assert.NotContains(t, fmt.Sprintf(verb, fmt.Errorf("own: %w", failed)), "203.0.113.7", verb)
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "203.0.113.7")
	assert.NotContains(t, string(text), "MjAzLj", "base64")
	text, err = json.Marshal(failed)
	require.NoError(t, err)
	assert.Equal(t, `"`+want+`"`, string(text))
	var lines bytes.Buffer
	slog.New(slog.NewTextHandler(&lines, nil)).Info("m", "err", failed, "value", *failed, "all", all, "list", all.List)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "err", failed, "value", *failed, "all", all, "list", all.List)
	assert.NotContains(t, lines.String(), "203.0.113.7")
	assert.NotContains(t, lines.String(), "MjAzLj")
	assert.Contains(t, lines.String(), want)
}

// A merchant tests for one after the other, in any order.
func TestSentinelsAreDifferent(t *testing.T) {
	t.Parallel()
	all := []error{
		paygates.ErrInvalidConfig, paygates.ErrInvalidRequest, paygates.ErrNotSent, paygates.ErrOutcomeUnknown, paygates.ErrNoResponse,
		paygates.ErrBadResponse, paygates.ErrUnavailable, paygates.ErrOrderNotFound, paygates.ErrNotPaid, paygates.ErrInvalidNotification,
		paygates.ErrInvalidSignature, paygates.ErrNotConfirmed, paygates.ErrBusy,
	}
	for i, a := range all {
		for j, b := range all {
			assert.Equal(t, i == j, errors.Is(a, b), "%v, %v", a, b)
		}
	}
}

type ownStatus struct{ error }

func (ownStatus) NotificationStatus() int { return http.StatusTeapot }

func TestNotificationStatus(t *testing.T) {
	t.Parallel()
	assert.Equal(t, http.StatusOK, paygates.NotificationStatus(nil))
	for err, want := range map[error]int{
		paygates.ErrInvalidSignature:    http.StatusForbidden,
		paygates.ErrInvalidNotification: http.StatusBadRequest,
		paygates.ErrNotConfirmed:        http.StatusConflict,
		paygates.ErrOrderNotFound:       http.StatusConflict,
		paygates.ErrBusy:                http.StatusServiceUnavailable,
		paygates.ErrNoResponse:          http.StatusBadGateway,
		paygates.ErrBadResponse:         http.StatusBadGateway,
		paygates.ErrUnavailable:         http.StatusBadGateway,
		errors.New("anything"):          http.StatusBadGateway,
		ownStatus{errors.New("own")}:    http.StatusTeapot,
	} {
		assert.Equal(t, want, paygates.NotificationStatus(err), err)
		assert.Equal(t, want, paygates.NotificationStatus(&paygates.Error{Err: fmt.Errorf("wrapped: %w", err)}), err)
	}
	both := fmt.Errorf("%w: %w", paygates.ErrNotConfirmed, paygates.ErrOrderNotFound)
	assert.Equal(t, http.StatusConflict, paygates.NotificationStatus(both))
}
