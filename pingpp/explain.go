package pingpp

import "github.com/paygates/paygates-go/sign"

// ExplainNotification says what the signature of a webhook is made of, and what
// may be wrong if VerifyNotification refuses it. It shows the body, so it is for
// the merchant's eyes, never for the answer to the webhook.
func (c *Client) ExplainNotification(body []byte, signature string) sign.Explanation {
	return sign.ExplainMessage(c.publicKey, signature, body)
}
