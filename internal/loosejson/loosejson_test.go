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

// wire has a field for every method of Fields.
type wire struct {
	Text   Scalar `json:"text"`
	Number Scalar `json:"number"`
	Flag   Scalar `json:"flag"`
	Price  Scalar `json:"price"`
	Cents  Scalar `json:"cents"`
	Wait   Scalar `json:"wait"`
	Time   Scalar `json:"time"`
}

// values is what Fields reads from a wire.
type values struct {
	Text   string
	Number int64
	Flag   bool
	Price  money.Amount
	Cents  money.Amount
	Wait   time.Duration
	Time   time.Time
}

func read(t *testing.T, text string) (v values, f Fields) {
	t.Helper()
	var w wire
	unread, err := Unmarshal([]byte(text), &w)
	require.NoError(t, err, text)
	require.Empty(t, unread, text)
	v = values{
		f.Text("text", w.Text), f.Int("number", w.Number), f.Bool("flag", w.Flag), f.Amount("price", w.Price),
		f.Cents("cents", w.Cents), f.Seconds("wait", w.Wait), f.Time("time", w.Time),
	}
	return v, f
}

// need reads every field that the text has as one that decides, and returns the error.
func need(t *testing.T, text string) error {
	t.Helper()
	var w wire
	_, err := Unmarshal([]byte(text), &w)
	require.NoError(t, err, text)
	var names map[string]Value
	require.NoError(t, json.Unmarshal([]byte(text), &names))
	var f Fields
	for name := range names {
		switch name {
		case "text":
			f.NeedText(name, w.Text)
		case "number":
			f.NeedInt(name, w.Number)
		case "flag":
			f.NeedBool(name, w.Flag)
		case "price":
			f.NeedAmount(name, w.Price)
		case "cents":
			f.NeedCents(name, w.Cents)
		}
	}
	require.Empty(t, f.Unread)
	return f.Err()
}

func TestEachScalarBothWays(t *testing.T) {
	t.Parallel()
	at := time.Date(2019, 10, 15, 17, 4, 0, 0, Shanghai)
	tests := map[string]values{
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
		`{"text":` + strings.Repeat("9", 1000) + `}`: {Text: strings.Repeat("9", 1000)},

		`{"number":9}`:                      {Number: 9},
		`{"number":"9"}`:                    {Number: 9},
		`{"number":9.0}`:                    {Number: 9},
		`{"number":"9.000"}`:                {Number: 9},
		`{"number":0}`:                      {},
		`{"number":-4}`:                     {Number: -4},
		`{"number":"-4"}`:                   {Number: -4},
		`{"number":9223372036854775807}`:    {Number: math.MaxInt64},
		`{"number":"-9223372036854775808"}`: {Number: math.MinInt64},
		`{"number":9007199254740993}`:       {Number: 9007199254740993},

		`{"flag":true}`:    {Flag: true},
		`{"flag":"true"}`:  {Flag: true},
		`{"flag":1}`:       {Flag: true},
		`{"flag":"1"}`:     {Flag: true},
		`{"flag":false}`:   {},
		`{"flag":"false"}`: {},
		`{"flag":0}`:       {},
		`{"flag":"0"}`:     {},

		`{"price":300}`:                  {Price: 30000},
		`{"price":300.00}`:               {Price: 30000},
		`{"price":"300.00"}`:             {Price: 30000},
		`{"price":"300.5"}`:              {Price: 30050},
		`{"price":300.0000}`:             {Price: 30000},
		`{"price":"1.8800"}`:             {Price: 188},
		`{"price":0.050}`:                {Price: 5},
		`{"price":0.29}`:                 {Price: 29},
		`{"price":"0"}`:                  {},
		`{"price":92233720368547758.07}`: {Price: money.Max},

		`{"cents":2000}`:                {Cents: 2000},
		`{"cents":"2000"}`:              {Cents: 2000},
		`{"cents":11111.0}`:             {Cents: 11111},
		`{"cents":0}`:                   {},
		`{"cents":9223372036854775807}`: {Cents: money.Max},

		`{"wait":900}`:   {Wait: 15 * time.Minute},
		`{"wait":"900"}`: {Wait: 15 * time.Minute},
		`{"wait":900.0}`: {Wait: 15 * time.Minute},

		`{"time":"2019-10-15 17:04:00"}`: {Time: at},
		`{"time":1571130240}`:            {Time: at},

		`{}`: {},
		`{"text":null,"number":null,"flag":null,"price":null,"cents":null,"wait":null,"time":null}`: {},
		`{"text":"","number":"","flag":"","price":"","cents":"","wait":"","time":""}`:               {},
	}
	for text, want := range tests {
		t.Run(text[:min(len(text), 60)], func(t *testing.T) {
			t.Parallel()
			got, f := read(t, text)
			assert.Equal(t, want, got)
			assert.Empty(t, f.Unread)
			require.NoError(t, f.Err())
		})
	}
}

