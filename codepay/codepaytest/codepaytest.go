// Package codepaytest is a fake codepay gateway for a merchant's own tests and
// for trying things out: a server on a loopback port that checks and answers
// what the codepay document says, and calls back over real HTTP.
//
//	srv := codepaytest.NewServer()
//	defer srv.Close()
//	client, err := codepay.New(srv.Config())
//
// It shows the cashier page (page 1 and 2), answers with a script (3) or JSON
// (4), and has the query that was observed in the wild. A pay_id may be used
// again, as on the real gateway, where it may be a user: the newest order is the
// one that it names. An order that Expire ended remains unpaid in the query.
//
// The document does not say which status comes with which message: here -2 is
// for a parameter and -1 for everything else. A callback that is not answered
// with "success" is repeated after 15 s, 1, 5 and 30 minutes: the document gives
// no times, gatewaytest.WithRepeats sets others.
package codepaytest

import (
	"crypto/md5" //nolint:gosec // the gateway's own algorithm
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The merchant that every fake knows.
const (
	UserID = "10041"
	Secret = "example-key-of-codepay"
	Token  = "example-token-of-codepay"
)

// Server is a fake codepay gateway. Its orders are paid, expired and called back
// by the methods of gatewaytest.Server.
type Server struct {
	*gatewaytest.Server

	mu      sync.Mutex
	shift   money.Amount
	status  int
	message string
	byGET   bool
}

// NewServer starts a fake. Close ends it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /creat_order", s.create)
	mux.HandleFunc("GET /creat_order/{$}", s.create)
	mux.HandleFunc("GET /ispay", s.query)
	mux.HandleFunc("GET /qr/{id}/0.png", s.qrcode)
	mux.HandleFunc("GET /cashier/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.cashier(w, r, r.PathValue("id"))
	})
	mux.HandleFunc("POST /cashier/{id}/pay", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		s.ServePay(w, r, id, "/cashier/"+url.PathEscape(id))
	})
	s.Server = gatewaytest.Start(mux, gatewaytest.Behaviour{
		Pay:      func(order *gatewaytest.Order) { order.State = "2" },
		Expire:   func(order *gatewaytest.Order) { order.State = "expired" },
		Callback: s.callback,
		Accepted: func(_ int, reply string) bool { return strings.TrimSpace(reply) == "success" },
		Repeats:  []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute},
	}, opts...)
	return s
}

// Config returns the configuration of a client of this fake, with the token.
func (s *Server) Config() codepay.Config {
	return codepay.Config{
		UserID: UserID, Secret: sign.NewSecret(Secret), Token: sign.NewSecret(Token), BaseURL: s.URL,
	}
}

// ShiftMoney lets orders made from now on be paid with that much more than their
// price, or less, as the gateway shifts cents to tell payers apart.
func (s *Server) ShiftMoney(by money.Amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift = by
}

// AnswerCreates answers creates from now on with this status and message, such
// as -1 and "not vip"; 0 ends it. With -8 (the listening software is offline)
// the order is made and its QR code given all the same.
func (s *Server) AnswerCreates(status int, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.message = status, message
}

// CallBackByGET sends callbacks from now on by GET, as some deployments do.
func (s *Server) CallBackByGET() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byGET = true
}

// reply is what a create answers, in the order of the document's sample.
type reply struct {
	Message    string `json:"msg"`
	QRCode     string `json:"qrcode,omitempty"`
	Status     int    `json:"status"`
	Chart      string `json:"chart,omitempty"`
	OrderID    string `json:"order_id,omitempty"`
	PayID      string `json:"pay_id,omitempty"`
	Type       int    `json:"type,omitempty"`
	Price      string `json:"price,omitempty"`
	Money      string `json:"money,omitempty"`
	UserID     int    `json:"userID,omitempty"`
	NotifyKey  string `json:"notiry_key,omitempty"`
	Tag        int    `json:"tag"`
	ServerTime int64  `json:"serverTime,omitempty"`
	EndTime    int64  `json:"endTime,omitempty"`
}

