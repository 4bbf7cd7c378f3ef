package loosejson

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// raw keeps what encoding/json finds.
type raw struct{ json.RawMessage }

type decoded struct {
	Text   raw `json:"text"`
	Number raw `json:"number"`
	Order  struct {
		Text   raw `json:"text"`
		Number raw `json:"number"`
	} `json:"order"`
	Metadata raw `json:"metadata"`
}

// What the decoder accepts, it decodes as encoding/json does.
func FuzzDecoderAgreesWithEncodingJSON(f *testing.F) {
	for _, text := range []string{
		`{"number":200,"text":"\u8ba2\ud83d\ude00\ud800\n","order":{"number":1.50,"text":"a"},"metadata":{"raw":[1, {"a":null}],"number":true},"list":[1,"a"]}`,
		`{"NUMBER":1,"\u0074ext":"a","order":null,"metadata":null}`, `{"metadata":{"a":{}},"order":{"x":{"text":1},"TEXT":2}}`,
		` { "text" : [ ] , "order" : { } , "more" : [ [ ] , { "text" : 1 } ] } `, `{"text":null,"number":{}}`, `null`, `{}`,
		"{\"te\u017ft\":1,\"te\\u017ft\":2}", `{"metadata":{"text":1,"TEXT":2},"text":3}`, `{"text":"\ud800\ud83d\ude00\\\"\/\b\f\r\t"}`,
		"\ufeff\ufeff{}", " \ufeff\n{\"text\":1}", `{"text":12134676899915430002}`, `{"text":"\ud800\u0000"}`, `{"order":{"order":{"text":1}},"text":2}`,
		"{\"text\":1}\ufeff\x00", `{"text":1}<p>{"text":2}</p>`, `"{\"text\":\"\\u8ba2\"}"`, "Notice: a in b on line 1\n{\"text\":1}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		if !json.Valid(Trim(text)) || Trim(text)[0] == '"' { // something behind it, or JSON in a string
			value, err := Read(text)
			require.NoError(t, err)
			if !value.IsObject() {
				value, err = Read([]byte(value.Text()))
				require.NoError(t, err)
			}
			text = []byte(value.JSON())
		}
		order := got.Object("order")
		if len(got.Unread()) > 0 || order.Exists() && !got.Value("order").IsObject() { // in a string
			return
		}
		var want decoded
		require.NoError(t, json.Unmarshal(Trim(text), &want))
		requireSame(t, want.Text, got, "text")
		requireSame(t, want.Number, got, "number")
		requireSame(t, want.Metadata, got, "metadata")
		requireSame(t, want.Order.Text, order, "text")
		requireSame(t, want.Order.Number, order, "number")
	})
}

// requireSame compares a field with the JSON that encoding/json found.
func requireSame(t *testing.T, want raw, f Fields, name string) {
	t.Helper()
	require.Equal(t, string(want.RawMessage), f.Value(name).JSON(), name)
	if len(want.RawMessage) == 0 {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(want.RawMessage))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value))
	text := ""
	switch value := value.(type) {
	case string:
		text = value
	case json.Number:
		text = value.String()
	case bool:
		text = string(want.RawMessage)
	}
	require.Equal(t, text, f.Text(name), name)
	require.Equal(t, text, f.Value(name).Text(), name)
}
