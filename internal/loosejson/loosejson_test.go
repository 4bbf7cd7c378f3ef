package loosejson

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/money"
)

// answer has every kind of value, as an answer of a gateway has.
type answer struct {
	Text   String `json:"text"`
	Number Int    `json:"number"`
	Flag   Bool   `json:"flag"`
	Price  Amount `json:"price"`
	Time   Time   `json:"time"`
	Unix   Unix   `json:"unix"`
}

func decode(t *testing.T, text string) answer {
	t.Helper()
	var a answer
	require.NoError(t, Unmarshal([]byte(text), &a), text)
	return a
}

func TestEachScalarBothWays(t *testing.T) {
	t.Parallel()
	at := time.Date(2019, 10, 15, 17, 4, 0, 0, Shanghai)
	tests := map[string]answer{
		`{"text":"12"}`:                              {Text: "12"},
		`{"text":12}`:                                {Text: "12"},
		`{"text":-1.50e3}`:                           {Text: "-1.50e3"},
		`{"text":true}`:                              {Text: "true"},
		`{"text":false}`:                             {Text: "false"},
		`{"text":"null"}`:                            {Text: "null"},
		`{"text":" a "}`:                             {Text: " a "},
		`{"text":"\u8ba2\u5355\n\"\\\/"}`:            {Text: "订单\n\"\\/"},
		`{"text":"订单"}`:                              {Text: "订单"},
		`{"text":"\ud800"}`:                          {Text: "\ufffd"},
		`{"text" : 12 }`:                             {Text: "12"},
		`{"text":12134676899915430002}`:              {Text: "12134676899915430002"},
		`{"text":"12134676899915430002"}`:            {Text: "12134676899915430002"},
		`{"text":1e400}`:                             {Text: "1e400"},
		`{"text":` + strings.Repeat("9", 1000) + `}`: {Text: String(strings.Repeat("9", 1000))},

		`{"number":9}`:                      {Number: Int{9, true}},
		`{"number":"9"}`:                    {Number: Int{9, true}},
		`{"number":0}`:                      {Number: Int{0, true}},
		`{"number":"0"}`:                    {Number: Int{0, true}},
		`{"number":-4}`:                     {Number: Int{-4, true}},
		`{"number":"-4"}`:                   {Number: Int{-4, true}},
		`{"number":9223372036854775807}`:    {Number: Int{math.MaxInt64, true}},
		`{"number":"-9223372036854775808"}`: {Number: Int{math.MinInt64, true}},
		`{"number":9007199254740993}`:       {Number: Int{9007199254740993, true}},

		`{"flag":true}`:    {Flag: Bool{true, true}},
		`{"flag":"true"}`:  {Flag: Bool{true, true}},
		`{"flag":1}`:       {Flag: Bool{true, true}},
		`{"flag":"1"}`:     {Flag: Bool{true, true}},
		`{"flag":false}`:   {Flag: Bool{false, true}},
		`{"flag":"false"}`: {Flag: Bool{false, true}},
		`{"flag":0}`:       {Flag: Bool{false, true}},
		`{"flag":"0"}`:     {Flag: Bool{false, true}},

		`{"price":300}`:                  {Price: Amount{30000, true}},
		`{"price":300.00}`:               {Price: Amount{30000, true}},
		`{"price":"300.00"}`:             {Price: Amount{30000, true}},
		`{"price":"300.5"}`:              {Price: Amount{30050, true}},
		`{"price":0.29}`:                 {Price: Amount{29, true}},
		`{"price":"0"}`:                  {Price: Amount{0, true}},
		`{"price":92233720368547758.07}`: {Price: Amount{money.Max, true}},

		`{"time":"2019-10-15 17:04:00"}`: {Time: Time{at}},
		`{"time":"0000-00-00 00:00:00"}`: {},
		`{"unix":1571130240}`:            {Unix: Unix{at}},
		`{"unix":"1571130240"}`:          {Unix: Unix{at}},
		`{"unix":0}`:                     {},
		`{"unix":"0"}`:                   {},

		`{}`: {},
		`{"text":null,"number":null,"flag":null,"price":null,"time":null,"unix":null}`: {},
		`{"text":"","number":"","flag":"","price":"","time":"","unix":""}`:             {},
	}
	for text, want := range tests {
		t.Run(text[:min(len(text), 60)], func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, decode(t, text))
		})
	}
}

func TestWrongShapesAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]error{
		`{"text":{}}`:                     errScalar,
		`{"text":[]}`:                     errScalar,
		`{"text":["a"]}`:                  errScalar,
		`{"number":{}}`:                   errScalar,
		`{"number":[1]}`:                  errScalar,
		`{"number":1.0}`:                  errInt,
		`{"number":1e3}`:                  errInt,
		`{"number":"1 "}`:                 errInt,
		`{"number":" "}`:                  errInt,
		`{"number":"0x10"}`:               errInt,
		`{"number":"1_000"}`:              errInt,
		`{"number":true}`:                 errInt,
		`{"number":"one"}`:                errInt,
		`{"number":9223372036854775808}`:  errInt,
		`{"number":12134676899915430002}`: errInt,
		`{"number":1e400}`:                errInt,
		`{"flag":2}`:                      errBool,
		`{"flag":"yes"}`:                  errBool,
		`{"flag":{}}`:                     errScalar,
		`{"price":-1}`:                    money.ErrInvalid,
		`{"price":1.001}`:                 money.ErrInvalid,
		`{"price":1e2}`:                   money.ErrInvalid,
		`{"price":"1,00"}`:                money.ErrInvalid,
		`{"price":true}`:                  money.ErrInvalid,
		`{"price":92233720368547758.08}`:  money.ErrInvalid,
		`{"price":[]}`:                    errScalar,
		`{"time":1571130240}`:             errTime,
		`{"time":"2019-10-15"}`:           errTime,
		`{"time":"2019-02-30 17:04:00"}`:  errTime,
		`{"time":"2019-10-15T17:04:00Z"}`: errTime,
		`{"time":{}}`:                     errScalar,
		`{"unix":"2019-10-15 17:04:00"}`:  errInt,
		`{"unix":1.5}`:                    errInt,
		`{"unix":{}}`:                     errScalar,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var a answer
			require.ErrorIs(t, Unmarshal([]byte(text), &a), want)
			assert.Equal(t, answer{}, a)
		})
	}
}

