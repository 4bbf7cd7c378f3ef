package terminal_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/examples/internal/terminal"
	"github.com/paygates/paygates-go/gatewaytest"
)

// The same code is drawn whichever way its image comes.
func TestQRImage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1", "http://127.0.0.1:9101/transfer/424843497502158848", strings.Repeat("long ", 60)} {
		file := gatewaytest.QRCode(text)
		var want strings.Builder
		require.NoError(t, terminal.QRImage(&want, file))
		lines := strings.Split(want.String(), "\n")
		assert.Contains(t, lines[1], "██ ▄▄▄▄▄ █", "a finder pattern on the left")
		assert.Contains(t, lines[1], "█ ▄▄▄▄▄ ██", "and one on the right")

		picture, err := png.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		for _, size := range []int{300, 421} {
			var scaled, got bytes.Buffer
			require.NoError(t, jpeg.Encode(&scaled, scale(picture, size), &jpeg.Options{Quality: 90}))
			require.NoError(t, terminal.QRImage(&got, scaled.Bytes()), "%q at %d", text, size)
			assert.Equal(t, want.String(), got.String(), "%q at %d", text, size)
		}
	}
}

func TestQRImageAgreesWithQR(t *testing.T) {
	t.Parallel()
	// Short enough for both to choose the same version: the error correction
	// differs, so only the finder patterns are the same.
	var drawn, read strings.Builder
	terminal.QR(&drawn, "12")
	require.NoError(t, terminal.QRImage(&read, gatewaytest.QRCode("12")))
	first := func(text string) string { return strings.Split(text, "\n")[1] }
	assert.Equal(t, first(drawn.String())[:30], first(read.String())[:30])
	assert.Len(t, strings.Split(read.String(), "\n"), len(strings.Split(drawn.String(), "\n")))
}

func TestQRImageRefusesOtherImages(t *testing.T) {
	t.Parallel()
	var grey, white bytes.Buffer
	require.NoError(t, png.Encode(&white, image.NewGray(image.Rect(0, 0, 3, 3))))
	blank := image.NewGray(image.Rect(0, 0, 50, 50))
	for i := range blank.Pix {
		blank.Pix[i] = 0xff
	}
	require.NoError(t, png.Encode(&grey, blank))
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte("<html>"), "all dark": white.Bytes(), "all light": grey.Bytes(),
	} {
		var out strings.Builder
		require.Error(t, terminal.QRImage(&out, file), name)
		assert.Empty(t, out.String(), name)
	}
}

// scale draws a picture in another size, with a white border.
func scale(picture image.Image, size int) image.Image {
	const border = 20
	scaled := image.NewGray(image.Rect(0, 0, size+2*border, size+2*border))
	bounds := picture.Bounds()
	for y := range size + 2*border {
		for x := range size + 2*border {
			scaled.SetGray(x, y, color.Gray{Y: 0xff})
			if x >= border && y >= border && x < border+size && y < border+size {
				at := picture.At(bounds.Min.X+(x-border)*bounds.Dx()/size, bounds.Min.Y+(y-border)*bounds.Dy()/size)
				scaled.Set(x, y, at)
			}
		}
	}
	return scaled
}
