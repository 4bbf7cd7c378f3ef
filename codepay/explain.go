package codepay

import (
	"maps"
	"net/url"
	"slices"

	"github.com/paygates/paygates-go/sign"
)

// ExplainNotification says field by field what the signature of a callback is
// made of, and what may be wrong if VerifyNotification refuses it. It shows the
// values of the callback, so it is for the merchant's eyes, never for the answer
// to the callback.
func (c *Client) ExplainNotification(values url.Values) sign.Explanation {
	fields := make([]sign.Field, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			fields = append(fields, sign.Field{Name: name, Value: value})
		}
	}
	return sign.ExplainSorted(c.secret, values.Get(sign.FieldName), fields)
}
