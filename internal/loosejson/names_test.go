package loosejson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestANameTwiceInOneObjectIsRejected(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"number":1,"number":9}`,
		`{"number":9,"number":9}`,
		`{"number":1,"text":"a","number":9}`,
		`{"number" : 1 , "number"` + "\r\n\t" + `: 9}`,
		// What encoding/json takes for the same field.
		`{"number":1,"Number":9}`,
		`{"NUMBER":1,"number":9}`,
		`{"\u0074ext":"a","TEXT":"b"}`,
		"{\"s\":1,\"\u017f\":2}",
		"{\"\u212a\":1,\"k\":2}",
		`{"metadata":{"a":1},"Metadata":{"b":1}}`,
		// An object beside or after an opaque one is checked.
		`{"metadata":{"a":1},"more":{"a":1,"A":2}}`,
		`{"metadata":{"a":1,"a":2},"more":{"a":1,"a":2}}`,
		`{"metadata":[{"a":1},{"a":1}],"more":[{"a":1,"a":2}]}`,
		`{"extra":1,"more":{"a":1,"a":2}}`,
		`{"extra":[],"more":{"a":1,"a":2}}`,
		`{"list":[{"extra":{"a":1,"A":2}},{"a":1,"A":2}]}`,
		`{"list":[{"credential":{}}],"text":1,"text":2}`,
		`{"credential":{"metadata":{"a":1}},"a":1,"a":2}`,
		`["metadata",{"a":1,"a":2}]`,
		`{"text":"metadata","more":{"a":1,"a":2}}`,
		// Whose name is written otherwise, is no opaque one.
		`{"Metadata":{"a":1,"a":2}}`,
		`{"extras":{"a":1,"a":2}}`,
		`{"text":"a","te\u0078t":"b"}`,
		// Of a name that no field has, too: it may be the next call's field.
		`{"more":1,"more":2}`,
		`{"":1,"":2}`,
		`{"订单号":1,"订单号":2}`,
		// At any depth, and behind what could be taken for the end of a string.
		`{"more":{"a":1,"a":2}}`,
		`{"more":[1,{"a":1},{"a":[{"b":1}],"a":2}]}`,
		`{"text":"\"","more":"}","b":1,"text":"a"}`,
		`{"text":"\\","more":1,"text":"a"}`,
		`{"a":{"text":1},"text":"1","b":[{"text":1}],"text":"2"}`,
	} {
		_, err := Read([]byte(text))
		require.ErrorIs(t, err, errRepeated, text)
		if text[0] == '{' {
			_, err = Parse([]byte(text))
			require.ErrorIs(t, err, errRepeated, text)
		}
	}
}

func TestTheSameNameInDifferentObjectsIsNot(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"text":"a","metadata":{"Buyer":1,"buyer":2},"credential":{"wx":{"sign":1,"Sign":2}},"extra":[{"A":1,"a":2},{"a":1,"a":2}]}`,
		`{"text":"a","metadata":{"deep":[[{"Buyer":1,"buyer":2}]],"Buyer":1,"buyer":2}}`,
		`{"text":"a","m\u0065tadata":{"Buyer":1,"buyer":2}}`,
		`{"text":"a","more":{"text":"b"},"other":[{"text":"c"},{"text":"d"}]}`,
		`{"more":{"more":{"more":{}}},"text":"a"}`,
		`{"text":"a","texts":1,"tex":2,"txet":3,"":4}`,
		`{"text":"a","more":"text","other":["text","text"]}`,
		`{"text":"a","metadata":{"Buyer":1,"buyer":2}}`,
		`{"text":"a","metadata":[{"more":{"Buyer":1,"buyer":2}}]}`,
		`{"text":"a","more":"text\":\"b\",\"text"}`,
		`{"more":"{","text":"a"}`,
		"{\"text\":\"a\",\"\u0442ext\":1,\"订单\":1,\"订单号\":2}",
	} {
		got, f := read(t, text)
		assert.Equal(t, values{Text: "a"}, got, text)
		assert.Empty(t, f.Unread())
	}
	_, err := Read([]byte(`["a","a",{"a":1},{"a":1},1,1]`))
	require.NoError(t, err)
}

// The sender of a notification chooses how many names there are.
func TestAnObjectHasAtMost256Names(t *testing.T) {
	t.Parallel()
	object := func(names int) string {
		var b strings.Builder
		for i := range names - 1 {
			_, _ = fmt.Fprintf(&b, `"n%d":[{"n%d":1}],`, i, i)
		}
		return `{` + b.String() + `"text":"a"}`
	}
	got, _ := read(t, object(256))
	assert.Equal(t, values{Text: "a"}, got)
	for _, names := range []int{257, 100_000} {
		_, err := Parse([]byte(object(names)))
		require.ErrorIs(t, err, errMany)
	}
}

// encoding/json has the same limit.
func TestObjectsAreNestedAtMost10000Deep(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{9_999, 10_000, 10_001} {
		for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := []byte(strings.Repeat(pair[0], depth) + "1" + strings.Repeat(pair[1], depth))
			assert.Equal(t, json.Valid(text), checkNames(string(text)) == nil, "%d times %s", depth, pair[0])
		}
	}
	for _, element := range []string{"[]", "{}", "[1]", `{"a":1}`} {
		require.NoError(t, checkNames("["+strings.Repeat(element+",", 10_000)+"1]"), "%s beside each other", element)
	}
}

