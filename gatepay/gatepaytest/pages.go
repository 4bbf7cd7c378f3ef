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

// The look is that of the cashier page.
var quickPayForm = template.Must(template.New("any").Parse(`<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>快捷收款 quick pay · GatePay</title><link rel="icon" href="data:,">
<style>
:root{--ink:#1c2321;--soft:#57625e;--field:#8a918e;--paper:#f6f3ec;--card:#fff;--brand:#0f766e;--on:#fff;--warn:#92400e;--bad:#b42318}
@media(prefers-color-scheme:dark){
:root{--ink:#ecefed;--soft:#a7b1ad;--field:#7d8884;--paper:#101514;--card:#1a211f;--brand:#2dd4bf;--on:#06201d;--warn:#fbbf24;--bad:#fca5a5}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
background:var(--paper);color:var(--ink)}
main{max-width:27rem;margin:1.2rem auto;padding:1.3rem 1.2rem;background:var(--card);border-radius:1.25rem}
@media(max-width:28rem){main{margin:.8rem}}
h1{margin:0;font-size:1.1rem;text-align:center}
p{margin:.3rem 0}
.warn{color:var(--warn);font-size:.875rem;text-align:center}
.bad{color:var(--bad)}
label{display:block;margin-top:.7rem;color:var(--soft);font-size:.875rem}
input{display:block;width:100%;padding:.5rem .7rem;border:1px solid var(--field);border-radius:.6rem;background:var(--card);color:var(--ink);font:inherit}
button{width:100%;margin-top:.9rem;padding:.8rem 1rem;border:0;border-radius:.95rem;background:var(--brand);color:var(--on);font:inherit;font-weight:650;cursor:pointer}
:focus-visible{outline:3px solid var(--brand);outline-offset:2px}
</style>
</head>
<body>
<main>
<h1>GatePay 快捷收款 <span lang="en">quick pay</span></h1>
<p class="warn">测试网关，不会扣款 <span lang="en">fake gateway, no money moves</span>{{with .Query.Get "skin"}} · skin {{.}}{{end}}</p>
<form method="post">
{{with .Error}}<p class="bad" id="error" role="alert">{{.}}</p>{{end}}
<label>金额 <span lang="en">amount</span>
<input name="price" value="{{.Price}}"{{if and .Fixed (.Query.Get "price")}} readonly{{end}} inputmode="decimal" autocomplete="off" required{{if .Error}} aria-invalid="true" aria-describedby="error"{{end}}></label>
<label>联系方式 <span lang="en">contact</span>
<input name="custom" value="{{.Custom}}"{{if and .Fixed (.Query.Get "custom")}} readonly{{end}} autocomplete="off"></label>
<button name="type" value="wechat">微信支付 <span lang="en">WeChat Pay</span></button>
<button name="type" value="alipay">支付宝 <span lang="en">Alipay</span></button>
</form>
</main>
</body>
</html>
`))

func (s *Server) quickPayPage(w http.ResponseWriter, r *http.Request) {
	if linked(w, r) {
		query := r.URL.Query()
		showQuickPay(w, r, http.StatusOK, query.Get("price"), query.Get("custom"), "")
	}
}

func showQuickPay(w http.ResponseWriter, r *http.Request, status int, price, custom, wrong string) {
	query := r.URL.Query()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = quickPayForm.Execute(w, map[string]any{
		"Query": query, "Fixed": query.Get("stable") == "1", "Price": price, "Custom": custom, "Error": wrong,
	})
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
	f := gatewaytest.Form(r)
	bought, code := anyPrice(nil, f.Get("price"))
	channel := f.Get("type")
	if code != 0 || (channel != "wechat" && channel != "alipay") {
		showQuickPay(w, r, http.StatusBadRequest, f.Get("price"), f.Get("custom"), "价格或支付方式无效 wrong amount or payment method")
		return
	}
	id := s.NextID()
	order := gatewaytest.Order{
		ID: id, OrderNo: "Q" + id, Amount: bought.amount, Currency: "CNY",
		Channel: channel, State: string(gatepay.StateInProgress),
		Fields: map[string]string{"custom": f.Get("custom"), "order_name": "快捷收款"},
	}
	s.mu.Lock()
	s.add(order)
	s.mu.Unlock()
	http.Redirect(w, r, s.payURL(order), http.StatusSeeOther)
}
