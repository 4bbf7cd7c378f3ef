package loosejson

import (
	"encoding/json"
	"fmt"
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
	wholeNumber = regexp.MustCompile(`^[+-]?[0-9]+$`)
	amount      = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2})?$`)
)

// A scalar reads the same with quotes and without; it is taken exactly if it has
// its shape, and what is read is what was written.
func FuzzScalars(f *testing.F) {
	for _, text := range []string{
		"", "0", "1", "-4", "+9", "007", "1.5", "300.00", "1e3", "true", "false", "yes", "null", "12134676899915430002", "-0", "1.005",
		"9223372036854775807", "9223372036854775808", "92233720368547758.07", "92233720368547758.08",
		"2019-10-15 17:04:00", "2019-10-15 7:04:00.5", "0000-01-01 00:00:00", "2019-02-30 00:00:00", "订单\n\"\\", "{}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("no JSON")
		}
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		read := func(name string) (answer, error) {
			var a, bare answer
			err := Unmarshal([]byte(`{"`+name+`":`+string(quoted)+`}`), &a)
			if jsonNumber.MatchString(text) {
				bareErr := Unmarshal([]byte(`{"`+name+`":`+text+`}`), &bare)
				require.Equal(t, err == nil, bareErr == nil, name)
				require.Equal(t, a, bare, name)
			}
			return a, err
		}

		a, err := read("text")
		require.NoError(t, err)
		require.Equal(t, text, string(a.Text))

		whole, isWhole := new(big.Int).SetString(text, 10)
		isWhole = isWhole && wholeNumber.MatchString(text) && whole.IsInt64()
		a, err = read("number")
		require.Equal(t, isWhole || text == "", err == nil)
		require.Equal(t, isWhole, a.Number.Set)
		a, err = read("unix")
		require.Equal(t, isWhole || text == "", err == nil)
		if isWhole {
			require.True(t, a.Unix.Unix() == whole.Int64() || a.Unix.IsZero() && whole.Sign() == 0)
			a, _ = read("number")
			require.Equal(t, whole.String(), fmt.Sprint(a.Number.Value))
		}

		a, err = read("flag")
		require.Equal(t, slices.Contains([]string{"true", "false", "1", "0", ""}, text), err == nil)
		require.Equal(t, text != "" && err == nil, a.Flag.Set)
		require.Equal(t, text == "true" || text == "1", a.Flag.Value)

		cents, isAmount := new(big.Rat).SetString(text)
		if isAmount = isAmount && amount.MatchString(text); isAmount {
			cents.Mul(cents, big.NewRat(100, 1))
			isAmount = cents.Num().IsInt64()
		}
		a, err = read("price")
		require.Equal(t, isAmount || text == "", err == nil)
		require.Equal(t, isAmount, a.Price.Set)
		if isAmount {
			require.Zero(t, cents.Cmp(new(big.Rat).SetInt64(a.Price.Value.Cents())))
		}

		a, err = read("time")
		if err == nil && text != "" {
			written := a.Time.Format(time.DateTime)
			again, err := time.ParseInLocation(time.DateTime, written, Shanghai)
			require.NoError(t, err)
			require.Equal(t, a.Time.Truncate(time.Second), again)
		}
	})
}
