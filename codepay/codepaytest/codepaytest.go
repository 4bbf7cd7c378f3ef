// Package codepaytest is a fake codepay gateway for your tests: a server on a loopback
// port that checks requests and responds as the codepay document says, and sends
// notifications over HTTP.
//
//	srv := codepaytest.NewServer()
//	defer srv.Close()
//	client, err := codepay.New(srv.Config())
//
// The embedded [gatewaytest.Server] has the methods of all fakes. The fake shows the
// cashier page (page 1 and 2), responds with a script (3) or JSON (4), and has the query
// that public clients use. A pay_id may be used again, as at the real gateway, where it
// may be a user: it names its newest order. An order that Expire ended stays unpaid in
// the query.
//
// The document does not say which status comes with which message: the fake sends -2 for
// a parameter and -1 for everything else. A notification is retried until the response is
// "success" or "ok": after 15 s and 1, 5 and 30 minutes. The document names no delays;
// WithRetryDelays sets others.
package codepaytest

import (
	"cmp"
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

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The merchant of every fake.
const (
	UserID = "10041"
	Secret = "example-key-of-codepay"
	Token  = "example-token-of-codepay"
)

// Server is a fake codepay gateway.
type Server struct {
	*gatewaytest.Server
	gatewaytest.Secrets

	byGET, userIDAsOrderID atomic.Bool

	mu      sync.Mutex
	shift   money.Amount
	status  int
	message string
}

// NewServer starts a fake. Close ends it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{}
	s.SetSecret(Secret)
	mux := http.NewServeMux()
	for _, path := range []string{"/creat_order", "/creat_order/{$}"} {
		mux.HandleFunc("GET "+path, s.create)
		mux.HandleFunc("POST "+path, s.create)
	}
	mux.HandleFunc("GET /ispay", s.query)
	mux.HandleFunc("GET /ispay/{$}", s.query)
	mux.HandleFunc("GET /qr/{id}/0.png", s.qrcode)
	mux.HandleFunc("GET /cashier/{id}", s.cashier)
	mux.HandleFunc("POST /cashier/{id}", s.cashier)
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState:    "2",
		ExpiredState: "expired",
		Notification: s.notification,
		Accepted:     func(_ int, body string) bool { return oneOf(strings.TrimSpace(body), "success", "ok") },
		RetryDelays:  []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute},
	}, opts...)
	return s
}

// Config returns the configuration of a client of this fake, with the token.
func (s *Server) Config() codepay.Config {
	return codepay.Config{
		UserID: UserID, Secret: sign.NewSecret(s.CurrentSecret()), Token: sign.NewSecret(Token), BaseURL: s.URL,
	}
}

// ShiftMoney adds an amount, which may be negative, to what has to be paid for orders
// created from now on, as the gateway shifts cents to tell payers apart.
func (s *Server) ShiftMoney(by money.Amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift = by
}

// SetCreateStatus sets the status and the message of the responses to creates from now on,
// such as -1 and "not vip"; 0 removes it. With -8 (the listening software is offline) the
// order is created nevertheless, and its QR code sent.
func (s *Server) SetCreateStatus(status int, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.message = status, message
}

// NotifyByGET sends notifications from now on by GET, as some deployments do.
func (s *Server) NotifyByGET() { s.byGET.Store(true) }

// SetUserIDAsOrderID sets whether notifications carry the merchant's number in order_id,
// id and trueID, as some deployments send it. By default order_id is the gateway's order
// number.
func (s *Server) SetUserIDAsOrderID(enabled bool) { s.userIDAsOrderID.Store(enabled) }

func (s *Server) cashier(w http.ResponseWriter, r *http.Request) {
	if order, ok := s.find(w, r); ok {
		s.showCashier(w, r, order)
	}
}

func (s *Server) showCashier(w http.ResponseWriter, r *http.Request, order gatewaytest.Order) {
	// What the payer has to pay.
	order.Amount, _ = money.Parse(order.Fields["money"])
	s.Cashier(w, r, "codepay 码支付", s.qrText(order), "/cashier/"+order.ID, order)
}

