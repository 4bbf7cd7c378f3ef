package redact

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// order is like the types of the provider packages: it has payer data and a String without it.
type order struct{ PayerIP string }

func (order) String() string               { return "order 1" }
func (o order) Format(f fmt.State, _ rune) { Format(f, o) }
func (o order) LogValue() slog.Value       { return LogValue(o) }

func TestFormat(t *testing.T) {
	t.Parallel()
	o := order{"203.0.113.7"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%.1s"} {
		assert.Equal(t, "order 1", fmt.Sprintf(verb, o), verb)
		assert.Equal(t, "order 1", fmt.Sprintf(verb, &o), verb)
		assert.NotContains(t, fmt.Sprintf(verb, []order{o}), "203", verb)
		assert.NotContains(t, fmt.Sprintf(verb, struct{ O order }{o}), "203", verb)
	}
}

func TestLogValue(t *testing.T) {
	t.Parallel()
	o := order{"203.0.113.7"}
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "order", o, "pointer", &o)
	assert.Contains(t, text.String(), `order="order 1" pointer="order 1"`)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("m", "order", o, "pointer", &o)
	assert.Contains(t, json.String(), `"order":"order 1","pointer":"order 1"`)
}

func TestMessage(t *testing.T) {
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
		assert.Equal(t, want, Message(message), "%q", message)
	}
}
