// Package money holds an exact amount in hundredths of a currency unit: fen of
// a yuan, cents of a dollar. There is no float anywhere in it.
package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrInvalid is returned for a text that is not an amount: see [Parse].
var ErrInvalid = errors.New("money: not an amount")

// Amount is a number of hundredths: 30000 is 300.00. It does not know its
// currency; the field that holds it says which it is. The zero Amount is 0.00.
// Amounts from [Parse] are never negative.
type Amount int64

// Max is the largest Amount.
const Max Amount = math.MaxInt64

// Cents returns the amount of n hundredths: Cents(30000) is 300.00.
func Cents(n int64) Amount { return Amount(n) }

// Cents returns the amount in hundredths.
func (a Amount) Cents() int64 { return int64(a) }

// Parse reads decimal digits with at most two decimals: "300", "300.5", "300.00" and
// "300.0000" are 300.00, 300.50, 300.00 and 300.00. It returns [ErrInvalid] for anything
// else: an empty text, signs, blanks, exponents, separators, digits that are
// not ASCII, a point without a digit on each side, a third decimal that is not 0, or
// more than [Max].
func Parse(text string) (Amount, error) {
	whole, decimals := text, ""
	for i := range len(text) {
		if text[i] == '.' {
			whole, decimals = text[:i], text[i+1:]
			if decimals == "" {
				return 0, invalid("no digit after the point")
			}
			break
		}
	}
	if whole == "" {
		return 0, invalid("no digit before the point")
	}
	if len(decimals) > 2 {
		// More zeros do not change an amount.
		if strings.Trim(decimals[2:], "0") != "" {
			return 0, invalid("more than two decimals")
		}
		decimals = decimals[:2]
	}
	var n int64
	for _, digits := range [...]string{whole, decimals} {
		for i := range len(digits) {
			d := int64(digits[i]) - '0'
			if d < 0 || d > 9 {
				return 0, invalid("only digits and one point are allowed")
			}
			if n > (math.MaxInt64-d)/10 {
				return 0, invalid("too large")
			}
			n = n*10 + d
		}
	}
	for range 2 - len(decimals) {
		if n > math.MaxInt64/10 {
			return 0, invalid("too large")
		}
		n *= 10
	}
	return Amount(n), nil
}

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// String returns the amount with exactly two decimals: "300.00". It is the form
// that the gateways sign and send.
func (a Amount) String() string {
	var buffer [24]byte
	return string(a.Append(buffer[:0]))
}

// Append appends what String returns.
func (a Amount) Append(b []byte) []byte {
	n := uint64(a) //nolint:gosec // negated below when negative
	if a < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendUint(b, n/100, 10)
	return append(b, '.', byte('0'+n/10%10), byte('0'+n%10))
}

// MarshalText returns what String returns.
func (a Amount) MarshalText() ([]byte, error) { return a.Append(nil), nil }

// UnmarshalText reads what [Parse] reads.
func (a *Amount) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}
