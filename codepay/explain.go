package codepay

import (
	"maps"
	"net/url"
	"slices"

	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// ExplainNotification shows which values the signature of a notification covers, and
// what may be wrong if VerifyNotification rejects it. The explanation contains the
// values of the notification, so do not send it in the response.
func (c *Client) ExplainNotification(values url.Values) explain.Explanation {
	fields := make([]sign.Field, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			fields = append(fields, sign.Field{Name: name, Value: value})
		}
	}
	return notify.Explain(c.secrets, "PreviousSecrets", func(secret sign.Secret) explain.Explanation {
		return explain.MD5Sorted(secret, values.Get(sign.FieldName), fields, c.ownParameters...).Hide(c.secrets...)
	})
}
