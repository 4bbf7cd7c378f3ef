package loosejson

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
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

// decoder reads JSON in one pass: it checks the syntax, decodes into wire structs, and
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
	data   []byte
	text   string // the same: scalars are parts of it
	i      int    // the next byte
	depth  int    // of objects and lists
	buffer []byte // the last name that had escapes
	unread []string
	err    error
}

// whole ends the decoding: only white space may follow.
func (d *decoder) whole() error {
	if d.next(); d.i < len(d.data) {
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

// object decodes an object into a struct, if into is one. opaque says that its names
// are not checked.
func (d *decoder) object(into reflect.Value, opaque bool) {
	var fields map[uint64]field
	if into.IsValid() {
		fields = fieldsOf(into.Type())
	}
	seen := make([]uint64, 0, 32)
	for more := d.open('}'); more; more = d.more('}') {
		name := d.name()
		var hash uint64
		if !opaque {
			hash = foldedHash(name)
			switch {
			case slices.Contains(seen, hash):
				d.fail(errRepeated)
			case len(seen) >= mostNames:
				d.fail(errMany)
			}
			seen = append(seen, hash)
		}
		if target, ok := fields[hash]; ok && (string(name) == target.name || strings.EqualFold(string(name), target.name)) {
			d.field(into.FieldByIndex(target.index), target, opaque || target.opaque)
		} else {
			d.skip(opaque || isOpaque(name))
		}
	}
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

// field decodes the next value into a field of a struct. Null leaves the field as it is,
// as encoding/json does.
func (d *decoder) field(into reflect.Value, target field, opaque bool) {
	switch first := d.next(); {
	case target.kind == scalarType:
		if scalar, ok := into.Addr().Interface().(*Scalar); ok {
			*scalar = d.scalar(opaque)
		}
	case target.kind == valueType:
		if value, ok := into.Addr().Interface().(*Value); ok {
			*value = d.value(opaque)
		}
	case first == 'n':
		d.skip(opaque)
	case first == '{' && into.Kind() == reflect.Struct:
		d.object(into, opaque)
	case first == '{' && into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.object(into.Elem(), opaque)
	default:
		// Not into the field, which encoding/json changes before it fails.
		value := reflect.New(target.kind)
		switch part := d.skip(opaque); {
		case d.err != nil:
		case json.Unmarshal(part, value.Interface()) != nil:
			d.unread = append(d.unread, target.name)
		default:
			into.Set(value.Elem())
		}
	}
}

// scalar returns the next value as a Scalar.
func (d *decoder) scalar(opaque bool) Scalar {
	switch d.next() {
	case '"':
		begin := d.i + 1
		escapes := d.string()
		end := max(begin, d.i-1)
		if escapes {
			return Scalar{string(unescape(make([]byte, 0, 64), d.data[begin:end])), present}
		}
		return Scalar{d.text[begin:end], present}
	case 'n':
		d.skip(opaque)
		return Scalar{}
	case '{', '[':
		d.skip(opaque)
		return Scalar{state: unreadable}
	default:
		begin := d.i
		d.skip(opaque)
		return Scalar{d.text[begin:d.i], present}
	}
}

// value returns the next value, which cannot be grown into what follows it.
func (d *decoder) value(opaque bool) Value { return Value{slices.Clip(d.skip(opaque))} }

// skip returns the bytes of the next value.
func (d *decoder) skip(opaque bool) []byte {
	first := d.next()
	begin := d.i
	switch first {
	case '{':
		d.object(reflect.Value{}, opaque)
	case '[':
		for more := d.open(']'); more; more = d.more(']') {
			d.skip(opaque)
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
func (d *decoder) name() []byte {
	if d.next() != '"' {
		d.fail(errSyntax)
		return nil
	}
	begin := d.i + 1
	escapes := d.string()
	name := d.data[begin:max(begin, d.i-1)]
	if d.next() != ':' {
		d.fail(errSyntax)
		return nil
	}
	d.i++
	if escapes {
		d.buffer = unescape(d.buffer[:0], name)
		name = d.buffer
	}
	return name
}

// field is a field of a wire struct.
type field struct {
	name   string
	index  []int
	kind   reflect.Type
	opaque bool
}

var (
	scalarType = reflect.TypeFor[Scalar]()
	valueType  = reflect.TypeFor[Value]()
	structs    sync.Map // the fields of each wire struct
)

// fieldsOf returns the fields of a wire struct by the hash of their name in JSON.
func fieldsOf(wire reflect.Type) map[uint64]field {
	if known, ok := structs.Load(wire); ok {
		fields, _ := known.(map[uint64]field)
		return fields
	}
	fields := map[uint64]field{}
	for _, f := range reflect.VisibleFields(wire) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" {
			fields[foldedHash([]byte(name))] = field{name, f.Index, f.Type, isOpaque([]byte(name))}
		}
	}
	structs.Store(wire, fields)
	return fields
}
