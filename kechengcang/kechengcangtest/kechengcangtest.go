// Package kechengcangtest is a fake kechengcang server: a server on a loopback port that checks and answers
// what the kechengcang document and its public source say, and sends notifications over
// real HTTP.
//
//	srv := kechengcangtest.NewServer()
//	defer srv.Close()
//	client, err := kechengcang.New(srv.Config())
//
// An order begins in state 1. Submit makes it 2, Pay 3, Expire 4, and Reprice
// changes what the payer is to send. A notification that is not answered with exactly
// "ok" is repeated after 30, 60, 90 … minutes, until it was sent seven times;
// WithRetryDelays sets other pauses. The real server's source never starts a
// callback: test waiting by PaySilently.
package kechengcangtest

import (
	"crypto/md5" //nolint:gosec // the gateway's own algorithm
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The credentials of the merchant of every fake.
const (
	AppID  = "example-app-of-kechengcang"
	Secret = "example-secret-of-kechengcang"
)

const (
	receiptAccount = "0x00000000000000000000000000000000example0"
	// A coin costs 0.18 dollars, as in the document's sample.
	centsACoin = 18
	// So often it sends notifications before it gives up.
	mostCalls = 7
)

// Server is a fake kechengcang server. Its orders are paid, expired and called
// back by the methods of gatewaytest.Server.
type Server struct {
	*gatewaytest.Server

	showByGet, leaky atomic.Bool
}

// NewServer starts a fake. Close stops it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/web/pay-orders/store", s.store)
	mux.HandleFunc("/api/web/pay-orders/show", s.show)
	mux.HandleFunc("GET /pay/{id}", s.pay)
	mux.HandleFunc("POST /pay/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		s.ServePay(w, r, id, "/pay/"+id)
	})
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		Pay: func(order *gatewaytest.Order) {
			if order.State == "1" {
				submit(order)
			}
			order.State = "3"
		},
		Expire:       func(order *gatewaytest.Order) { order.State = "4" },
		Notification: s.notification,
		Accepted:     func(_ int, body string) bool { return body == "ok" },
		RetryDelays:  retryDelays(),
	}, opts...)
	return s
}

// retryDelays returns the delays: 30, 60, 90 … minutes.
func retryDelays() []time.Duration {
	all := make([]time.Duration, mostCalls-1)
	for i := range all {
		all[i] = time.Duration(i+1) * 30 * time.Minute
	}
	return all
}

// Config returns the configuration of a client for this fake.
func (s *Server) Config() kechengcang.Config {
	return kechengcang.Config{AppID: AppID, Secret: sign.NewSecret(Secret), BaseURL: s.URL}
}

// ShowByGet makes the query answer to GET only, with 405 to POST, as the route
// table of the public source has it. Without it POST alone is answered, as the
// document has it.
func (s *Server) ShowByGet() { s.showByGet.Store(true) }

// RevealSecret puts the record of the application, its secret included, into the
// answers to a query and into the notifications, as the public source does.
func (s *Server) RevealSecret() { s.leaky.Store(true) }

// Submit plays the payer who says that he has sent the money: state 2. It does
// nothing to an order that is not in state 1.
func (s *Server) Submit(orderID string) error {
	return s.Update(orderID, func(order *gatewaytest.Order) {
		if order.State == "1" {
			submit(order)
		}
	})
}

// Reprice changes what the payer is to send, as the real server does every two
// minutes. It does nothing to an order that is not in state 1.
func (s *Server) Reprice(orderID string, payFee money.Amount) error {
	return s.Update(orderID, func(order *gatewaytest.Order) {
		if order.State == "1" {
			set(order, "pay_fee", strconv.FormatInt(payFee.Cents(), 10))
			set(order, "pay_refresh_at", local(time.Now()))
		}
	})
}

func submit(order *gatewaytest.Order) {
	order.State = "2"
	set(order, "pay_submit_at", local(time.Now()))
}

