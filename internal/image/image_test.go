package image

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

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		png,
		strings.TrimRight(png, "="),
		"iVBO\r\nRw0K\nGgo=\n",
		" iVBO Rw0K Ggo= ",
		"data:image/png;base64," + png,
		"data:image/jpeg;base64," + png, // as gatepay's sample says
		"data:;base64," + png,
		"data:image/png;charset=utf-8;base64," + png,
	} {
		got, err := Decode(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, string(got), text)
	}
	for n := range 5 {
		raw := strings.Repeat("x", n+1)
		got, err := Decode(base64.StdEncoding.EncodeToString([]byte(raw)))
		require.NoError(t, err)
		assert.Equal(t, raw, string(got))
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"":                               ErrNone,
		"=":                              ErrNone,
		" \r\n":                          ErrNone,
		"data:image/png;base64,":         ErrNone,
		"data:":                          errBase64,
		"data:image/png;base64":          errBase64,
		"data:image/png," + png:          errBase64,
		"data:image/svg+xml,<svg>":       errBase64,
		"https://pay.example.com/qr.png": errBase64,
		"<svg></svg>":                    errBase64,
		"iVBORw0KGgo=iVBO":               errBase64,
		"iVBOR":                          errBase64,
		"订单":                             errBase64,
		"iVBO\x00":                       errBase64,
	} {
		got, err := Decode(text)
		require.ErrorIs(t, err, want, text)
		assert.Nil(t, got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(want))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, text := range []string{base64.StdEncoding.EncodeToString(raw), "data:image/png;base64," + base64.RawStdEncoding.EncodeToString(raw)} {
			got, err := Decode(text)
			if len(raw) == 0 {
				require.ErrorIs(t, err, ErrNone)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, raw, got)
		}
		// Whatever it is, it does not panic.
		_, _ = Decode(string(raw))
	})
}
