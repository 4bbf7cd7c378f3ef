package failure

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInvalid(t *testing.T) {
	t.Parallel()
	err := Invalid("ispay", ErrInvalidRequest, "OrderNo", "is required")
	require.ErrorIs(t, err, ErrInvalidRequest)
	assert.EqualError(t, err, "ispay: invalid request: OrderNo is required")
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want    string
		status  int
		code    string
		message string
		cause   error
	}{
		{want: "ispay: create order"},
		{"ispay: create order: code 1004: 订单创建失败!", 200, "1004", "订单创建失败!", nil},
		{"ispay: create order: HTTP 500: code 0: no: order not found", 500, "0", "no", ErrOrderNotFound},
		{"ispay: create order: HTTP 201", 201, "", "", nil},
		{"ispay: create order: no answer from the gateway", 0, "", "", ErrNoAnswer},
		{"ispay: create order: a?b", 200, "", "a\nb", nil},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, Text("ispay", "create order", test.status, test.code, test.message, test.cause))
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"":                    "",
		"订单不存在":               "订单不存在",
		"a b":                 "a b",
		"line\r\nlevel=ERROR": "line??level=ERROR",
		"\x1b[31mred":         "?[31mred",
		"\u202eright to left": "?right to left",
		"\u2028":              "?",
		"\xff\xc4\xe3":        "???",
		"a\x00b":              "a?b",
		"want 63a5bf1f3500791f438c2829da45d037 or 63A5BF1F3500791F438C2829DA45D037!": "want [redacted] or [redacted]!",
		"order 20191118123424201911181234242019 exists":                              "order 20191118123424201911181234242019 exists",
		strings.Repeat("订", 200):                                                     strings.Repeat("订", 200),
		strings.Repeat("订", 201):                                                     strings.Repeat("订", 200) + "…",
	} {
		assert.Equal(t, want, Words(message), "%q", message)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, Unknown(nil), ErrOutcomeUnknown)
	err := Unknown(ErrNoAnswer)
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	require.ErrorIs(t, err, ErrNoAnswer)
	assert.EqualError(t, err, "outcome unknown: the order may exist; look for it, do not create it again (no answer from the gateway)")
}

func TestAfterCreate(t *testing.T) {
	t.Parallel()
	bad := Bad("no order_id")
	tests := map[string]struct {
		status  int
		cause   error
		unknown bool
	}{
		"a readable no":              {200, nil, false},
		"a readable no with a cause": {200, ErrOrderNotFound, false},
		"an unreadable answer":       {200, bad, true},
		"an unreadable 3xx":          {302, bad, true},
		"a 4xx":                      {400, nil, false},
		"an unreadable 4xx":          {404, bad, false},
		"the last 4xx":               {499, bad, false},
		"a 5xx that says no":         {500, nil, true},
		"an unreadable 5xx":          {502, bad, true},
	}
	for name, test := range tests {
		err := AfterCreate(test.status, test.cause)
		assert.Equal(t, test.unknown, errors.Is(err, ErrOutcomeUnknown), name)
		if test.cause != nil {
			require.ErrorIs(t, err, test.cause, name)
		} else if !test.unknown {
			require.NoError(t, err, name)
		}
	}
}

func TestBad(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, Bad("no order_id"), ErrBadAnswer)
	assert.EqualError(t, Bad("no order_id"), "the gateway's answer cannot be read: no order_id")
}

// A merchant tests for them one by one: none is another.
func TestTheSentinelsAreDifferent(t *testing.T) {
	t.Parallel()
	all := []error{
		ErrInvalidConfig, ErrInvalidRequest, ErrInvalidSignature, ErrInvalidNotification, ErrNotConfirmed,
		ErrOrderNotFound, ErrNotPaid, ErrOutcomeUnknown, ErrNoAnswer, ErrBadAnswer,
	}
	for i, a := range all {
		for j, b := range all {
			assert.Equal(t, i == j, errors.Is(a, b), "%v, %v", a, b)
		}
	}
}