func (s *Server) qrText(order gatewaytest.Order) string { return s.URL + "/cashier/" + order.ID }

func (s *Server) qrcode(w http.ResponseWriter, r *http.Request) {
	if order, ok := s.find(w, r); ok {
		_, _ = w.Write(gatewaytest.QRCode(s.qrText(order))) //nolint:gosec // a PNG
	}
}

// find returns the order in the path, or responds that there is none.
func (s *Server) find(w http.ResponseWriter, r *http.Request) (gatewaytest.Order, bool) {
	order, ok := s.Order(r.PathValue("id"))
	if !ok || order.ID != r.PathValue("id") {
		http.NotFound(w, r)
		return order, false
	}
	return order, true
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	f := last(gatewaytest.Query(r.URL.RawQuery))
	order, ok := s.Order(f["order_id"])
	switch {
	case f["call"] != "" && !identifierShape.MatchString(f["call"]):
		respond(w, "", map[string]any{"status": -2, "msg": "undefined"})
	case f["id"] != UserID || f["token"] != Token:
		respond(w, f["call"], map[string]any{"status": -6, "msg": "token error"})
	case !ok || order.ID != f["order_id"]:
		respond(w, f["call"], map[string]any{"status": -1, "msg": "no"})
	case !order.Paid:
		respond(w, f["call"], map[string]any{"status": 0, "msg": "no"})
	default:
		state, _ := strconv.Atoi(order.State)
		respond(w, f["call"], map[string]any{"status": state, "msg": "ok"})
	}
}

// notification returns the notification of an order, in the bytes of its encoding.
func (s *Server) notification(order gatewaytest.Order, tampered bool) gatewaytest.Message {
	f := order.Fields
	form := s.NotificationForm()
	maps.Copy(form, url.Values{
		"chart": {cmp.Or(f["chart"], "utf-8")}, "id": {UserID}, "order_id": {order.ID},
		"pay_id": {f["pay_id"]}, "param": {f["param"]}, "money": {f["money"]}, "price": {f["price"]},
		"type": {order.Channel}, "status": {"0"}, "tag": {"0"},
	})
	if s.userIDAsOrderID.Load() {
		form.Set("order_id", UserID)
		form.Set("trueID", UserID)
	}
	if order.Paid {
		form.Set("pay_no", order.PaidAt.Format("20060102150405")+order.ID)
		form.Set("pay_time", strconv.FormatInt(order.PaidAt.Unix(), 10))
		form.Set("status", order.State)
	}
	form.Set("sign", hash(s.CurrentSecret(), last(form)))
	if tampered {
		// An attacker has the signature of the genuine notification.
		paid, _ := money.Parse(f["money"])
		form.Set("money", (paid + 90000).String())
	}
	return gatewaytest.FormMessage(order.NotifyURL, form, s.byGET.Load())
}

// last returns the last of repeated parameters, as PHP does.
func last(values url.Values) map[string]string {
	f := make(map[string]string, len(values))
	for name, all := range values {
		f[name] = all[len(all)-1]
	}
	return f
}

// hash is the document's PHP: ksort, leave out sign and empty values, join, add the key.
func hash(secret string, f map[string]string) string {
	var names []string
	for name, value := range f {
		if name != "sign" && value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = name + "=" + f[name]
	}
	return gatewaytest.MD5Hex(strings.Join(names, "&"), secret)
}

func (s *Server) signed(f map[string]string) bool {
	return s.AnySecret(func(secret string) bool { return strings.EqualFold(f["sign"], hash(secret, f)) })
}

func decode(chart, text string) string {
	if !oneOf(strings.ToLower(chart), "gb2312", "gbk") {
		return text
	}
	decoded, err := simplifiedchinese.GBK.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return decoded
}

func respond(w http.ResponseWriter, call string, fields any) {
	if !identifierShape.MatchString(call) {
		gatewaytest.WriteJSON(w, http.StatusOK, fields)
		return
	}
	text, _ := json.Marshal(fields)
	w.Header().Set("Content-Type", "application/javascript; charset=utf-8")
	_, _ = w.Write([]byte(call + "(" + string(text) + ");"))
}
