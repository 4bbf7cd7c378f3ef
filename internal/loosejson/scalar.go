package loosejson

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/paygates/paygates-go/money"
)

// scalar is a JSON string, number, true or false as text: the digits of a number are
// kept.
type scalar struct {
	text     string // "" also for null and a field that is missing
	isNested bool   // an object or a list
}

func (s scalar) isNothing() bool { return s == scalar{} }

func scalarOf(json string) scalar {
	switch {
	case json == "" || json == "null":
		return scalar{}
	case json[0] == '{' || json[0] == '[':
		return scalar{isNested: true}
	case json[0] == '"':
		return scalar{text: unescape(json[1 : len(json)-1])}
	default:
		return scalar{text: json}
	}
}

// IsNumber reports whether text can be the number of an order or a payment. The gateways'
// PHP takes "0" for none, and other programs write what they have instead of a number, such
// as "-", "<nil>" or an invisible character.
func IsNumber(text string) bool {
	text = strings.TrimFunc(text, func(r rune) bool { return r == '0' || !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, word := range [...]string{"", "null", "undefined", "none", "nil", "false", "true", "nan", "n/a"} {
		if strings.EqualFold(text, word) {
			return false
		}
	}
	return true
}

// The parse functions read a scalar. The zero scalar is the zero value.

func parseText(s scalar) (text string, ok bool) { return s.text, !s.isNested }

// parseInt reads a whole number, which may have decimals that are all zero.
func parseInt(s scalar) (n int64, ok bool) {
	text := s.text
	if text == "" {
		return 0, !s.isNested
	}
	if whole, zeros, found := strings.Cut(text, "."); found && strings.Trim(zeros, "0") == "" {
		text = whole
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false // not the largest number
	}
	return n, true
}

// parseInt32 keeps a conversion from making another state of a number.
func parseInt32(s scalar) (n int64, ok bool) {
	n, ok = parseInt(s)
	return n, ok && n == int64(int32(n)) //nolint:gosec // the comparison finds an overflow
}

func parseBool(s scalar) (value, ok bool) {
	switch s.text {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	default:
		return false, s.isNothing()
	}
}

func parseAmount(s scalar) (amount money.Amount, ok bool) {
	if s.text == "" {
		return 0, !s.isNested
	}
	amount, err := money.Parse(s.text)
	return amount, err == nil
}

func parseCents(s scalar) (amount money.Amount, ok bool) {
	n, ok := parseInt(s)
	return money.Cents(max(n, 0)), ok && n >= 0
}

// parseWholeCents takes no decimals, not even zeros: 99.00 may be meant in units.
func parseWholeCents(s scalar) (amount money.Amount, ok bool) {
	amount, ok = parseCents(s)
	return amount, ok && !strings.Contains(s.text, ".")
}

func parseSeconds(s scalar) (d time.Duration, ok bool) {
	n, ok := parseInt(s)
	d = time.Duration(n) * time.Second
	return d, ok && n >= 0 && int64(d/time.Second) == n
}
