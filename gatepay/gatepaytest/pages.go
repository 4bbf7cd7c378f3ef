package gatepaytest

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatewaytest"
)

// payPage is the cashier page, or with format=json its data, whose fields are not
// documented.
func (s *Server) payPage(w http.ResponseWriter, r *http.Request) {
	order, ok := s.Order(r.URL.Query().Get("id"))
	if !ok {
		http.Error(w, "订单不存在", http.StatusNotFound)
		return
	}
	if r.URL.Query().Get("format") == "json" {
		s.succeed(w, map[string]any{
			"order_id": json.Number(order.ID), "out_order_id": order.OrderNo,
			"price": order.Amount.String(), "realprice": text(order, "realprice"),
			"type": order.Channel, "status": order.State,
			"pay_url": s.payURL(order), "qrcode_url": s.qrcodeURL(order),
		})
		return
	}
	s.Cashier(w, r, "GatePay", s.payURL(order), r.URL.RequestURI(), order)
}

func (s *Server) payURL(order gatewaytest.Order) string {
	return s.URL + "/pay/api?id=" + url.QueryEscape(order.OrderNo) + "&type=" + order.Channel
}

func (s *Server) qrcodeURL(order gatewaytest.Order) string {
	return s.URL + "/qrcode/build?size=130&text=" + url.QueryEscape(s.payURL(order))
}

func qrcode(w http.ResponseWriter, r *http.Request) {
	image := gatewaytest.QRCode(r.URL.Query().Get("text"))
	if image == nil {
		http.Error(w, "text", http.StatusBadRequest)
		return
	}
	_, _ = w.Write(image) //nolint:gosec // a PNG that was drawn here
}

var quickPayForm = template.Must(template.New("any").Parse(`<!DOCTYPE html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>GatePay 快捷收款</title>
<main><h1>GatePay 快捷收款</h1>
<form method="post">
{{$price := .Get "price"}}{{$attach := .Get "custom"}}{{$fixed := eq (.Get "stable") "1"}}
<p>测试网关 fake gateway · skin {{.Get "skin"}}</p>
<p><label>金额 <input name="price" value="{{$price}}"{{if and $fixed $price}} readonly{{end}}></label></p>
<p><label>联系方式 <input name="custom" value="{{$attach}}"{{if and $fixed $attach}} readonly{{end}}></label></p>
<p><button name="type" value="wechat">微信</button> <button name="type" value="alipay">支付宝</button></p>
</form></main></html>
`))

func (s *Server) quickPayPage(w http.ResponseWriter, r *http.Request) {
	if linked(w, r) {
		_ = quickPayForm.Execute(w, r.URL.Query())
	}
}

// linked reports whether the request carries the credentials of the link, or rejects it.
func linked(w http.ResponseWriter, r *http.Request) bool {
	query := r.URL.Query()
	if query.Get("appkey") == AppKey && query.Get("token") == Token {
		return true
	}
	http.Error(w, "无效的秘钥", http.StatusForbidden)
	return false
}

// quickPay creates an order of what the payer entered and redirects to its cashier page.
// The link is not signed, so the order may differ from it.
func (s *Server) quickPay(w http.ResponseWriter, r *http.Request) {
	if !linked(w, r) {
		return
	}
	bought, code := anyPrice(nil, r.PostFormValue("price"))
	channel := r.PostFormValue("type")
	if code != 0 || (channel != "wechat" && channel != "alipay") {
		http.Error(w, "价格无效", http.StatusBadRequest)
		return
	}
	id := s.NextID()
	order := gatewaytest.Order{
		ID: id, OrderNo: "Q" + id, Amount: bought.amount, Currency: "CNY",
		Channel: channel, State: string(gatepay.StateInProgress),
		Fields: map[string]string{"custom": r.PostFormValue("custom"), "order_name": "快捷收款"},
	}
	s.mu.Lock()
	s.add(order)
	s.mu.Unlock()
	http.Redirect(w, r, s.payURL(order), http.StatusSeeOther)
}