// set changes a field in a copy: others may be reading the fields.
func set(order *gatewaytest.Order, name, value string) {
	order.Fields = maps.Clone(order.Fields)
	order.Fields[name] = value
}

func (s *Server) store(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	in, err := input(r)
	if err != nil {
		throw(w, r, "Syntax error")
		return
	}
	if faults := validate(in); len(faults) > 0 {
		unprocessable(w, r, faults)
		return
	}
	switch {
	case in["app_id"] != AppID:
		throw(w, r, "应用不存在!")
		return
	case !signed(in["sign"], in["salt"]):
		throw(w, r, "签名不正确!")
		return
	}
	fee, _ := strconv.ParseInt(in["fee"], 10, 64)
	currency, _ := strconv.Atoi(in["currency"])
	id := hashID(s.NextID())
	s.Add(gatewaytest.Order{
		ID: id, Amount: money.Cents(fee), Currency: kechengcang.Currency(currency).String(),
		Channel: kechengcang.PayCurrencyFTM.String(), State: "1",
		NotifyURL: in["callback_url"], ReturnURL: in["redirect_url"],
		Fields: map[string]string{
			"title": in["title"], "remark": in["remark"], "currency": in["currency"],
			"pay_fee": strconv.FormatInt((fee*100+centsACoin/2)/centsACoin, 10),
		},
	})
	order, _ := s.Order(id)
	succeed(w, s.result(order))
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	method := http.MethodPost
	if s.showByGet.Load() {
		method = http.MethodGet
	}
	if !allow(w, r, method) {
		return
	}
	id := r.URL.Query().Get("id")
	if id == "" {
		unprocessable(w, r, map[string][]string{"id": {"The id field is required."}})
		return
	}
	order, ok := s.Order(id)
	if !ok {
		succeed(w, nil)
		return
	}
	result := s.result(order)
	s.addCallbacks(result, order)
	if s.leaky.Load() {
		result["application"] = application()
	}
	succeed(w, result)
}

func (s *Server) pay(w http.ResponseWriter, r *http.Request) {
	order, ok := s.Order(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.Cashier(w, "kechengcang", receiptAccount, "/pay/"+order.ID, order)
}

// notification runs while the orders are locked.
func (s *Server) notification(order gatewaytest.Order, tampered bool) (gatewaytest.Message, error) {
	result := s.result(order)
	if s.leaky.Load() {
		result["application"] = application()
	}
	if tampered {
		// Nothing is signed: the attacker writes what he likes.
		result["pay_status"], result["status"] = 3, 2
		result["fee"] = (order.Amount + 90000).Cents()
	}
	body, err := json.Marshal(result)
	return gatewaytest.Message{
		Method: http.MethodPost, URL: order.NotifyURL,
		ContentType: "application/json", Body: string(body),
	}, err
}

// result is an order in the words of the gateway.
func (s *Server) result(order gatewaytest.Order) map[string]any {
	state, _ := strconv.Atoi(order.State)
	status := 1
	if order.Paid {
		status = 2
	}
	return map[string]any{
		"id": order.ID, "title": order.Fields["title"], "remark": order.Fields["remark"],
		"fee": order.Amount.Cents(), "currency": json.Number(order.Fields["currency"]),
		"pay_fee": json.Number(order.Fields["pay_fee"]), "pay_currency": 5,
		"pay_account": "", "receipt_account": receiptAccount,
		"callback_url": order.NotifyURL, "redirect_url": order.ReturnURL,
		"pay_status": state, "status": status,
		"callback_status": 1, "callback_at": nil, "callback_times": 0,
		"pay_finish_at":  orNull(local(order.PaidAt)),
		"pay_refresh_at": orNull(order.Fields["pay_refresh_at"]),
		"pay_submit_at":  orNull(order.Fields["pay_submit_at"]),
		// Eloquent prints these in UTC.
		"created_at": order.CreatedAt.UTC().Format(time.DateTime), "updated_at": order.CreatedAt.UTC().Format(time.DateTime), "deleted_at": nil,
		"txhash": txHash(order),
		"app_id": AppID, "tv_url": s.URL + "/pay/" + order.ID,
	}
}

func (s *Server) addCallbacks(result map[string]any, order gatewaytest.Order) {
	times := 0
	for _, delivery := range s.Deliveries() {
		if delivery.OrderID != order.ID || delivery.Tampered {
			continue
		}
		times++
		result["callback_times"], result["callback_at"] = times, local(delivery.At)
		switch {
		case delivery.Accepted:
			result["callback_status"] = 2
		case times == mostCalls && result["callback_status"] == 1:
			result["callback_status"] = 3
		}
	}
}

// application is the record that the public source forgets to hide.
func application() map[string]any {
	return map[string]any{"id": 1, "name": "example", "app_id": AppID, "secure_key": Secret}
}

// local is a time as the gateway writes it, "" for none.
func local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(time.FixedZone("", 8*60*60)).Format(time.DateTime)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// input reads a JSON body as Laravel does: texts are trimmed, numbers are good
// texts, and null is nothing.
func input(r *http.Request) (map[string]string, error) {
	var fields map[string]any
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	in := make(map[string]string, len(fields))
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			in[name] = strings.TrimSpace(value)
		case json.Number:
			in[name] = value.String()
		}
	}
	return in, nil
}

