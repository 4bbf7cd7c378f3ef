package pingpp

import "github.com/paygates/paygates-go/sign/explain"

// ExplainNotification shows what the signature of a webhook covers, and what may be
// wrong if VerifyNotification rejects it. The explanation contains the body, so do not
// send it in the response.
func (c *Client) ExplainNotification(body []byte, signature string) explain.Explanation {
	return explain.RSA(c.publicKey, signature, body)
}
