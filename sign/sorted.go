package sign

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ErrAmbiguous is returned by the sorted form when the signed text could be read
// as other fields: a name with "&" or "=", a name that occurs more than once, or a
// value with "&" where it is not allowed.
var ErrAmbiguous = errors.New("ambiguous field")

// FieldName is the name of the field that carries the signature. The sorted form
// never signs it.
const FieldName = "sign"

// stackFields is enough for the documented messages. The fields of a longer
// message are allocated on the heap.
const stackFields = 16

// Field is a name and a value. Name is written as the gateway writes it. Value is
// exactly what is sent, not URL-encoded.
type Field struct{ Name, Value string }

// MD5Sorted returns md5(text + secret), where text is the fields sorted by name in
// byte order and joined as name=value with "&". It leaves out fields with an empty
// value, the field "sign" and the fields named in skip (some gateways also leave
// out "sign_type"). Values are signed without URL encoding. MD5Sorted does
// not change the slice.
//
// MD5Sorted is for signing what you send. To verify what you received, use
// [VerifyMD5SortedValues].
//
// It returns [ErrEmptySecret] for an empty or blank secret, and [ErrAmbiguous] with
// the name of the field for "&" in a name or a value, "=" in a name, or a name that
// occurs more than once.
func MD5Sorted(secret Secret, fields []Field, skip ...string) (Digest, error) {
	if message, ok := joinSorted(make([]byte, 0, stackBytes), fields, skip); ok && !secret.IsEmpty() {
		return digest(append(message, secret.Reveal()...)), nil
	}
	signed := make([]Field, 0, stackFields)
	for i := range fields {
		if isSigned(fields[i].Name, fields[i].Value, skip) {
			signed = append(signed, fields[i])
		}
	}
	return signSorted(secret, signed, noAmpersand)
}

// MD5SortedValues is [MD5Sorted] for url.Values. It returns [ErrAmbiguous] for a
// parameter with more than one value.
func MD5SortedValues(secret Secret, values url.Values, skip ...string) (Digest, error) {
	fields := make([]Field, 0, stackFields)
	for name, all := range values {
		if len(all) > 1 {
			return Digest{}, ambiguous(name, repeated)
		}
		if len(all) == 1 {
			fields = append(fields, Field{name, all[0]})
		}
	}
	return MD5Sorted(secret, fields, skip...)
}

// VerifyMD5SortedValues returns nil if the parameter "sign" is the signature of the
// other parameters in the form of [MD5Sorted]. It leaves out the same fields.
//
// It accepts "&" in a value unless "=" follows it in the same value: "A&B" is
// accepted, "1&price=9.00" is not. For one signed text it accepts at most one set of
// fields, so that a sender cannot move the borders between the fields of a genuine
// notification.
//
// This does not help if the gateway itself signs a value such as "1&type=2", which a
// payer typed, because it does not escape values: then the fields "1" and type "2" are
// the accepted ones. The injected field must still be in order, so its name sorts
// behind the name of the payer's field, and it must not occur already.
//
// It returns [ErrMismatch] if the signature is missing or wrong, [ErrEmptySecret]
// for an empty or blank secret, and [ErrAmbiguous] with the name of the field for
// parameters that it does not accept.
func VerifyMD5SortedValues(secret Secret, values url.Values, skip ...string) error {
	signed := make([]Field, 0, stackFields)
	received := ""
	for name, all := range values {
		switch {
		case len(all) > 1:
			return ambiguous(name, repeated)
		case len(all) == 0:
		case name == FieldName:
			received = all[0]
		case isSigned(name, all[0], skip):
			signed = append(signed, Field{name, all[0]})
		}
	}
	expected, err := signSorted(secret, signed, noField)
	if err != nil {
		return err
	}
	return expected.Verify(received)
}

func isSigned(name, value string, skip []string) bool {
	return value != "" && name != FieldName && !slices.Contains(skip, name)
}

