package explain

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygates/paygates-go/sign"
)

var amountNames = []string{"amount", "price", "realprice", "money"}

// oddities describes what is unusual about a value and often a mistake.
func oddities(field sign.Field) (odd []string) {
	value := field.Value
	isUTF8 := utf8.ValidString(value)
	add := func(condition bool, what string) {
		if condition {
			odd = append(odd, what)
		}
	}
	add(strings.TrimSpace(value) != value, "begins or ends with whitespace")
	add(strings.IndexFunc(strings.TrimSpace(value), unicode.IsControl) >= 0, "contains a control character, such as a line break")
	add(strings.IndexFunc(value, isInvisible) >= 0, "contains an invisible character, such as a byte order mark")
	add(strings.IndexFunc(value, isFullWidth) >= 0, "contains full-width characters (１２３ instead of 123)")
	add(strings.Contains(value, "%") && unescape(value) != value, "looks URL-encoded, but must be decoded once")
	add(strings.Contains(value, "&amp;"), "is escaped for HTML (&amp;)")
	add(!isUTF8, "is not UTF-8: it may be GBK")
	add(isUTF8 && strings.Contains(value, "\ufffd"), "contains U+FFFD: a decoder replaced bytes that it could not read")
	add(isUTF8 && !isASCII(value), "is not ASCII: its UTF-8 bytes are signed")
	add(len(value) > 1 && strings.Trim(value, `"'`) != value, "begins or ends with a quote")
	add(value == "null" || value == "nil" || value == "undefined" || value == "NaN", "looks like a missing value that was written as text")
	add(slices.Contains(amountNames, field.Name) && !hasTwoDecimals(value), "is not written with exactly two decimals")
	return odd
}

// isInvisible leaves out the joiner, which emoji have.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) && r != '\u200d' }

func isASCII(value string) bool {
	for i := range len(value) {
		if value[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isFullWidth(r rune) bool { return r >= '！' && r <= '～' || r == '\u3000' }

func hasTwoDecimals(value string) bool {
	whole, decimals, _ := strings.Cut(value, ".")
	return whole != "" && len(decimals) == 2 && strings.Trim(whole+decimals, "0123456789") == ""
}
