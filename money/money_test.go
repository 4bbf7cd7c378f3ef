package money_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cents int64
		text  string
	}{
		"0":                               {0, "0.00"},
		"0.0":                             {0, "0.00"},
		"0.01":                            {1, "0.01"},
		"0.1":                             {10, "0.10"},
		"0.10":                            {10, "0.10"},
		"1":                               {100, "1.00"},
		"1.5":                             {150, "1.50"},
		"300":                             {30000, "300.00"},
		"300.5":                           {30050, "300.50"},
		"300.00":                          {30000, "300.00"},
		"99999.99":                        {9999999, "99999.99"},
		"007.70":                          {770, "7.70"},
		"0.29":                            {29, "0.29"}, // 0.29*100 is 28.999… in a float
		"1.15":                            {115, "1.15"},
		"9007199254740993.01":             {900719925474099301, "9007199254740993.01"}, // more than a float holds
		"92233720368547758":               {9223372036854775800, "92233720368547758.00"},
		"92233720368547758.0":             {9223372036854775800, "92233720368547758.00"},
		"92233720368547758.07":            {math.MaxInt64, "92233720368547758.07"},
		strings.Repeat("0", 100) + "1.00": {100, "1.00"},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := money.Parse(text)
			require.NoError(t, err)
			assert.Equal(t, want.cents, got.Cents())
			assert.Equal(t, money.Cents(want.cents), got)
			assert.Equal(t, want.text, got.String())
		})
	}
}

// More zeros do not change an amount.
func TestParseTakesMoreZeros(t *testing.T) {
	t.Parallel()
	for text, cents := range map[string]int64{
		"300.0000": 30000, "0.050": 5, "1.8800": 188, "1.000": 100, "0.000": 0, "92233720368547758.070": math.MaxInt64,
		"1." + strings.Repeat("0", 1000): 100,
	} {
		got, err := money.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, cents, got.Cents(), text)
	}
}

func TestParseRejects(t *testing.T) {
	t.Parallel()
	const (
		digits  = "only digits and one point are allowed"
		before  = "no digit before the point"
		after   = "no digit after the point"
		decimal = "more than two decimals"
		large   = "too large"
	)
	for why, texts := range map[string][]string{
		before:  {"", ".5", ".50"},
		after:   {".", "1."},
		decimal: {"1.0001", "1.0010", "1.00x", "1.001", "1.2.3", "1.00 "},
		digits: {
			"1..", "1..2", "1.2.", "-1", "-0.01", "+1", "1.-1", " 1", "1 ", "1.0 ", "1. ", "\n1", "1,00", "1,000.00", "1_000", "1e2",
			"0x10", "1/3", "NaN", "Inf", "¥1", "１.00", "١", "1。5", "1\x00", "\xff", "1:",
		},
		large: {
			"92233720368547758.08", "92233720368547758.1", "92233720368547759", "922337203685477581", "9223372036854775807",
			"9223372036854775807.00", "9223372036854775808", "18446744073709551616", "18446744073709551617.0", strings.Repeat("9", 400),
		},
	} {
		for _, text := range texts {
			t.Run(text, func(t *testing.T) {
				t.Parallel()
				got, err := money.Parse(text)
				require.ErrorIs(t, err, money.ErrInvalid)
				assert.EqualError(t, err, "money: not an amount: "+why)
				assert.Zero(t, got)

				kept := money.Cents(7)
				require.ErrorIs(t, kept.UnmarshalText([]byte(text)), money.ErrInvalid)
				assert.Equal(t, money.Cents(7), kept, "it keeps its value")
			})
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for cents, want := range map[int64]string{
		0:             "0.00",
		1:             "0.01",
		10:            "0.10",
		99:            "0.99",
		100:           "1.00",
		30000:         "300.00",
		-1:            "-0.01",
		-100:          "-1.00",
		-12345:        "-123.45",
		math.MaxInt64: "92233720368547758.07",
		math.MinInt64: "-92233720368547758.08",
	} {
		amount := money.Cents(cents)
		assert.Equal(t, want, amount.String())
		assert.Equal(t, "price="+want, string(amount.Append([]byte("price="))))
		text, err := amount.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	assert.Equal(t, "0.00", money.Amount(0).String())
	assert.Equal(t, "92233720368547758.07", money.Max.String())
}

func TestText(t *testing.T) {
	t.Parallel()
	var order struct{ Amount, Fee money.Amount }
	require.NoError(t, json.Unmarshal([]byte(`{"Amount":"300.5","Fee":"0.01"}`), &order))
	assert.Equal(t, money.Cents(30050), order.Amount)
	assert.Equal(t, money.Cents(1), order.Fee)
	text, err := json.Marshal(order)
	require.NoError(t, err)
	assert.Equal(t, `{"Amount":"300.50","Fee":"0.01"}`, string(text))
	require.Error(t, json.Unmarshal([]byte(`{"Amount":300.5}`), &order), "a JSON number may have passed through a float")
}

//nolint:paralleltest // AllocsPerRun counts the allocations of the whole process
func TestParseAllocatesNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := money.Parse("300.00"); err != nil {
			panic(err)
		}
	}))
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() { sink = money.Cents(30000).String() }))
}

var sink string

// What Parse accepts is digits with at most two decimals, and String writes the
// same number in the one form that Parse reads back.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"0", "7", "1.5", "300.00", "92233720368547758.07", "92233720368547758.08", "1.", ".1", "1e3", "１"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, err := money.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, money.ErrInvalid)
			require.Zero(t, amount)
			return
		}
		require.GreaterOrEqual(t, amount, money.Amount(0))
		whole, decimals, _ := strings.Cut(text, ".")
		whole = strings.TrimLeft(whole, "0")
		if whole == "" {
			whole = "0"
		}
		require.Equal(t, whole+"."+(decimals + "00")[:2], amount.String())
	})
}

func FuzzString(f *testing.F) {
	for _, cents := range []int64{0, 1, 99, 100, 30000, math.MaxInt64, -1, math.MinInt64} {
		f.Add(cents)
	}
	f.Fuzz(func(t *testing.T, cents int64) {
		text := money.Cents(cents).String()
		again, err := money.Parse(text)
		if cents < 0 {
			require.ErrorIs(t, err, money.ErrInvalid, "amounts that are read are never negative")
			return
		}
		require.NoError(t, err)
		require.Equal(t, cents, again.Cents())
	})
}