// A field in another shape is left zero and listed. One that decides is an error that
// names it without its value.
func TestOtherShapes(t *testing.T) {
	t.Parallel()
	const number, flag, price, cents = "number is not a whole number", "flag is not true or false",
		"price is not an amount with at most two decimals", "cents is not an amount in hundredths"
	for want, texts := range map[string][]string{
		"text is not a single value": {`{"text":{}}`, `{"text":[]}`, `{"text":["example-secret"]}`},
		number: {
			`{"number":{}}`, `{"number":[1]}`, `{"number":1.5}`, `{"number":1e3}`, `{"number":"1 "}`, `{"number":" "}`,
			`{"number":"0x10"}`, `{"number":"1_000"}`, `{"number":true}`, `{"number":"example-secret"}`, `{"number":9223372036854775808}`,
			`{"number":12134676899915430002}`, `{"number":1e400}`, `{"number":".0"}`,
		},
		flag: {`{"flag":2}`, `{"flag":"yes"}`, `{"flag":"example-secret"}`, `{"flag":{}}`},
		price: {
			`{"price":-1}`, `{"price":1.001}`, `{"price":1.0010}`, `{"price":1e2}`, `{"price":"1,00"}`, `{"price":true}`,
			`{"price":"example-secret"}`, `{"price":92233720368547758.08}`, `{"price":[]}`,
		},
		cents: {`{"cents":-1}`, `{"cents":0.5}`, `{"cents":"20 yuan"}`, `{"cents":[]}`},
	} {
		for _, text := range texts {
			t.Run(text, func(t *testing.T) {
				t.Parallel()
				name := strings.Fields(want)[0]
				got, f := read(t, text)
				assert.Equal(t, values{}, got)
				assert.Equal(t, []string{name}, f.Unread)
				require.NoError(t, f.Err())
				assert.EqualError(t, need(t, text), want)
			})
		}
	}
	for _, text := range []string{
		`{"wait":"a while"}`, `{"wait":-1}`, `{"wait":1.5}`, `{"wait":9223372036854775807}`, `{"wait":{}}`,
		`{"time":{}}`, `{"time":[]}`, `{"time":"yesterday"}`, `{"time":true}`,
	} {
		got, f := read(t, text)
		assert.Equal(t, values{}, got, text)
		assert.Len(t, f.Unread, 1, text)
	}
}

func TestWhatDecidesIsRequired(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"text", "number", "flag", "price", "cents"} {
		for _, value := range []string{"null", `""`} {
			assert.EqualError(t, need(t, `{"`+name+`":`+value+`}`), "no "+name)
		}
	}
	require.NoError(t, need(t, `{"text":"a","number":0,"flag":0,"price":"0.00","cents":0}`))
}

