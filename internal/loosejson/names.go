package loosejson

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

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
