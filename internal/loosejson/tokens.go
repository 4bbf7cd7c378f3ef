package loosejson

import "strings"

// next returns the next byte that is not white space, 0 at the end of data.
func (d *decoder) next() byte {
	for ; d.i < len(d.data); d.i++ {
		if c := d.data[d.i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// string passes a string whose first quote is next, and reports whether it has escapes.
func (d *decoder) string() (escapes bool) {
	for i := d.i + 1; i < len(d.data); i++ {
		switch c := d.data[i]; {
		case c == '"':
			d.i = i + 1
			return escapes
		case c == '\\':
			escapes = true
			n := escapeLength(d.data[i:])
			if n == 0 {
				d.fail(errSyntax)
				return false
			}
			i += n - 1
		case c < ' ':
			d.fail(errSyntax)
			return false
		}
	}
	d.fail(errSyntax)
	return false
}

// escapeLength returns the length of the escape at the beginning of text, 0 for an invalid one.
func escapeLength(text string) int {
	switch {
	case len(text) >= 2 && strings.IndexByte(`"\/bfnrt`, text[1]) >= 0:
		return 2
	case hexRune(text) >= 0:
		return 6
	default:
		return 0
	}
}

// number passes a number.
func (d *decoder) number() {
	d.has('-')
	ok := d.has('0') || d.digits()
	if ok && d.has('.') {
		ok = d.digits()
	}
	if ok && (d.has('e') || d.has('E')) {
		_ = d.has('+') || d.has('-')
		ok = d.digits()
	}
	if !ok {
		d.fail(errSyntax)
	}
}

// has passes c, if it is next.
func (d *decoder) has(c byte) bool {
	if d.i == len(d.data) || d.data[d.i] != c {
		return false
	}
	d.i++
	return true
}

// digits passes digits, and reports whether there were any.
func (d *decoder) digits() bool {
	begin := d.i
	for d.i < len(d.data) && d.data[d.i] >= '0' && d.data[d.i] <= '9' {
		d.i++
	}
	return d.i > begin
}

// word passes true, false or null.
func (d *decoder) word(word string) {
	if !strings.HasPrefix(d.data[d.i:], word) {
		d.fail(errSyntax)
		return
	}
	d.i += len(word)
}
