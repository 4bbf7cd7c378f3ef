// Package gatepaytest is a fake GatePay gateway for a merchant's own tests and
// for trying things out: a server on a loopback port that checks and answers what
// the gatepay document says, and calls back over real HTTP.
//
//	srv := gatepaytest.NewServer()
//	defer srv.Close()
//	client, err := gatepay.New(srv.Config())
//
// The cloud API and the others answer on the same port. An order begins in state
// "inprogress"; Pay makes it "paid", Expire "expired", SetState anything else. A
// callback that is not answered with "success" is repeated three times, one
// minute apart; WithRepeats sets other pauses. Orders without a notify_url, those
// of the cloud API among them, are called back at the account's: see SetAccount.
// What no request can provoke, such as a closed API, Refuse brings about.
package gatepaytest

import (
	"crypto/md5" //nolint:gosec // the gateway's own algorithm
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The merchant that every fake knows. Token is the one of the quick-pay page.
const (
	AppKey = "example0appkey0of0gatepay0000001"
	Secret = "example-appsecret-of-gatepay" //nolint:gosec // no secret: every fake knows it
	Token  = "exampletoken"
)

// Product is a product of the account (产品) with what is left of it.
type Product struct {
	// ID is its number (product_id), Name its title.
	ID, Name string
	// Price in yuan.
	Price money.Amount
	// Stock is how many are left (库存).
	Stock int
}

// Server is a fake gatepay. Its orders are paid, expired and called back by the
// methods of gatewaytest.Server. Its products are 7 (1.00 yuan, ten left), 8
// (0.99 yuan, 89 left), 9 (5.00 yuan, none left) and 10 (19.90 yuan, one left).
type Server struct {
	*gatewaytest.Server

	mu                   sync.Mutex
	products             []Product
	notifyURL, returnURL string
}

// NewServer starts a fake. Close ends it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{products: []Product{
		{ID: "7", Name: "示例会员一月", Price: 100, Stock: 10},
		{ID: "8", Name: "示例点卡", Price: 99, Stock: 89},
		{ID: "9", Name: "示例已售罄", Price: 500, Stock: 0},
		{ID: "10", Name: "示例会员一年", Price: 1990, Stock: 1},
	}}
	mux := http.NewServeMux()
	for _, k := range kinds {
		mux.HandleFunc("POST "+k.path, func(w http.ResponseWriter, r *http.Request) { s.create(w, r, k) })
	}
	mux.HandleFunc("GET "+checkPath, s.check)
	mux.HandleFunc("GET /pay/api", s.payPage)
	mux.HandleFunc("POST /pay/api", func(w http.ResponseWriter, r *http.Request) {
		s.ServePay(w, r, r.URL.Query().Get("id"), r.URL.RequestURI())
	})
	mux.HandleFunc("GET /pay/any", s.quickPayPage)
	mux.HandleFunc("POST /pay/any", s.quickPay)
	mux.HandleFunc("GET /qrcode/build", qrcode)
	s.Server = gatewaytest.Start(mux, gatewaytest.Behaviour{
		Pay:      func(order *gatewaytest.Order) { order.State = string(gatepay.StatePaid) },
		Expire:   func(order *gatewaytest.Order) { order.State = string(gatepay.StateExpired) },
		Callback: callback,
		Accepted: func(_ int, reply string) bool { return strings.TrimSpace(reply) == "success" },
		Repeats:  []time.Duration{time.Minute, time.Minute, time.Minute},
	}, opts...)
	return s
}

// Config returns the configuration of a client of this fake.
func (s *Server) Config() gatepay.Config {
	return gatepay.Config{
		AppKey: AppKey, Secret: sign.NewSecret(Secret),
		BaseURL: s.URL, CloudBaseURL: s.URL,
	}
}

// SetAccount sets the callback and the return URL of the account (账户配置), which
// are those of every order created afterwards without its own.
func (s *Server) SetAccount(notifyURL, returnURL string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notifyURL, s.returnURL = notifyURL, returnURL
}

// SetState puts an order, by either number, into a state, without a callback.
func (s *Server) SetState(number string, state gatepay.State) error {
	return s.Update(number, func(order *gatewaytest.Order) {
		order.State = string(state)
		order.Paid = state.Paid()
	})
}

