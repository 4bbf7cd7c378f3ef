// Package ispaytest is a fake ispay gateway for a merchant's own tests and for
// trying things out: a server on a loopback port that checks and answers what
// the ispay document says, and calls back over real HTTP.
//
//	srv := ispaytest.NewServer()
//	defer srv.Close()
//	client, err := ispay.New(srv.Config())
//
// An order begins in state 1; each state query moves it on to 2 and 5, and the
// pay page and the QR code query move it to 5 at once. Pay makes it 9, Expire 6.
// A callback that is not answered with "success" is repeated after 15 s, 1, 5
// and 30 minutes: the document gives no times, WithRepeats sets others.
package ispaytest

import (
	"crypto/md5" //nolint:gosec // the gateway's own algorithm
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The merchant that every fake knows.
const (
	UserID = "10001"
	Secret = "example-secret-of-ispay"
)

// Server is a fake ispay gateway. Its orders are paid, expired and called back by
// the methods of gatewaytest.Server.
type Server struct{ *gatewaytest.Server }

// NewServer starts a fake. Close ends it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /gateway", s.create)
	mux.HandleFunc("GET /query/{id}", s.query)
	mux.HandleFunc("GET /qrcode/{id}", s.qrcode)
	mux.HandleFunc("GET /order/{userid}/{no}/{md5}", s.order)
	mux.HandleFunc("GET /transfer/{id}", s.transfer)
	mux.HandleFunc("POST /transfer/{id}/pay", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		s.ServePay(w, r, id, "/transfer/"+url.PathEscape(id))
	})
	s.Server = gatewaytest.Start(mux, gatewaytest.Behaviour{
		Pay:      func(order *gatewaytest.Order) { order.State = "9" },
		Expire:   func(order *gatewaytest.Order) { order.State = "6" },
		Callback: callback,
		Accepted: func(_ int, reply string) bool { return strings.TrimSpace(reply) == "success" },
		Repeats:  []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute},
	}, opts...)
	return s
}

// Config returns the configuration of a client of this fake.
func (s *Server) Config() ispay.Config {
	return ispay.Config{UserID: UserID, Secret: sign.NewSecret(Secret), BaseURL: s.URL}
}

// SetState puts an order, by either number, into a state, without a callback.
func (s *Server) SetState(number string, state ispay.State) error {
	return s.Update(number, func(order *gatewaytest.Order) {
		order.State = strconv.Itoa(int(state))
		order.Paid = state == ispay.StateConfirmed
	})
}

var (
	numberShape = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	amountShape = regexp.MustCompile(`^[0-9]+\.[0-9]{2}$`)
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	refuse := func(why string) { fail(w, 1004, "订单创建失败! "+why) }
	if err := r.ParseForm(); err != nil {
		refuse("form")
		return
	}
	f := r.PostForm
	amount, amountErr := money.Parse(f.Get("amount"))
	_, ipErr := netip.ParseAddr(f.Get("ip"))
	switch {
	case f.Get("userid") != UserID:
		refuse("userid")
		return
	case !numberShape.MatchString(f.Get("order_no")):
		refuse("order_no")
		return
	case f.Get("order_type") != "P901" && f.Get("order_type") != "P902" && f.Get("order_type") != "P904":
		refuse("order_type")
		return
	case amountErr != nil || amount == 0 || !amountShape.MatchString(f.Get("amount")):
		refuse("amount")
		return
	case ipErr != nil:
		refuse("ip")
		return
	case !signed(f.Get("sign"), UserID, f.Get("order_no"), f.Get("order_type"), f.Get("amount"), f.Get("return_url")):
		refuse("sign")
		return
	}
	id := strconv.FormatInt(s.NextID(), 10)
	added := s.Add(gatewaytest.Order{
		ID: id, OrderNo: f.Get("order_no"), Amount: amount, Currency: "CNY",
		Channel: f.Get("order_type"), State: "1",
		NotifyURL: f.Get("notify_url"), ReturnURL: f.Get("return_url"),
		Fields: map[string]string{
			"ip": f.Get("ip"), "subject": f.Get("subject"), "order_time": f.Get("order_time"),
		},
	})
	if !added {
		refuse("order_no exists")
		return
	}
	answer(w, map[string]any{"order_id": id})
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	_ = s.Update(id, func(order *gatewaytest.Order) {
		switch order.State {
		case "1":
			order.State = "2"
		case "2":
			order.State = "5"
		}
	})
	order, ok := s.Order(id)
	if !ok || order.ID != id {
		notFound(w)
		return
	}
	state, _ := strconv.Atoi(order.State)
	if state < int(ispay.StateAwaitingPayment) {
		// The document shows a state without an order as a string.
		answer(w, map[string]any{"state": order.State})
		return
	}
	details := s.code(order)
	details["alipayuid"] = ""
	answer(w, map[string]any{"state": state, "order": details})
}

