package ispay

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
	others := notify.Fields(values, "order_no", sign.FieldName)
	signed := []sign.Field{{Name: "userid", Value: c.userID}, {Name: "order_no", Value: values.Get("order_no")}}
	return notify.Explain(c.secrets, "PreviousSecrets", func(secret sign.Secret) explain.Explanation {
		return explain.MD5Concat(secret, values.Get(sign.FieldName), signed).NotSigned(others...).Hide(c.secrets...)
	})
}