// validate applies the rules of the public source's StoreRequest.
func validate(in map[string]string) map[string][]string {
	faults := map[string][]string{}
	for _, name := range []string{"title", "fee", "currency"} {
		if in[name] == "" {
			faults[name] = []string{"The " + name + " field is required."}
		}
	}
	for _, name := range []string{"fee", "currency"} {
		if _, err := strconv.ParseInt(in[name], 10, 64); err != nil && in[name] != "" {
			faults[name] = []string{"The " + name + " must be an integer."}
		}
	}
	return faults
}

// hashID makes the 16 letters and digits that stand for a number.
func hashID(number int64) string { return md5Hex(strconv.FormatInt(number, 10))[:16] }

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // the gateway's own algorithm
	return hex.EncodeToString(sum[:])
}

func signed(received, salt string) bool {
	want := md5Hex(md5Hex(salt) + md5Hex(Secret))
	return subtle.ConstantTimeCompare([]byte(received), []byte(want)) == 1
}

func allow(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method == method {
		return true
	}
	w.Header().Set("Allow", method)
	fail(w, r, http.StatusMethodNotAllowed, map[string]any{
		"message": "The " + r.Method + " method is not supported for this route. Supported methods: " + method + ".",
	})
	return false
}

func throw(w http.ResponseWriter, r *http.Request, message string) {
	fail(w, r, http.StatusInternalServerError, map[string]any{"message": message})
}

// unprocessable sends a browser back to where it came from.
func unprocessable(w http.ResponseWriter, r *http.Request, faults map[string][]string) {
	if !wantsJSON(r) {
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	message := "The given data was invalid."
	reply(w, http.StatusUnprocessableEntity, map[string]any{"message": message, "errors": faults})
}

func fail(w http.ResponseWriter, r *http.Request, status int, fields map[string]any) {
	if !wantsJSON(r) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>"+http.StatusText(status)+"</title>")
		return
	}
	reply(w, status, fields)
}

func wantsJSON(r *http.Request) bool {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	return strings.Contains(first, "/json") || strings.Contains(first, "+json")
}

func succeed(w http.ResponseWriter, result map[string]any) {
	reply(w, http.StatusOK, map[string]any{"code": 200, "message": "ok", "result": result})
}

func reply(w http.ResponseWriter, status int, fields map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fields)
}

// txHash is the transaction of a paid order.
func txHash(order gatewaytest.Order) any {
	if order.PaidAt.IsZero() {
		return nil
	}
	return "0x000000000000000000000000000000000000000000000000000000000" + "example0"
}
