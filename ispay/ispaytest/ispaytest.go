// Package ispaytest is a fake ispay gateway: a server on a loopback port that checks
// requests as the ispay document says, responds with its documented responses, and
// sends notifications over HTTP.
//
//	srv := ispaytest.NewServer()
//	defer srv.Close()
//	client, err := ispay.New(srv.Config())
//
// The embedded [gatewaytest.Server] has the methods of all fakes. An order begins in state
// 1. Each state query moves it on, to 2 and then to 5; the pay page and the QR code query
// move it to 5 at once, Pay to 9 and Expire to 6. SetState sets any other state.
//
// A notification is retried until the response is "success": after 15 s and 1, 5 and 30
// minutes. The document names no delays; WithRetryDelays sets others.
package ispaytest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The credentials of the merchant of every fake.
const (
	UserID = "10001"
	Secret = "example-secret-of-ispay"
)

// AlipayUserID is the receiving Alipay account of every order.
const AlipayUserID = "2088000000000001"

// Server is a fake ispay gateway.
type Server struct {
	*gatewaytest.Server
	gatewaytest.Secrets

	numericOrderID atomic.Bool
}

// NewServer starts a fake. Close stops it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{}
	s.SetSecret(Secret)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /gateway", s.create)
	mux.HandleFunc("GET /query/{id}", s.query)
	mux.HandleFunc("GET /qrcode/{id}", s.qrcode)
	mux.HandleFunc("GET /order/{userid}/{no}/{md5}", s.order)
	mux.HandleFunc("GET /transfer/{id}", s.transfer)
	mux.HandleFunc("POST /transfer/{id}", s.transfer)
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState:      "9",
		ExpiredState:   "6",
		CanceledStates: []string{"3", "4", "7"},
		Notification:   s.notification,
		Objects:        []string{"order"},
		Accepted:       func(_ int, body string) bool { return strings.TrimSpace(body) == "success" },
		RetryDelays:    []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute},
	}, opts...)
	return s
}

// Config returns the configuration of a client for this fake.
func (s *Server) Config() ispay.Config {
	return ispay.Config{UserID: UserID, Secret: sign.NewSecret(s.CurrentSecret()), BaseURL: s.URL}
}

// SetState changes the state of the order with the given gateway's or merchant's number.
// It sends no notification.
func (s *Server) SetState(number string, state ispay.State) error {
	return s.Update(number, func(order *gatewaytest.Order) {
		order.State = strconv.Itoa(int(state))
		order.Paid = state == ispay.StateConfirmed
	})
}

// SetNumericOrderID makes the fake send order_id as a JSON number, as the provider's
// public demo does. The document shows a string, which is the default.
func (s *Server) SetNumericOrderID(numeric bool) { s.numericOrderID.Store(numeric) }

var (
	numberShape = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	amountShape = regexp.MustCompile(`^[0-9]+\.[0-9]{2}$`)
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	id, why := s.add(r)
	switch {
	case why != "":
		fail(w, 1004, "订单创建失败! "+why)
	case s.numericOrderID.Load():
		succeed(w, map[string]any{"order_id": json.Number(id)})
	default:
		succeed(w, map[string]any{"order_id": id})
	}
}

// add stores an order and returns its number, or what is wrong with the request.
func (s *Server) add(r *http.Request) (id, why string) {
	f := gatewaytest.Form(r)
	amount, amountErr := money.Parse(f.Get("amount"))
	_, ipErr := netip.ParseAddr(f.Get("ip"))
	switch {
	case f.Get("userid") != UserID:
		return "", "userid"
	case !numberShape.MatchString(f.Get("order_no")):
		return "", "order_no"
	case !slices.Contains([]string{"P901", "P902", "P904"}, f.Get("order_type")):
		return "", "order_type"
	case amountErr != nil || amount == 0 || !amountShape.MatchString(f.Get("amount")):
		return "", "amount"
	case ipErr != nil:
		return "", "ip"
	case !s.signed(f.Get("sign"), UserID, f.Get("order_no"), f.Get("order_type"), f.Get("amount"), f.Get("return_url")):
		return "", "sign"
	}
	id = s.NextID()
	added := s.Add(gatewaytest.Order{
		ID: id, OrderNo: f.Get("order_no"), Amount: amount, Currency: "CNY",
		Channel: f.Get("order_type"), State: "1",
		NotifyURL: f.Get("notify_url"), ReturnURL: f.Get("return_url"),
		Fields: map[string]string{
			"ip": f.Get("ip"), "subject": f.Get("subject"), "order_time": f.Get("order_time"),
		},
	})
	if !added {
		return "", "order_no exists"
	}
	return id, ""
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	order, ok := s.advance(r, map[string]string{"1": "2", "2": "5"})
	if !ok {
		notFound(w)
		return
	}
	state, _ := strconv.Atoi(order.State)
	if state < int(ispay.StateAwaitingPayment) {
		// The document shows a state without an order as a string.
		succeed(w, map[string]any{"state": order.State})
		return
	}
	details := s.code(order)
	details["alipayuid"] = AlipayUserID
	succeed(w, map[string]any{"state": state, "order": details})
}

