package sign

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// ErrEmptySecret is returned when an empty or blank secret is asked to sign or
// to verify: md5 of a message and nothing is a signature anybody can make.
var ErrEmptySecret = errors.New("sign: the secret is empty")

const redacted = "[redacted]"

// Secret is a key or a token that shows itself nowhere: not with any verb of
// fmt, not in JSON or text encodings, not in slog, and not inside another
// struct that is printed. The only way to its value is [Secret.Reveal].
//
// It can be read from JSON or text (a settings file, an environment decoder).
// The zero Secret is empty, and an empty Secret never signs and never verifies.
type Secret struct {
	// A closure, because fmt and other printers that use reflection reach the
	// unexported fields of the structs around a Secret without calling its
	// methods: of a function they can print no more than an address.
	reveal func() string
}

// NewSecret returns the secret with the given value, taken exactly as it is.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value itself. Keep it out of logs, errors and URLs.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsEmpty reports whether the secret is empty or consists of white space only.
func (s Secret) IsEmpty() bool {
	value := s.Reveal()
	if value != "" && value[0] > ' ' && value[0] < utf8.RuneSelf { // most secrets
		return false
	}
	return strings.TrimSpace(value) == ""
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

// MarshalText returns what String returns: a Secret cannot be written to a file
// by accident, and a round trip through an encoder loses it on purpose.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String returns, as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalText sets the secret to the text, exactly as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
