package explain

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paygates/paygates-go/sign"
)

// MD5Concat explains [sign.MD5Concat] of the values of the fields, in the given
// order. Received is the signature to compare with, or "".
func MD5Concat(secret sign.Secret, received string, fields []sign.Field) Explanation {
	return explain(form{
		formula: "md5(" + strings.Join(append(names(fields), "secret"), " + ") + ")",
		verify: func(secret sign.Secret, received string, fields []sign.Field) error {
			expected, err := sign.MD5Concat(secret, valuesOf(fields)...)
			return verify(expected, err, received)
		},
		steps: func(fields []sign.Field, secret string) []string {
			return []string{strings.Join(valuesOf(fields), "") + secret}
		},
	}, secret, received, fields)
}

// MD5Nested explains [sign.MD5Nested] of the values of the fields, in the given order.
// Received is the signature to compare with, or "".
func MD5Nested(secret sign.Secret, received string, fields []sign.Field) Explanation {
	return explain(form{
		formula: "md5(md5(" + strings.Join(names(fields), " + ") + ") + secret)",
		verify: func(secret sign.Secret, received string, fields []sign.Field) error {
			expected, err := sign.MD5Nested(secret, valuesOf(fields)...)
			return verify(expected, err, received)
		},
		steps: func(fields []sign.Field, secret string) []string {
			joined := strings.Join(valuesOf(fields), "")
			return []string{joined, md5Hex(joined) + secret}
		},
	}, secret, received, fields)
}

// MD5Sorted explains [sign.MD5Sorted] and [sign.VerifyMD5SortedValues] of the fields,
// which may be in any order. Received is the signature to compare with, or "". Skip
// names the fields that are left out, as it does there.
func MD5Sorted(secret sign.Secret, received string, fields []sign.Field, skip ...string) Explanation {
	return explain(form{
		formula: "md5(name=value&… + secret), sorted by name",
		sorted:  true,
		skip:    skip,
		verify: func(secret sign.Secret, received string, fields []sign.Field) error {
			values := url.Values{}
			for _, field := range fields {
				values.Add(field.Name, field.Value)
			}
			if len(values[sign.FieldName]) < 2 {
				values.Set(sign.FieldName, received)
			}
			return sign.VerifyMD5SortedValues(secret, values, skip...)
		},
		steps: func(fields []sign.Field, secret string) []string {
			return []string{joinSorted(fields) + secret}
		},
	}, secret, received, fields)
}

// MD5Salted explains [sign.MD5Salted] of the salt. Received is the signature to compare
// with, or "".
func MD5Salted(secret sign.Secret, received, salt string) Explanation {
	return explain(form{
		formula: "md5(md5(salt) + md5(secret))",
		verify: func(secret sign.Secret, received string, fields []sign.Field) error {
			expected, err := sign.MD5Salted(secret, fields[0].Value)
			return verify(expected, err, received)
		},
		steps: func(fields []sign.Field, secret string) []string {
			salt := fields[0].Value
			return []string{salt, md5Hex(salt) + "[md5 of " + strings.TrimPrefix(secret, "[")}
		},
	}, secret, received, []sign.Field{{Name: "salt", Value: salt}})
}

// RSA explains [sign.PublicKey.Verify] of a message. Received is the signature to
// compare with, or "".
func RSA(key sign.PublicKey, received string, message []byte) Explanation {
	field := sign.Field{Name: "body", Value: string(message)}
	e := Explanation{
		Form:     "RSA-SHA256(body)",
		Fields:   []Field{{Name: field.Name, Value: field.Value, Bytes: len(message), Odd: oddities(field)}},
		Received: received != "",
		Matches:  key.Verify(message, received) == nil,
	}
	switch {
	case key.IsZero():
		e.hint("There is no public key.")
	case e.Received && !e.Matches:
		e.hint(messageHints(key, received, field.Value)...)
	}
	return e
}

