package sign

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrEmptySecret is returned when an empty or blank secret would sign or verify.
// Anyone can make the MD5 of a message without a secret.
var ErrEmptySecret = errors.New("secret is empty")

const redacted = "[redacted]"

// Secret is a key or a token that does not appear in the output of fmt, slog or the
// JSON and text encoders, not even as a field of another struct. [Secret.Reveal]
// is the only way to read its value.
//
// A Secret can be decoded from JSON or text, such as a settings file or an
// environment variable. The zero Secret is empty. An empty Secret never signs and
// never verifies.
type Secret struct {
	// A closure, because fmt and other printers reach the unexported fields of a
	// struct by reflection, without calling the methods of Secret. They print a
	// function as an address.
	reveal func() string
}

// NewSecret returns a Secret with exactly the given value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value. Keep it out of logs, errors and URLs.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsEmpty reports whether the secret is empty or consists of whitespace only.
func (s Secret) IsEmpty() bool {
	return strings.TrimSpace(s.Reveal()) == ""
}

// isInvisible reports whether r is a character that editors, web pages and dialogs leave
// in a copied text, such as the byte order mark, the zero-width space and direction marks.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) }

func isBlank(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }

// Trimmed returns the secret without the whitespace, quotes, line breaks and byte
// order marks around it, which come from copying it or from a settings file.
func (s Secret) Trimmed() Secret { return NewSecret(trim(s.Reveal())) }

func trim(text string) string {
	for {
		trimmed := strings.TrimFunc(text, isBlank)
		for _, quotes := range [][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"‘", "’"}} {
			inside, opened := strings.CutPrefix(trimmed, quotes[0])
			inside, closed := strings.CutSuffix(inside, quotes[1])
			if opened && closed {
				trimmed = inside
			}
		}
		if trimmed == text {
			return text
		}
		text = trimmed
	}
}

// Problem describes what is wrong with the secret in words that continue a sentence
// about it: "is empty", "ends with a line break", "is in quotes". It returns ""
// if nothing is wrong. The words contain no part of the secret.
//
// A secret with a problem was probably copied or read wrongly. It still signs, with
// exactly the value that it has.
func (s Secret) Problem() string {
	value := s.Reveal()
	trimmed := trim(value)
	withoutSpace := strings.TrimSpace(value)
	switch {
	case trimmed == "":
		return "is empty"
	case !utf8.ValidString(value):
		return "is not UTF-8"
	case strings.ContainsAny(trimmed, "\r\n"):
		return "has a line break in it"
	case strings.IndexFunc(trimmed, unicode.IsControl) >= 0:
		return "has a control character in it"
	case trimmed == value:
		return ""
	case strings.TrimRight(value, "\r\n") != value:
		return "ends with a line break"
	case withoutSpace != value:
		return "begins or ends with whitespace"
	case strings.HasPrefix(value, "\ufeff"):
		return "begins with a byte order mark"
	case strings.TrimFunc(value, isInvisible) != value:
		return "begins or ends with an invisible character"
	default:
		return "is in quotes"
	}
}

// String returns "[redacted]", or "" for an empty secret.
func (s Secret) String() string {
	if s.Reveal() == "" {
		return ""
	}
	return redacted
}

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue keeps the value out of structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String returns, so that an encoder cannot write the value
// to a file. Decoding that file does not restore the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String returns as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalText sets the secret to exactly the given text.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