// joinSorted appends the signed fields to message, if they come in order, as most callers
// pass them, and nothing is ambiguous. It saves signSorted a copy of the fields.
func joinSorted(message []byte, fields []Field, skip []string) (joined []byte, ok bool) {
	signed, last := 0, ""
	for i := range fields {
		field := &fields[i]
		switch {
		case !isSigned(field.Name, field.Value, skip):
			continue
		case signed > 0 && field.Name <= last:
			return nil, false
		case signed > 0:
			message = append(message, '&')
		}
		message = append(append(append(message, field.Name...), '='), field.Value...)
		signed, last = signed+1, field.Name
	}
	return message, isPlain(message, signed)
}

// isPlain reports whether the text of so many fields has no more "&" and "=" than the
// separators, so that no field can have one. Counting is cheaper than looking at each field.
func isPlain(message []byte, fields int) bool {
	return bytes.Count(message, []byte{'&'}) < max(fields, 1) && bytes.Count(message, []byte{'='}) <= fields
}

// signSorted sorts the fields and signs them all, if they are the only ones that give
// the signed text. The function checkValue describes what is wrong with a value, or
// returns "".
func signSorted(secret Secret, fields []Field, checkValue func(string) string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	if err := sortByName(fields); err != nil {
		return Digest{}, err
	}
	message := make([]byte, 0, stackBytes)
	for i := range fields {
		if i > 0 {
			message = append(message, '&')
		}
		message = append(append(append(message, fields[i].Name...), '='), fields[i].Value...)
	}
	if !isPlain(message, len(fields)) {
		for _, field := range fields {
			if strings.ContainsAny(field.Name, "&=") {
				return Digest{}, ambiguous(field.Name, `has "&" or "=" in its name`)
			}
			if problem := checkValue(field.Value); problem != "" {
				return Digest{}, ambiguous(field.Name, problem)
			}
		}
	}
	return digest(append(message, secret.Reveal()...)), nil
}

// noAmpersand is for signing. It rejects every "&", because we do not know how the
// gateway reads what we send.
func noAmpersand(value string) string {
	if strings.Contains(value, "&") {
		return `has "&" in its value`
	}
	return ""
}

// noField is for verifying. It rejects a value that could be read as a value and more
// fields.
//
// The proof that one signed text has only one accepted reading: cut the text at every
// "&". An accepted name has neither "&" nor "=", and "=" follows it, so every field
// begins with a piece that has "=". Every other piece continues a value behind an "&"
// in it, and noField allows no "=" there. In every accepted reading, the fields
// therefore begin exactly at the pieces with "=", and each name ends at the first "="
// of its piece. The text alone decides both.
func noField(value string) string {
	if _, rest, _ := strings.Cut(value, "&"); strings.Contains(rest, "=") {
		return `has "&" and then "=" in its value`
	}
	return ""
}

// sortByName sorts the fields, and rejects a name that occurs more than once. For the
// few fields of a notification, the insertion sort is faster than slices.SortFunc:
// with it, verifying takes more than twice as long as MD5 (docs/performance.md).
func sortByName(fields []Field) error {
	if len(fields) > stackFields {
		slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	}
	for end := 1; end < len(fields); end++ {
		field, i := fields[end], end
		for ; i > 0; i-- {
			order := strings.Compare(field.Name, fields[i-1].Name)
			if order == 0 {
				return ambiguous(field.Name, repeated)
			}
			if order > 0 {
				break
			}
			fields[i] = fields[i-1]
		}
		if i < end {
			fields[i] = field
		}
	}
	return nil
}

const repeated = "occurs more than once"

// ambiguous quotes and shortens the name, because a sender can choose a long name
// or one with line breaks.
func ambiguous(name, problem string) error {
	const longest = 40
	if len(name) > longest {
		name = name[:longest]
	}
	return fmt.Errorf("%w: %q %s", ErrAmbiguous, name, problem)
}
