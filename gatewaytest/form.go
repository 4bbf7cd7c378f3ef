package gatewaytest

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Form returns the parameters of a request's body as PHP reads them, in which most gateways
// are written: those of a form or of a multipart form, whatever stands after the media type.
// Nothing is an error: see [Query]. It returns none for another media type.
func Form(r *http.Request) url.Values {
	const largest = 1 << 20
	mediaType := strings.ToLower(r.Header.Get("Content-Type"))
	if end := strings.IndexAny(mediaType, ";, "); end >= 0 {
		mediaType = mediaType[:end]
	}
	r.Body = http.MaxBytesReader(nil, r.Body, largest)
	switch mediaType {
	case "application/x-www-form-urlencoded":
		body, _ := io.ReadAll(r.Body)
		return Query(string(body))
	case "multipart/form-data":
		_ = r.ParseMultipartForm(largest) //nolint:gosec // bounded above; its error may be that of the query
		if r.MultipartForm != nil {
			return r.MultipartForm.Value
		}
	}
	return url.Values{}
}

// Query returns the parameters of a query as PHP reads them: a ";" belongs to the value, and
// so does a "%" that begins no escape.
func Query(text string) url.Values {
	values := url.Values{}
	for _, pair := range strings.Split(text, "&") {
		if name, value, _ := strings.Cut(pair, "="); name != "" {
			values.Add(decode(name), decode(value))
		}
	}
	return values
}

var percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

func decode(text string) string {
	return percent.ReplaceAllStringFunc(strings.ReplaceAll(text, "+", " "), func(found string) string {
		b, _ := strconv.ParseUint(found[1:], 16, 8)
		return string([]byte{byte(b)})
	})
}
