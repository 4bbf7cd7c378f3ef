package loosejson

import (
	"errors"
	"slices"
)

// mostNames is the largest number of names in an object that is read. The longest
// documented one has 31.
const mostNames = 256

var (
	errRepeated = errors.New("a name occurs twice in one object")
	errMany     = errors.New("too many names in one object")
	errSyntax   = errors.New("not JSON")
)

// deepest is how deep objects and lists may be nested, as in encoding/json.
const deepest = 10_000

// decoder reads JSON in one pass: it checks the syntax, records the members of objects, and
// rejects an object that has a name twice. encoding/json takes the last one, others the
// first, and {"state":1,"state":9} has no one meaning. Names that differ in case only count
// as the same, because encoding/json takes either for a field. The objects that are passed
// on unread are left alone: see isOpaque.
//
// The time is linear in the length of data: an object has at most mostNames names, and
// one is compared with another only by its hash.
//
// After an error i is the end of data, where every loop ends.
type decoder struct {
	data    string
	i       int // the next byte
	depth   int // of objects and lists
	members []member
	err     error
}

// member is a name and its value in an object. It is followed by the members of the objects
// in the value, and then by its next sibling.
type member struct {
	name       string
	begin, end int // the value
	inside     int // how many members are in the value
}

// names says what to do with the names in an object.
type names uint8

const (
	recorded names = iota // checked and recorded
	checked               // as in a list, whose objects have no place among the members
	opaque                // passed on unread, not even checked
)

// whole ends the decoding: only white space may follow, or HTML that a web server, its host
// or a debugger added, up to the end: see text.
func (d *decoder) whole() error {
	isHTML := d.next() == '<' && d.data[len(d.data)-1] == '>'
	if d.i < len(d.data) && !isHTML {
		d.fail(errSyntax)
	}
	return d.err
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.i = len(d.data)
}

func (d *decoder) object(names names) {
	seen := make([]uint64, 0, 32)
	for more := d.open('}'); more; more = d.more('}') {
		name := d.name()
		if names == opaque {
			d.skip(opaque)
			continue
		}
		hash := foldedHash(name)
		switch {
		case slices.Contains(seen, hash):
			d.fail(errRepeated)
		case len(seen) >= mostNames:
			d.fail(errMany)
		}
		seen = append(seen, hash)
		inside := names
		if isOpaque(name) {
			inside = opaque
		}
		if names == recorded && d.err == nil {
			d.record(name, inside)
		} else {
			d.skip(inside)
		}
	}
}

// record passes and records the value of a member.
func (d *decoder) record(name string, names names) {
	d.next()
	n := len(d.members)
	d.members = append(d.members, member{name: name, begin: d.i})
	d.skip(names)
	d.members[n].end, d.members[n].inside = d.i, len(d.members)-n-1
}

// open enters an object or a list, and reports whether it has a member.
func (d *decoder) open(end byte) bool {
	d.i++
	if d.depth++; d.depth > deepest {
		d.fail(errSyntax)
	}
	return d.next() != end || d.close()
}

// more goes on to the next member of an object or a list, if there is one.
func (d *decoder) more(end byte) bool {
	switch d.next() {
	case ',':
		d.i++
		return true
	case end:
		return d.close()
	default:
		d.fail(errSyntax)
		return false
	}
}

// close leaves an object or a list.
func (d *decoder) close() bool {
	d.i++
	d.depth--
	return false
}

// skip passes the next value and returns its JSON.
func (d *decoder) skip(names names) string {
	first := d.next()
	begin := d.i
	switch first {
	case '{':
		d.object(names)
	case '[':
		inside := max(names, checked)
		for more := d.open(']'); more; more = d.more(']') {
			d.skip(inside)
		}
	case '"':
		d.string()
	case 't':
		d.word("true")
	case 'f':
		d.word("false")
	case 'n':
		d.word("null")
	default:
		d.number()
	}
	return d.data[begin:d.i]
}

// name returns the next name, and leaves d behind its colon.
func (d *decoder) name() string {
	if d.next() != '"' {
		d.fail(errSyntax)
		return ""
	}
	begin := d.i + 1
	escapes := d.string()
	name := d.data[begin:max(begin, d.i-1)]
	if d.next() != ':' {
		d.fail(errSyntax)
		return ""
	}
	d.i++
	if escapes {
		return unescape(name)
	}
	return name
}