var (
	priceShape      = regexp.MustCompile(`^[0-9]{1,5}(\.[0-9]{1,2})?$`)
	identifierShape = regexp.MustCompile(`^[A-Za-z_$][0-9A-Za-z_$]*$`)
	timeoutShape    = regexp.MustCompile(`^[0-9]{0,6}$`)
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	sent, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		answer(w, "", reply{Status: -2, Message: "undefined"})
		return
	}
	f := last(sent)
	if status, message := check(f); status != 0 {
		answer(w, f["call"], reply{Status: status, Message: message})
		return
	}
	s.mu.Lock()
	shift, status, message := s.shift, s.status, s.message
	s.mu.Unlock()
	price, _ := money.Parse(f["price"])
	if (status != 0 && status != -8) || price+shift <= 0 {
		if status == 0 {
			status, message = -1, "creat fail"
		}
		answer(w, f["call"], reply{Status: status, Message: message})
		return
	}
	order := s.add(f, price, price+shift)
	if page := f["page"]; page != "3" && page != "4" {
		s.cashier(w, r, order.ID)
		return
	}
	made := s.reply(order)
	if status != 0 {
		made.Status, made.Message = status, message
	}
	answer(w, f["call"], made)
}

// check returns the status and the message for parameters that are not those of
// the document, 0 for good ones.
func check(f map[string]string) (status int, message string) {
	price, err := money.Parse(f["price"])
	switch {
	case f["key"] != "": // the key must never be sent
		return -2, "undefined"
	case len(f["pay_id"]) > 100, len(f["param"]) > 100, len(f["notify_url"]) > 100:
		return -2, "too long"
	case f["pay_id"] == "", err != nil, price == 0, !priceShape.MatchString(f["price"]):
		return -2, "undefined"
	case !oneOf(f["type"], "", "1", "2", "3"), !oneOf(f["act"], "", "0", "1"), !oneOf(f["pay_type"], "", "0", "1"),
		!oneOf(f["page"], "", "1", "2", "3", "4"), !oneOf(strings.ToLower(f["chart"]), "", "utf-8", "gb2312", "gbk"),
		!timeoutShape.MatchString(f["outTime"]), f["call"] != "" && !identifierShape.MatchString(f["call"]):
		return -2, "undefined"
	case f["id"] != UserID, f["sign"] == "" && f["token"] != Token:
		return -1, "sign fail"
	case f["sign"] != "" && (f["type"] == "" || !same(f["sign"], hash(f))):
		return -1, "sign fail"
	}
	return 0, ""
}

func oneOf(value string, allowed ...string) bool {
	for _, a := range allowed {
		if value == a {
			return true
		}
	}
	return false
}

func (s *Server) add(f map[string]string, price, asked money.Amount) gatewaytest.Order {
	channel := f["type"]
	if channel == "" {
		channel = "1"
	}
	f["type"], f["price"], f["money"] = channel, price.String(), asked.String()
	order := gatewaytest.Order{
		ID: strconv.FormatInt(s.NextID(), 10), OrderNo: decode(f["chart"], f["pay_id"]),
		Amount: price, Currency: "CNY", Channel: channel, State: "0",
		NotifyURL: f["notify_url"], ReturnURL: f["return_url"], Fields: f,
	}
	if !s.Add(order) {
		// The pay_id names its newest order.
		_ = s.Update(order.OrderNo, func(older *gatewaytest.Order) {
			if older.OrderNo == order.OrderNo {
				older.OrderNo = ""
			}
		})
		if !s.Add(order) {
			order.OrderNo = ""
			s.Add(order)
		}
	}
	order, _ = s.Order(order.ID)
	return order
}

func (s *Server) reply(order gatewaytest.Order) reply {
	f := order.Fields
	channel, _ := strconv.Atoi(order.Channel)
	userID, _ := strconv.Atoi(UserID)
	timeout, _ := strconv.ParseInt(f["outTime"], 10, 64)
	if timeout == 0 {
		timeout = 360
	}
	qrCode := s.URL + "/qr/" + order.ID + "/0.png"
	if own := f["qrcode_url"]; own != "" {
		qrCode = own + "?type=" + order.Channel + "&money=" + f["money"] + "&tag=0"
	}
	chart := f["chart"]
	if chart == "" {
		chart = "utf-8"
	}
	now := order.CreatedAt.Unix()
	return reply{
		Message: "ok", QRCode: qrCode, Chart: chart, OrderID: order.ID, PayID: decode(chart, f["pay_id"]),
		Type: channel, Price: f["price"], Money: f["money"], UserID: userID,
		NotifyKey: "example-notiry-key", ServerTime: now, EndTime: now + timeout,
	}
}

