// Package loosejson decodes the JSON of gateways written in languages with loose
// types: a number may arrive quoted, a text may arrive as a number, an absent value
// may be null or "". No number passes through a float.
//
// [Fields] reads the fields of an object by their names: what decides about money with
// the methods that begin with Need, everything else with the others, which leave a field
// zero and list it if it has another shape.
package loosejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	errUTF8   = errors.New("not UTF-8")
	errEmpty  = errors.New("empty")
	errObject = errors.New("not a JSON object")
)

// aroundJSON are the byte order marks and blanks that PHP files saved by some editors print
// first, each included file its own, and that may come last too.
const aroundJSON = "\ufeff \t\r\n"

// messages are what PHP prints first if it is set to show its warnings, in HTML or as text.
var messages = regexp.MustCompile(`^(?:(?:<br />\s*)?(?:<b>)?(?:Warning|Notice|Deprecated|Strict Standards)(?:</b>)?:` +
	`[^\n]* on line (?:<b>)?[0-9]+(?:</b>)?(?:<br />)?\s+)+`)

// Parse reads a whole response, an object, or a string that holds one because a program
// encoded it twice. It drops what [Trim] drops, and marks and HTML behind it, and rejects bytes
// that are not UTF-8 and objects that have a name twice. The values share memory with data.
func Parse(data []byte) (Fields, error) {
	data, err := text(data)
	if err != nil {
		return Fields{}, err
	}
	f, err := parse(data)
	if errors.Is(err, errObject) && data[0] == '"' && data[len(data)-1] == '"' {
		if inner, err := parse([]byte(scalarOf(data, string(data)).text)); err == nil {
			return inner, nil
		}
	}
	return f, err
}

func parse(data []byte) (Fields, error) {
	// Not more members than colons.
	d := decoder{data: data, text: string(data), members: make([]member, 0, min(bytes.Count(data, []byte{':'}), 32))}
	value := d.value(recorded)
	switch err := d.whole(); {
	case err != nil:
		return Fields{}, notJSON(data, err)
	case !value.IsObject():
		return Fields{}, errObject
	}
	return Fields{&document{data: data, text: d.text}, d.members, 0, len(value.json)}, nil
}

// Read returns a whole response of any shape, without what [Parse] drops. It rejects what
// Parse rejects.
func Read(data []byte) (Value, error) {
	data, err := text(data)
	if err != nil {
		return Value{}, err
	}
	d := decoder{data: data}
	value := d.value(checked)
	if err := d.whole(); err != nil {
		return Value{}, notJSON(data, err)
	}
	return value, nil
}

// Trim returns data without the byte order marks, blanks and messages of PHP before it.
func Trim(data []byte) []byte {
	data = bytes.TrimLeft(data, aroundJSON)
	if len(data) > 0 && (data[0] == '<' || data[0] >= 'A' && data[0] <= 'Z') {
		data = data[len(messages.Find(data)):]
	}
	return data
}

// text returns what Trim returns, without marks, blanks and zero bytes behind it, if it is
// text.
func text(data []byte) ([]byte, error) {
	data = bytes.TrimRight(Trim(data), aroundJSON+"\x00")
	switch {
	case len(data) == 0:
		return nil, errEmpty
	case !utf8.Valid(data):
		return nil, errUTF8
	default:
		return data, nil
	}
}

// notJSON says where the syntax error err is, without the text that encoding/json quotes.
func notJSON(data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.Is(err, errSyntax) && errors.As(json.Unmarshal(data, new(json.RawMessage)), &syntax) {
		return fmt.Errorf("%w at byte %d", err, syntax.Offset)
	}
	return err
}

// Value is JSON whose syntax is valid: a response, or a part of one, with which it
// shares memory. The zero Value is that of a field that is missing.
type Value struct{ json []byte }

// UnmarshalJSON implements json.Unmarshaler.
func (v *Value) UnmarshalJSON(data []byte) error {
	v.json = bytes.Clone(data)
	return nil
}

// Bytes returns the JSON. Growing it changes nothing behind it.
func (v Value) Bytes() []byte { return v.json }

// IsObject tells {…} from null and from [], as which PHP writes an empty object.
func (v Value) IsObject() bool { return len(v.json) > 0 && v.json[0] == '{' }

// IsList reports whether v is a list.
func (v Value) IsList() bool { return len(v.json) > 0 && v.json[0] == '[' }

// IsNull tells null from a field that is missing.
func (v Value) IsNull() bool { return string(v.json) == "null" }

// Parse reads an object, as the function does.
func (v Value) Parse() (Fields, error) {
	if len(v.json) == 0 {
		return Fields{}, errEmpty
	}
	return parse(v.json)
}

// Text returns a string, number, true or false as text, with the digits of a number kept.
// It returns "" for anything else.
func (v Value) Text() string { return scalarOf(v.json, string(v.json)).text }

// Members returns the names and values of an object, none for anything else. A name may
// come twice.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if !v.IsObject() {
			return
		}
		d := decoder{data: v.json}
		for more := d.open('}'); more; more = d.more('}') {
			if name := string(d.name()); !yield(name, d.value(opaque)) {
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
		if value := d.value(opaque); same {
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
			if !yield(d.value(opaque)) {
				return
			}
		}
	}
}

// part returns a part of data that cannot be grown into what follows it.
func part(data []byte, begin, end int) Value { return Value{slices.Clip(data[begin:end])} }
