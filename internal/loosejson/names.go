package loosejson

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// isOpaque reports whether the object with this name is passed on unread: what a
// merchant added to a payment, and what a channel needs.
func isOpaque(name string) bool { return name == "metadata" || name == "extra" || name == "credential" }

// foldedHash returns the FNV-1a hash of a name, the same for names that differ in case
// only. Two documented names with one hash do not exist, and a made-up one is rejected.
func foldedHash(name string) uint64 {
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
		r, size := utf8.DecodeRuneInString(name[i:])
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

// unescape returns what a string means, given what is between its quotes.
func unescape(text string) string {
	i := strings.IndexByte(text, '\\')
	if i < 0 {
		return text
	}
	plain := append(make([]byte, 0, 64), text[:i]...)
	for i < len(text) {
		switch {
		case text[i] != '\\' || i+1 == len(text):
			plain = append(plain, text[i])
			i++
			continue
		case text[i+1] != 'u':
			plain = append(plain, escaped(text[i+1]))
			i += 2
			continue
		}
		r := hexRune(text[i:])
		i += 6
		if utf16.IsSurrogate(r) { // the rune is U+FFFD without its other half
			if r = utf16.DecodeRune(r, hexRune(text[i:])); r != unicode.ReplacementChar {
				i += 6
			}
		}
		plain = utf8.AppendRune(plain, r)
	}
	return string(plain)
}

// hexRune returns the rune of "\uXXXX" at the beginning of text, or -1.
func hexRune(text string) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
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
