package gatepaytest

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// kind is one of the four creates.
type kind struct {
	path    string
	bought  string   // the parameter that says what is bought
	allowed []string // beyond those that every create requires
	badType int
	echoAll bool // whether params holds appkey and sign, as the samples show
	image   bool
	price   func(products []Product, bought string) (purchase, int)
}

type purchase struct {
	name, productID string
	amount          money.Amount
	taken           map[string]int
}

var (
	urls   = []string{"notify_url", "return_url"}
	anyPay = kind{
		path: "/api/anypay/create", bought: "price", allowed: urls,
		badType: 202, echoAll: true, image: true, price: anyPrice,
	}
	cloudPay = kind{
		path: "/api/cloudpay/create", bought: "price",
		badType: 202, echoAll: true, price: anyPrice,
	}
	groupPay = kind{
		path: "/api/grouppay/create", bought: "fields", allowed: urls,
		badType: 201, image: true, price: groupPrice,
	}
	stablePay = kind{
		path: "/api/stablepay/create", bought: "product_id", allowed: urls,
		badType: 201, image: true, price: productPrice,
	}
	kinds = []kind{anyPay, cloudPay, groupPay, stablePay}
)

var groupShape = regexp.MustCompile(`^[0-9]+:[0-9]+(,[0-9]+:[0-9]+)*$`)

// anyPrice takes 1 and 12.5 too, which the provider's README sends.
func anyPrice(_ []Product, bought string) (purchase, int) {
	amount, err := money.Parse(bought)
	if err != nil || amount == 0 {
		return purchase{}, 201
	}
	return purchase{name: "任意金额支付:" + bought + "元", amount: amount}, 0
}

// groupPrice leaves out what is unknown or out of stock, and rejects a group of nothing
// else.
func groupPrice(products []Product, bought string) (purchase, int) {
	if !groupShape.MatchString(bought) {
		return purchase{}, 204
	}
	p := purchase{name: "组合商品支付", taken: map[string]int{}}
	for _, item := range strings.Split(bought, ",") {
		id, countText, _ := strings.Cut(item, ":")
		count, err := strconv.Atoi(countText)
		i := slices.IndexFunc(products, func(p Product) bool { return p.ID == id })
		if err != nil || i < 0 || count < 1 || products[i].Stock < count+p.taken[id] {
			continue
		}
		p.taken[id] += count
		p.amount += products[i].Price * money.Amount(count)
	}
	if p.amount == 0 {
		return purchase{}, 204
	}
	return p, 0
}

func productPrice(products []Product, bought string) (purchase, int) {
	i := slices.IndexFunc(products, func(p Product) bool { return p.ID == bought })
	switch {
	case i < 0:
		return purchase{}, 205
	case products[i].Stock == 0:
		return purchase{}, 206
	}
	found := products[i]
	return purchase{name: found.Name, productID: bought, amount: found.Price, taken: map[string]int{bought: 1}}, 0
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, k kind) {
	f := gatewaytest.Form(r)
	signedNames := []string{k.bought, "type", "out_order_id", "custom"}
	if code := s.verify(f, signedNames, k.allowed); code != 0 {
		s.fail(w, k.path, code)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bought, code := k.price(s.products, f.Get(k.bought))
	switch {
	case f.Get("type") != "wechat" && f.Get("type") != "alipay":
		s.fail(w, k.path, k.badType)
		return
	case code != 0:
		s.fail(w, k.path, code)
		return
	}
	order := gatewaytest.Order{
		ID: s.NextID(), OrderNo: f.Get("out_order_id"),
		Amount: bought.amount, Currency: "CNY",
		Channel: f.Get("type"), State: string(gatepay.StateInProgress),
		NotifyURL: f.Get("notify_url"), ReturnURL: f.Get("return_url"),
		Fields: map[string]string{
			"custom": f.Get("custom"), "order_name": bought.name, "product_id": bought.productID,
		},
	}
	if !s.add(order) {
		// The document has no code for a number that was used before.
		s.fail(w, k.path, 199)
		return
	}
	for i := range s.products {
		s.products[i].Stock -= bought.taken[s.products[i].ID]
	}
	data := map[string]any{"pay_url": s.payURL(order), "qrcode_url": s.qrcodeURL(order)}
	if k.image {
		// The media type is wrong in the document's sample too: it is a PNG.
		data["qrcode_body"] = "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(gatewaytest.QRCode(s.payURL(order)))
	}
	echo := map[string]string{}
	for _, name := range signedNames {
		echo[name] = f.Get(name)
	}
	if k.echoAll {
		echo["appkey"], echo["sign"] = f.Get("appkey"), f.Get("sign")
	}
	data["params"] = echo
	s.succeed(w, data)
}

// add stores an order. It fills in the account's URLs and signs the return URL. The caller
// holds s.mu.
func (s *Server) add(order gatewaytest.Order) bool {
	if order.NotifyURL == "" {
		order.NotifyURL = s.notifyURL
	}
	if order.ReturnURL == "" {
		order.ReturnURL = s.returnURL
	}
	if order.ReturnURL != "" {
		price, productID := order.Amount.String(), order.Fields["product_id"]
		order.ReturnURL = gatewaytest.WithQuery(order.ReturnURL, url.Values{
			"price": {price}, "type": {order.Channel}, "product_id": {productID},
			"order_id": {order.ID}, "out_order_id": {order.OrderNo},
			"sign": {hash(s.CurrentSecret(), price, order.Channel, productID, order.ID, order.OrderNo)},
		})
	}
	return s.Add(order)
}

// verify checks what is the same for every call. It returns the code of a violation, or 0.
func (s *Server) verify(f url.Values, signedNames, allowed []string) int {
	switch {
	case f.Get("appkey") == "":
		return 101
	case f.Get("appkey") != AppKey:
		return 102
	case f.Get("sign") == "":
		return 103
	}
	parts := make([]string, len(signedNames))
	for i, name := range signedNames {
		if f.Get(name) == "" {
			return 105
		}
		parts[i] = f.Get(name)
	}
	for name, values := range f {
		known := name == "appkey" || name == "sign" || slices.Contains(signedNames, name) || slices.Contains(allowed, name)
		if !known || len(values) > 1 {
			return 106
		}
	}
	if !s.signed(f.Get("sign"), parts...) {
		return 104
	}
	return 0
}
