package pingpp

import (
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// ExplainNotification shows what the signature of a webhook covers, and what may be
// wrong if VerifyNotification rejects it. The explanation contains the body, so do not
// send it in the response.
func (c *Client) ExplainNotification(body []byte, signature string) explain.Explanation {
	if len(c.publicKeys) == 0 {
		return explain.RSA(sign.PublicKey{}, signature, body)
	}
	return notify.Explain(c.publicKeys, "PreviousWebhookPublicKeys", func(key sign.PublicKey) explain.Explanation {
		return explain.RSA(key, signature, body)
	})
}
