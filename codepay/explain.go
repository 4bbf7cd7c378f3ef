package codepay

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
	fields := notify.Fields(values)
	return notify.Explain(c.secrets, "PreviousSecrets", func(secret sign.Secret) explain.Explanation {
		return explain.MD5Sorted(secret, values.Get(sign.FieldName), fields, c.ownParameters...).Hide(c.secrets...)
	})
}
