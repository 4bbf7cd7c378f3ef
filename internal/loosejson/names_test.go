package loosejson

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestANameTwiceInOneObjectIsRefused(t *testing.T) {
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
		`{"metadata":{"a":1,"a":2}}`,
		`{"metadata":{"a":1},"more":{"a":1,"A":2}}`,
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
		var a answer
		require.ErrorIs(t, Unmarshal([]byte(text), &a), errRepeated, text)
		assert.Equal(t, answer{}, a, text)
	}
}

func TestTheSameNameInDifferentObjectsIsNot(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
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
		assert.Equal(t, answer{Text: "a"}, decode(t, text), text)
	}
	var values []json.RawMessage
	require.NoError(t, Unmarshal([]byte(`["a","a",{"a":1},{"a":1},1,1]`), &values))
}

// Comparing many names takes long, and a stranger chooses how many there are.
func TestAnObjectHasAtMost256Names(t *testing.T) {
	t.Parallel()
	object := func(names int) string {
		var b strings.Builder
		for i := range names - 1 {
			_, _ = fmt.Fprintf(&b, `"n%d":[{"n%d":1}],`, i, i)
		}
		return `{` + b.String() + `"text":"a"}`
	}
	assert.Equal(t, answer{Text: "a"}, decode(t, object(256)))
	require.ErrorIs(t, Unmarshal([]byte(object(257)), &answer{}), errMany)
	require.ErrorIs(t, Unmarshal([]byte(object(100_000)), &answer{}), errMany)
}

// What is no JSON is said to be none, without a panic.
func TestNamesOfWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`"`, `{"`, `{"\`, `{"\"`, `{"text`, `{"text"`, `{"text":`, `}`, `}}{`, `{}}`, `"text":1,"text":2`, `"\ud8"`, `{"\u00":1}`,
		strings.Repeat(`{"a":`, 20_000), strings.Repeat(`{`, 100_000), strings.Repeat(`}`, 100_000),
	} {
		require.ErrorContains(t, Unmarshal([]byte(text), &answer{}), "not JSON", text[:min(len(text), 20)])
	}
}

func TestLookingAtNamesAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	data := []byte(`{"code":200,"message":"ok","result":{"id":"1","title":"订单 \"1\"","fee":2000,"list":[{"a":1},{"a":2}]}}`)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = checkNames(data) }))
}

// Where encoding/json, asked for names in the order in which they come, sees one
// twice, so does checkNames, and the reverse.
func FuzzCheckNames(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"a":2}`, `{"metadata":{"a":1,"A":[{"b":1,"B":2}]}}`, `{"a":{"b":1},"B":[{"b":1}]}`, `{"\u0061":1,"A":2}`, `{"a":"}","b":{}}`, "{\"s\":1,\"\u017f\":2}", `[{"a":1},"a"]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := checkNames(text)
		if !json.Valid(text) || !utf8.Valid(text) || len(text) > 2000 {
			return
		}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		require.Equal(t, repeats(t, decoder, false), got != nil, "%q", text)
	})
}

// repeats reads one value, which may be a part of metadata, and says whether an
// object in it has a name twice.
func repeats(t *testing.T, decoder *json.Decoder, metadata bool) bool {
	t.Helper()
	token, err := decoder.Token()
	require.NoError(t, err)
	found := false
	names := []string{}
	switch token {
	case json.Delim('['):
		for decoder.More() {
			found = repeats(t, decoder, metadata) || found
		}
	case json.Delim('{'):
		for decoder.More() {
			name, err := decoder.Token()
			require.NoError(t, err)
			for _, before := range names {
				found = found || before == name.(string) || !metadata && strings.EqualFold(before, name.(string))
			}
			names = append(names, name.(string))
			found = repeats(t, decoder, metadata || name == "metadata") || found
		}
	default:
		return false
	}
	_, err = decoder.Token()
	require.NoError(t, err)
	return found
}