func TestFieldsKeepTheFirstError(t *testing.T) {
	t.Parallel()
	var f Fields
	f.NeedText("first", Scalar{})
	f.NeedText("second", Scalar{})
	f.Fail("third")
	require.EqualError(t, f.Err(), "no first")
	assert.Empty(t, f.Unread)
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	// date -u -d '2019-10-15 17:04:00 +0800' +%s
	const unix = 1571130240
	for want, texts := range map[int64][]string{
		// "2019-10-15T09:04:00.000000Z": Laravel 7 and newer
		unix: {
			"2019-10-15 17:04:00", " 2019-10-15 17:04:00 ", "2019-10-15 17:04:00.123", "2019-10-15T17:04:00+08:00", "2019-10-15T09:04:00Z",
			"2019-10-15T09:04:00.000000Z", "2019-10-15T17:04:00+0800", "2019-10-15 09:04:00Z", "2019-10-15 17:04:00+08:00",
			"2019-10-15T17:04:00", "2019-10-15 17:04", "2019/10/15 17:04:00", "20191015170400", "1571130240", "1571130240.0",
			"1571130240.987", "1571130240000", "1571130240000.0", "1571130240987",
		},
		unix - 17*3600 - 4*60: {"2019-10-15"},
		999999999:             {"999999999"},
		9999999999:            {"9999999999"},
	} {
		for _, text := range texts {
			got, ok := ParseTime(text, Shanghai)
			require.True(t, ok, text)
			assert.Equal(t, want, got.Unix(), text)
			assert.Equal(t, Shanghai, got.Location(), text)
		}
	}
	for _, text := range []string{"", " ", "0", "0000-00-00 00:00:00", "0000-00-00"} {
		got, ok := ParseTime(text, Shanghai)
		assert.True(t, ok, text)
		assert.True(t, got.IsZero(), text)
	}
	for _, text := range []string{
		"yesterday", "2019-02-30 17:04:00", "17:04", "-1", "1", "15711302400", "1571130240000000", "1571130240000000000",
		"1571130240x", "1571130240.x", "0x5da58a40", "1e9", "9223372036854775808", "2019", "Tue, 15 Oct 2019",
	} {
		got, ok := ParseTime(text, Shanghai)
		assert.False(t, ok, text)
		assert.True(t, got.IsZero(), text)
	}
}

