// Package loosejson decodes the JSON of gateways written in languages with
// loose types: a number may arrive quoted, a text may arrive as a number, an
// absent value may be null or "". No number passes through a float.
package loosejson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/paygates/paygates-go/money"
)

var (
	errUTF8   = errors.New("not UTF-8")
	errEmpty  = errors.New("empty")
	errScalar = errors.New("not a single value")
	errInt    = errors.New("not a whole number")
	errBool   = errors.New("neither true nor false")
	errTime   = errors.New("not a time such as 2006-01-02 15:04:05")
)

// Shanghai is the time zone of the gateways: UTC+8 all year.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// The UTF-8 byte order mark that a PHP file saved by some editors prints first.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Unmarshal is json.Unmarshal for a whole answer: it drops a byte order mark, and
// refuses bytes that are not UTF-8 and objects that have a name twice.
func Unmarshal(data []byte, into any) error {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if len(bytes.TrimSpace(data)) == 0 {
		return errEmpty
	}
	if !utf8.Valid(data) {
		return errUTF8
	}
	if err := checkNames(data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return plain(err)
	}
	return nil
}

// plain keeps the values that encoding/json quotes out of an error.
func plain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%q is not of its documented type", kind.Field)
	default:
		return err
	}
}

// scalar returns the text of a JSON string, number, true or false; nothing for
// null. It is a part of data where that is possible.
func scalar(data []byte) ([]byte, error) {
	switch data[0] {
	case '"':
		if inner := data[1 : len(data)-1]; bytes.IndexByte(inner, '\\') < 0 {
			return inner, nil
		}
		var text string
		err := json.Unmarshal(data, &text)
		return []byte(text), err
	case 'n':
		return nil, nil
	case '{', '[':
		return nil, errScalar
	default:
		return data, nil
	}
}

// String is a text that may arrive as a number: its digits are kept as they
// are. null is "".
type String string

// UnmarshalJSON implements json.Unmarshaler.
func (s *String) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	if err != nil {
		return err
	}
	*s = String(text)
	return nil
}

// Int is a whole number that may arrive quoted. Set is false after null, "" or
// nothing.
type Int struct {
	Value int64
	Set   bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *Int) UnmarshalJSON(data []byte) error {
	*i = Int{}
	text, err := scalar(data)
	if err != nil || len(text) == 0 {
		return err
	}
	value, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return errInt
	}
	*i = Int{value, true}
	return nil
}

// Bool is a truth value that may arrive as 1, 0 or quoted. Set is false after
// null, "" or nothing.
type Bool struct{ Value, Set bool }

// UnmarshalJSON implements json.Unmarshaler.
func (b *Bool) UnmarshalJSON(data []byte) error {
	*b = Bool{}
	text, err := scalar(data)
	if err != nil || len(text) == 0 {
		return err
	}
	switch string(text) {
	case "true", "1":
		*b = Bool{Value: true, Set: true}
	case "false", "0":
		*b = Bool{Set: true}
	default:
		return errBool
	}
	return nil
}

// Amount is an amount in units with at most two decimals, as a number or
// quoted. Set is false after null, "" or nothing.
type Amount struct {
	Value money.Amount
	Set   bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Amount) UnmarshalJSON(data []byte) error {
	*a = Amount{}
	text, err := scalar(data)
	if err != nil || len(text) == 0 {
		return err
	}
	value, err := money.Parse(string(text))
	if err != nil {
		return err
	}
	*a = Amount{value, true}
	return nil
}

// Time is a time in Shanghai written as "2006-01-02 15:04:05". It is zero after
// null, "", MySQL's "0000-00-00 00:00:00" or nothing.
type Time struct{ time.Time }

const noTime = "0000-00-00 00:00:00"

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(data []byte) error {
	*t = Time{}
	text, err := scalar(data)
	if err != nil || len(text) == 0 || string(text) == noTime {
		return err
	}
	value, err := time.ParseInLocation(time.DateTime, string(text), Shanghai)
	if err != nil {
		return errTime
	}
	t.Time = value
	return nil
}

// Unix is a time in Unix seconds, as a number or quoted. It is zero after 0,
// null, "" or nothing.
type Unix struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (u *Unix) UnmarshalJSON(data []byte) error {
	*u = Unix{}
	var seconds Int
	if err := seconds.UnmarshalJSON(data); err != nil || seconds.Value == 0 {
		return err
	}
	u.Time = time.Unix(seconds.Value, 0).In(Shanghai)
	return nil
}
