package loosejson

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/paygates/paygates-go/money"
)

// scalar is a JSON string, number, true or false as text: the digits of a number are
// kept.
type scalar struct {
	text  string
	state state
}

type state uint8

const (
	absent state = iota // null, or no such field
	present
	unreadable // an object or a list
)

// isNothing reports whether there is no such field, or it is null or "".
func (s scalar) isNothing() bool { return s.state != unreadable && s.text == "" }

// scalarOf reads JSON, which text is as well.
func scalarOf(json []byte, text string) scalar {
	switch {
	case text == "" || text == "null":
		return scalar{}
	case text[0] == '{' || text[0] == '[':
		return scalar{state: unreadable}
	case text[0] != '"':
		return scalar{text, present}
	case bytes.IndexByte(json, '\\') < 0:
		return scalar{text[1 : len(text)-1], present}
	default:
		return scalar{string(unescape(make([]byte, 0, 64), json[1:len(json)-1])), present}
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

// parseInt reads a whole number, which may have decimals that are all zero.
func parseInt(s scalar) (n int64, ok bool) {
	text := s.text
	if text == "" {
		return 0, s.state != unreadable
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

func parseBool(s scalar) (value, ok bool) {
	switch s.text {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	default:
		return false, s.text == "" && s.state != unreadable
	}
}

func parseAmount(s scalar) (amount money.Amount, ok bool) {
	if s.text == "" {
		return 0, s.state != unreadable
	}
	amount, err := money.Parse(s.text)
	return amount, err == nil
}
