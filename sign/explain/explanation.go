// Package explain shows how a signature is made, field by field, and looks for the
// reason why a received signature does not match. It is for a terminal or a support
// page.
package explain

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/paygates/paygates-go/sign"
)

// Explanation shows how a signature is made. It contains the values that were
// passed in, so never send it to the sender of a notification. It contains neither
// the secret nor a signature, because the expected signature is a credential.
type Explanation struct {
	// Form is the formula, such as "md5(userid + order_no + secret)".
	Form string `json:"form"`
	// Fields are the signed fields in the order in which they are signed, followed
	// by the fields that are not signed.
	Fields []Field `json:"fields"`
	// Steps are the texts that are hashed, in order, with the secret masked. It is
	// nil for [RSA], which hashes the only field.
	Steps []string `json:"steps,omitempty"`
	// Received reports whether there was a signature to compare with.
	Received bool `json:"received"`
	// Matches reports whether the received signature is right.
	Matches bool `json:"matches"`
	// Hints say what to check. A hint that begins with "Matches" was tested and gives
	// the received signature.
	Hints []string `json:"hints,omitempty"`

	// mask hides the secret in a value.
	mask func(string) string
}

// Field is one field of an [Explanation].
type Field struct {
	// Name and Value are those of the [sign.Field], with the secret masked.
	Name  string `json:"name"`
	Value string `json:"value"`
	// Bytes is the length of the value.
	Bytes int `json:"bytes"`
	// Skipped is the reason why the field is not signed, "" for a signed field.
	Skipped string `json:"skipped,omitempty"`
	// Odd describes what is unusual about the value.
	Odd []string `json:"odd,omitempty"`
}

const (
	notCovered      = "not covered by the signature"
	hiddenSignature = "[signature]"
)

// NotSigned returns the explanation with more fields, which were received but are not
// covered by the signature.
func (e Explanation) NotSigned(fields ...sign.Field) Explanation {
	all := make([]Field, 0, len(e.Fields)+len(fields))
	all = append(all, e.Fields...)
	for _, field := range fields {
		value := field.Value
		switch {
		case field.Name == sign.FieldName:
			value = hiddenSignature
		case e.mask != nil:
			value = e.mask(value)
		}
		all = append(all, Field{Name: field.Name, Value: value, Bytes: len(field.Value), Skipped: notCovered})
	}
	e.Fields = all
	return e
}

// Hide returns the explanation with more secrets masked in what was received, such as
// those that were used before.
func (e Explanation) Hide(secrets ...sign.Secret) Explanation {
	e.Fields, e.Steps = slices.Clone(e.Fields), slices.Clone(e.Steps)
	for _, secret := range secrets {
		for i := range e.Fields {
			e.Fields[i].Value = mask(secret, e.Fields[i].Value)
		}
		for i := range e.Steps {
			e.Steps[i] = mask(secret, e.Steps[i])
		}
	}
	return e
}

// String returns the explanation as text of several lines, with the values that were
// passed in.
func (e Explanation) String() string {
	var b strings.Builder
	b.WriteString("signature = " + e.Form + "\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	n := 0
	for _, field := range e.Fields {
		mark, what := "-", "skipped: "+field.Skipped
		if field.Skipped == "" {
			n++
			mark, what = strconv.Itoa(n), counted(field.Bytes, "byte")
		}
		_, _ = fmt.Fprintf(table, "  %s\t%q\t%q\t%s\n", mark, field.Name, field.Value, what)
		for _, odd := range field.Odd {
			_, _ = fmt.Fprintf(table, "  \t\t\t! %s\n", odd)
		}
	}
	_ = table.Flush()
	for _, step := range e.Steps {
		_, _ = fmt.Fprintf(&b, "  hashed: %q\n", step)
	}
	b.WriteString("  " + e.verdict() + "\n")
	for _, hint := range e.Hints {
		b.WriteString("  - " + hint + "\n")
	}
	return b.String()
}

// LogValue returns the verdict without the values, which do not belong in a log.
func (e Explanation) LogValue() slog.Value { return slog.StringValue(e.verdict()) }

func (e Explanation) verdict() string {
	switch {
	case !e.Received:
		return "no signature to compare with"
	case e.Matches:
		return "the signature matches"
	default:
		return "the signature DOES NOT match"
	}
}

// counted returns "1 byte", "2 bytes".
func counted(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

func (e *Explanation) hint(hints ...string) { e.Hints = append(e.Hints, hints...) }
