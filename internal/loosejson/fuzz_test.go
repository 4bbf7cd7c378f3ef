package loosejson

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var (
	jsonNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	wholeNumber = regexp.MustCompile(`^([+-]?[0-9]+)(\.0*)?$`)
	exactAmount = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2}0*)?$`)
)

// A scalar means the same with quotes and without. It is read exactly if it has its
// shape, and listed otherwise.
func FuzzScalars(f *testing.F) {
	for _, text := range []string{
		"", "0", "1", "-4", "+9", "007", "1.5", "300.00", "1e3", "true", "false", "yes", "null", "12134676899915430002", "-0", "1.005",
		"9223372036854775807", "9223372036854775808", "92233720368547758.07", "92233720368547758.08", "300.0000", "7.0",
		"2019-10-15 17:04:00", "2019-10-15 7:04:00.5", "0000-01-01 00:00:00", "2019-02-30 00:00:00", "订单\n\"\\", "{}", "1571130240000",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("not JSON")
		}
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		one := func(name string) (values, bool) {
			got, f := read(t, `{"`+name+`":`+string(quoted)+`}`)
			if jsonNumber.MatchString(text) {
				bare, bareF := read(t, `{"`+name+`":`+text+`}`)
				require.Equal(t, f.Unread(), bareF.Unread(), name)
				require.Equal(t, got, bare, name)
			}
			return got, len(f.Unread()) == 0
		}

		got, ok := one("text")
		require.True(t, ok)
		require.Equal(t, text, got.Text)

		whole := wholeOf(text)
		got, ok = one("number")
		require.Equal(t, whole != nil || text == "", ok)
		if whole != nil {
			require.Equal(t, whole.Int64(), got.Number)
		}
		got, ok = one("cents")
		require.Equal(t, whole != nil && whole.Sign() >= 0 || text == "", ok)
		if ok && text != "" {
			require.Equal(t, whole.Int64(), got.Cents.Cents())
		}

		got, ok = one("flag")
		require.Equal(t, slices.Contains([]string{"true", "false", "1", "0", ""}, text), ok)
		require.Equal(t, text == "true" || text == "1", got.Flag)

		cents := centsOf(text)
		got, ok = one("price")
		require.Equal(t, cents != nil || text == "", ok, "%q", text)
		if cents != nil {
			require.Equal(t, cents.Int64(), got.Price.Cents())
		}

		got, ok = one("time")
		requireTime(t, text, got.Time, ok)
	})
}

// wholeOf returns the int64 that text stands for, or nil.
func wholeOf(text string) *big.Int {
	match := wholeNumber.FindStringSubmatch(text)
	if match == nil {
		return nil
	}
	n, ok := new(big.Int).SetString(match[1], 10)
	if !ok || !n.IsInt64() {
		return nil
	}
	return n
}

// centsOf returns the hundredths of the amount that text stands for, or nil.
func centsOf(text string) *big.Int {
	amount, ok := new(big.Rat).SetString(text)
	if !ok || !exactAmount.MatchString(text) {
		return nil
	}
	amount.Mul(amount, big.NewRat(100, 1))
	if !amount.Num().IsInt64() {
		return nil
	}
	return amount.Num()
}

// requireTime asserts that a number stands for a time of our age.
func requireTime(t *testing.T, text string, at time.Time, ok bool) {
	t.Helper()
	if !ok {
		require.True(t, at.IsZero())
	} else if year := at.Year(); !at.IsZero() && jsonNumber.MatchString(text) && len(text) != len("20060102150405") {
		require.True(t, year >= 1970 && year < 2300, "%q is the year %d", text, year)
	}
	if _, err := time.Parse(time.DateTime, text); err == nil {
		require.True(t, ok)
	}
}
