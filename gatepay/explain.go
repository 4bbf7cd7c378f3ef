package gatepay

import (
	"net/url"

	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// ExplainNotification shows which values the signature of a notification covers, and
// what may be wrong if VerifyNotification rejects it. The explanation contains the
// values of the notification, so do not send it in the response.
func (c *Client) ExplainNotification(values url.Values) explain.Explanation {
	return c.explain(values, "order_id", "out_order_id", "price", "realprice", "type", "paytime", "extend")
}

// ExplainReturn is [Client.ExplainNotification] for the parameters of a return to
// ReturnURL (同步跳转).
func (c *Client) ExplainReturn(values url.Values) explain.Explanation {
	return c.explain(values, "price", "type", "product_id", "order_id", "out_order_id")
}

func (c *Client) explain(values url.Values, names ...string) explain.Explanation {
	signed := []sign.Field{{Name: "appkey", Value: c.appKey}}
	for _, name := range names {
		signed = append(signed, sign.Field{Name: name, Value: values.Get(name)})
	}
	others := notify.Fields(values, append(names, "appkey", sign.FieldName)...)
	return notify.Explain(c.secrets, "PreviousSecrets", func(secret sign.Secret) explain.Explanation {
		return explain.MD5Nested(secret, values.Get(sign.FieldName), signed).NotSigned(others...).Hide(c.secrets...)
	})
}
