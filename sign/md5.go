package sign

import (
	"bytes"
	"cmp"
	"crypto/md5" //nolint:gosec // the gateways document MD5
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

var (
	// ErrMismatch is returned when a received signature is not the one that the
	// received values and the secret make.
	ErrMismatch = errors.New("sign: the signature does not match")

	// ErrAmbiguous is returned by the sorted form for fields that could be cut
	// into other fields under the same signature: a name or value with "&", a
	// name with "=", a name that occurs twice.
	ErrAmbiguous = errors.New("sign: ambiguous field")
)

// FieldName is the parameter that carries the signature in the sorted form, and
// so takes no part in it.
const FieldName = "sign"

// The messages that the gateways define fit these; longer ones go to the heap.
const (
	stackBytes  = 320
	stackFields = 16
)

// Digest is an MD5 signature as the gateways send it: 32 lower-case hex
// characters. The zero Digest matches nothing.
type Digest [2 * md5.Size]byte

// String returns the 32 hex characters. A signature is a credential on these
// gateways (ispay sends the same one in a query URL and in every callback), so
// it belongs into a request, not into a log.
func (d Digest) String() string { return string(d[:]) }

// Verify returns nil if received is this signature in upper-, lower- or mixed-
// case hex, and [ErrMismatch] otherwise. The time it takes depends on received
// alone, not on how much of it is right.
func (d Digest) Verify(received string) error {
	if len(received) != len(d) {
		return ErrMismatch
	}
	var different byte
	for i := range d {
		c := received[i]
		if 'A' <= c && c <= 'F' {
			c += 'a' - 'A'
		}
		different |= c ^ d[i]
	}
	// The zero Digest is nobody's signature.
	if different != 0 || d[0] == 0 {
		return ErrMismatch
	}
	return nil
}

func digest(message []byte) Digest {
	sum := md5.Sum(message) //nolint:gosec // the gateways document MD5
	var d Digest
	hex.Encode(d[:], sum[:])
	return d
}

// Concat returns md5(parts… + secret), nothing between the parts. It returns
// [ErrEmptySecret] for an empty or blank secret.
//
// Nothing separates the parts, so ("1", "23") and ("12", "3") sign alike: the
// caller gives each part a shape that leaves one reading only.
func Concat(secret Secret, parts ...string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	message := make([]byte, 0, stackBytes)
	for _, part := range parts {
		message = append(message, part...)
	}
	message = append(message, secret.Reveal()...)
	return digest(message), nil
}

// Nested returns md5(hex(md5(parts…)) + secret), nothing between the parts. It
// returns [ErrEmptySecret] for an empty or blank secret. What is said of the
// parts of [Concat] is true here too.
func Nested(secret Secret, parts ...string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	message := make([]byte, 0, stackBytes)
	for _, part := range parts {
		message = append(message, part...)
	}
	inner := digest(message)
	message = append(append(message[:0], inner[:]...), secret.Reveal()...)
	return digest(message), nil
}

// Salted returns md5(hex(md5(salt)) + hex(md5(secret))). It returns
// [ErrEmptySecret] for an empty or blank secret. It covers the salt and nothing
// else, so the salt is to be random and fresh for every request.
func Salted(secret Secret, salt string) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	buffer := make([]byte, 0, stackBytes)
	saltDigest := digest(append(buffer, salt...))
	secretDigest := digest(append(buffer, secret.Reveal()...))
	return digest(append(append(buffer, saltDigest[:]...), secretDigest[:]...)), nil
}

// Field is one named value, of the sorted form and of an [Explanation]: Name as
// the gateway spells it, Value exactly as it is sent, not URL-encoded.
type Field struct{ Name, Value string }