// What is not JSON is reported as such, without a panic.
func TestNamesOfWhatIsNotJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`"`, `{"`, `{"\`, `{"\"`, `{"text`, `{"text"`, `{"text":`, `}`, `}}{`, `{}}`, `"text":1,"text":2`, `"\ud8"`, `{"\u00":1}`,
		`{"text" 1}`, `{"text","a"}`, `{"text"}`, `{"metadata":{"text" 1}}`, `{"list":[{"text" 1}]}`, `{"text":1 "a":2}`, `{"text":1,}`, `{1:1}`, `{1}`, `{null}`, `{"text":1,2}`,
		strings.Repeat(`{"a":`, 20_000), strings.Repeat(`{`, 100_000), strings.Repeat(`}`, 100_000),
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, "not JSON", text[:min(len(text), 20)])
	}
}

func TestCheckNamesAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	const text = `{"code":200,"message":"ok","result":{"id":"1","title":"订单 \"1\"","fee":2000,"list":[{"a":1},{"a":2}]}}`
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = checkNames(text) }))
}

// checkNames reads JSON into nothing.
func checkNames(text string) error {
	d := decoder{data: text}
	d.skip(checked)
	return d.whole()
}

// checkNames accepts what encoding/json accepts, and finds a repeated name if and only if
// the tokens of encoding/json have one.
func FuzzCheckNames(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"a":2}`, `{"metadata":{"a":1,"A":[{"b":1,"B":2}]}}`, `{"a":{"b":1},"B":[{"b":1}]}`, `{"\u0061":1,"A":2}`, `{"a":"}","b":{}}`, "{\"s\":1,\"\u017f\":2}", `[{"a":1},"a"]`,
		"[-0.5e+10, 1E0,\t1e-7]\r\n", `[01]`, `[1.]`, `[.5]`, `[-]`, `[1e]`, `[1e+]`, `[+1]`, `[0x1]`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1,}`, `{,}`, `{"a"}`,
		`{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1}}`, `[1}`, `{"a":1]`, `[tru]`, `[nullnull]`, `[True]`, `[false true]`, `"\u12x4"`, `"\x"`, `"\`, "\"a\tb\"", "[1\x00]",
		"1\x00", "\"\x7f\"", "[1\v]", `["\u+123"]`, ``, ` `, `-`, `1 1`, `[[`, `{"a":{"b":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) || len(text) > 2000 || bytes.HasSuffix(text, []byte(">")) { // HTML may follow
			return
		}
		got := checkNames(string(text))
		if !json.Valid(text) {
			require.Error(t, got, "%q", text)
			return
		}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		if repeated(t, decoder, false) {
			require.ErrorIs(t, got, errRepeated, "%q", text)
		} else {
			require.NoError(t, got, "%q", text)
		}
	})
}

// repeated reads one value, opaque or not, and reports whether an object in it has a
// name twice.
func repeated(t *testing.T, decoder *json.Decoder, opaque bool) bool {
	t.Helper()
	token, err := decoder.Token()
	require.NoError(t, err)
	found := false
	names := []string{}
	switch token {
	case json.Delim('['):
		for decoder.More() {
			found = repeated(t, decoder, opaque) || found
		}
	case json.Delim('{'):
		for decoder.More() {
			token, err := decoder.Token()
			require.NoError(t, err)
			name, _ := token.(string)
			for _, before := range names {
				found = found || !opaque && strings.EqualFold(before, name)
			}
			names = append(names, name)
			found = repeated(t, decoder, opaque || slices.Contains([]string{"metadata", "extra", "credential"}, name)) || found
		}
	default:
		return false
	}
	_, err = decoder.Token()
	require.NoError(t, err)
	return found
}

// wide returns about size bytes of JSON with as many names as allowed, which have
// characters outside of ASCII.
func wide(size int, name string) []byte {
	var b strings.Builder
	b.WriteString(`{"list":[{}`)
	for b.Len() < size {
		b.WriteString(`,{`)
		for i := range mostNames {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"%s%x":1`, name, i)
		}
		b.WriteByte('}')
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

var wideNames = map[string]string{
	"ASCII": "a", "Chinese": "订单", "folded": "\u017f\u212a", "escaped": `\u8ba2`, "long": strings.Repeat("订", 200),
}

// The time is linear: eight times the bytes take about eight times as long, where a
// quadratic check would take 64 times. The factor and more rounds leave room for a busy
// machine.
func TestCheckNamesIsLinear(t *testing.T) { //nolint:paralleltest // it measures time
	for name, text := range wideNames {
		small, large := wide(64<<10, text), wide(512<<10, text)
		one, eight := time.Hour, time.Hour
		for round := 0; round < 5 || round < 50 && eight >= 30*one+time.Millisecond; round++ {
			one, eight = min(one, duration(t, small)), min(eight, duration(t, large))
		}
		assert.Less(t, eight, 30*one+time.Millisecond, name)
	}
}

func duration(t *testing.T, data []byte) time.Duration {
	t.Helper()
	begin := time.Now()
	require.NoError(t, checkNames(string(data)))
	return time.Since(begin)
}

// 1 MiB beside what encoding/json alone needs for it.
func BenchmarkParse1MiB(b *testing.B) {
	for name, text := range wideNames {
		data := wide(1<<20, text)
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if _, err := Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+", encoding/json alone", func(b *testing.B) {
			for range b.N {
				if err := json.Unmarshal(data, &struct{}{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