// The zone applies to a time that names none.
func TestTimeIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"time":"2019-10-15 17:04:00"}`:       "2019-10-16T01:04:00+08:00",
		`{"time":"2019-10-15T17:04:00Z"}`:      "2019-10-16T01:04:00+08:00",
		`{"time":"2019-10-15T17:04:00+08:00"}`: "2019-10-15T17:04:00+08:00",
		`{"time":1571130240}`:                  "2019-10-15T17:04:00+08:00",
	} {
		var w wire
		_, err := Unmarshal([]byte(text), &w)
		require.NoError(t, err)
		var f Fields
		assert.Equal(t, want, f.TimeIn("time", w.Time, time.UTC).Format(time.RFC3339), text)
		assert.Empty(t, f.Unread)
	}
	// China had daylight saving time in the summer of 1988; the gateways had not.
	at, _ := ParseTime("1988-07-01 00:00:00", Shanghai)
	assert.Equal(t, "1988-07-01T00:00:00+08:00", at.Format(time.RFC3339))
}

func TestScalarState(t *testing.T) {
	t.Parallel()
	for text, set := range map[string]bool{
		`{"text":"a"}`: true, `{"text":0}`: true, `{"text":false}`: true,
		`{"text":""}`: false, `{"text":null}`: false, `{"text":{}}`: false, `{"text":[1]}`: false, `{}`: false,
	} {
		w := wire{Text: Scalar{"before", present}}
		_, err := Unmarshal([]byte(text), &w)
		require.NoError(t, err)
		if text != "{}" {
			assert.Equal(t, set, w.Text.IsSet(), text)
			assert.Equal(t, set, w.Text.Text() != "", text)
			assert.Equal(t, text == `{"text":""}` || text == `{"text":null}`, w.Text.IsNothing(), text)
		}
	}
}

func TestIsObject(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"{}": true, `{"a":1}`: true, "[]": false, "null": false, "": false, `"{}"`: false} {
		value, _ := Read([]byte(text))
		assert.Equal(t, want, value.IsObject(), text)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\xef\xbb\xbf [1, {\"a\":1}] \n": `[1, {"a":1}]`, "\n\xef\xbb\xbf\xef\xbb\xbf2": "2", `"a"`: `"a"`, "null": "null", "1.50": "1.50",
		"": "", "[1": "", "\"\xff\"": "", `{"a":1,"A":2}`: "", `[{"b":{"a":1,"a":2}}]`: "",
	} {
		value, err := Read([]byte(text))
		assert.Equal(t, want, string(value.Bytes()), text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

func TestValueOfAField(t *testing.T) {
	t.Parallel()
	var w struct {
		Part Value `json:"metadata"`
		None Value `json:"none"`
	}
	text := []byte(`{"metadata":{"text":"a","list":[1,{"b":2}],"\u0061":null,"text":7},"last":1}`)
	_, err := Unmarshal(text, &w)
	require.NoError(t, err)

	type member struct{ name, json, text string }
	var members []member
	for name, value := range w.Part.Members() {
		members = append(members, member{name, string(value.Bytes()), value.Scalar().Text()})
	}
	assert.Equal(t, []member{
		{"text", `"a"`, "a"}, {"list", `[1,{"b":2}]`, ""}, {"a", "null", ""}, {"text", "7", "7"},
	}, members)
	for range w.Part.Members() {
		break
	}
	_, err = w.Part.Unmarshal(&wire{})
	require.ErrorIs(t, err, errRepeated)
	assert.Equal(t, `"last":1}`, string(text[len(text)-9:]))
	_ = append(w.Part.Bytes(), ",other"...) // shorter than what follows
	assert.Equal(t, `"last":1}`, string(text[len(text)-9:]), "growing a value changes nothing behind it")

	list, err := Read([]byte(` [1, {"a":[2]},"b" ] `))
	require.NoError(t, err)
	var elements []string
	for value := range list.Elements() {
		elements = append(elements, string(value.Bytes()))
	}
	assert.Equal(t, []string{"1", `{"a":[2]}`, `"b"`}, elements)
	for range list.Elements() {
		break
	}
	for range w.Part.Elements() {
		t.Error("an element of an object")
	}
	assert.True(t, list.IsList() && !list.IsObject() && w.Part.IsObject() && !w.Part.IsList())

	assert.Nil(t, w.None.Bytes())
	assert.Equal(t, Scalar{}, w.None.Scalar())
	for range w.None.Members() {
		t.Error("a member of nothing")
	}
	_, err = w.None.Unmarshal(&wire{})
	require.ErrorIs(t, err, errEmpty)
}

func TestMember(t *testing.T) {
	t.Parallel()
	object, err := Read([]byte(` {"metadata":{"id":1,"ID":2},"Id":["a"],"\u0069d2":null} `))
	require.NoError(t, err)
	assert.Equal(t, `["a"]`, string(object.Member("iD").Bytes()))
	assert.Equal(t, `null`, string(object.Member("ID2").Bytes()))
	assert.Equal(t, Value{}, object.Member("id3"))
	assert.Equal(t, Value{}, object.Member("id").Member("a"))
	assert.Equal(t, Value{}, Value{}.Member("id"))
}

func TestUnmarshalAWholeResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, err string }{
		"byte order mark":      {"\xef\xbb\xbf" + `{"text":"a"}`, ""},
		"blanks around":        {" \r\n" + `{"text":"a"}` + "\n ", ""},
		"unknown fields":       {`{"text":"a","more":{"deep":[1,2,{}]}}`, ""},
		"nothing":              {"", "empty"},
		"blanks":               {" \r\n", "empty"},
		"a mark alone":         {"\xef\xbb\xbf", "empty"},
		"two marks":            {"\xef\xbb\xbf\xef\xbb\xbf" + `{"text":"a"}`, ""},
		"blanks before a mark": {"\r\n\xef\xbb\xbf \n\xef\xbb\xbf" + `{"text":"a"}`, ""},
		"a mark at the end":    {`{"text":"a"}` + "\xef\xbb\xbf", "not JSON at byte "},
		"blanks and a mark":    {"\n\xef\xbb\xbf\n", "empty"},
		"UTF-16":               {"\xff\xfe{\x00}\x00", "not UTF-8"},
		"GBK":                  {"{\"text\":\"\xc4\xe3\xba\xc3\"}", "not UTF-8"},
		"HTML":                 {"<!DOCTYPE html><p>sign=0123456789</p>", "not JSON at byte "},
		"truncated":            {`{"text":"a`, "not JSON at byte "},
		"something after":      {`{"text":"a"} {}`, "not JSON at byte "},
		"an array":             {`[]`, "not a JSON object"},
		"a string":             {`"example-secret"`, "not a JSON object"},
		"PHP's NaN":            {`{"text":NaN}`, "not JSON at byte "},
		"single quotes":        {`{'text':'a'}`, "not JSON at byte "},
		"ten thousand levels":  {strings.Repeat(`[`, 10001), "not JSON at byte "},
		"and in unknown field": {`{"more":` + strings.Repeat(`[`, 100000) + strings.Repeat(`]`, 100000) + `}`, "not JSON at byte "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w wire
			unread, err := Unmarshal([]byte(test.text), &w)
			assert.Empty(t, unread)
			if test.err != "" {
				// encoding/json counts the bytes.
				require.ErrorContains(t, err, test.err)
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "a", w.Text.Text())
		})
	}
}

