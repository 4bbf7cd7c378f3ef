// Package redact keeps private data out of what is printed.
package redact

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask replaces what must not be shown.
const Mask = "[redacted]"

// Format writes v.String() for every verb.
func Format(f fmt.State, v fmt.Stringer) { _, _ = io.WriteString(f, v.String()) }

// LogValue returns v.String() for a structured log.
func LogValue(v fmt.Stringer) slog.Value { return slog.StringValue(v.String()) }

// signature matches a digest, whether it was sent or is the one that the gateway
// expected.
var signature = regexp.MustCompile(`[0-9A-Fa-f]{32,}`)

// Signatures masks the signatures in a gateway's text.
func Signatures(text string) string {
	return signature.ReplaceAllStringFunc(text, func(found string) string {
		if strings.Trim(found, "0123456789") == "" {
			return found // the number of an order
		}
		return Mask
	})
}

// Message makes a gateway's text fit to print in one line of a log: valid UTF-8
// without control characters and signatures, at most 200 runes.
func Message(text string) string {
	const longest = 200
	text = Signatures(text)
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > longest {
			b.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
