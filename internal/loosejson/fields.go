package loosejson

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Fields reads the fields of an object by their names, in any case of letters.
type Fields struct {
	*document
	members []member
	json    json.RawMessage // the object, nil if there is none
}

// document is what an object and the objects in it have in common.
type document struct {
	data   []byte // without byte order marks
	text   string // the same
	form   url.Values
	around *document // that reports for this one, which was a string in it; or nil
	unread []string
	err    error
}

// Form returns a reader of the parameters of a form.
func Form(values url.Values) Fields { return Fields{document: &document{form: values}} }

// Unread lists the fields that have another shape and were left zero.
func (d *document) Unread() []string { return d.outermost().unread }

// Err returns what keeps the response from being read: the first field that decides
// and is missing or has another shape.
func (d *document) Err() error { return d.outermost().err }

// Fail records that the response cannot be read.
func (d *document) Fail(why string) {
	if d = d.outermost(); d.err == nil {
		d.err = errors.New(why)
	}
}

// Skip records a field that has another shape.
func (d *document) Skip(name string) {
	if d = d.outermost(); !slices.Contains(d.unread, name) {
		d.unread = append(d.unread, name)
	}
}

func (d *document) outermost() *document {
	if d.around != nil {
		return d.around
	}
	return d
}

// optional returns what parse reads in a field, and the zero value for nothing and for
// another shape.
func optional[T any](f Fields, name string, parse func(scalar) (T, bool)) T {
	value, ok := parse(f.scalar(name))
	if !ok {
		f.Skip(name)
		return *new(T)
	}
	return value
}

// required returns what parse reads in a field that decides.
func required[T any](f Fields, name, kind string, parse func(scalar) (T, bool)) T {
	s := f.scalar(name)
	value, ok := parse(s)
	switch {
	case s.isNothing():
		f.Fail("no " + name)
	case !ok:
		f.Fail(name + " is not " + kind)
	}
	return value
}

// find returns the member with a name, and those of the objects in it, or nil.
func (f Fields) find(name string) (m *member, inside []member) {
	for i := 0; i < len(f.members); i += 1 + f.members[i].inside {
		if m := &f.members[i]; len(m.name) == len(name) && strings.EqualFold(m.name, name) {
			return m, f.members[i+1 : i+1+m.inside]
		}
	}
	return nil, nil
}

// Value returns the JSON of a field.
func (f Fields) Value(name string) Value {
	m, _ := f.find(name)
	if m == nil {
		return Value{}
	}
	return Value{f.text[m.begin:m.end]}
}

// JSON returns the JSON of a field as it arrived, nil if there is none. Growing it changes
// nothing behind it.
func (f Fields) JSON(name string) json.RawMessage {
	m, _ := f.find(name)
	if m == nil {
		return nil
	}
	return slices.Clip(f.data[m.begin:m.end])
}

// Object returns a reader of an object, which adds to what f reports. It may be in a string,
// because a program encoded it before the rest. It has no fields if there is no object, or
// something else in its place: see Exists.
func (f Fields) Object(name string) Fields {
	m, inside := f.find(name)
	switch {
	case m == nil || f.data[m.begin] == 'n': // null
	case f.data[m.begin] == '{':
		return Fields{f.document, inside, slices.Clip(f.data[m.begin:m.end])}
	default:
		if object, err := (Value{f.scalar(name).text}).Parse(); err == nil {
			object.around = f.outermost()
			return object
		}
		f.Skip(name)
	}
	return Fields{document: f.document}
}

// Exists reports whether there is such an object.
func (f Fields) Exists() bool { return f.json != nil }

// Raw returns the object as it arrived: a whole response with the byte order marks before it.
func (f Fields) Raw() json.RawMessage { return f.json }

// Alone returns a reader of the same object that reports by itself.
func (f Fields) Alone() Fields {
	f.document = &document{data: f.data, text: f.text}
	return f
}

// Has reports whether a field is not missing, null or "".
func (f Fields) Has(name string) bool { return !f.scalar(name).isNothing() }

func (f Fields) scalar(name string) scalar {
	if f.form != nil {
		return scalar{text: f.form.Get(name)}
	}
	m, _ := f.find(name)
	if m == nil {
		return scalar{}
	}
	return scalarOf(f.text[m.begin:m.end])
}

// Text returns a text.
func (f Fields) Text(name string) string { return optional(f, name, parseText) }

// Private returns a text that must not be printed.
func (f Fields) Private(name string) paygates.Private[string] {
	if text := f.Text(name); text != "" {
		return paygates.NewPrivate(text)
	}
	return paygates.Private[string]{} // without an allocation
}

// NeedText returns a text that decides.
func (f Fields) NeedText(name string) string {
	return f.undamaged(name, required(f, name, "a single value", parseText))
}

// NeedTextIfAny returns a text that decides, "" for nothing.
func (f Fields) NeedTextIfAny(name string) string {
	s := f.scalar(name)
	if s.isNested {
		f.Fail(name + " is not a single value")
	}
	return f.undamaged(name, s.text)
}

func (f Fields) undamaged(name, text string) string {
	if strings.ContainsRune(text, utf8.RuneError) {
		f.Fail(name + " is not UTF-8")
	}
	return text
}

// NeedNumber returns the number of an order or a payment, which decides.
func (f Fields) NeedNumber(name string) string {
	text := f.NeedText(name)
	if !IsNumber(text) {
		f.Fail("no " + name)
	}
	return text
}

// Int returns a whole number, 0 for nothing.
func (f Fields) Int(name string) int64 { return optional(f, name, parseInt) }

// NeedInt returns a whole number that decides: a state, a code, a currency. It fits an int
// of 32 bits.
func (f Fields) NeedInt(name string) int64 { return required(f, name, "a whole number", parseInt32) }

// Bool returns a truth value, false for nothing.
func (f Fields) Bool(name string) bool { return optional(f, name, parseBool) }

// NeedBool returns a truth value that decides.
func (f Fields) NeedBool(name string) bool { return required(f, name, "true or false", parseBool) }

// Amount returns an amount in units with at most two decimals, 0 for nothing.
func (f Fields) Amount(name string) money.Amount { return optional(f, name, parseAmount) }

// NeedAmount returns an amount that decides.
func (f Fields) NeedAmount(name string) money.Amount {
	return required(f, name, "an amount with at most two decimals", parseAmount)
}

// Cents returns an amount in hundredths, 0 for nothing.
func (f Fields) Cents(name string) money.Amount { return optional(f, name, parseCents) }

// NeedCents returns an amount in hundredths that decides, without decimals.
func (f Fields) NeedCents(name string) money.Amount {
	return required(f, name, "an amount in hundredths", parseWholeCents)
}

// Seconds returns a duration in whole seconds, 0 for nothing.
func (f Fields) Seconds(name string) time.Duration { return optional(f, name, parseSeconds) }

// Time returns a time in UTC+8: see [ParseTime]. It is zero for nothing.
func (f Fields) Time(name string) time.Time { return f.TimeIn(name, Shanghai) }

// TimeIn is Time for a gateway that prints the times of a field in another zone.
func (f Fields) TimeIn(name string, zone *time.Location) time.Time {
	s := f.scalar(name)
	at, ok := ParseTime(s.text, zone)
	if !ok || s.isNested {
		f.Skip(name)
	}
	return at
}
