package gatepay

import (
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/notify"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// QuickPayRequest is a link to the gateway's page for paying the merchant (快捷收款).
type QuickPayRequest struct {
	// Token is the token in the account's settings (快捷收款令牌, token). Required, letters,
	// digits, "-" or "_".
	Token string
	// Amount in yuan (price). Optional: without it the payer enters one.
	Amount money.Amount
	// Attach is who pays (联系方式, custom), such as a user name. Optional. The rules of
	// CreateOrderRequest.Attach apply.
	Attach string `json:"-"`
	// Fixed makes the page show Amount and Attach as fixed (stable=1). The document's table
	// calls stable "是否自定义 默认开启,1关闭", and its examples say of stable=1 that the given
	// price, or the given contact, cannot be changed.
	Fixed bool
	// Skin is the look of the page (skin): 0 (the default) or 1.
	Skin int
}

// QuickPayURL returns a link to the gateway's payment page (快捷收款, GET /pay/any): show it
// to the payer. It sends nothing. The error is paygates.ErrInvalidRequest.
//
// The link is not signed, Fixed or not: the payer can change the price and every other
// part of it. Deliver what the notification says was paid, never what the link says. The
// link contains AppKey and Token.
func (c *Client) QuickPayURL(request QuickPayRequest) (string, error) {
	v := newRequest()
	v.ID("Token (token)", request.Token, 64)
	v.Amount("Amount (price)", request.Amount, 0, money.Max)
	checkAttach(v, "Attach (custom)", request.Attach)
	check.OneOf(v, "Skin (skin)", request.Skin, 0, 1)
	if err := v.Err(); err != nil {
		return "", err
	}
	price, stable := "", ""
	if request.Amount != 0 {
		price = request.Amount.String()
	}
	if request.Fixed {
		stable = "1"
	}
	return c.baseURL + "/pay/any?" + notify.Encode([]sign.Field{
		{Name: "appkey", Value: c.appKey},
		{Name: "token", Value: request.Token},
		{Name: "price", Value: price},
		{Name: "custom", Value: request.Attach},
		{Name: "stable", Value: stable},
		{Name: "skin", Value: notify.Number(request.Skin)},
	}), nil
}