func (s *Server) qrcode(w http.ResponseWriter, r *http.Request) {
	order, ok := s.issue(r.PathValue("id"))
	if !ok {
		notFound(w)
		return
	}
	details := s.code(order)
	details["state"], _ = strconv.Atoi(order.State)
	answer(w, map[string]any{"order": details})
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) {
	order, ok := s.Order(r.PathValue("no"))
	genuine := r.PathValue("userid") == UserID && signed(r.PathValue("md5"), UserID, r.PathValue("no"))
	if !ok || !genuine || order.OrderNo != r.PathValue("no") {
		notFound(w)
		return
	}
	details := s.code(order)
	delete(details, "timeout")
	details["sn"] = order.OrderNo
	details["state"], _ = strconv.Atoi(order.State)
	details["notifyurl"], details["returnurl"] = order.NotifyURL, order.ReturnURL
	details["returning"] = s.notified(order)
	details["ip"], details["paytype"] = order.Fields["ip"], order.Channel
	details["create_time"] = order.CreatedAt.In(time.FixedZone("", 8*60*60)).Format(time.DateTime)
	answer(w, map[string]any{"order": details})
}

func (s *Server) transfer(w http.ResponseWriter, r *http.Request) {
	order, ok := s.issue(r.PathValue("id"))
	if !ok {
		http.Error(w, "订单不存在", http.StatusNotFound)
		return
	}
	s.Cashier(w, "ispay 就付", s.qrText(order), "/transfer/"+url.PathEscape(order.ID)+"/pay", order)
}

// issue moves an order to state 5, by the gateway's number of it.
func (s *Server) issue(id string) (gatewaytest.Order, bool) {
	_ = s.Update(id, func(order *gatewaytest.Order) {
		if order.State == "1" || order.State == "2" {
			order.State = "5"
		}
	})
	order, ok := s.Order(id)
	return order, ok && order.ID == id
}

func (s *Server) notified(order gatewaytest.Order) bool {
	for _, delivery := range s.Deliveries() {
		if delivery.OrderID == order.ID && delivery.Accepted {
			return true
		}
	}
	return false
}

// The fake's QR code leads to its own pay page, so that a phone on the same
// machine could follow it.
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

func callback(order gatewaytest.Order, tampered bool) (gatewaytest.Message, error) {
	amount, state := order.Amount.String(), order.State
	if tampered {
		// The signature covers neither: that is what the attacker counts on.
		amount, state = (order.Amount + 90000).String(), "9"
	}
	query := url.Values{
		"order_no": {order.OrderNo}, "amount": {amount}, "state": {state},
		"sign": {hash(UserID, order.OrderNo)},
	}
	separator := "?"
	if strings.Contains(order.NotifyURL, "?") {
		separator = "&"
	}
	return gatewaytest.Message{Method: http.MethodGet, URL: order.NotifyURL + separator + query.Encode()}, nil
}

func hash(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, "") + Secret)) //nolint:gosec // the gateway's own algorithm
	return hex.EncodeToString(sum[:])
}

func signed(received string, parts ...string) bool {
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(received)), []byte(hash(parts...))) == 1
}

func answer(w http.ResponseWriter, fields map[string]any) {
	fields["success"], fields["errorCode"], fields["errorMsg"] = true, 0, nil
	reply(w, fields)
}

func notFound(w http.ResponseWriter) { fail(w, 0, "订单不存在") }

func fail(w http.ResponseWriter, code int, message string) {
	reply(w, map[string]any{"success": false, "errorCode": code, "errorMsg": message})
}

func reply(w http.ResponseWriter, fields map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(fields)
}