// An object or a list in another shape leaves the other fields readable.
func TestUnmarshalNamesAnObjectInAnotherShape(t *testing.T) {
	t.Parallel()
	type nested struct {
		Text  Scalar `json:"text"`
		Order struct {
			Number Scalar `json:"number"`
		} `json:"order"`
		Pointer *struct {
			Number Scalar `json:"number"`
		} `json:"pointer"`
		List []struct{} `json:"list"`
		Last Scalar     `json:"last"`
	}
	for text, want := range map[string][]string{
		`{"text":"a","order":[],"last":1}`:                                      {"order"},
		`{"text":"a","order":"","last":1}`:                                      {"order"},
		`{"text":"a","order":"example-secret","last":1}`:                        {"order"},
		`{"text":"a","order":7,"last":1}`:                                       {"order"},
		`{"text":"a","pointer":[],"last":1}`:                                    {"pointer"},
		`{"text":"a","pointer":"","last":1}`:                                    {"pointer"},
		`{"text":"a","list":{},"last":1}`:                                       {"list"},
		`{"text":"a","list":"","last":1}`:                                       {"list"},
		`{"text":"a","list":[{},1],"last":1}`:                                   {"list"},
		`{"text":"a","order":null,"pointer":null,"list":null,"last":1}`:         nil,
		`{"text":"a","order":{"number":9},"pointer":{},"list":[{}],"last":"1"}`: nil,
	} {
		var n nested
		unread, err := Unmarshal([]byte(text), &n)
		require.NoError(t, err, text)
		assert.Equal(t, want, unread, text)
		assert.Equal(t, "a", n.Text.Text(), text)
		assert.Equal(t, "1", n.Last.Text(), text)
		if want != nil {
			assert.Nil(t, n.Pointer, text)
			assert.Nil(t, n.List, text)
		}
	}
}

// Nothing panics, and Text keeps every digit of a number.
func FuzzUnmarshal(f *testing.F) {
	for _, text := range []string{
		`{"text":12134676899915430002,"number":"9","flag":1,"price":300.00,"time":"2019-10-15 17:04:00","cents":"1571130240"}`,
		`{"text":null}`, `{"text":"\ud800\u0000"}`, "\xef\xbb\xbf{}", `{"number":{}}`, `[[[[`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var w wire
		if unread, err := Unmarshal(text, &w); err != nil || len(unread) > 0 {
			return
		}
		var numbers struct {
			Text json.Number `json:"text"`
		}
		if json.Unmarshal(text, &numbers) == nil && numbers.Text != "" && w.Text.IsSet() {
			require.Equal(t, numbers.Text.String(), w.Text.Text())
		}
	})
}

func TestNeedNumber(t *testing.T) {
	t.Parallel()
	for text, err := range map[string]string{
		`1`: "", `"A1"`: "", `"00A"`: "", `12134676899915430002`: "", `"10"`: "",
		``: "no id", `null`: "no id", `""`: "no id", `" "`: "no id", `"null"`: "no id", `"NULL"`: "no id", `"undefined"`: "no id",
		`"None"`: "no id", `"nil"`: "no id", `false`: "no id", `true`: "no id", `0`: "no id", `"000"`: "no id", `[]`: "id is not a single value",
	} {
		var w struct {
			ID Scalar `json:"id"`
		}
		if text != "" {
			_, unmarshalErr := Unmarshal([]byte(`{"id":`+text+`}`), &w)
			require.NoError(t, unmarshalErr)
		}
		var f Fields
		f.NeedNumber("id", w.ID)
		if err == "" {
			require.NoError(t, f.Err(), text)
		} else {
			require.EqualError(t, f.Err(), err, text)
		}
	}
}
