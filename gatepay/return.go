package gatepay

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go/internal/callback"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Return is what the payer's browser brings back after a payment
// (支付成功同步通知). It is for showing a page, never for crediting: it comes from
// the payer, who can keep it, send it again, and cut its fields differently under
// the same signature. What was paid is known from the callback and from
// QueryOrder.
type Return struct {
	// OrderNo is the merchant's number of the order (out_order_id), OrderID the
	// gateway's own (order_id).
	OrderNo, OrderID string
	// ProductID is the number of the product (product_id). It may be empty.
	ProductID string
	// Amount in yuan (price).
	Amount money.Amount
	// Channel is how the payer paid (type).
	Channel Channel
	// Raw holds all parameters as they came, the signature included.
	Raw url.Values
}

// String names the order, without the signature.
func (r Return) String() string { return "gatepay return of the payer of order " + r.OrderNo }

// Format writes what String returns, whatever the verb.
func (r Return) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r Return) LogValue() slog.Value { return redact.LogValue(r) }

// ParseReturn reads the return of the payer, a GET with the parameters price,
// type, product_id (which the document's formula spells prodcut_id), order_id,
// out_order_id and sign, and verifies its signature. Show the payer a page that
// says what QueryOrder says of OrderNo; never credit here.
//
// Errors: [ErrInvalidNotification] for a request that is not of the documented
// shape; [ErrInvalidSignature].
func (c *Client) ParseReturn(r *http.Request) (*Return, error) {
	values, err := callback.Query(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	return c.VerifyReturn(values)
}

// VerifyReturn is ParseReturn for values that a framework has already parsed.
func (c *Client) VerifyReturn(values url.Values) (*Return, error) {
	if err := callback.Single(values); err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	price, channel := values.Get("price"), values.Get("type")
	productID, orderID, orderNo := values.Get("product_id"), values.Get("order_id"), values.Get("out_order_id")
	amount, priceAllowed := parsePrice(price)
	fields := [...]struct{ name, allowed string }{
		{"appkey", c.checkAppKey(values)},
		{"price", priceAllowed},
		{"type", Channel(channel).check()},
		{"product_id", checkOptionalDigits(productID)},
		{"order_id", checkNumber(orderID)},
		{"out_order_id", check.Name(orderNo, longestOrderNo)},
	}
	for _, field := range fields {
		if field.allowed != "" {
			return nil, failure.Invalid(gateway, ErrInvalidNotification, field.name, field.allowed)
		}
	}
	signature, err := sign.MD5Nested(c.secret, c.appKey, price, channel, productID, orderID, orderNo)
	if err == nil {
		err = signature.Verify(values.Get("sign"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", gateway, ErrInvalidSignature, err)
	}
	return &Return{
		OrderNo: orderNo, OrderID: orderID, ProductID: productID,
		Amount: amount, Channel: Channel(channel), Raw: values,
	}, nil
}

func checkOptionalDigits(text string) string {
	if text == "" {
		return ""
	}
	return check.Digits(text, longestProduct)
}
