package codepay

import (
	"net/url"
	"slices"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/money"
)

// payment reads what a notification and a return have in common.
type payment struct {
	Notification
	values url.Values
	fields loosejson.Fields
}

func (c *Client) readPayment(v *check.Checker, values url.Values) *payment {
	p := &payment{values: values, fields: loosejson.Form(values)}
	p.Charset = Charset(values.Get("chart"))
	p.OrderNo = p.decisive(v, "pay_id", 300) // 100 characters
	v.Required("pay_id", p.OrderNo)
	p.PaymentNo = p.decisive(v, "pay_no", longestPaymentNo)
	p.PaidAmount, _ = money.Parse(values.Get("money"))
	p.Amount = p.fields.Amount("price")
	p.Channel = Channel(p.fields.Int("type"))
	p.OrderID = p.orderID(c.userID)
	p.Attach = p.text("param")
	p.Raw = paygates.NewPrivate(values)
	return p
}

// longestPaymentNo is the length of the longest pay_no. The document says 50 characters.
const longestPaymentNo = 64

// decisive returns a text that decides, which must be one in the encoding of chart.
func (p *payment) decisive(v *check.Checker, name string, longest int) string {
	text, ok := p.Charset.decode(p.values.Get(name))
	v.That(ok, name, "must be text in the encoding of chart")
	v.Text(name, text, longest)
	return text
}

// text returns a text that does not decide.
func (p *payment) text(name string) string {
	text, ok := p.Charset.decodeLoosely(p.values.Get(name))
	if !ok {
		p.fields.Skip(name)
	}
	return text
}

func (p *payment) state(name string) State {
	status := p.fields.Int(name)
	if !p.fields.Has(name) || slices.Contains(p.fields.Unread(), name) {
		return ""
	}
	return stateOf(status)
}

func (p *payment) orderID(userID string) string {
	get := p.values.Get
	id := orderIDOf(get("order_id"), userID, get("id"), get("trueID"), get("pay_id"), get("pay_no"))
	if id != "" && !check.IsID(id, longestOrderID) {
		p.fields.Skip("order_id")
		return ""
	}
	return id
}
