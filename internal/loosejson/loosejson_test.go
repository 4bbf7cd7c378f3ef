package loosejson

import (
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/money"
)

// values has a field for every method of Fields.
type values struct {
	Text   string
	Number int64
	Flag   bool
	Price  money.Amount
	Cents  money.Amount
	Wait   time.Duration
	Time   time.Time
}

func parsed(t *testing.T, text string) Fields {
	t.Helper()
	f, err := Parse([]byte(text))
	require.NoError(t, err, text)
	return f
}

func read(t *testing.T, text string) (v values, f Fields) {
	t.Helper()
	f = parsed(t, text)
	return valuesOf(f), f
}

func valuesOf(f Fields) values {
	return values{
		f.Text("text"), f.Int("number"), f.Bool("flag"), f.Amount("price"),
		f.Cents("cents"), f.Seconds("wait"), f.Time("time"),
	}
}

// need reads every field that the text has as one that decides, and returns the error.
func need(t *testing.T, text string) error {
	t.Helper()
	f := parsed(t, text)
	for _, m := range f.members {
		switch name := m.name; name {
		case "text":
			f.NeedText(name)
		case "number":
			f.NeedInt(name)
		case "flag":
			f.NeedBool(name)
		case "price":
			f.NeedAmount(name)
		case "cents":
			f.NeedCents(name)
		}
	}
	require.Empty(t, f.Unread())
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
			assert.Empty(t, f.Unread())
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
				assert.Equal(t, []string{name}, f.Unread())
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
		assert.Len(t, f.Unread(), 1, text)
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
	f := parsed(t, "{}")
	f.NeedText("first")
	f.Object("order").NeedText("second")
	f.Fail("third")
	require.EqualError(t, f.Err(), "no first")
	assert.Empty(t, f.Unread())
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
	for _, text := range []string{
		"", " ", "0", "0000-00-00 00:00:00", "0000-00-00",
		// What PHP's date, Laravel, Go, .NET, SQL Server and spreadsheets print for none.
		"1970-01-01 08:00:00", "1970-01-01 00:00:00", "1970-01-01", "1970-01-01T00:00:00.000000Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00",
		"0001-01-01 00:00:00", "1900-01-01 00:00:00", "1899-12-30T00:00:00",
	} {
		got, ok := ParseTime(text, Shanghai)
		assert.True(t, ok, text)
		assert.True(t, got.IsZero(), text)
	}
	for _, text := range []string{
		"yesterday", "2019-02-30 17:04:00", "17:04", "201910151704", "191015170400", "-1", "1", "15711302400", "1571130240000000", "1571130240000000000",
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
		f := parsed(t, text)
		assert.Equal(t, want, f.TimeIn("time", time.UTC).Format(time.RFC3339), text)
		assert.Empty(t, f.Unread())
	}
	// China had daylight saving time in the summer of 1988; the gateways had not.
	at, _ := ParseTime("1988-07-01 00:00:00", Shanghai)
	assert.Equal(t, "1988-07-01T00:00:00+08:00", at.Format(time.RFC3339))
}

