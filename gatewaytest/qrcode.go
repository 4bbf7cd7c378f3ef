package gatewaytest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	qr "github.com/piglig/go-qr"
)

// QRCode returns a PNG image of a QR code that contains text. It returns nil if
// text is too long for a QR code.
func QRCode(text string) []byte {
	code, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		return nil
	}
	const scale, border = 8, 4 // pixels per module, modules of quiet zone
	side := (code.Size() + 2*border) * scale
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if code.Module(x/scale-border, y/scale-border) {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil
	}
	return file.Bytes()
}
