// Package loosejson decodes the JSON of gateways written in languages with loose
// types: a number may arrive quoted, a text may arrive as a number, an absent value
// may be null or "". No number passes through a float.
//
// A wire struct has a [Scalar] for every field. [Fields] reads them: what decides
// about money with the methods that begin with Need, everything else with the others,
// which leave a field zero and list it if it has another shape.
package loosejson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"unicode/utf8"
)

var (
	errUTF8   = errors.New("not UTF-8")
	errEmpty  = errors.New("empty")
	errObject = errors.New("not a JSON object")
)

// beforeJSON are the byte order marks and blanks that PHP files saved by some editors print
// first, each included file its own.
const beforeJSON = "\ufeff \t\r\n"

// Unmarshal decodes a whole response, an object, into the wire struct that into points
// to. It drops byte order marks, and rejects bytes that are not UTF-8 and objects that
// have a name twice. unread names a field that should be an object or a list and is not:
// it is left as it was. The values of the struct share memory with data.
func Unmarshal(data []byte, into any) (unread []string, err error) {
	if data, err = text(data); err != nil {
		return nil, err
	}
	return decode(data, into)
}

// Read returns a whole response of any shape, without byte order marks. It rejects what
// Unmarshal rejects.
func Read(data []byte) (Value, error) {
	data, err := text(data)
	if err != nil {
		return Value{}, err
	}
	d := decoder{data: data}
	value := d.value(false)
	if err := d.whole(); err != nil {
		return Value{}, notJSON(data, err)
	}
	return value, nil
}

// text returns data without byte order marks if it is text.
func text(data []byte) ([]byte, error) {
	data = bytes.TrimLeft(data, beforeJSON)
	switch {
	case len(data) == 0:
		return nil, errEmpty
	case !utf8.Valid(data):
		return nil, errUTF8
	default:
		return data, nil
	}
}

func decode(data []byte, into any) (unread []string, err error) {
	d := decoder{data: data, text: string(data)}
	value := reflect.ValueOf(into).Elem()
	switch d.next() {
	case '{':
		d.object(value, false)
		err = d.whole()
	case 'n':
		d.skip(false)
		err = d.whole()
	default:
		d.skip(false)
		err = cmp.Or(d.whole(), errObject)
	}
	if err != nil {
		value.SetZero()
		return nil, notJSON(data, err)
	}
	return d.unread, nil
}

// notJSON says where the syntax error err is, without the text that encoding/json quotes.
func notJSON(data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.Is(err, errSyntax) && errors.As(json.Unmarshal(data, new(json.RawMessage)), &syntax) {
		return fmt.Errorf("%w at byte %d", err, syntax.Offset)
	}
	return err
}

// Scalar is a JSON string, number, true or false as text: the digits of a number are
// kept. Decoding it never fails.
type Scalar struct {
	text  string
	state state
}

type state uint8

const (
	absent state = iota // null, or no such field
	present
	unreadable // an object or a list
)

// NewScalar returns a Scalar with the text of a form's field.
func NewScalar(text string) Scalar { return Scalar{text, present} }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Scalar) UnmarshalJSON(data []byte) error {
	*s = Value{data}.Scalar()
	return nil
}

// Text returns the text, "" for null, an object, a list, or nothing.
func (s Scalar) Text() string { return s.text }

// IsSet reports whether the field holds a text that is not empty.
func (s Scalar) IsSet() bool { return s.state == present && s.text != "" }

// IsNothing reports whether there is no such field, or it is null or "".
func (s Scalar) IsNothing() bool { return s.state != unreadable && s.text == "" }

// Value is JSON whose syntax is valid: a response, or a part of one, with which it
// shares memory. The zero Value is that of a field that is missing.
type Value struct{ json []byte }

// Bytes returns the JSON.
func (v Value) Bytes() []byte { return v.json }

// IsObject tells {…} from null and from [], as which PHP writes an empty object.
func (v Value) IsObject() bool { return len(v.json) > 0 && v.json[0] == '{' }

// IsList reports whether v is a list.
func (v Value) IsList() bool { return len(v.json) > 0 && v.json[0] == '[' }

// Unmarshal decodes an object, as the function does, without reading its syntax again.
func (v Value) Unmarshal(into any) (unread []string, err error) {
	if len(v.json) == 0 {
		return nil, errEmpty
	}
	return decode(v.json, into)
}

// Scalar returns v as a Scalar.
func (v Value) Scalar() Scalar {
	if len(v.json) == 0 {
		return Scalar{}
	}
	d := decoder{data: v.json, text: string(v.json)}
	return d.scalar(true)
}

// Members returns the names and values of an object, none for anything else. A name may
// come twice.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if !v.IsObject() {
			return
		}
		d := decoder{data: v.json}
		for more := d.open('}'); more; more = d.more('}') {
			if name := string(d.name()); !yield(name, d.value(true)) {
				return
			}
		}
	}
}

// Member returns the value in an object under a name, in any case of letters.
func (v Value) Member(name string) (found Value) {
	if !v.IsObject() {
		return Value{}
	}
	d := decoder{data: v.json}
	for more := d.open('}'); more; more = d.more('}') {
		same := strings.EqualFold(string(d.name()), name)
		if value := d.value(true); same {
			found = value
		}
	}
	return found
}

// Elements returns the values in a list, none for anything else.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.IsList() {
			return
		}
		d := decoder{data: v.json}
		for more := d.open(']'); more; more = d.more(']') {
			if !yield(d.value(true)) {
				return
			}
		}
	}
}
