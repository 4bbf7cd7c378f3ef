package gatewaytest

import (
	"cmp"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"slices"
)

// Cashier serves the cashier page of an order: its QR code, and a button that sends a POST
// to page, the path and query of the cashier page. Such a POST pays the order, once, and
// redirects the payer to order.ReturnURL, or to page if it is empty; a notification that
// DelayNotifications delays is sent later. The amount is order.Amount: set it to what the
// payer has to pay, if that differs. Of an order that has expired or was canceled the page
// says so; the button then makes a late payment.
func (s *Server) Cashier(w http.ResponseWriter, r *http.Request, gateway, qrText, page string, order Order) {
	if r.Method == http.MethodPost && r.URL.RequestURI() == page {
		if err := s.payOnPage(order.ID); err != nil && !errors.Is(err, ErrAlreadyPaid) {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, cmp.Or(order.ReturnURL, page), http.StatusSeeOther)
		return
	}
	amount := order.Amount.String() + " " + order.Currency // of a coin
	if order.Currency == "CNY" {
		amount = "¥" + order.Amount.String()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = cashierPage.Execute(w, map[string]any{
		"Gateway": gateway, "Order": order, "Page": page, "Amount": amount,
		"Expired":  order.State == s.behavior.ExpiredState,
		"Canceled": slices.Contains(s.behavior.CanceledStates, order.State),
		"Image":    base64.StdEncoding.EncodeToString(QRCode(qrText)),
	})
}

// The look is that of examples/shop. The page loads nothing from elsewhere.
var cashierPage = template.Must(template.New("cashier").Parse(`<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{if .Order.Paid}}已付款 paid{{else if .Expired}}已过期 expired{{else if .Canceled}}已取消 canceled{{else}}{{.Amount}}{{end}} · {{.Gateway}}</title><link rel="icon" href="data:,">
<style>
:root{--ink:#1c2321;--soft:#57625e;--paper:#f6f3ec;--card:#fff;--brand:#0f766e;--on:#fff;--link:#0b5750;--warn:#92400e}
@media(prefers-color-scheme:dark){
:root{--ink:#ecefed;--soft:#a7b1ad;--paper:#101514;--card:#1a211f;--brand:#2dd4bf;--on:#06201d;--link:#5eead4;--warn:#fbbf24}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
background:var(--paper);color:var(--ink);text-align:center}
main{max-width:27rem;margin:1.2rem auto;padding:1.3rem 1.2rem;background:var(--card);border-radius:1.25rem}
@media(max-width:28rem){main{margin:.8rem}}
h1{margin:0;font-size:1.1rem}
p{margin:.3rem 0}
.warn{color:var(--warn);font-size:.875rem}
.price{margin:.4rem 0;font-size:2.3rem;font-weight:680;line-height:1.2;overflow-wrap:anywhere}
img{width:14.5rem;height:14.5rem;background:#fff;border-radius:1.1rem;image-rendering:pixelated}
button{width:100%;margin-top:.9rem;padding:.8rem 1rem;border:0;border-radius:.95rem;
background:var(--brand);color:var(--on);font:inherit;font-weight:650;cursor:pointer}
a{display:block;margin-top:.9rem;color:var(--link);font-weight:600}
:focus-visible{outline:3px solid var(--brand);outline-offset:2px}
.order{margin-top:.9rem;color:var(--soft);font-size:.8125rem;overflow-wrap:anywhere}
</style>
</head>
<body>
<main>
<h1>{{.Gateway}}</h1>
<p class="warn">测试网关，不会扣款 <span lang="en">fake gateway, no money moves</span></p>
<p class="price">{{.Amount}}</p>
{{if and .Image (not .Expired) (not .Canceled)}}<p><img alt="付款二维码 QR code" src="data:image/png;base64,{{.Image}}"></p>{{end}}
{{if .Order.Paid}}<p><strong>已付款 <span lang="en">paid</span></strong></p>
{{else}}{{if .Expired}}<p><strong>已过期 <span lang="en">expired</span></strong></p>
{{else if .Canceled}}<p><strong>已取消 <span lang="en">canceled</span></strong></p>{{end}}
<form method="post" action="{{.Page}}"><button>{{if or .Expired .Canceled}}模拟逾期付款 <span lang="en">pay late</span>{{else}}模拟付款 <span lang="en">pay</span>{{end}}</button></form>{{end}}
{{with .Order.ReturnURL}}<a href="{{.}}">返回商户 <span lang="en">back to the merchant</span></a>{{end}}
<p class="order">{{with .Order}}{{with .Channel}}{{.}} · {{end}}{{with .OrderNo}}{{.}} · {{end}}{{.ID}} · {{.State}}{{end}}</p>
</main>
</body>
</html>
`))