type form struct {
	formula string
	sorted  bool     // whether the fields are signed as name=value, sorted by name
	skip    []string // fields of the sorted form that are not signed
	// verify returns nil, sign.ErrMismatch, or the reason why nothing can be signed.
	verify func(secret sign.Secret, received string, fields []sign.Field) error
	// steps returns the texts that are hashed. What it gets is masked.
	steps func(fields []sign.Field, secret string) []string
}

func explain(f form, secret sign.Secret, received string, fields []sign.Field) Explanation {
	e := Explanation{
		Form: f.formula, Received: received != "",
		mask: func(value string) string { return mask(secret, value) },
	}
	signed, skipped := split(f, fields)
	masked := make([]sign.Field, 0, len(signed))
	for _, field := range signed {
		shown := sign.Field{Name: field.Name, Value: e.mask(field.Value)}
		masked = append(masked, shown)
		e.Fields = append(e.Fields, Field{
			Name: field.Name, Value: shown.Value, Bytes: len(field.Value), Odd: oddities(field),
		})
		if shown.Value != field.Value {
			e.hint(fmt.Sprintf("The field %q contains the secret. Never send the secret.", field.Name))
		}
	}
	for _, field := range skipped {
		field.Value = e.mask(field.Value)
		e.Fields = append(e.Fields, field)
	}
	e.Steps = f.steps(masked, placeholder(secret))
	if problem := secret.Problem(); problem != "" && !secret.IsEmpty() {
		e.hint("The secret " + problem + ".")
	}
	err := f.verify(secret, received, fields)
	e.Matches = err == nil
	switch {
	case err != nil && !errors.Is(err, sign.ErrMismatch):
		e.hint("Nothing can be signed: " + err.Error() + ".")
	case e.Received && !e.Matches:
		e.hint(mismatchHints(f, secret, received, fields, signed)...)
	}
	return e
}

// split separates the signed fields from the others, and sorts them for the sorted
// form.
func split(f form, fields []sign.Field) (signed []sign.Field, skipped []Field) {
	if !f.sorted {
		return fields, nil
	}
	for _, field := range fields {
		switch {
		case field.Name == sign.FieldName:
			skipped = append(skipped, Field{
				Name: field.Name, Value: hiddenSignature, Bytes: len(field.Value), Skipped: "it is the signature",
			})
		case field.Value == "":
			skipped = append(skipped, Field{Name: field.Name, Skipped: "it is empty"})
		case slices.Contains(f.skip, field.Name):
			skipped = append(skipped, Field{
				Name: field.Name, Value: field.Value, Bytes: len(field.Value), Skipped: notCovered,
			})
		default:
			signed = append(signed, field)
		}
	}
	sortByName(signed)
	return signed, skipped
}

func sortByName(fields []sign.Field) {
	slices.SortStableFunc(fields, func(a, b sign.Field) int { return strings.Compare(a.Name, b.Name) })
}

func joinSorted(fields []sign.Field) string {
	pairs := make([]string, len(fields))
	for i, field := range fields {
		pairs[i] = field.Name + "=" + field.Value
	}
	return strings.Join(pairs, "&")
}

func valuesOf(fields []sign.Field) []string {
	values := make([]string, len(fields))
	for i, field := range fields {
		values[i] = field.Value
	}
	return values
}

func names(fields []sign.Field) []string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return names
}

func verify(expected sign.Digest, err error, received string) error {
	if err != nil {
		return err
	}
	return expected.Verify(received)
}

func placeholder(secret sign.Secret) string {
	return "[secret, " + counted(utf8.RuneCountInString(secret.Reveal()), "character") + "]"
}

// mask replaces the secret in a value. It leaves a secret of fewer than eight bytes,
// because the gaps in a known value would reveal it.
func mask(secret sign.Secret, value string) string {
	const shortest = 8
	bare := secret.Trimmed().Reveal()
	if len(bare) < shortest {
		return value
	}
	return strings.ReplaceAll(value, bare, placeholder(secret))
}
