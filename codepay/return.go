package codepay

import (
	"context"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// Return is what the payer's browser brings to the ReturnURL (同步通知, target=get). It is
// for showing a page, never for crediting: it comes from the payer, who can keep it and
// send it again. Notifications decide about money.
type Return struct {
	// OrderNo is the merchant order number (pay_id).
	OrderNo string
	// PaymentNo is the number of the payment (pay_no), "" if it was not sent.
	PaymentNo string
	// OrderID is the gateway's order number (order_id), "" if it was not sent.
	OrderID string
	// Channel is the payment method (type).
	Channel Channel
	// PaidAmount is what was paid (money), Amount the amount of the create (price), in
	// yuan. They are zero if they were not sent.
	PaidAmount, Amount money.Amount
	// Attach is that of the create (param).
	Attach string `json:"-"`
	// Unread lists the parameters that arrived in another shape and were left zero, or
	// that are texts with bytes of another encoding.
	Unread []string
	// KeyIndex tells which secret verified the signature: 0 for Config.Secret, n for
	// Config.PreviousSecrets[n-1].
	KeyIndex int
	// Raw holds all parameters as they arrived, the signature included.
	Raw paygates.Private[url.Values] `json:"-"`
}

// ParseReturn reads the payer's return, a GET with the parameters of a notification, and
// verifies its signature. Show a page that says what you know of OrderNo. Never credit
// here.
//
// The error is paygates.ErrInvalidNotification for a request that does not have the
// documented shape, or ErrInvalidSignature.
func (c *Client) ParseReturn(r *http.Request) (*Return, error) {
	return notify.Read(r, gateway, sign.FieldName, notify.Form, c.readReturn)
}

// VerifyReturn is ParseReturn for values that a framework has parsed. It copies them.
func (c *Client) VerifyReturn(values url.Values) (*Return, error) {
	return notify.Verify(c, gateway, values, (*Client).readReturn)
}

func (c *Client) readReturn(_ context.Context, values url.Values) (*Return, error) {
	keyIndex, err := c.verify(values)
	if err != nil {
		return nil, err
	}
	v := check.New(gateway, paygates.ErrInvalidNotification)
	p := c.readPayment(v, values)
	if err := v.Err(); err != nil {
		return nil, err
	}
	if p.PaidAmount == 0 && values.Get("money") != "" {
		p.fields.Skip("money")
	}
	result := &Return{
		OrderNo: p.OrderNo, OrderID: p.OrderID, Channel: p.Channel, PaidAmount: p.PaidAmount, Amount: p.Amount,
		Attach: p.Attach, Unread: p.fields.Unread(), KeyIndex: keyIndex, Raw: p.Raw,
	}
	if loosejson.IsNumber(p.PaymentNo) {
		result.PaymentNo = p.PaymentNo
	}
	return result, nil
}
