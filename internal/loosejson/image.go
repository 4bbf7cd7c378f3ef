package loosejson

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/paygates/paygates-go"
)

var (
	errNoImage  = errors.New("no image was sent")
	errNotImage = errors.New("not an image in base64")
)

// Image is Image for a package, whose name and ErrBadResponse its error has.
func Image(gateway, text string) ([]byte, error) {
	decoded, err := decodeImage(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, paygates.ErrBadResponse, err)
	}
	return decoded, nil
}

// decodeImage returns the bytes of an image in base64, with or without padding, line breaks
// and "data:image/…;base64," before it. A blank stands for the "+" that a form decoder
// made of it. The media type of a data URI is not reliable: gatepay's sample says JPEG
// and holds a PNG.
func decodeImage(text string) ([]byte, error) {
	if text == "" || text == "null" {
		return nil, errNoImage
	}
	if strings.HasPrefix(text, "data:") {
		head, data, ok := strings.Cut(text, ",")
		if !ok || !strings.HasSuffix(strings.TrimSpace(head), ";base64") {
			return nil, errNotImage
		}
		text = data
	}
	text = strings.NewReplacer("\r", "", "\n", "", "\t", "", " ", "+", "-", "+", "_", "/").Replace(strings.TrimSpace(text))
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	switch {
	case err != nil:
		return nil, errNotImage
	case len(decoded) == 0:
		return nil, errNoImage
	case !strings.HasPrefix(http.DetectContentType(decoded), "image/"):
		return nil, errNotImage
	}
	return decoded, nil
}
