package codepay

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/paygates/paygates-go/internal/form"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// CashierURL returns the signed address of the gateway's cashier page for an
// order (page=1 or 2): redirect the payer there. It sends nothing: opening the
// page makes the order.
//
// The payer sees the address. Its signature covers every parameter, so none can
// be changed, and no create has the pay_no and money of a callback, so it is of
// no use as one. The error is [ErrInvalidRequest].
func (c *Client) CashierURL(request CreateOrderRequest) (string, error) {
	return c.signedURL(request, 0, "")
}

// ScriptURL returns the signed address of a script that makes the order and
// passes the reply to the page's JavaScript function call (page=3, JSONP), for
// <script src="…">. call is a plain identifier of at most 64 bytes, such as
// "callback". [ParseReply] reads what the script holds. It sends nothing; what
// is said of [Client.CashierURL] is true here too.
func (c *Client) ScriptURL(request CreateOrderRequest, call string) (string, error) {
	if len(call) > 64 || !isIdentifier(call) {
		return "", invalidRequest("call", "must be a JavaScript identifier of letters, digits, _ and $, at most 64 bytes long")
	}
	return c.signedURL(request, PageScript, call)
}

// TokenURL is CashierURL with Config.Token instead of a signature. It is weaker:
// the payer sees the token and can make orders with it, of any amount and with
// any NotifyURL, and can ask for the state of orders. Prefer CashierURL.
//
// Errors: [ErrInvalidConfig] without a token; [ErrInvalidRequest].
func (c *Client) TokenURL(request CreateOrderRequest) (string, error) {
	if err := c.needToken(); err != nil {
		return "", err
	}
	if err := request.validate(0); err != nil {
		return "", err
	}
	fields := request.fields(c.userID, 0, "")
	return c.createURL(append(fields, sign.Field{Name: "token", Value: c.token.Reveal()})), nil
}

// ParseReply reads the gateway's reply to a create from its text: a function
// call (JSONP, page=3) or plain JSON (page=4). The reply is not signed; a text
// that came by way of the payer's browser proves nothing. Errors are those of
// [Client.CreateOrder], with the order beside [ErrListenerOffline].
func ParseReply(text []byte) (*CreatedOrder, error) {
	return decodeCreated("read reply", transport.Answer{Status: 200, Body: text})
}

// signedURL makes the page's address; page 0 leaves it to the request.
func (c *Client) signedURL(request CreateOrderRequest, page Page, call string) (string, error) {
	if err := request.validate(page); err != nil {
		return "", err
	}
	fields := request.fields(c.userID, page, call)
	signature, err := sign.MD5Sorted(c.secret, fields)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %w", gateway, ErrInvalidRequest, err)
	}
	return c.createURL(append(fields, sign.Field{Name: "sign", Value: signature.String()})), nil
}

func (c *Client) createURL(fields []sign.Field) string {
	return c.baseURL + "/creat_order/?" + form.Encode(fields) // (sic)
}

// isIdentifier reports whether name is a JavaScript identifier in ASCII.
func isIdentifier(name string) bool {
	isLetter := func(r rune) bool {
		return r == '_' || r == '$' || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z')
	}
	for i, r := range name {
		if !isLetter(r) && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

var errScript = errors.New("neither JSON nor a function call")

// unwrap returns the JSON of "call({…});", and JSON as it is.
func unwrap(body []byte) ([]byte, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(text) == 0 || !isIdentifier(string(text[:1])) {
		return body, nil
	}
	name, rest, _ := strings.Cut(string(text), "(")
	rest = strings.TrimRight(rest, "; \t\r\n")
	argument, closed := strings.CutSuffix(rest, ")")
	if !closed || !isIdentifier(strings.TrimSpace(name)) {
		return nil, errScript
	}
	return []byte(argument), nil
}