// Sorted returns md5(S + secret), where S is every field but "sign" and those
// with an empty value, sorted by name in byte order and joined name=value with
// "&". Values take part exactly as given, not URL-encoded. The slice is left as
// it is.
//
// It returns [ErrEmptySecret] for an empty or blank secret, and [ErrAmbiguous]
// (naming the field) if S could be cut into other fields.
func Sorted(secret Secret, fields []Field) (Digest, error) {
	if !inOrder(fields) {
		fields = append(make([]Field, 0, stackFields), fields...)
		sortByName(fields)
		if name, ok := repeated(fields); ok {
			return Digest{}, ambiguous(name, "occurs more than once")
		}
	}
	return signSorted(secret, fields)
}

// SortedValues is [Sorted] over url.Values: a parameter with more than one
// value is [ErrAmbiguous].
func SortedValues(secret Secret, values url.Values) (Digest, error) {
	fields := make([]Field, 0, stackFields)
	for name, all := range values {
		if len(all) > 1 {
			return Digest{}, ambiguous(name, "occurs more than once")
		}
		if len(all) == 1 && isSigned(name, all[0]) {
			fields = append(fields, Field{name, all[0]})
		}
	}
	sortByName(fields)
	return signSorted(secret, fields)
}

func isSigned(name, value string) bool { return value != "" && name != FieldName }

// signSorted signs fields with different names in their order.
func signSorted(secret Secret, fields []Field) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	message := make([]byte, 0, stackBytes)
	signed := 0
	for i := range fields {
		field := &fields[i]
		if !isSigned(field.Name, field.Value) {
			continue
		}
		if signed++; signed > 1 {
			message = append(message, '&')
		}
		message = append(message, field.Name...)
		message = append(message, '=')
		message = append(message, field.Value...)
	}
	// One look at the whole costs less than one at each name and value.
	if bytes.Count(message, ampersand) >= max(signed, 1) || bytes.Count(message, equals) > signed {
		if err := checkFields(fields); err != nil {
			return Digest{}, err
		}
	}
	return digest(append(message, secret.Reveal()...)), nil
}

var ampersand, equals = []byte{'&'}, []byte{'='}

// checkFields finds what could be cut into other fields; "=" in a value is not.
func checkFields(fields []Field) error {
	for _, field := range fields {
		switch {
		case !isSigned(field.Name, field.Value):
		case strings.ContainsAny(field.Name, "&="):
			return ambiguous(field.Name, `has "&" or "=" in its name`)
		case strings.Contains(field.Value, "&"):
			return ambiguous(field.Name, `has "&" in its value`)
		}
	}
	return nil
}

// inOrder reports whether the names ascend, each of them once.
func inOrder(fields []Field) bool {
	for i := 1; i < len(fields); i++ {
		if fields[i].Name <= fields[i-1].Name {
			return false
		}
	}
	return true
}

// repeated finds a signed name that occurs twice in sorted fields.
func repeated(fields []Field) (string, bool) {
	last, seen := "", false
	for _, field := range fields {
		if !isSigned(field.Name, field.Value) {
			continue
		}
		if seen && field.Name == last {
			return last, true
		}
		last, seen = field.Name, true
	}
	return "", false
}

// sortByName inserts, comparing the first eight bytes as a number: the few short
// names of a callback are sorted in half the time so.
func sortByName(fields []Field) {
	if len(fields) > stackFields {
		slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
		return
	}
	var starts [stackFields]uint64
	for i, field := range fields {
		start := firstBytes(field.Name)
		j := i
		for ; j > 0; j-- {
			before := starts[j-1]
			if start > before || start == before && field.Name >= fields[j-1].Name {
				break
			}
			starts[j], fields[j] = before, fields[j-1]
		}
		starts[j], fields[j] = start, field
	}
}

func firstBytes(name string) uint64 {
	var first [8]byte
	copy(first[:], name)
	return binary.BigEndian.Uint64(first[:])
}

// A name that a stranger chose can be long or hold line breaks: it is quoted
// and cut.
func ambiguous(name, why string) error {
	const longest = 40
	if len(name) > longest {
		name = name[:longest]
	}
	return fmt.Errorf("%w: %q %s", ErrAmbiguous, name, why)
}