func TestHas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"text":"a"}`: true, `{"text":0}`: true, `{"text":false}`: true, `{"text":{}}`: true, `{"text":[1]}`: true,
		`{"text":""}`: false, `{"text":null}`: false, `{}`: false, `{"texts":1}`: false,
	} {
		f := parsed(t, text)
		assert.Equal(t, want, f.Has("text"), text)
		assert.Empty(t, f.Unread())
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
		assert.Equal(t, want, value.JSON(), text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

func TestValueOfAField(t *testing.T) {
	t.Parallel()
	text := []byte(`{"metadata":{"text":"a","list":[1,{"b":2,"B":2}],"\u0061":null,"text":7},"last":1}`)
	f, err := Parse(text)
	require.NoError(t, err)
	part, none := f.Value("metadata"), f.Value("none")

	type member struct{ name, json, text string }
	var members []member
	for name, value := range part.Members() {
		members = append(members, member{name, value.JSON(), value.Text()})
	}
	assert.Equal(t, []member{
		{"text", `"a"`, "a"}, {"list", `[1,{"b":2,"B":2}]`, ""}, {"a", "null", ""}, {"text", "7", "7"},
	}, members)
	for range part.Members() {
		break
	}
	_, err = part.Parse()
	require.ErrorIs(t, err, errRepeated)
	assert.Equal(t, `"last":1}`, string(text[len(text)-9:]))
	_ = append(f.JSON("metadata"), ",other"...) // shorter than what follows
	assert.Equal(t, `"last":1}`, string(text[len(text)-9:]), "growing a value changes nothing behind it")

	list, err := Read([]byte(` [1, {"a":[2]},"b" ] `))
	require.NoError(t, err)
	var elements []string
	for value := range list.Elements() {
		elements = append(elements, value.JSON())
	}
	assert.Equal(t, []string{"1", `{"a":[2]}`, `"b"`}, elements)
	for range list.Elements() {
		break
	}
	for range part.Elements() {
		t.Error("an element of an object")
	}
	assert.True(t, list.IsList() && !list.IsObject() && part.IsObject() && !part.IsList())

	assert.Equal(t, Value{}, none)
	assert.Nil(t, f.JSON("none"))
	assert.Empty(t, none.Text())
	for range none.Members() {
		t.Error("a member of nothing")
	}
	_, err = none.Parse()
	require.ErrorIs(t, err, errSyntax)
}

func TestMember(t *testing.T) {
	t.Parallel()
	object, err := Read([]byte(` {"metadata":{"id":1,"ID":2},"Id":["a"],"\u0069d2":null} `))
	require.NoError(t, err)
	assert.Equal(t, `["a"]`, object.Member("iD").JSON())
	assert.Equal(t, `null`, object.Member("ID2").JSON())
	assert.Equal(t, Value{}, object.Member("id3"))
	assert.Equal(t, Value{}, object.Member("id").Member("a"))
	assert.Equal(t, Value{}, Value{}.Member("id"))
}

func TestParseAWholeResponse(t *testing.T) {
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
		"a mark at the end":    {`{"text":"a"}` + "\xef\xbb\xbf\n", ""},
		"zero bytes":           {`{"text":"a"}` + "\x00\x00", ""},
		"a zero byte inside":   {`{"text":"a"` + "\x00}", "not JSON at byte "},
		// What PHP 8 prints with and without html_errors, and what follows in one or more lines.
		"PHP's warning": {"<br />\n<b>Warning</b>:  Undefined variable $x in <b>/www/pay.php</b> on line <b>12</b><br />\n" + `{"text":"a"}`, ""},
		"PHP's messages as text": {"\nNotice: Undefined index: {id} in /www/pay.php on line 12\n" +
			"\nDeprecated: Function x() is deprecated in /www/pay.php on line 120\n" + `{"text":"a"}`, ""},
		"a message that quotes JSON": {"\nWarning: f(x on line 1\n" + `{"text":"forged"}<!--): failed in /www/pay.php on line 12` + "\n" + `{"text":"a"}`, "not JSON at byte "},
		"a message and HTML":         {"\nWarning: f(x on line 1\n" + `{"text":"forged"}<!--): failed in /www/pay.php on line 12` + "\n" + `{"text":"a"}<p></p>`, "not JSON"},
		"another beginning":          {`Error: {"text":"a"}`, "not JSON at byte "},
		"an error without an end":    {"<br />\n<b>Warning</b>:  x" + `{"text":"a"}`, "not JSON "},
		"a comment behind it":        {`{"text":"a"}` + "\n<!-- 0.02 s {} -->\n", ""},
		"a script behind it":         {`{"text":"a"}<script>var a={"text":"b"}</script>`, ""},
		"half a tag behind it":       {`{"text":"a"}<p`, "not JSON at byte "},
		"a page around it":           {`<html><script>var a={"text":"a"}</script></html>`, "not JSON at byte "},
		"encoded twice":              {`"{\"text\":\"a\"}"`, ""},
		"encoded three times":        {`"\"{\\\"text\\\":\\\"a\\\"}\""`, "not a JSON object"},
		"a list that was encoded":    {`"[]"`, "not a JSON object"},
		"a string in a name twice":   {`"{\"text\":\"a\",\"text\":\"a\"}"`, "not a JSON object"},
		"blanks and a mark":          {"\n\xef\xbb\xbf\n", "empty"},
		"UTF-16":                     {"\xff\xfe{\x00}\x00", "not UTF-8"},
		"GBK":                        {"{\"text\":\"\xc4\xe3\xba\xc3\"}", "not UTF-8"},
		"HTML":                       {"<!DOCTYPE html><p>sign=0123456789</p>", "not JSON at byte "},
		"truncated":                  {`{"text":"a`, "not JSON at byte "},
		"something after":            {`{"text":"a"} {}`, "not JSON at byte "},
		"an array":                   {`[]`, "not a JSON object"},
		"a string":                   {`"example-secret"`, "not a JSON object"},
		"null":                       {`null`, "not a JSON object"},
		"PHP's NaN":                  {`{"text":NaN}`, "not JSON at byte "},
		"single quotes":              {`{'text':'a'}`, "not JSON at byte "},
		"ten thousand levels":        {strings.Repeat(`[`, 10001), "not JSON at byte "},
		"and in unknown field":       {`{"more":` + strings.Repeat(`[`, 100000) + strings.Repeat(`]`, 100000) + `}`, "not JSON at byte "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse([]byte(test.text))
			if test.err != "" {
				// encoding/json counts the bytes.
				require.ErrorContains(t, err, test.err)
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "a", f.Text("text"))
		})
	}
}

