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
	"reflect"
	"unicode/utf8"
)

var (
	errUTF8   = errors.New("not UTF-8")
	errEmpty  = errors.New("empty")
	errObject = errors.New("not a JSON object")
)

// byteOrderMark is what a PHP file saved by some editors prints first.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Unmarshal decodes a whole response. It drops a byte order mark, and rejects bytes
// that are not UTF-8 and objects that have a name twice. unread names a field that
// should be an object or a list and is not: it is left as it was.
func Unmarshal(data []byte, into any) (unread []string, err error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errEmpty
	}
	if !utf8.Valid(data) {
		return nil, errUTF8
	}
	if !json.Valid(data) {
		return nil, notJSON(data)
	}
	d := decoder{data: data, hashes: make([]uint64, 0, 32)}
	value := reflect.ValueOf(into)
	if value.Kind() != reflect.Pointer || value.IsNil() || value.Elem().Kind() != reflect.Struct {
		d.skip(false)
		if d.err == nil {
			d.err = json.Unmarshal(data, into)
		}
		return nil, d.err
	}
	switch d.next() {
	case '{':
		d.object(value.Elem(), false)
	case 'n':
		return nil, nil
	default:
		d.skip(false)
		d.err = cmp.Or(d.err, errObject)
	}
	if d.err != nil {
		value.Elem().SetZero()
		return nil, d.err
	}
	return d.unread, nil
}

// notJSON returns the syntax error without the text that encoding/json quotes.
func notJSON(data []byte) error {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); !errors.As(err, &syntax) {
		return err
	}
	return fmt.Errorf("not JSON at byte %d", syntax.Offset)
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
	switch data[0] {
	case '"':
		inner := data[1 : len(data)-1]
		if bytes.IndexByte(inner, '\\') >= 0 {
			inner = unescape(nil, inner)
		}
		*s = Scalar{string(inner), present}
	case 'n':
		*s = Scalar{}
	case '{', '[':
		*s = Scalar{state: unreadable}
	default:
		*s = Scalar{string(data), present}
	}
	return nil
}

// Text returns the text, "" for null, an object, a list, or nothing.
func (s Scalar) Text() string { return s.text }

// IsSet reports whether the field holds a text that is not empty.
func (s Scalar) IsSet() bool { return s.state == present && s.text != "" }

// IsObject tells {…} from null and from [], as which PHP writes an empty object.
func IsObject(data []byte) bool { return len(data) > 0 && data[0] == '{' }
