package loosejson

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// UnmarshalJSON keeps what encoding/json finds.
func (v *Value) UnmarshalJSON(data []byte) error {
	v.json = slices.Clone(data)
	return nil
}

type embedded struct {
	Code Scalar `json:"code"`
}

type decoded struct {
	embedded
	Text  Scalar `json:"text"`
	Order struct {
		Number Scalar `json:"number"`
	} `json:"order"`
	Pointer *struct {
		Number Scalar `json:"number"`
		Raw    Value  `json:"raw"`
	} `json:"pointer"`
	Raw  Value             `json:"raw"`
	List []json.RawMessage `json:"list"`
}

// What the decoder accepts, it decodes as encoding/json does.
func FuzzDecoderAgreesWithEncodingJSON(f *testing.F) {
	for _, text := range []string{
		`{"code":200,"text":"\u8ba2\ud83d\ude00\ud800\n","order":{"number":1.50},"pointer":{"raw":[1, {"a":null}],"number":true},"raw":null,"list":[1,"a"]}`,
		`{"CODE":1,"\u0074ext":"a","order":null,"pointer":null,"raw":{"a":{}},"list":null}`,
		` { "text" : [ ] , "order" : { } , "more" : [ [ ] , { "text" : 1 } ] } `, `{"text":null,"code":{}}`, `null`, `{}`,
		"{\"te\u017ft\":1,\"te\\u017ft\":2}", `{"metadata":{"text":1,"TEXT":2},"text":3}`, `{"text":"\ud800\ud83d\ude00\\\"\/\b\f\r\t"}`,
		"\ufeff\ufeff{}", " \ufeff\n{\"text\":1}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want decoded
		unread, err := Unmarshal(text, &got)
		if err != nil || len(unread) > 0 {
			return
		}
		text = bytes.TrimLeft(text, beforeJSON)
		require.NoError(t, json.Unmarshal(text, &want))
		require.Equal(t, want, got, "%q", text)
		if got.Text.state == present && len(got.Text.text) > 0 {
			var plain struct {
				Text any `json:"text"`
			}
			require.NoError(t, json.Unmarshal(text, &plain))
			if s, ok := plain.Text.(string); ok {
				require.Equal(t, s, got.Text.Text())
			}
		}
	})
}
