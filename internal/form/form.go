// Package form writes and reads application/x-www-form-urlencoded text. It
// reads more strictly than net/url, and with fewer allocations.
package form

import (
	"errors"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go/sign"
)

// MaxFields is the number of fields that Parse reads at most. The longest
// documented form has 17.
const MaxFields = 256

var (
	errRepeated = errors.New("a field occurs more than once")
	errMany     = errors.New("too many fields")
	errEscape   = errors.New("invalid percent-encoding")
)

// Encode writes the fields that are not empty, in their order, escaped as by
// url.QueryEscape.
func Encode(fields []sign.Field) string {
	size := 0
	for _, field := range fields {
		size += len(field.Name) + 3*len(field.Value) + 2
	}
	var b strings.Builder
	b.Grow(size)
	for _, field := range fields {
		if field.Value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		escape(&b, field.Name)
		b.WriteByte('=')
		escape(&b, field.Value)
	}
	return b.String()
}

func escape(b *strings.Builder, text string) {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}

// Parse reads a query or a form body into values, one for each name: a repeated
// name, invalid percent-encoding and more than [MaxFields] fields are errors.
// The bytes of a value are kept as they are, whatever their encoding.
func Parse(text string) (url.Values, error) {
	count := strings.Count(text, "&") + 1
	if count > MaxFields {
		return nil, errMany
	}
	values := make(url.Values, count)
	// One array holds the slices of all values.
	all := make([]string, 0, count)
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

// Single checks that no name has more than one value, for values that somebody
// else parsed, and that there are not too many.
func Single(values url.Values) error {
	if len(values) > MaxFields {
		return errMany
	}
	for _, all := range values {
		if len(all) > 1 {
			return errRepeated
		}
	}
	return nil
}
