package loosejson

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// mostNames is the largest number of names in an object that is read. The longest
// documented one has 31.
const mostNames = 256

var (
	errRepeated = errors.New("a name occurs twice in one object")
	errMany     = errors.New("too many names in one object")
)

// checkNames rejects an object that has a name twice: encoding/json takes the last
// one, others the first, and {"state":1,"state":9} has no one meaning. Names that
// differ in case only count as the same, because encoding/json takes either for a
// field. The objects that are passed on unread are left alone: see isOpaque. data need
// not be JSON: whether it is, is found out later.
//
// The time is linear in the length of data: an object has at most mostNames names,
// and one is compared with another only if their hashes are the same.
func checkNames(data []byte) error {
	// The hashes of the names of all objects that are open, the innermost last.
	hashes, objects := make([]uint64, 0, 64), make([]object, 0, 8)
	buffer := make([]byte, 0, 64)
	atOpaque := false // the last name is that of an opaque object
	for i := 0; i < len(data); i++ {
		last := len(objects) - 1
		switch data[i] {
		case '{':
			opaque := atOpaque || last >= 0 && objects[last].opaque
			objects = append(objects, object{begin: len(hashes), opaque: opaque})
		case '}':
			if last < 0 {
				continue
			}
			// Of a list of objects all are opaque, or none.
			atOpaque = objects[last].opaque
			hashes, objects = hashes[:objects[last].begin], objects[:last]
		case '"':
			begin := i + 1
			i = endOfString(data, begin)
			if last < 0 || objects[last].opaque || !isName(data, i+1) {
				continue
			}
			name := unescape(buffer[:0], data[begin:i])
			hash := foldedHash(name)
			inObject := hashes[objects[last].begin:]
			if slices.Contains(inObject, hash) {
				return errRepeated
			}
			if len(inObject) >= mostNames {
				return errMany
			}
			hashes = append(hashes, hash)
			atOpaque = isOpaque(name)
		}
	}
	return nil
}

type object struct {
	begin  int // of its names
	opaque bool
}

// isOpaque reports whether the object with this name is passed on unread: what a
// merchant added to a payment, and what a channel needs.
func isOpaque(name []byte) bool {
	switch string(name) {
	case "metadata", "extra", "credential":
		return true
	default:
		return false
	}
}

// foldedHash returns the FNV-1a hash of a name, the same for names that differ in case
// only. Two documented names with one hash do not exist, and a made-up one is rejected.
func foldedHash(name []byte) uint64 {
	const prime = 1099511628211
	hash := uint64(14695981039346656037)
	for i := 0; i < len(name); {
		c := name[i]
		if c < utf8.RuneSelf {
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			hash = (hash ^ uint64(c)) * prime
			i++
			continue
		}
		r, size := utf8.DecodeRune(name[i:])
		hash = (hash ^ uint64(firstFold(r))) * prime //nolint:gosec // a rune is not negative
		i += size
	}
	return hash
}

// firstFold returns the first of the runes that differ from r in case only.
func firstFold(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}

// endOfString returns the position of the quote that ends the string that begins at i.
func endOfString(data []byte, i int) int {
	for ; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// isName reports whether the string that ends before i is the name of a value.
func isName(data []byte, i int) bool {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n') {
		i++
	}
	return i < len(data) && data[i] == ':'
}

// unescape returns what a name means between its quotes. It appends to buffer if the
// name has escapes.
func unescape(buffer, name []byte) []byte {
	i := bytes.IndexByte(name, '\\')
	if i < 0 {
		return name
	}
	buffer = append(buffer, name[:i]...)
	for i < len(name) {
		if name[i] != '\\' || i+1 == len(name) {
			buffer = append(buffer, name[i])
			i++
			continue
		}
		if name[i+1] != 'u' {
			buffer = append(buffer, escaped(name[i+1]))
			i += 2
			continue
		}
		r := hexRune(name[i:])
		i += 6
		if utf16.IsSurrogate(r) {
			if i < len(name) {
				if r = utf16.DecodeRune(r, hexRune(name[i:])); r != unicode.ReplacementChar {
					i += 6
				}
			} else {
				r = unicode.ReplacementChar
			}
		}
		buffer = utf8.AppendRune(buffer, r)
	}
	return buffer
}

// hexRune returns the rune of "\uXXXX" at the beginning of text, or -1.
func hexRune(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

func escaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c
	}
}
