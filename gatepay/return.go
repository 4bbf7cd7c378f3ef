package gatepay

import (
	"context"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Return is what the payer's browser brings back after a payment (支付成功同步通知). It is for
// showing a page, never for crediting: the payer can keep it, send it again, and cut its
// fields differently under the same signature. Notifications and QueryOrder tell what was
// paid.
type Return struct {
	// OrderNo is the merchant order number (out_order_id).
	OrderNo string
	// OrderID is the gateway's order number (order_id).
	OrderID string
	// ProductID is the number of the product (product_id). It may be "".
	ProductID string
	// Amount in yuan (price).
	Amount money.Amount
	// Channel is the payment method (type).
	Channel Channel
	// KeyIndex tells which secret verified the signature: 0 for Config.Secret, n for
	// Config.PreviousSecrets[n-1].
	KeyIndex int
	// Raw holds all parameters as they arrived, the signature included.
	Raw paygates.Private[url.Values] `json:"-"`
}

// ParseReturn reads the return of the payer, a GET with the parameters price, type,
// product_id (misspelled prodcut_id in the document's formula), order_id, out_order_id
// and sign, and verifies its signature. Show the payer a page with the state that
// QueryOrder returns for OrderNo; never credit here.
//
// The error is paygates.ErrInvalidNotification for a request that does not have the
// documented shape, or ErrInvalidSignature.
func (c *Client) ParseReturn(r *http.Request) (*Return, error) {
	return notify.Read(r, gateway, sign.FieldName, notify.Query, c.readReturn)
}

// VerifyReturn is ParseReturn for values that a framework has parsed. It copies them.
func (c *Client) VerifyReturn(values url.Values) (*Return, error) {
	return notify.Verify(c, gateway, values, (*Client).readReturn)
}

func (c *Client) readReturn(_ context.Context, values url.Values) (*Return, error) {
	price, channel, productID := values.Get("price"), values.Get("type"), values.Get("product_id")
	orderID, orderNo := values.Get("order_id"), values.Get("out_order_id")
	v := check.New(gateway, paygates.ErrInvalidNotification)
	c.checkMerchant(v, values)
	amount := readPrice(v, "price", price)
	checkType(v, channel)
	if productID != "" {
		v.Digits("product_id", productID, longestProduct)
	}
	checkOrderID(v, orderID)
	v.ID("out_order_id", orderNo, longestOrderNo)
	if err := v.Err(); err != nil {
		return nil, err
	}
	keyIndex, err := c.verify(values, c.appKey, price, channel, productID, orderID, orderNo)
	if err != nil {
		return nil, err
	}
	return &Return{
		OrderNo:   orderNo,
		OrderID:   orderID,
		ProductID: productID,
		Amount:    amount,
		Channel:   Channel(channel),
		KeyIndex:  keyIndex,
		Raw:       paygates.NewPrivate(values),
	}, nil
}
