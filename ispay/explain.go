package ispay

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
	others := []sign.Field{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "order_no" && name != "sign" {
			others = append(others, sign.Field{Name: name, Value: values.Get(name)})
		}
	}
	return sign.ExplainConcat(c.secret, values.Get("sign"), []sign.Field{
		{Name: "userid", Value: c.userID},
		{Name: "order_no", Value: values.Get("order_no")},
	}).NotSigned(others...)
}
