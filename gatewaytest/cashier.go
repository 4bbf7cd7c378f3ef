package gatewaytest

import (
	"encoding/base64"
	"html/template"
	"net/http"
)

// Cashier writes the cashier page of an order: its QR code, and a button that pays the
// order with a POST to payPath (see ServePay).
func (s *Server) Cashier(w http.ResponseWriter, gateway, qrText, payPath string, order Order) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = cashierPage.Execute(w, map[string]any{
		"Gateway": gateway, "Order": order, "PayPath": payPath,
		"Image": qrImage(qrText),
	})
}

// ServePay handles the button of a cashier page: it pays the order and redirects the
// payer to its return URL, or to page if it has none.
func (s *Server) ServePay(w http.ResponseWriter, r *http.Request, number, page string) {
	if r.Method != http.MethodPost {
		http.Error(w, "method must be POST", http.StatusMethodNotAllowed)
		return
	}
	if _, err := s.Pay(number); err != nil {
		http.NotFound(w, r)
		return
	}
	target := page
	if order, _ := s.Order(number); order.ReturnURL != "" {
		target = order.ReturnURL
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

var cashierPage = template.Must(template.New("cashier").Parse(`<!DOCTYPE html>
<html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{.Gateway}} {{.Order.ID}}</title><link rel="icon" href="data:,">
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c1e21;text-align:center}
main{max-width:22rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.75rem}
img{width:14rem;height:14rem;image-rendering:pixelated}
b{font-size:2rem}button{font:inherit;padding:.6rem 2rem;border:0;border-radius:.5rem;background:#1668dc;color:#fff}
small{color:#666;word-break:break-all}
</style>
<main>
<p>{{.Gateway}} · 测试网关 fake gateway</p>
<b>{{.Order.Amount}}</b> {{.Order.Currency}}
<p>{{if .Image}}<img alt="QR" src="{{.Image}}">{{end}}</p>
{{if .Order.Paid}}<p>已付款 paid</p>{{else}}<form method="post" action="{{.PayPath}}"><button>模拟付款 pay</button></form>{{end}}
<p><small>{{.Order.Channel}} · {{.Order.OrderNo}} · {{.Order.ID}} · {{.Order.State}}</small></p>
</main></html>
`))

func qrImage(text string) template.URL {
	image := QRCode(text)
	if image == nil {
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(image)) //nolint:gosec // our own image
}