// A value that was there before does not survive null.
func TestNullEmpties(t *testing.T) {
	t.Parallel()
	a := answer{"x", Int{1, true}, Bool{true, true}, Amount{1, true}, Time{time.Unix(1, 0)}, Unix{time.Unix(1, 0)}}
	require.NoError(t, Unmarshal([]byte(`{"text":null,"number":null,"flag":null,"price":null,"time":null,"unix":null}`), &a))
	assert.Equal(t, answer{}, a)
}

func TestTheTimeZoneIsShanghai(t *testing.T) {
	t.Parallel()
	a := decode(t, `{"time":"2019-10-15 17:04:00","unix":1571130240}`)
	assert.Equal(t, "2019-10-15T09:04:00Z", a.Time.UTC().Format(time.RFC3339))
	assert.Equal(t, "2019-10-15T17:04:00+08:00", a.Time.Format(time.RFC3339))
	assert.Equal(t, "2019-10-15T17:04:00+08:00", a.Unix.Format(time.RFC3339))
	// China had daylight saving time in the summer of 1988; the gateways had not.
	assert.Equal(t, "1988-07-01T00:00:00+08:00", decode(t, `{"time":"1988-07-01 00:00:00"}`).Time.Format(time.RFC3339))
	assert.NotPanics(t, func() { _ = decode(t, `{"unix":9223372036854775807}`).Unix.String() })
}

func TestUnmarshalAWholeAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, err string }{
		"byte order mark":      {"\xef\xbb\xbf" + `{"text":"a"}`, ""},
		"blanks around":        {" \r\n" + `{"text":"a"}` + "\n ", ""},
		"unknown fields":       {`{"text":"a","more":{"deep":[1,2,{}]}}`, ""},
		"nothing":              {"", "empty"},
		"blanks":               {" \r\n", "empty"},
		"a mark alone":         {"\xef\xbb\xbf", "empty"},
		"two marks":            {"\xef\xbb\xbf\xef\xbb\xbf" + `{"text":"a"}`, "not JSON at byte "},
		"UTF-16":               {"\xff\xfe{\x00}\x00", "not UTF-8"},
		"GBK":                  {"{\"text\":\"\xc4\xe3\xba\xc3\"}", "not UTF-8"},
		"HTML":                 {"<!DOCTYPE html><p>sign=0123456789</p>", "not JSON at byte "},
		"cut":                  {`{"text":"a`, "not JSON at byte "},
		"something after":      {`{"text":"a"} {}`, "not JSON at byte "},
		"an array":             {`[]`, `"" is not of its documented type`},
		"a string":             {`"example-secret"`, `"" is not of its documented type`},
		"PHP's NaN":            {`{"text":NaN}`, "not JSON at byte "},
		"single quotes":        {`{'text':'a'}`, "not JSON at byte "},
		"ten thousand levels":  {strings.Repeat(`[`, 10001), "not JSON at byte "},
		"and in unknown field": {`{"more":` + strings.Repeat(`[`, 100000) + strings.Repeat(`]`, 100000) + `}`, "not JSON at byte "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var a answer
			err := Unmarshal([]byte(test.text), &a)
			if test.err != "" {
				// The offset is encoding/json's own affair.
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, answer{Text: "a"}, a)
		})
	}
}

// What encoding/json says of a wrong type quotes the value.
func TestErrorsDoNotQuoteValues(t *testing.T) {
	t.Parallel()
	var into struct {
		Order struct {
			Count int `json:"count"`
		} `json:"order"`
	}
	require.EqualError(t, Unmarshal([]byte(`{"order":{"count":"example-secret"}}`), &into), `"order.count" is not of its documented type`)
	require.EqualError(t, Unmarshal([]byte(`{"order":{"count":12345678901234567890}}`), &into), `"order.count" is not of its documented type`)
	for _, text := range []string{`{"number":"example-secret"}`, `{"flag":"example-secret"}`, `{"price":"example-secret"}`, `{"time":"example-secret"}`, `{"unix":"example-secret"}`} {
		var a answer
		err := Unmarshal([]byte(text), &a)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret", text)
	}
}

func TestUnmarshalNeedsAPointer(t *testing.T) {
	t.Parallel()
	var invalid *json.InvalidUnmarshalError
	require.ErrorAs(t, Unmarshal([]byte(`{}`), answer{}), &invalid)
}

// Nothing panics, and a number that String takes keeps all of its digits.
func FuzzUnmarshal(f *testing.F) {
	for _, text := range []string{
		`{"text":12134676899915430002,"number":"9","flag":1,"price":300.00,"time":"2019-10-15 17:04:00","unix":"1571130240"}`,
		`{"text":null}`, `{"text":"\ud800\u0000"}`, "\xef\xbb\xbf{}", `{"number":{}}`, `[[[[`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a answer
		if Unmarshal(text, &a) != nil {
			return
		}
		var numbers struct {
			Text json.Number `json:"text"`
		}
		if json.Unmarshal(text, &numbers) == nil && numbers.Text != "" && a.Text != "" {
			require.Equal(t, numbers.Text.String(), string(a.Text))
		}
	})
}
