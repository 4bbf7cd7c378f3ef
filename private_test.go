package paygates_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

func TestPrivateReveals(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "203.0.113.7", paygates.NewPrivate("203.0.113.7").Reveal())
	assert.Equal(t, json.RawMessage("{}"), paygates.NewPrivate(json.RawMessage("{}")).Reveal())
	assert.Empty(t, paygates.Private[string]{}.Reveal())
	assert.Nil(t, paygates.Private[url.Values]{}.Reveal())
	copied := paygates.NewPrivate("a")
	other := copied
	assert.Equal(t, "a", other.Reveal())
}

// holder is what a merchant may have around a result.
type holder struct {
	Text    paygates.Private[string]
	Raw     paygates.Private[json.RawMessage]
	Values  paygates.Private[url.Values]
	Pointer *paygates.Private[string]
	Any     any
	List    []paygates.Private[string]
	Map     map[string]paygates.Private[string]
	hidden  paygates.Private[string]
	inner   struct {
		hidden paygates.Private[json.RawMessage]
	}
}

func TestPrivateIsNotPrinted(t *testing.T) {
	t.Parallel()
	const secret = "203.0.113.7"
	text := paygates.NewPrivate(secret)
	raw := paygates.NewPrivate(json.RawMessage(`"` + secret + `"`))
	h := holder{
		text, raw, paygates.NewPrivate(url.Values{"ip": {secret}}), &text, text,
		[]paygates.Private[string]{text}, map[string]paygates.Private[string]{"a": text}, text,
		struct {
			hidden paygates.Private[json.RawMessage]
		}{raw},
	}
	forms := map[string]any{
		"value": text, "pointer": &text, "raw": raw, "slice": h.List, "map": h.Map, "struct": h, "pointer to struct": &h,
		"slice of structs": []holder{h}, "map of pointers": map[string]*holder{"a": &h}, "array": [1]holder{h},
	}
	// The bytes of the text as %x, %d, %v and %q of a byte slice print them.
	leaks := []string{secret, "3230332e", "50 48 51", "0x32, 0x30", "MjAzLj"}
	for name, form := range forms {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%10s", "%.3s"} {
			got := fmt.Sprintf(verb, form)
			for _, leak := range leaks {
				assert.NotContains(t, got, leak, "%s %s", name, verb)
			}
		}
		got, err := json.Marshal(form)
		require.NoError(t, err, name)
		var lines bytes.Buffer
		slog.New(slog.NewTextHandler(&lines, nil)).Info("m", "form", form)
		slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "form", form)
		for _, leak := range leaks {
			assert.NotContains(t, string(got), leak, name)
			assert.NotContains(t, lines.String(), leak, name)
		}
	}
	for _, verb := range []string{"%v", "%s", "%q", "%x"} {
		assert.Equal(t, "[private]", fmt.Sprintf(verb, text))
	}
	assert.Equal(t, "[private]", text.String())
	assert.Equal(t, "[private]", paygates.Private[int]{}.String())
}