func (s *Server) cashier(w http.ResponseWriter, r *http.Request, id string) {
	order, ok := s.Order(id)
	if !ok || order.ID != id {
		http.NotFound(w, r)
		return
	}
	// What the payer has to pay.
	order.Amount, _ = money.Parse(order.Fields["money"])
	s.Cashier(w, "codepay 码支付", s.qrText(id), "/cashier/"+id+"/pay", order)
}

// The fake's QR code leads to its own cashier page, so that a phone on the same
// machine could follow it.
func (s *Server) qrText(id string) string { return s.URL + "/cashier/" + id }

func (s *Server) qrcode(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if order, ok := s.Order(id); !ok || order.ID != id {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(gatewaytest.QRCode(s.qrText(id))) //nolint:gosec // a PNG
}

func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	f := last(r.URL.Query())
	order, ok := s.Order(f["order_id"])
	switch {
	case f["call"] != "" && !identifierShape.MatchString(f["call"]):
		answer(w, "", map[string]any{"status": -2, "msg": "undefined"})
	case f["id"] != UserID || f["token"] != Token:
		answer(w, f["call"], map[string]any{"status": -6, "msg": "token error"})
	case !ok || order.ID != f["order_id"]:
		answer(w, f["call"], map[string]any{"status": -1, "msg": "no"})
	case !order.Paid:
		answer(w, f["call"], map[string]any{"status": 0, "msg": "no"})
	default:
		state, _ := strconv.Atoi(order.State)
		answer(w, f["call"], map[string]any{"status": state, "msg": "ok"})
	}
}

// callback makes the callback of an order, in the bytes of its encoding.
func (s *Server) callback(order gatewaytest.Order, tampered bool) (gatewaytest.Message, error) {
	f := order.Fields
	fields := map[string]string{
		"chart": "utf-8", "id": UserID, "order_id": order.ID,
		"pay_id": f["pay_id"], "param": f["param"], "money": f["money"], "price": f["price"],
		"type": order.Channel, "status": "0", "tag": "0",
	}
	if f["chart"] != "" {
		fields["chart"] = f["chart"]
	}
	if order.Paid {
		fields["pay_no"] = order.PaidAt.Format("20060102150405") + order.ID
		fields["pay_time"] = strconv.FormatInt(order.PaidAt.Unix(), 10)
		fields["status"] = order.State
	}
	fields["sign"] = hash(fields)
	if tampered {
		// All an attacker has is the signature of the genuine callback.
		paid, _ := money.Parse(f["money"])
		fields["money"] = (paid + 90000).String()
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.byGET {
		return gatewaytest.Message{
			Method: http.MethodPost, URL: order.NotifyURL,
			ContentType: "application/x-www-form-urlencoded", Body: form.Encode(),
		}, nil
	}
	separator := "?"
	if strings.Contains(order.NotifyURL, "?") {
		separator = "&"
	}
	return gatewaytest.Message{Method: http.MethodGet, URL: order.NotifyURL + separator + form.Encode()}, nil
}

// last takes the last of repeated parameters, as PHP does.
func last(values url.Values) map[string]string {
	f := make(map[string]string, len(values))
	for name, all := range values {
		f[name] = all[len(all)-1]
	}
	return f
}

// hash is the document's PHP: ksort, skip sign and what is empty, join, add the
// key.
func hash(f map[string]string) string {
	var names []string
	for name, value := range f {
		if name != "sign" && value != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = name + "=" + f[name]
	}
	sum := md5.Sum([]byte(strings.Join(names, "&") + Secret)) //nolint:gosec // the gateway's own algorithm
	return hex.EncodeToString(sum[:])
}

func same(received, want string) bool {
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(received)), []byte(want)) == 1
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

func answer(w http.ResponseWriter, call string, fields any) {
	text, _ := json.Marshal(fields)
	if call == "" || !identifierShape.MatchString(call) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(text)
		return
	}
	w.Header().Set("Content-Type", "application/javascript; charset=utf-8")
	_, _ = w.Write([]byte(call + "(" + string(text) + ");"))
}
