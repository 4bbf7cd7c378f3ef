package main

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg" // gateways send PNG or JPEG
	_ "image/png"
	"io"

	goqr "github.com/piglig/go-qr"
)

var (
	errUnreadable = errors.New("draw QR code: unreadable image: expected PNG or JPEG")
	errTooLarge   = errors.New("draw QR code: image is larger than 4096 by 4096 pixels")
	errNoCode     = errors.New("draw QR code: image contains no readable QR code")
)

// drawQRImage draws the QR code in a PNG or JPEG file as drawQR draws a text. Use it
// for gateways that send an image instead of the text.
func drawQRImage(out io.Writer, file []byte) error {
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return errUnreadable
	}
	if config.Width > 4096 || config.Height > 4096 {
		return errTooLarge
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return errUnreadable
	}
	text, err := goqr.Decode(picture)
	if err != nil {
		return errNoCode
	}
	drawQR(out, text)
	return nil
}
