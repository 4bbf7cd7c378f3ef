package gatepay

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/form"
	"github.com/paygates/paygates-go/internal/redact"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// QuickPayRequest is a link to the gateway's own page for paying the merchant
// (快捷收款).
type QuickPayRequest struct {
	// Token is what the account's settings show (快捷收款令牌, token). Required,
	// letters, digits, "-" or "_".
	Token string
	// Amount in yuan (price). Optional: without it the payer enters one.
	Amount money.Amount
	// Custom is who pays (联系方式, custom), such as a user name. Optional, at most
	// 100 bytes without control characters.
	Custom string
	// Fixed asks the page not to let the payer change Amount and Custom
	// (stable=1). The document contradicts itself: the table says of stable
	// "whether custom, on by default, 1 closes" (是否自定义 默认开启,1关闭), the
	// examples say of stable=1 that the given price, or the given contact, cannot
	// be changed. Both fit this reading. An older edition of the table speaks of
	// the price alone (是否自定义金额).
	Fixed bool
	// Skin is how the page looks (skin): 0 is the default, 1 the other one.
	Skin int
}

// String says what it is, without token and payer data.
func (r QuickPayRequest) String() string {
	if r.Amount == 0 {
		return "gatepay quick-pay link"
	}
	return "gatepay quick-pay link: " + r.Amount.String() + " yuan"
}

// Format writes what String returns, whatever the verb.
func (r QuickPayRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is what String returns.
func (r QuickPayRequest) LogValue() slog.Value { return redact.LogValue(r) }

// QuickPayURL returns a link to the gateway's own payment page (快捷收款, GET
// /pay/any): show it to the payer. It sends nothing. The error is
// [ErrInvalidRequest].
//
// The link is not signed, Fixed or not: whoever has it can change the price and
// every other part of it. Take what was paid from the callback, and never deliver
// for having given the link away. It shows AppKey and Token.
func (c *Client) QuickPayURL(request QuickPayRequest) (string, error) {
	if err := request.validate(); err != nil {
		return "", err
	}
	price, stable, skin := "", "", ""
	if request.Amount != 0 {
		price = request.Amount.String()
	}
	if request.Fixed {
		stable = "1"
	}
	if request.Skin != 0 {
		skin = strconv.Itoa(request.Skin)
	}
	return c.baseURL + "/pay/any?" + form.Encode([]sign.Field{
		{Name: "appkey", Value: c.appKey},
		{Name: "token", Value: request.Token},
		{Name: "price", Value: price},
		{Name: "custom", Value: request.Custom},
		{Name: "stable", Value: stable},
		{Name: "skin", Value: skin},
	}), nil
}

func (r QuickPayRequest) validate() error {
	if allowed := check.Name(r.Token, 64); allowed != "" {
		return invalidRequest("Token (token)", allowed)
	}
	if allowed := check.Amount(r.Amount, 0, money.Max); allowed != "" {
		return invalidRequest("Amount (price)", allowed)
	}
	if allowed := check.Text(r.Custom, longestCustom); allowed != "" {
		return invalidRequest("Custom (custom)", allowed)
	}
	if r.Skin != 0 && r.Skin != 1 {
		return invalidRequest("Skin (skin)", "must be 0 or 1")
	}
	return nil
}
