package redact

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

// order is what the provider packages have: payer data and a harmless String.
type order struct{ PayerIP string }

func (order) String() string               { return "order 1" }
func (o order) Format(f fmt.State, _ rune) { Format(f, o) }
func (o order) LogValue() slog.Value       { return LogValue(o) }

func TestFormatSaysWhatStringSays(t *testing.T) {
	t.Parallel()
	o := order{"203.0.113.7"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%.1s"} {
		assert.Equal(t, "order 1", fmt.Sprintf(verb, o), verb)
		assert.Equal(t, "order 1", fmt.Sprintf(verb, &o), verb)
		assert.NotContains(t, fmt.Sprintf(verb, []order{o}), "203", verb)
		assert.NotContains(t, fmt.Sprintf(verb, struct{ O order }{o}), "203", verb)
	}
}

func TestLogValueSaysWhatStringSays(t *testing.T) {
	t.Parallel()
	o := order{"203.0.113.7"}
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "order", o, "pointer", &o)
	assert.Contains(t, text.String(), `order="order 1" pointer="order 1"`)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("m", "order", o, "pointer", &o)
	assert.Contains(t, json.String(), `"order":"order 1","pointer":"order 1"`)
}
