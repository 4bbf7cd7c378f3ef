package notify

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go/sign"
)

// MaxFields is the largest number of fields in a form. The longest documented one has
// 17.
const MaxFields = 256

var (
	errRepeated = reject(http.StatusBadRequest, "a field occurs more than once")
	errMany     = reject(http.StatusBadRequest, "too many fields")
	errEscape   = reject(http.StatusBadRequest, "invalid percent-encoding")
)

// Encode writes the fields that are not empty, in their order, escaped as by
// url.QueryEscape.
func Encode(fields []sign.Field) string {
	text := make([]byte, 0, 512) // on the stack: most forms fit
	for _, field := range fields {
		if field.Value == "" {
			continue
		}
		if len(text) > 0 {
			text = append(text, '&')
		}
		text = appendEscaped(text, field.Name)
		text = append(text, '=')
		text = appendEscaped(text, field.Value)
	}
	return string(text)
}

// Number returns the digits of n, "" for 0, which Encode leaves out.
func Number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Seconds returns a time in Unix seconds, "" for the zero time, which Encode leaves out.
func Seconds(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return strconv.FormatInt(at.Unix(), 10)
}

func appendEscaped(text []byte, raw string) []byte {
	const hex = "0123456789ABCDEF"
	done := 0
	for i := range len(raw) {
		c := raw[i]
		if isUnreserved[c] {
			continue
		}
		text = append(text, raw[done:i]...)
		done = i + 1
		if c == ' ' {
			text = append(text, '+')
		} else {
			text = append(text, '%', hex[c>>4], hex[c&15])
		}
	}
	return append(text, raw[done:]...)
}

// isUnreserved holds the bytes that url.QueryEscape does not escape.
var isUnreserved = func() (is [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~" {
		is[c] = true
	}
	return is
}()

// Parse reads a query or a form body into values, one for each name: a repeated name,
// invalid percent-encoding and more than [MaxFields] fields are errors. The bytes of a
// value are kept, whatever their encoding, and a ";" is an ordinary character.
func Parse(text string) (url.Values, error) {
	count := strings.Count(text, "&") + 1
	if count > MaxFields {
		return nil, errMany
	}
	values := make(url.Values, count)
	all := make([]string, 0, count) // one array holds the slices of all values
	for text != "" {
		var field string
		field, text, _ = strings.Cut(text, "&")
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return nil, errEscape
		}
		if _, ok := values[name]; ok {
			return nil, errRepeated
		}
		all = append(all, value)
		values[name] = all[len(all)-1 : len(all) : len(all)]
	}
	return values, nil
}
