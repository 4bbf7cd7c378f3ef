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
)

// decoder reads JSON whose syntax is valid, and rejects an object that has a name
// twice: encoding/json takes the last one, others the first, and {"state":1,"state":9}
// has no one meaning. Names that differ in case only count as the same, because
// encoding/json takes either for a field. The objects that are passed on unread are left
// alone: see isOpaque.
//
// The time is linear in the length of data: an object has at most mostNames names, and
// one is compared with another only by its hash.
type decoder struct {
	data   []byte
	text   string   // the same: scalars are parts of it
	i      int      // the next byte
	hashes []uint64 // of the names of all objects that are open, the innermost last
	buffer []byte   // the last name that had escapes
	unread []string
	err    error
}

// object decodes an object into a struct, if into is one. opaque says that its names
// are not checked.
func (d *decoder) object(into reflect.Value, opaque bool) {
	var fields map[uint64]field
	if into.IsValid() {
		fields = fieldsOf(into.Type())
	}
	begin := len(d.hashes)
	for d.i++; d.more('}'); {
		name := d.name()
		var hash uint64
		if !opaque {
			hash = foldedHash(name)
			switch inObject := d.hashes[begin:]; {
			case slices.Contains(inObject, hash):
				d.err = errRepeated
			case len(inObject) >= mostNames:
				d.err = errMany
			}
			d.hashes = append(d.hashes, hash)
		}
		if target, ok := fields[hash]; ok && strings.EqualFold(string(name), target.name) {
			d.field(into.FieldByIndex(target.index), target.name, opaque || isOpaque(name))
		} else {
			d.skip(opaque || isOpaque(name))
		}
		if d.err != nil {
			return
		}
	}
	d.hashes = d.hashes[:begin]
}

// more reports whether another member follows in an object or a list, and leaves d at
// it, or behind the end.
func (d *decoder) more(end byte) bool {
	if d.next() == ',' {
		d.i++
		d.next()
	}
	if d.data[d.i] != end {
		return true
	}
	d.i++
	return false
}

// field decodes the next value into a field of a struct. Null leaves the field as it is,
// as encoding/json does.
func (d *decoder) field(into reflect.Value, name string, opaque bool) {
	switch first := d.next(); {
	case into.Type() == scalarType:
		if scalar, ok := into.Addr().Interface().(*Scalar); ok {
			*scalar = d.scalar(opaque)
		}
	case into.Type() == valueType:
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
		if json.Unmarshal(d.skip(opaque), into.Addr().Interface()) != nil {
			d.unread = append(d.unread, name)
		}
	}
}

// scalar returns the next value as a Scalar.
func (d *decoder) scalar(opaque bool) Scalar {
	first := d.next()
	begin := d.i
	part := d.skip(opaque)
	text := d.text[begin : begin+len(part)]
	switch first {
	case '"':
		if text = text[1 : len(text)-1]; strings.IndexByte(text, '\\') >= 0 {
			text = string(unescape(nil, part[1:len(part)-1]))
		}
	case 'n':
		return Scalar{}
	case '{', '[':
		return Scalar{state: unreadable}
	}
	return Scalar{text, present}
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
		for d.i++; d.err == nil && d.more(']'); {
			d.skip(opaque)
		}
	case '"':
		d.i = endOfString(d.data, d.i+1) + 1
	default:
		for d.i < len(d.data) && strings.IndexByte(",]} \t\r\n", d.data[d.i]) < 0 {
			d.i++
		}
	}
	return d.data[begin:min(d.i, len(d.data))]
}

// name returns the next name, and leaves d behind its colon.
func (d *decoder) name() []byte {
	begin := d.i + 1
	end := endOfString(d.data, begin)
	d.i = end + 1
	d.next()
	d.i++
	name := d.data[begin:end]
	if slices.Contains(name, '\\') {
		d.buffer = unescape(d.buffer[:0], name)
		name = d.buffer
	}
	return name
}

// next returns the next byte that is not white space.
func (d *decoder) next() byte {
	for c := d.data[d.i]; c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = d.data[d.i] {
		d.i++
	}
	return d.data[d.i]
}

// field is a field of a wire struct.
type field struct {
	name  string
	index []int
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
			fields[foldedHash([]byte(name))] = field{name, f.Index}
		}
	}
	structs.Store(wire, fields)
	return fields
}
