package gatepay

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
	return c.explain(values, "order_id", "out_order_id", "price", "realprice", "type", "paytime", "extend")
}

// ExplainReturn is ExplainNotification for the parameters of a sync return.
func (c *Client) ExplainReturn(values url.Values) sign.Explanation {
	return c.explain(values, "price", "type", "product_id", "order_id", "out_order_id")
}

func (c *Client) explain(values url.Values, names ...string) sign.Explanation {
	signed := []sign.Field{{Name: "appkey", Value: c.appKey}}
	for _, name := range names {
		signed = append(signed, sign.Field{Name: name, Value: values.Get(name)})
	}
	others := []sign.Field{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != sign.FieldName && name != "appkey" && !slices.Contains(names, name) {
			others = append(others, sign.Field{Name: name, Value: values.Get(name)})
		}
	}
	return sign.ExplainNested(c.secret, values.Get(sign.FieldName), signed).NotSigned(others...)
}
