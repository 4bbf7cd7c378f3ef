package loosejson

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// base64 of the first bytes of a PNG: printf '\x89PNG\r\n\x1a\n' | base64
const (
	png  = "iVBORw0KGgo="
	want = "\x89PNG\r\n\x1a\n"
)

func TestImage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		png,
		strings.TrimRight(png, "="),
		"iVBO\r\nRw0K\nGgo=\n",
		" iVBORw0KGgo=\t",
		"data:image/png;base64," + png,
		"data:image/jpeg;base64," + png, // as gatepay's sample says
		"data:;base64," + png,
		"data:image/png;charset=utf-8;base64," + png,
	} {
		got, err := decodeImage(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, string(got), text)
	}
	for n := range 5 { // every length of padding
		raw := want + strings.Repeat("x", n)
		got, err := decodeImage(base64.StdEncoding.EncodeToString([]byte(raw)))
		require.NoError(t, err)
		assert.Equal(t, raw, string(got))
	}
	// A form decoder makes a blank of "+", and some encoders write "-" and "_".
	raw := want + "x\xfb\xef\xbe\xff\xff\xff"
	encoded := base64.StdEncoding.EncodeToString([]byte(raw))
	require.Contains(t, encoded, "+")
	for _, text := range []string{encoded, strings.ReplaceAll(encoded, "+", " "), base64.URLEncoding.EncodeToString([]byte(raw))} {
		got, err := decodeImage(text)
		require.NoError(t, err)
		assert.Equal(t, raw, string(got))
	}
}

func TestImageRejects(t *testing.T) {
	t.Parallel()
	for want, texts := range map[error][]string{
		errNoImage: {"", "null", "=", " \r\n", "data:image/png;base64,"},
		// The second and third are from printf null | base64 and printf '<html></html>' | base64.
		errNotImage: {
			"undefined", "bnVsbA==", "PGh0bWw+PC9odG1sPg==", "data:", "data:image/png;base64", "data:image/png," + png,
			"data:image/svg+xml,<svg>", "https://pay.example.com/qr.png", "<svg></svg>", "iVBORw0KGgo=iVBO", "iVBOR", "订单", "iVBO\x00",
		},
	} {
		for _, text := range texts {
			got, err := decodeImage(text)
			require.ErrorIs(t, err, want, text)
			assert.Nil(t, got)
		}
	}
}

func FuzzImage(f *testing.F) {
	f.Add([]byte(want))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = append([]byte(want), raw...)
		for _, text := range []string{base64.StdEncoding.EncodeToString(raw), "data:image/png;base64," + base64.RawStdEncoding.EncodeToString(raw)} {
			got, err := decodeImage(text)
			require.NoError(t, err)
			require.Equal(t, raw, got)
		}
		// It does not panic, whatever arrives.
		_, _ = decodeImage(string(raw[len(want):]))
	})
}