// Products returns the products with what is left of them. What an order takes
// is gone when it is created.
func (s *Server) Products() []Product {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.products)
}

// Refuse lets the next request to a path, such as "/api/anypay/create", fail with
// a code of the document, in the document's words.
func (s *Server) Refuse(path string, code int) {
	body, _ := json.Marshal(envelope(code, message(path, code), nil))
	s.Misbehave(gatewaytest.Fault{Path: path, Times: 1, ContentType: contentType, Body: string(body)})
}

const (
	contentType = "application/json; charset=utf-8"
	checkPath   = "/api/order/check"
)

// The document's tables of codes.
var (
	common = map[int]string{
		101: "秘钥必须", 102: "无效的秘钥", 103: "签名必须", 104: "无效的签名", 105: "参数缺失", 106: "存在禁止传递的参数",
		107: "api已关闭", 108: "回调接口url未填写", 109: "通知接口url未填写", 110: "套餐已超额", 199: "未知错误",
	}
	special = map[string]map[int]string{
		anyPay.path: {
			201: "价格无效", 202: "无效的支付方式", 203: "当前支付方式已关闭", 204: "无可用支付方式",
			205: "分类创建错误", 206: "产品创建错误", 207: "库存创建错误", 208: "队列创建错误",
		},
		cloudPay.path: {
			201: "价格无效", 202: "无效的支付方式", 203: "当前支付方式已关闭", 204: "无可用支付方式",
			205: "分类创建错误", 206: "产品创建错误", 207: "库存创建错误", 208: "队列创建错误", 209: "非代理用户",
		},
		groupPay.path: {
			201: "无效的支付方式", 202: "当前支付方式已关闭", 203: "无可用支付方式", 204: "组合内无有效库存商品",
			205: "分类创建错误", 206: "产品创建错误", 207: "库存创建错误", 208: "队列创建错误",
		},
		stablePay.path: {
			201: "无效的支付方式", 202: "当前支付方式已关闭", 203: "无可用支付方式", 204: "队列创建错误",
			205: "产品不可获得", 206: "当前产品无库存",
		},
		checkPath: {201: "订单不存在"},
	}
)

func message(path string, code int) string {
	if words := common[code]; words != "" {
		return words
	}
	return special[path][code]
}

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
		badType: 201, image: true, price: basketPrice,
	}
	stablePay = kind{
		path: "/api/stablepay/create", bought: "product_id", allowed: urls,
		badType: 201, image: true, price: productPrice,
	}
	kinds = []kind{anyPay, cloudPay, groupPay, stablePay}
)

var (
	priceShape  = regexp.MustCompile(`^[0-9]+\.[0-9]{2}$`)
	basketShape = regexp.MustCompile(`^[0-9]+:[0-9]+(,[0-9]+:[0-9]+)*$`)
)

func anyPrice(_ []Product, bought string) (purchase, int) {
	amount, err := money.Parse(bought)
	if err != nil || amount == 0 || !priceShape.MatchString(bought) {
		return purchase{}, 201
	}
	return purchase{name: "任意金额支付:" + bought + "元", amount: amount}, 0
}

