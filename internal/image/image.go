// Package image decodes the QR code images that gateways put into their JSON.
package image

import (
	"encoding/base64"
	"errors"
	"strings"
)

// ErrNone is returned for an empty text: the gateway sent no image.
var ErrNone = errors.New("the answer holds no image")

var errBase64 = errors.New("the image is not base64")

// Decode returns the bytes of an image in base64, with or without padding,
// line breaks and a "data:image/…;base64," before it. The media type there is
// not to be relied on: gatepay's sample says JPEG and holds a PNG.
func Decode(text string) ([]byte, error) {
	if text == "" {
		return nil, ErrNone
	}
	if strings.HasPrefix(text, "data:") {
		head, data, ok := strings.Cut(text, ",")
		if !ok || !strings.HasSuffix(head, ";base64") {
			return nil, errBase64
		}
		text = data
	}
	text = strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(text)
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errBase64
	}
	if len(decoded) == 0 {
		return nil, ErrNone
	}
	return decoded, nil
}
