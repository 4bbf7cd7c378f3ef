package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	goqr "github.com/piglig/go-qr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
)

var texts = []string{"1", "http://127.0.0.1:9101/transfer/424843497502158848", "充值 100 元", strings.Repeat("long ", 60)}

// The expected drawing comes from another program:
//
//	qrencode -8 -l L -m 2 -t UTF8 http://127.0.0.1:9101/pay/12
func TestQRAgreesWithQrencode(t *testing.T) {
	t.Parallel()
	const want = `
   █████████████████████████████
   ██ ▄▄▄▄▄ ██▀▄██ █ ▄█ ▄▄▄▄▄ ██
   ██ █   █ █▄▀█▄███▄ █ █   █ ██
   ██ █▄▄▄█ ██▄▀▀▄▀█  █ █▄▄▄█ ██
   ██▄▄▄▄▄▄▄█ █▄█▄▀ ▀▄█▄▄▄▄▄▄▄██
   ██▄▄ ▀  ▄▄ ▀███  ██▄ ▀██▄█▀██
   ██ █▄▄█▄▄ ▀▀ ▀█▀▄█ ▄ ▀██▄ ▄██
   ███ ▄█▄▀▄█ █ ██  ▄▄▀  █ █▄ ██
   ██▄▀▀▀▄▀▄█▄▀▀█▀▀ ▀▄ ▀ ▄▀▄ ▄██
   ██▄█▄█▄▄▄▄ ▀▀▄▄▄▄█ ▄▄▄  ▀▀▀██
   ██ ▄▄▄▄▄ █ █ ▀█ ▀  █▄█ ▀█ ▄██
   ██ █   █ █▄▀█▄▀ ▀▀  ▄▄ █▀▄███
   ██ █▄▄▄█ █   ▀█▀▄ ▀ ██  █▀▄██
   ██▄▄▄▄▄▄▄█▄█▄█▄▄██▄█▄▄███▄▄██
   █████████████████████████████
`
	var out strings.Builder
	drawQR(&out, "http://127.0.0.1:9101/pay/12")
	assert.Equal(t, want, "\n"+out.String())
}

func TestQRDecodesToItsText(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		var out strings.Builder
		drawQR(&out, text)
		decoded, err := goqr.Decode(photograph(out.String()))
		require.NoError(t, err, text)
		assert.Equal(t, text, decoded)
	}
}

// A text that fits in no QR code is printed.
func TestQRPrintsATextThatIsTooLong(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 5000)
	var out strings.Builder
	drawQR(&out, text)
	assert.Equal(t, "   "+text+"\n", out.String())
}

// An image is drawn as its text is, whatever its format and size.
func TestQRImageDrawsAsQR(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		file := gatewaytest.QRCode(text)
		var want, got strings.Builder
		drawQR(&want, text)
		require.NoError(t, drawQRImage(&got, file), text)
		assert.Equal(t, want.String(), got.String(), text)

		picture, err := png.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		for _, size := range []int{300, 421} {
			var scaled, got bytes.Buffer
			require.NoError(t, jpeg.Encode(&scaled, scale(picture, size), &jpeg.Options{Quality: 90}))
			require.NoError(t, drawQRImage(&got, scaled.Bytes()), "%q at %d", text, size)
			assert.Equal(t, want.String(), got.String(), "%q at %d", text, size)
		}
	}
}

func TestQRImageRejectsOtherFiles(t *testing.T) {
	t.Parallel()
	encode := func(picture image.Image) []byte {
		var file bytes.Buffer
		require.NoError(t, png.Encode(&file, picture))
		return file.Bytes()
	}
	light := image.NewGray(image.Rect(0, 0, 50, 50))
	for i := range light.Pix {
		light.Pix[i] = 0xff
	}
	tests := map[string]struct {
		file []byte
		want string
	}{
		"empty":     {nil, "unreadable image"},
		"text":      {[]byte("<html>"), "unreadable image"},
		"truncated": {gatewaytest.QRCode("1")[:100], "unreadable image"},
		"dark":      {encode(image.NewGray(image.Rect(0, 0, 3, 3))), "no readable QR code"},
		"light":     {encode(light), "no readable QR code"},
		"too large": {encode(image.NewGray(image.Rect(0, 0, 4097, 1))), "larger than 4096"},
	}
	for name, test := range tests {
		var out strings.Builder
		require.ErrorContains(t, drawQRImage(&out, test.file), test.want, name)
		assert.Empty(t, out.String(), name)
	}
}

// photograph returns an image of the code in a dark terminal, without the indent.
func photograph(drawn string) image.Image {
	const size = 4
	var lines [][]rune
	for _, line := range strings.Split(strings.TrimSuffix(drawn, "\n"), "\n") {
		lines = append(lines, []rune(strings.TrimPrefix(line, "   ")))
	}
	picture := image.NewGray(image.Rect(0, 0, len(lines[0])*size, 2*len(lines)*size))
	for y := range 2 * len(lines) * size {
		for x := range len(lines[0]) * size {
			light := "█▀"
			if y/size%2 == 1 {
				light = "█▄"
			}
			if strings.ContainsRune(light, lines[y/size/2][x/size]) {
				picture.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	return picture
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
