// Package gatepaytest is a fake GatePay gateway for your tests: a server on a loopback
// port that checks requests and responds as the gatepay document says, and sends
// notifications over HTTP.
//
//	srv := gatepaytest.NewServer()
//	defer srv.Close()
//	client, err := gatepay.New(srv.Config())
//
// The embedded [gatewaytest.Server] has the methods of all fakes. The cloud API is on the
// same port. An order begins in state "inprogress"; Pay moves it to "paid" and Expire to
// "expired". SetState sets any other state, and Reject makes a request fail with a
// documented code.
//
// A notification goes to the order's notify_url, or to that of the account (SetAccount),
// as always for the cloud API. It is a POST and carries appkey, as the provider's samples
// expect; NotifyByGET sends it as an older edition of the document says. It is retried
// three times, one minute apart, until the response is "success"; WithRetryDelays sets
// other delays.
package gatepaytest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The credentials of the merchant of every fake. Token is that of the quick-pay page.
const (
	AppKey = "example0appkey0of0gatepay0000001"
	Secret = "example-appsecret-of-gatepay" //nolint:gosec // no secret: every fake has it
	Token  = "exampletoken"
)

// Product is a product of the account (产品).
type Product struct {
	// ID is its number (product_id), Name its title.
	ID, Name string
	// Price in yuan.
	Price money.Amount
	// Stock is how many are left (库存).
	Stock int
}

// Server is a fake gatepay gateway. Its products are 7 (1.00 yuan, ten left), 8 (0.99
// yuan, 89 left), 9 (5.00 yuan, none left) and 10 (19.90 yuan, one left).
type Server struct {
	*gatewaytest.Server
	gatewaytest.Secrets

	mu                   sync.Mutex
	products             []Product
	notifyURL, returnURL string
	byGET                atomic.Bool
}

// NewServer starts a fake. Close stops it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{products: []Product{
		{ID: "7", Name: "示例会员一月", Price: 100, Stock: 10},
		{ID: "8", Name: "示例点卡", Price: 99, Stock: 89},
		{ID: "9", Name: "示例已售罄", Price: 500, Stock: 0},
		{ID: "10", Name: "示例会员一年", Price: 1990, Stock: 1},
	}}
	s.SetSecret(Secret)
	mux := http.NewServeMux()
	for _, k := range kinds {
		mux.HandleFunc("POST "+k.path, func(w http.ResponseWriter, r *http.Request) { s.create(w, r, k) })
	}
	mux.HandleFunc("GET "+checkPath, s.check)
	mux.HandleFunc("GET /pay/api", s.payPage)
	mux.HandleFunc("POST /pay/api", s.payPage)
	mux.HandleFunc("GET /pay/any", s.quickPayPage)
	mux.HandleFunc("POST /pay/any", s.quickPay)
	mux.HandleFunc("GET /qrcode/build", qrcode)
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState:    string(gatepay.StatePaid),
		ExpiredState: string(gatepay.StateExpired),
		Notification: s.notification,
		Objects:      []string{"data"},
		Accepted:     func(_ int, body string) bool { return strings.TrimSpace(body) == "success" },
		RetryDelays:  []time.Duration{time.Minute, time.Minute, time.Minute},
	}, opts...)
	return s
}

// Config returns the configuration of a client for this fake.
func (s *Server) Config() gatepay.Config {
	return gatepay.Config{
		AppKey: AppKey, Secret: sign.NewSecret(s.CurrentSecret()),
		BaseURL: s.URL, CloudBaseURL: s.URL,
	}
}

// SetAccount sets the notify URL and the return URL of the account (账户配置), which apply
// to orders that are created from now on without their own.
func (s *Server) SetAccount(notifyURL, returnURL string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notifyURL, s.returnURL = notifyURL, returnURL
}

// NotifyByGET sends notifications from now on by GET, as an older edition of the document
// says: the fields are added to the query of the notify URL.
func (s *Server) NotifyByGET() { s.byGET.Store(true) }

// SetState changes the state of the order with the given gateway's or merchant's number.
// It sends no notification.
func (s *Server) SetState(number string, state gatepay.State) error {
	return s.Update(number, func(order *gatewaytest.Order) {
		order.State = string(state)
		order.Paid = state.Paid()
	})
}

// Products returns the products. An order reduces Stock when it is created.
func (s *Server) Products() []Product {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.products)
}

// Reject makes the next request to a path, such as "/api/anypay/create", fail with a code
// of the document and its message.
func (s *Server) Reject(path string, code int) {
	body, _ := json.Marshal(s.envelope(code, messageOf(path, code), ""))
	s.InjectFault(gatewaytest.Fault{Path: path, Times: 1, ContentType: "application/json; charset=utf-8", Body: string(body)})
}

func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	query := gatewaytest.Query(r.URL.RawQuery)
	if code := s.verify(query, []string{"out_order_id"}, nil); code != 0 {
		s.fail(w, checkPath, code)
		return
	}
	order, ok := s.Order(query.Get("out_order_id"))
	if !ok || order.OrderNo != query.Get("out_order_id") {
		s.fail(w, checkPath, 201)
		return
	}
	s.succeed(w, map[string]any{
		"order_id":     json.Number(order.ID),
		"order_name":   order.Fields["order_name"],
		"order_price":  order.Amount.String(),
		"order_type":   order.Channel,
		"order_status": order.State,
	})
}

// text returns how a notification writes an amount: with two decimals, unless a test has
// put another text, such as "1.9", into Fields.
func text(order gatewaytest.Order, field string) string {
	if text := order.Fields[field]; text != "" {
		return text
	}
	return order.Amount.String()
}

func (s *Server) notification(order gatewaytest.Order, tampered bool) gatewaytest.Message {
	orderID, orderNo, price := order.ID, order.OrderNo, text(order, "price")
	paidAt := order.PaidAt
	if paidAt.IsZero() {
		paidAt = order.CreatedAt
	}
	payTime := strconv.FormatInt(paidAt.Unix(), 10)
	signature := hash(s.CurrentSecret(), orderID, orderNo, price, text(order, "realprice"), order.Channel, payTime, order.Fields["custom"])
	if tampered {
		orderID, orderNo, price = recut(orderID, orderNo, price)
	}
	form := s.NotificationForm()
	maps.Copy(form, url.Values{
		"appkey": {AppKey}, "order_id": {orderID}, "out_order_id": {orderNo},
		"price": {price}, "realprice": {text(order, "realprice")},
		"type": {order.Channel}, "paytime": {payTime}, "extend": {order.Fields["custom"]},
		"sign": {signature},
	})
	return gatewaytest.FormMessage(order.NotifyURL, form, s.byGET.Load())
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

func hash(secret string, parts ...string) string {
	return gatewaytest.MD5Hex(gatewaytest.MD5Hex(AppKey, strings.Join(parts, "")), secret)
}

func (s *Server) signed(received string, parts ...string) bool {
	return s.AnySecret(func(secret string) bool { return strings.EqualFold(received, hash(secret, parts...)) })
}

func (s *Server) envelope(code int, message string, data any) map[string]any {
	return map[string]any{"code": code, "msg": message, "time": strconv.FormatInt(s.Now().Unix(), 10), "data": data}
}

func (s *Server) succeed(w http.ResponseWriter, data map[string]any) {
	gatewaytest.WriteJSON(w, http.StatusOK, s.envelope(100, "请求成功", data))
}

func (s *Server) fail(w http.ResponseWriter, path string, code int) {
	gatewaytest.WriteJSON(w, http.StatusOK, s.envelope(code, messageOf(path, code), ""))
}