// What is out of stock or unknown does not count; a basket of nothing else is
// refused.
func basketPrice(products []Product, bought string) (purchase, int) {
	if !basketShape.MatchString(bought) {
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
	if err := r.ParseForm(); err != nil {
		fail(w, k.path, 105)
		return
	}
	f := r.PostForm
	signedNames := []string{k.bought, "type", "out_order_id", "custom"}
	if code := verify(f, signedNames, k.allowed); code != 0 {
		fail(w, k.path, code)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bought, code := k.price(s.products, f.Get(k.bought))
	switch {
	case f.Get("type") != "wechat" && f.Get("type") != "alipay":
		fail(w, k.path, k.badType)
		return
	case code != 0:
		fail(w, k.path, code)
		return
	}
	order := gatewaytest.Order{
		ID: strconv.FormatInt(s.NextID(), 10), OrderNo: f.Get("out_order_id"),
		Amount: bought.amount, Currency: "CNY",
		Channel: f.Get("type"), State: string(gatepay.StateInProgress),
		NotifyURL: f.Get("notify_url"), ReturnURL: f.Get("return_url"),
		Fields: map[string]string{
			"custom": f.Get("custom"), "order_name": bought.name, "product_id": bought.productID,
		},
	}
	if !s.add(order) {
		// The document has no code for a number that was used before.
		fail(w, k.path, 199)
		return
	}
	for i := range s.products {
		s.products[i].Stock -= bought.taken[s.products[i].ID]
	}
	data := map[string]any{"pay_url": s.payURL(order), "qrcode_url": s.qrcodeURL(order)}
	if k.image {
		// Mislabelled as in the document's sample: it is a PNG.
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
	reply(w, envelope(100, "请求成功", data))
}

// add stores an order with the account's URLs where it has none of its own. The
// payer's way back is signed here already. The caller holds s.mu.
func (s *Server) add(order gatewaytest.Order) bool {
	if order.NotifyURL == "" {
		order.NotifyURL = s.notifyURL
	}
	if order.ReturnURL == "" {
		order.ReturnURL = s.returnURL
	}
	if order.ReturnURL != "" {
		price, productID := order.Amount.String(), order.Fields["product_id"]
		order.ReturnURL = withQuery(order.ReturnURL, url.Values{
			"price": {price}, "type": {order.Channel}, "product_id": {productID},
			"order_id": {order.ID}, "out_order_id": {order.OrderNo},
			"sign": {hash(price, order.Channel, productID, order.ID, order.OrderNo)},
		})
	}
	return s.Add(order)
}

// verify checks what is the same for every call and returns a code, 0 if there
// is nothing to say.
func verify(f url.Values, signedNames, allowed []string) int {
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
	if !signed(f.Get("sign"), parts...) {
		return 104
	}
	return 0
}

func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if code := verify(query, []string{"out_order_id"}, nil); code != 0 {
		fail(w, checkPath, code)
		return
	}
	order, ok := s.Order(query.Get("out_order_id"))
	if !ok || order.OrderNo != query.Get("out_order_id") {
		fail(w, checkPath, 201)
		return
	}
	reply(w, envelope(100, "请求成功", map[string]any{
		"order_id":     json.Number(order.ID),
		"order_name":   order.Fields["order_name"],
		"order_price":  order.Amount.String(),
		"order_type":   order.Channel,
		"order_status": order.State,
	}))
}

// payPage is the cashier page, or with format=json its data. The document does
// not say what fields that has; these are the fake's.
func (s *Server) payPage(w http.ResponseWriter, r *http.Request) {
	order, ok := s.Order(r.URL.Query().Get("id"))
	if !ok {
		http.Error(w, "订单不存在", http.StatusNotFound)
		return
	}
	if r.URL.Query().Get("format") == "json" {
		reply(w, envelope(100, "请求成功", map[string]any{
			"order_id": json.Number(order.ID), "out_order_id": order.OrderNo,
			"price": order.Amount.String(), "realprice": realPrice(order),
			"type": order.Channel, "status": order.State,
			"pay_url": s.payURL(order), "qrcode_url": s.qrcodeURL(order),
		}))
		return
	}
	page := "/pay/api?" + r.URL.RawQuery
	s.Cashier(w, "GatePay", s.payURL(order), page, order)
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
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(image) //nolint:gosec // a PNG that was drawn here
}

var quickPayForm = template.Must(template.New("any").Parse(`<!DOCTYPE html>
<html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>GatePay 快捷收款</title>
<form method="post">
<p>GatePay · 测试网关 fake gateway · skin {{.Skin}}</p>
<p><label>金额 <input name="price" value="{{.Price}}"{{if and .Stable .Price}} readonly{{end}}></label></p>
<p><label>联系方式 <input name="custom" value="{{.Custom}}"{{if and .Stable .Custom}} readonly{{end}}></label></p>
<p><button name="type" value="wechat">微信</button> <button name="type" value="alipay">支付宝</button></p>
</form></html>
`))

func (s *Server) quickPayPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("appkey") != AppKey || query.Get("token") != Token {
		http.Error(w, "无效的秘钥", http.StatusForbidden)
		return
	}
	skin := "0"
	if query.Get("skin") == "1" {
		skin = "1"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = quickPayForm.Execute(w, map[string]any{
		"Price": query.Get("price"), "Custom": query.Get("custom"),
		"Stable": query.Get("stable") == "1", "Skin": skin,
	})
}

// quickPay makes an order of what the payer entered and leads to its cashier
// page. Nothing in the link is signed, and so nothing is held to it.
func (s *Server) quickPay(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	bought, code := anyPrice(nil, r.PostFormValue("price"))
	channel := r.PostFormValue("type")
	switch {
	case query.Get("appkey") != AppKey || query.Get("token") != Token:
		http.Error(w, "无效的秘钥", http.StatusForbidden)
		return
	case code != 0 || (channel != "wechat" && channel != "alipay"):
		http.Error(w, "价格无效", http.StatusBadRequest)
		return
	}
	id := strconv.FormatInt(s.NextID(), 10)
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

// realPrice is what was really paid: the price, unless a test has put another
// into the order's Fields.
func realPrice(order gatewaytest.Order) string {
	if price := order.Fields["realprice"]; price != "" {
		return price
	}
	return order.Amount.String()
}

func callback(order gatewaytest.Order, tampered bool) (gatewaytest.Message, error) {
	orderID, orderNo, price := order.ID, order.OrderNo, order.Amount.String()
	paidAt := order.PaidAt
	if paidAt.IsZero() {
		paidAt = order.CreatedAt
	}
	payTime := strconv.FormatInt(paidAt.Unix(), 10)
	signature := hash(orderID, orderNo, price, realPrice(order), order.Channel, payTime, order.Fields["custom"])
	if tampered {
		orderID, orderNo, price = recut(orderID, orderNo, price)
	}
	form := url.Values{
		"order_id": {orderID}, "out_order_id": {orderNo},
		"price": {price}, "realprice": {realPrice(order)},
		"type": {order.Channel}, "paytime": {payTime}, "extend": {order.Fields["custom"]},
		"sign": {signature},
	}
	return gatewaytest.Message{
		Method: http.MethodPost, URL: order.NotifyURL,
		ContentType: "application/x-www-form-urlencoded", Body: form.Encode(),
	}, nil
}

// recut moves a digit from the end of the order number to the price, or from its
// beginning to the gateway's number: the signature stays right. Where neither
// has a digit it claims another price, under a signature that is then wrong.
func recut(orderID, orderNo, price string) (string, string, string) {
	last := len(orderNo) - 1
	switch {
	case last > 0 && orderNo[last] >= '1' && orderNo[last] <= '9':
		return orderID, orderNo[:last], orderNo[last:] + price
	case last > 0 && orderNo[0] >= '0' && orderNo[0] <= '9':
		return orderID + orderNo[:1], orderNo[1:], price
	default:
		return orderID, orderNo, "9" + price
	}
}

func withQuery(target string, query url.Values) string {
	if strings.Contains(target, "?") {
		return target + "&" + query.Encode()
	}
	return target + "?" + query.Encode()
}

func hash(parts ...string) string {
	inner := md5.Sum([]byte(AppKey + strings.Join(parts, "")))      //nolint:gosec // the gateway's own algorithm
	outer := md5.Sum([]byte(hex.EncodeToString(inner[:]) + Secret)) //nolint:gosec // the gateway's own algorithm
	return hex.EncodeToString(outer[:])
}

func signed(received string, parts ...string) bool {
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(received)), []byte(hash(parts...))) == 1
}

func envelope(code int, words string, data map[string]any) map[string]any {
	fields := map[string]any{"code": code, "msg": words, "time": fmt.Sprint(time.Now().Unix()), "data": ""}
	if data != nil {
		fields["data"] = data
	}
	return fields
}

func fail(w http.ResponseWriter, path string, code int) {
	reply(w, envelope(code, message(path, code), nil))
}

func reply(w http.ResponseWriter, fields map[string]any) {
	w.Header().Set("Content-Type", contentType)
	_ = json.NewEncoder(w).Encode(fields)
}
