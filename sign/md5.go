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
	// Eight characters at once: letters have the bit 0x40, and 0x20 more makes
	// them lower-case.
	const letters = 0x4040404040404040
	theirs := []byte(received)
	different := uint64(0)
	for i := 0; i < len(d); i += 8 {
		c := binary.LittleEndian.Uint64(theirs[i:])
		different |= (c | c&letters>>1) ^ binary.LittleEndian.Uint64(d[i:])
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

// MD5Concat returns md5(parts… + secret), nothing between the parts. It returns
// [ErrEmptySecret] for an empty or blank secret.
//
// Nothing separates the parts, so ("1", "23") and ("12", "3") sign alike: the
// caller gives each part a shape that leaves one reading only.
func MD5Concat(secret Secret, parts ...string) (Digest, error) {
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

// MD5Nested returns md5(hex(md5(parts…)) + secret), nothing between the parts. It
// returns [ErrEmptySecret] for an empty or blank secret. What is said of the
// parts of [MD5Concat] is true here too.
func MD5Nested(secret Secret, parts ...string) (Digest, error) {
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

// MD5Salted returns md5(hex(md5(salt)) + hex(md5(secret))). It returns
// [ErrEmptySecret] for an empty or blank secret. It covers the salt and nothing
// else, so the salt is to be random and fresh for every request.
func MD5Salted(secret Secret, salt string) (Digest, error) {
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

// MD5Sorted returns md5(S + secret), where S is every field but "sign" and those
// with an empty value, sorted by name in byte order and joined name=value with
// "&". Values take part exactly as given, not URL-encoded. The slice is left as
// it is.
//
// It returns [ErrEmptySecret] for an empty or blank secret, and [ErrAmbiguous]
// (naming the field) if S could be cut into other fields.
func MD5Sorted(secret Secret, fields []Field) (Digest, error) {
	message, signed, at := join(make([]byte, 0, stackBytes), fields)
	if at < len(fields) {
		fields = append(make([]Field, 0, stackFields), fields...)
		sortByName(fields)
		if message, signed, at = join(message[:0], fields); at < len(fields) {
			return Digest{}, ambiguous(fields[at].Name, "occurs more than once")
		}
	}
	return signJoined(secret, message, signed, fields)
}

// MD5SortedValues is [MD5Sorted] over url.Values: a parameter with more than one
// value is [ErrAmbiguous].
func MD5SortedValues(secret Secret, values url.Values) (Digest, error) {
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
	message, signed, at := join(make([]byte, 0, stackBytes), fields)
	if at < len(fields) {
		return Digest{}, ambiguous(fields[at].Name, "occurs more than once")
	}
	return signJoined(secret, message, signed, fields)
}

// Names are the parameters that a callback in the sorted form mostly has. They
// make its verification faster and change nothing else: if no others came, there
// is nothing to sort. The zero Names knows none.
type Names struct{ inOrder []knownName }

// knownName is a name with what leads to its value: "&name=".
type knownName struct{ name, lead string }

// NewNames returns the names, which may be in any order. It leaves out "sign", and
// names with "&" or "=", which no callback may have.
func NewNames(names ...string) Names {
	names = slices.Clone(names)
	slices.Sort(names)
	known := make([]knownName, 0, len(names))
	for _, name := range slices.Compact(names) {
		if name != FieldName && !strings.ContainsAny(name, "&=") {
			known = append(known, knownName{name, "&" + name + "="})
		}
	}
	return Names{known}
}

// Verify returns nil if the parameter "sign" is what [MD5SortedValues] makes of the
// others, and [ErrMismatch] if it is not or is missing. Other errors are those of
// SortedValues.
func (n Names) Verify(secret Secret, values url.Values) error {
	if received := values[FieldName]; len(received) == 1 && !secret.IsEmpty() {
		if message, ok := n.join(make([]byte, 0, stackBytes), values); ok {
			return digest(append(message, secret.Reveal()...)).Verify(received[0])
		}
	}
	expected, err := MD5SortedValues(secret, values)
	if err != nil {
		return err
	}
	return expected.Verify(values.Get(FieldName))
}

// join appends the values with these names. It reports whether they and the
// signature are all that there is, each once and beyond doubt.
func (n Names) join(message []byte, values url.Values) ([]byte, bool) {
	rest, signed := len(values)-1, 0
	if rest > len(n.inOrder) {
		return nil, false
	}
	for i := range n.inOrder {
		if rest == 0 {
			break
		}
		known := &n.inOrder[i]
		all := values[known.name]
		if len(all) != 1 {
			continue
		}
		rest--
		if all[0] != "" {
			message = append(append(message, known.lead...), all[0]...)
			signed++
		}
	}
	if rest != 0 || signed == 0 || bytes.Count(message, ampersand) != signed {
		return nil, false
	}
	return message[1:], true
}

func isSigned(name, value string) bool { return value != "" && name != FieldName }

// join appends the fields that are signed, and returns how many they are. It stops
// at one whose name does not come after the last one's, and returns where it is, or
// len(fields).
func join(message []byte, fields []Field) (joined []byte, signed, at int) {
	last := ""
	for i := range fields {
		field := &fields[i]
		if !isSigned(field.Name, field.Value) {
			continue
		}
		if signed > 0 && !before(last, field.Name) {
			return message, signed, i
		}
		last = field.Name
		message = appendField(message, field.Name, field.Value)
		signed++
	}
	return message, signed, len(fields)
}

// signJoined signs what join made of the fields.
func signJoined(secret Secret, message []byte, signed int, fields []Field) (Digest, error) {
	if secret.IsEmpty() {
		return Digest{}, ErrEmptySecret
	}
	// One look at the whole costs less than one at each name and value.
	if bytes.Count(message, ampersand) >= max(signed, 1) || bytes.Count(message, equals) > signed {
		if err := checkFields(fields); err != nil {
			return Digest{}, err
		}
	}
	return digest(append(message, secret.Reveal()...)), nil
}

func appendField(message []byte, name, value string) []byte {
	if len(message) > 0 {
		message = append(message, '&')
	}
	message = append(message, name...)
	message = append(message, '=')
	return append(message, value...)
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

// before is a < b. The first letters decide mostly, and a comparison of strings
// is a call.
func before(a, b string) bool {
	if a != "" && b != "" && a[0] != b[0] {
		return a[0] < b[0]
	}
	return a < b
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