func (s *Server) qrcode(w http.ResponseWriter, r *http.Request) {
	order, ok := s.advance(r, issued)
	if !ok {
		notFound(w)
		return
	}
	details := s.code(order)
	details["state"], _ = strconv.Atoi(order.State)
	succeed(w, map[string]any{"order": details})
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) {
	order, ok := s.Order(r.PathValue("no"))
	genuine := r.PathValue("userid") == UserID && s.signed(r.PathValue("md5"), UserID, r.PathValue("no"))
	if !ok || !genuine || order.OrderNo != r.PathValue("no") {
		notFound(w)
		return
	}
	details := s.code(order)
	delete(details, "timeout")
	details["sn"] = order.OrderNo
	details["state"], _ = strconv.Atoi(order.State)
	details["notifyurl"], details["returnurl"] = order.NotifyURL, order.ReturnURL
	details["returning"] = slices.ContainsFunc(s.DeliveriesOf(order.ID), func(d gatewaytest.Delivery) bool { return d.Accepted })
	details["ip"], details["paytype"] = order.Fields["ip"], order.Channel
	details["create_time"] = order.CreatedAt.In(time.FixedZone("", 8*60*60)).Format(time.DateTime)
	succeed(w, map[string]any{"order": details})
}

func (s *Server) transfer(w http.ResponseWriter, r *http.Request) {
	order, ok := s.advance(r, issued)
	if !ok {
		http.Error(w, "订单不存在", http.StatusNotFound)
		return
	}
	s.Cashier(w, r, "ispay 就付", s.qrText(order), "/transfer/"+order.ID, order)
}

// issued are the states of orders whose QR code is issued at once.
var issued = map[string]string{"1": "5", "2": "5"}

// advance moves the order in the path to the next of its state, and returns it.
func (s *Server) advance(r *http.Request, next map[string]string) (gatewaytest.Order, bool) {
	id := r.PathValue("id")
	_ = s.Update(id, func(order *gatewaytest.Order) { order.State = cmp.Or(next[order.State], order.State) })
	order, ok := s.Order(id)
	return order, ok && order.ID == id
}

func (s *Server) qrText(order gatewaytest.Order) string { return s.URL + "/transfer/" + order.ID }

func (s *Server) code(order gatewaytest.Order) map[string]any {
	text := s.qrText(order)
	return map[string]any{
		"qrcode":  text,
		"imgtext": base64.StdEncoding.EncodeToString(gatewaytest.QRCode(text)),
		"amount":  json.Number(order.Amount.String()),
		"sn":      order.ID,
		"timeout": 900,
	}
}

func (s *Server) notification(order gatewaytest.Order, tampered bool) gatewaytest.Message {
	amount, state := order.Amount.String(), order.State
	if tampered {
		// The signature covers neither.
		amount, state = (order.Amount + 90000).String(), "9"
	}
	// The document appends it literally, whatever the notify URL holds.
	query := "?order_no=" + order.OrderNo + "&amount=" + amount + "&state=" + state + "&sign=" + gatewaytest.MD5Hex(UserID, order.OrderNo, s.CurrentSecret())
	added := s.NotificationForm()
	for _, name := range []string{"order_no", "amount", "state", "sign"} {
		added.Del(name)
	}
	if len(added) > 0 {
		query += "&" + added.Encode()
	}
	return gatewaytest.Message{Method: http.MethodGet, URL: order.NotifyURL + query}
}

func (s *Server) signed(received string, parts ...string) bool {
	text := strings.Join(parts, "")
	return s.AnySecret(func(secret string) bool { return strings.EqualFold(received, gatewaytest.MD5Hex(text, secret)) })
}

func succeed(w http.ResponseWriter, fields map[string]any) {
	fields["success"], fields["errorCode"], fields["errorMsg"] = true, 0, nil
	gatewaytest.WriteJSON(w, http.StatusOK, fields)
}

func notFound(w http.ResponseWriter) { fail(w, 0, "订单不存在") }

func fail(w http.ResponseWriter, code int, message string) {
	gatewaytest.WriteJSON(w, http.StatusOK, map[string]any{"success": false, "errorCode": code, "errorMsg": message})
}
