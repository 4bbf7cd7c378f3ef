package codepay

import (
	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// CashierURL returns the signed URL of the gateway's cashier page for an order (page=1 or
// 2): redirect the payer there. It sends nothing; the gateway creates the order when the
// page is opened.
//
// The payer sees the URL. Its signature covers every parameter, so none can be changed.
// It cannot serve as a notification, because a create has neither pay_no nor money. The
// error is paygates.ErrInvalidRequest.
func (c *Client) CashierURL(request CreateOrderRequest) (string, error) {
	return c.signedURL(request, 0, "")
}

// ScriptURL returns the signed URL of a script that creates the order and passes the
// response to the JavaScript function call of your page (page=3, JSONP), for <script
// src="…">. call is an identifier of at most 64 bytes, such as "callback".
// [DecodeCreatedOrder] reads the script. ScriptURL sends nothing; the payer sees the URL
// as with CashierURL. The error is paygates.ErrInvalidRequest.
func (c *Client) ScriptURL(request CreateOrderRequest, call string) (string, error) {
	v := check.New(gateway, paygates.ErrInvalidRequest)
	v.That(len(call) <= 64 && onlyIdentifier.MatchString(call), "call",
		"must be a JavaScript identifier of letters, digits, _ and $, at most 64 bytes long")
	if err := v.Err(); err != nil {
		return "", err
	}
	return c.signedURL(request, PageScript, call)
}

// TokenURL is CashierURL with Config.Token instead of a signature. It is weaker: the
// payer sees the token, and with it can create orders of any amount and with any
// NotifyURL, and query orders. Prefer CashierURL.
//
// The error is paygates.ErrInvalidConfig without a token, or ErrInvalidRequest.
func (c *Client) TokenURL(request CreateOrderRequest) (string, error) {
	if err := c.needToken(); err != nil {
		return "", err
	}
	if err := c.validate(request, 0); err != nil {
		return "", err
	}
	fields := request.fields(c.userID, 0, "")
	return c.createURL(append(fields, sign.Field{Name: "token", Value: c.token.Reveal()})), nil
}

// DecodeCreatedOrder decodes a response to a create that you have as text: a function
// call (JSONP, page=3), plain JSON (page=4), or the Raw of a CreatedOrder. The response is
// not signed, so do not trust a text that came through the payer's browser. The error
// is a *paygates.Error: ErrBadResponse or a rejection, and ErrListenerOffline as from
// CreateOrder.
func DecodeCreatedOrder(text []byte) (*CreatedOrder, error) {
	return decodeCreated(transport.Kept(gateway, "decode order", text), "", nil)
}