func TestParseResponse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"text":"订单"}`:                                       "订单",
		"{\"text\":\"a\xe8\xae\",\"number\":\"1\"}":           "a\ufffd", // cut inside a character
		"{\"text\":\"\xb6\xa9\xb5\xa5\"}":                     "\ufffd",  // printf 订单 | iconv -t GBK
		"\ufeff{\"text\":\"\xff\",\"more\":\"a\\nb\"}":        "\ufffd",  // an escape elsewhere
		"\nNotice: \xb6\xa9 in a on line 1\n{\"text\":\"a\"}": "a",
	} {
		f, err := ParseResponse([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want, f.Text("text"), text)
		assert.Empty(t, f.Unread())
	}
	// The second byte of 誠 in GBK is that of "\": a reader of bytes does not see the end of the text.
	_, err := ParseResponse([]byte("{\"text\":\"\xd5\\\",\"number\":\",\\\"number\\\":9}\"}"))
	require.ErrorIs(t, err, errUTF8)

	f, err := ParseResponse([]byte("{\"text\":\"\xff1\"}"))
	require.NoError(t, err)
	f.NeedText("text")
	require.EqualError(t, f.Err(), "text is not UTF-8")
	f = parsed(t, `{"text":"\ud800"}`)
	f.NeedNumber("text")
	require.EqualError(t, f.Err(), "text is not UTF-8")
}

// What should be an object and is not leaves the other fields readable.
func TestObjectOfAnotherShape(t *testing.T) {
	t.Parallel()
	for order, want := range map[string][]string{
		`[]`: {"order"}, `""`: {"order"}, `"example-secret"`: {"order"}, `7`: {"order"}, `false`: {"order"}, `[{"number":9}]`: {"order"},
		`null`: nil, `{}`: nil, `{"number":9}`: nil,
	} {
		f := parsed(t, `{"text":"a","number":1,"order":`+order+`,"last":1}`)
		nested := f.Object("order")
		assert.Equal(t, order[0] == '{', nested.Exists(), order)
		assert.Equal(t, order == `{"number":9}`, nested.Has("number"), order)
		assert.Equal(t, want, f.Unread(), order)
		assert.Equal(t, "a", f.Text("text"), order)
		assert.Equal(t, "1", f.Text("last"), order)
	}
	// An object that was encoded before the rest, and reports with it.
	f := parsed(t, `{"text":"a","order":"{\"text\":\"b\",\"number\":[],\"deep\":\"{\\\"number\\\":{}}\"}"}`)
	nested := f.Object("order")
	assert.True(t, nested.Exists())
	assert.Equal(t, "b", nested.Text("text"))
	assert.Equal(t, "a", f.Text("text"))
	assert.Equal(t, `{"text":"b","number":[],"deep":"{\"number\":{}}"}`, string(nested.Raw()))
	nested.Int("number")
	assert.Equal(t, []string{"number"}, f.Unread())
	nested.Object("deep").NeedInt("number")
	require.EqualError(t, f.Err(), "number is not a whole number")
	require.EqualError(t, nested.Err(), "number is not a whole number")
	require.NoError(t, nested.Alone().Err())

	f = parsed(t, `{"order":"{\"text\":1,\"text\":2}"}`)
	assert.False(t, f.Object("order").Exists(), "a name twice")
	f = parsed(t, "{}")
	assert.False(t, f.Object("order").Object("deeper").Exists())
	assert.Empty(t, f.Unread())
}

// An object has its own fields, which may have the names of fields around it.
func TestNestedObjects(t *testing.T) {
	t.Parallel()
	const inner = `{"text":"b","price":"1.00","deep":{"text":"c","number":[]}}`
	f := parsed(t, `{"before":{"x":{"y":1},"z":2},"order":`+inner+`,"metadata":{"text":"no","text":"no"},"list":[{"text":"no"}],"text":"a","price":"2.00"}`)
	order := f.Object("order")
	deep := order.Object("deep")
	assert.Equal(t, []string{"a", "b", "c"}, []string{f.Text("text"), order.Text("text"), deep.Text("text")})
	assert.Equal(t, []money.Amount{200, 100, 0}, []money.Amount{f.NeedAmount("price"), order.NeedAmount("price"), deep.Amount("price")})
	assert.False(t, f.Has("number") || order.Has("number") || f.Has("deep ") || order.Has("list") || deep.Has("last"))
	assert.Equal(t, inner, string(order.Raw()))
	assert.Equal(t, "\ufeff {\"a\":1} \n", string(parsed(t, "\ufeff {\"a\":1} \n").Raw()))
	assert.Equal(t, len(order.Raw()), cap(order.Raw()), "growing it changes nothing behind it")
	assert.Equal(t, `{"y":1}`, string(f.Object("before").JSON("x")))
	assert.Nil(t, f.Object("missing").Raw())
	assert.False(t, f.Object("metadata").Has("text"), "it is passed on unread")

	// The report is that of the whole, or of the object alone.
	alone := order.Alone()
	alone.NeedText("missing")
	alone.Object("deep").Int("number")
	require.EqualError(t, alone.Err(), "no missing")
	assert.Equal(t, []string{"number"}, alone.Unread())
	require.NoError(t, f.Err())
	assert.Empty(t, f.Unread())
	deep.NeedInt("missing too")
	deep.Int("number")
	deep.Bool("number")
	require.EqualError(t, f.Err(), "no missing too")
	assert.Equal(t, []string{"number"}, f.Unread(), "once")
}

func TestNamesInAnyCase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"text", "TEXT", "tExt", `\u0074ext`, `\u0054EXT`, "te\u0078t"} {
		assert.Equal(t, "a", parsed(t, `{"x":1,"`+name+`":"a","y":2}`).Text("text"), name)
	}
	assert.Empty(t, parsed(t, "{\"\u017f\":\"a\"}").Text("s"), "a letter of two bytes")
	for _, name := range []string{"texts", "tex", "", "\u0442ext", "text ", "text\x7f"} {
		assert.Empty(t, parsed(t, `{"`+name+`":"a"}`).Text("text"), name)
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	f := Form(url.Values{"text": {"a"}, "number": {"1"}, "flag": {"maybe"}, "price": {"1.00"}, "empty": {""}})
	assert.Equal(t, values{Text: "a", Number: 1, Price: 100}, valuesOf(f))
	assert.Equal(t, []string{"flag"}, f.Unread())
	assert.True(t, f.Has("text") && !f.Has("empty") && !f.Has("none"))
	assert.Equal(t, "a", f.NeedText("text"))
	require.NoError(t, f.Err())
	f.NeedText("none")
	require.EqualError(t, f.Err(), "no none")
}

// An int has 32 bits on some platforms: 4294967305 would be 9.
func TestANumberThatDecidesHas32Bits(t *testing.T) {
	t.Parallel()
	for number, ok := range map[string]bool{
		"2147483647": true, "-2147483648": true, "2147483648": false, "-2147483649": false, "4294967305": false, `"4294967305.0"`: false,
	} {
		err := need(t, `{"number":`+number+`}`)
		assert.Equal(t, ok, err == nil, number)
	}
}

func TestAValueIsACopyOfWhatEncodingJSONPasses(t *testing.T) {
	t.Parallel()
	text := []byte(`"a"`)
	var value Value
	require.NoError(t, value.UnmarshalJSON(text))
	text[1] = 'b'
	assert.Equal(t, "a", value.Text())
}

func TestNeedNumber(t *testing.T) {
	t.Parallel()
	for text, err := range map[string]string{
		`1`: "", `"A1"`: "", `"00A"`: "", `12134676899915430002`: "", `"10"`: "",
		``: "no id", `null`: "no id", `""`: "no id", `" "`: "no id", `"null"`: "no id", `"NULL"`: "no id", `"undefined"`: "no id",
		`"None"`: "no id", `"nil"`: "no id", `false`: "no id", `true`: "no id", `0`: "no id", `"000"`: "no id", `[]`: "id is not a single value",
	} {
		if text != "" {
			text = `"id":` + text
		}
		f := parsed(t, "{"+text+"}")
		f.NeedNumber("id")
		if err == "" {
			require.NoError(t, f.Err(), text)
		} else {
			require.EqualError(t, f.Err(), err, text)
		}
	}
}
