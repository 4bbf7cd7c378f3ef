package loosejson

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Shanghai is the time zone of the gateways: UTC+8 all year.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Fields reads the scalars of one response.
type Fields struct {
	// Unread lists the fields that have another shape and were left zero.
	Unread []string
	err    error
}

// Err returns what keeps the response from being read: the first field that decides
// and is missing or has another shape.
func (f *Fields) Err() error { return f.err }

// Fail records that the response cannot be read.
func (f *Fields) Fail(why string) {
	if f.err == nil {
		f.err = errors.New(why)
	}
}

func (f *Fields) skip(name string) { f.Unread = append(f.Unread, name) }

// need records a field that decides and has another shape, or is missing.
func (f *Fields) need(name string, s Scalar, ok bool, kind string) {
	switch {
	case s.IsNothing():
		f.Fail("no " + name)
	case !ok:
		f.Fail(name + " is not " + kind)
	}
}

// Text returns a text.
func (f *Fields) Text(name string, s Scalar) string {
	if s.state == unreadable {
		f.skip(name)
	}
	return s.text
}

// Private returns a text that must not be printed.
func (f *Fields) Private(name string, s Scalar) paygates.Private[string] {
	if text := f.Text(name, s); text != "" {
		return paygates.NewPrivate(text)
	}
	return paygates.Private[string]{} // without an allocation
}

// NeedText returns a text that decides.
func (f *Fields) NeedText(name string, s Scalar) string {
	f.need(name, s, s.state == present, "a single value")
	return s.text
}

// NeedNumber returns the number of an order or a payment, which decides.
func (f *Fields) NeedNumber(name string, s Scalar) string {
	text := f.NeedText(name, s)
	if !IsNumber(text) {
		f.Fail("no " + name)
	}
	return text
}

// IsNumber reports whether text can be the number of an order or a payment. The gateways'
// PHP takes "0" for none, and other programs write what they have instead of a number.
func IsNumber(text string) bool {
	for _, word := range [...]string{"null", "undefined", "none", "nil", "false", "true"} {
		if strings.EqualFold(text, word) {
			return false
		}
	}
	return strings.Trim(strings.TrimSpace(text), "0") != ""
}

// Int returns a whole number, 0 for nothing.
func (f *Fields) Int(name string, s Scalar) int64 {
	n, ok := parseInt(s)
	if !ok {
		f.skip(name)
	}
	return n
}

// NeedInt returns a whole number that decides: a state, a code, a currency. It fits an int
// of 32 bits, so that a conversion cannot make another state of it.
func (f *Fields) NeedInt(name string, s Scalar) int64 {
	n, ok := parseInt(s)
	ok = ok && n == int64(int32(n)) //nolint:gosec // the comparison finds an overflow
	f.need(name, s, ok, "a whole number")
	return n
}

// parseInt reads a whole number, which may have decimals that are all zero.
func parseInt(s Scalar) (n int64, ok bool) {
	text := s.text
	if text == "" {
		return 0, s.state != unreadable
	}
	if whole, zeros, found := strings.Cut(text, "."); found && strings.Trim(zeros, "0") == "" {
		text = whole
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false // not the largest number
	}
	return n, true
}

// Bool returns a truth value, false for nothing.
func (f *Fields) Bool(name string, s Scalar) bool {
	value, ok := parseBool(s)
	if !ok {
		f.skip(name)
	}
	return value
}

// NeedBool returns a truth value that decides.
func (f *Fields) NeedBool(name string, s Scalar) bool {
	value, ok := parseBool(s)
	f.need(name, s, ok, "true or false")
	return value
}

func parseBool(s Scalar) (value, ok bool) {
	switch s.text {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	default:
		return false, s.text == "" && s.state != unreadable
	}
}

// Amount returns an amount in units with at most two decimals, 0 for nothing.
func (f *Fields) Amount(name string, s Scalar) money.Amount {
	amount, ok := parseAmount(s)
	if !ok {
		f.skip(name)
	}
	return amount
}

// NeedAmount returns an amount that decides.
func (f *Fields) NeedAmount(name string, s Scalar) money.Amount {
	amount, ok := parseAmount(s)
	f.need(name, s, ok, "an amount with at most two decimals")
	return amount
}

func parseAmount(s Scalar) (amount money.Amount, ok bool) {
	if s.text == "" {
		return 0, s.state != unreadable
	}
	amount, err := money.Parse(s.text)
	return amount, err == nil
}

// Cents returns an amount in hundredths, 0 for nothing.
func (f *Fields) Cents(name string, s Scalar) money.Amount {
	n, ok := parseInt(s)
	if !ok || n < 0 || n > money.Max.Cents() {
		f.skip(name)
		return 0
	}
	return money.Cents(n)
}

// NeedCents returns an amount in hundredths that decides. It takes no decimals, not even
// zeros: 99.00 in such a field may be meant in units.
func (f *Fields) NeedCents(name string, s Scalar) money.Amount {
	n, ok := parseInt(s)
	ok = ok && n >= 0 && !strings.Contains(s.text, ".")
	f.need(name, s, ok, "an amount in hundredths")
	if !ok {
		return 0
	}
	return money.Cents(n)
}

// Seconds returns a duration in whole seconds, 0 for nothing.
func (f *Fields) Seconds(name string, s Scalar) time.Duration {
	n, ok := parseInt(s)
	if d := time.Duration(n) * time.Second; ok && n >= 0 && int64(d/time.Second) == n {
		return d
	}
	f.skip(name)
	return 0
}

// Time returns a time in UTC+8: see [ParseTime]. It is zero for nothing.
func (f *Fields) Time(name string, s Scalar) time.Time { return f.TimeIn(name, s, Shanghai) }

// TimeIn is Time for a gateway that prints the times of a field in another zone.
func (f *Fields) TimeIn(name string, s Scalar, zone *time.Location) time.Time {
	at, ok := ParseTime(s.text, zone)
	if !ok || s.state == unreadable {
		f.skip(name)
	}
	return at
}

// ParseTime reads a time as gateways write it: "2006-01-02 15:04:05", ISO 8601, or Unix
// seconds or milliseconds with or without decimals. zone is the zone of a time that
// names none. "", "0" and MySQL's "0000-00-00 00:00:00" are the zero time.
func ParseTime(text string, zone *time.Location) (at time.Time, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || text == "0" || strings.HasPrefix(text, "0000-00-00") {
		return time.Time{}, true
	}
	if at, ok := parseUnix(text); ok {
		return at.In(Shanghai), true
	}
	for _, layout := range [...]string{
		time.DateTime, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04", "2006/01/02 15:04:05", "20060102150405", time.DateOnly,
	} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at.In(Shanghai), true
		}
	}
	return time.Time{}, false
}

// parseUnix reads Unix seconds of 9 or 10 digits or milliseconds of 12 or 13: 1973 to
// 2286. Decimals are dropped.
func parseUnix(text string) (at time.Time, ok bool) {
	whole, decimals, _ := strings.Cut(text, ".")
	if strings.Trim(whole, "0123456789") != "" || strings.Trim(decimals, "0123456789") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case err != nil:
		return time.Time{}, false
	case len(whole) == 9 || len(whole) == 10:
		return time.Unix(n, 0), true
	case len(whole) == 12 || len(whole) == 13:
		return time.UnixMilli(n), true
	default:
		return time.Time{}, false
	}
}
