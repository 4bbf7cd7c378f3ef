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

// halves matches what may be a character of GBK that ends with the byte of a "\".
var halves = regexp.MustCompile(`[^\x00-\x7f]\\`)

// Parse reads a whole response, an object, or a string that holds one because a program
// encoded it twice. It drops what [Trim] drops, and marks and HTML behind it, and rejects bytes
// that are not UTF-8 and objects that have a name twice. The values share memory with data.
func Parse(data []byte) (Fields, error) { return parseWhole(data, data) }

// ParseResponse is Parse for a response, which may hold a text in another encoding, such as
// a message in GBK, or one that is cut inside a character. What is not UTF-8 becomes U+FFFD,
// with which no number of an order and nothing else that decides is read. A "\" after such a
// byte is an error: it may be the half of a character, and hide where a string ends.
func ParseResponse(raw []byte) (Fields, error) {
	return parseWhole(raw, ToUTF8(raw))
}

// ToUTF8 returns raw with U+FFFD in place of what is not UTF-8, as [ParseResponse] reads it, or
// raw unchanged if that may hide where a string ends.
func ToUTF8(raw []byte) []byte {
	if utf8.Valid(raw) || halves.Match(raw) {
		return raw
	}
	return bytes.ToValidUTF8(raw, []byte(string(utf8.RuneError)))
}

func parseWhole(raw, data []byte) (Fields, error) {
	stripped, err := text(data)
	if err != nil {
		return Fields{}, err
	}
	f, err := parse(raw, stripped, string(stripped))
	if errors.Is(err, errObject) && stripped[0] == '"' && stripped[len(stripped)-1] == '"' {
		inner := scalarOf(string(stripped)).text
		if f, err := parse(raw, []byte(inner), inner); err == nil {
			return f, nil
		}
	}
	return f, err
}

// parse reads an object. text is the same as data, raw is what arrived.
func parse(raw, data []byte, text string) (Fields, error) {
	// Not more members than colons.
	d := decoder{data: text, members: make([]member, 0, min(strings.Count(text, ":"), 32))}
	value := Value{d.skip(recorded)}
	switch err := d.whole(); {
	case err != nil:
		return Fields{}, notJSON(text, err)
	case !value.IsObject():
		return Fields{}, errObject
	}
	return Fields{&document{data: data, text: text}, d.members, slices.Clip(raw)}, nil
}

// Read returns a whole response of any shape, without what [Parse] drops. It rejects what
// Parse rejects.
func Read(data []byte) (Value, error) {
	data, err := text(data)
	if err != nil {
		return Value{}, err
	}
	d := decoder{data: string(data)}
	value := Value{d.skip(checked)}
	if err := d.whole(); err != nil {
		return Value{}, notJSON(d.data, err)
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
// text. Behind PHP's messages, which may quote anything, also JSON with the beginning of a tag,
// there must be no HTML.
func text(data []byte) ([]byte, error) {
	all := bytes.Trim(data, aroundJSON+"\x00")
	data = Trim(all)
	switch {
	case len(data) == 0:
		return nil, errEmpty
	case len(data) < len(all) && data[len(data)-1] == '>':
		return nil, errSyntax
	case !utf8.Valid(data):
		return nil, errUTF8
	default:
		return data, nil
	}
}

// notJSON says where the syntax error err is, without the text that encoding/json quotes.
func notJSON(text string, err error) error {
	var syntax *json.SyntaxError
	if errors.Is(err, errSyntax) && errors.As(json.Unmarshal([]byte(text), new(json.RawMessage)), &syntax) {
		return fmt.Errorf("%w at byte %d", err, syntax.Offset)
	}
	return err
}

// Value is JSON whose syntax is valid: a response, or a part of one. The zero Value is that
// of a field that is missing.
type Value struct{ json string }

// UnmarshalJSON implements json.Unmarshaler.
func (v *Value) UnmarshalJSON(data []byte) error {
	v.json = string(data)
	return nil
}

// JSON returns the JSON, "" for a field that is missing.
func (v Value) JSON() string { return v.json }

// IsObject tells {…} from null and from [], as which PHP writes an empty object.
func (v Value) IsObject() bool { return strings.HasPrefix(v.json, "{") }

// IsList reports whether v is a list.
func (v Value) IsList() bool { return strings.HasPrefix(v.json, "[") }

// Parse reads an object, as the function does.
func (v Value) Parse() (Fields, error) {
	data := []byte(v.json)
	return parse(data, data, v.json)
}

// Text returns a string, number, true or false as text, with the digits of a number kept.
// It returns "" for anything else.
func (v Value) Text() string { return scalarOf(v.json).text }

// Members returns the names and values of an object, none for anything else. A name may
// come twice.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if !v.IsObject() {
			return
		}
		d := decoder{data: v.json}
		for more := d.open('}'); more; more = d.more('}') {
			if name := d.name(); !yield(name, Value{d.skip(opaque)}) {
				return
			}
		}
	}
}

// Member returns the value in an object under a name, in any case of letters.
func (v Value) Member(name string) (found Value) {
	for written, value := range v.Members() {
		if strings.EqualFold(written, name) {
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
			if !yield(Value{d.skip(opaque)}) {
				return
			}
		}
	}
}
