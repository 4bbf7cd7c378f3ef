// Package kechengcangtest is a fake kechengcang server: a server on a loopback port that
// checks requests as the kechengcang document and its public source say, responds with
// their responses, and sends notifications over HTTP.
//
//	srv := kechengcangtest.NewServer()
//	defer srv.Close()
//	client, err := kechengcang.New(srv.Config())
//
// The embedded [gatewaytest.Server] has the methods of all fakes. An order begins in state
// 1. Submit changes it to 2, Pay to 3 and Expire to 4, and Reprice changes the amount that
// the payer must send.
//
// A notification is retried until the response is exactly "ok": after 30, 60, 90 … minutes,
// seven attempts in all. WithRetryDelays sets other delays. The public source sends no
// notifications at all: test waiting with PaySilently.
package kechengcangtest

import (
	"encoding/json"
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
	// centsPerCoin is the price of a coin in the document's sample: 0.18 dollars.
	centsPerCoin = 18
	// mostAttempts is how many times a notification is sent.
	mostAttempts = 7
)

// Server is a fake kechengcang server.
type Server struct {
	*gatewaytest.Server
	gatewaytest.Secrets

	showByGet, leaky atomic.Bool
}

// NewServer starts a fake. Close stops it.
func NewServer(opts ...gatewaytest.Option) *Server {
	s := &Server{}
	s.SetSecret(Secret)
	mux := http.NewServeMux()
	mux.HandleFunc("/api/web/pay-orders/store", s.store)
	mux.HandleFunc("/api/web/pay-orders/show", s.show)
	mux.HandleFunc("GET /pay/{id}", s.pay)
	mux.HandleFunc("POST /pay/{id}", s.pay)
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState:    "3",
		ExpiredState: "4",
		BeforePay: func(order *gatewaytest.Order) error {
			s.submit(order)
			return nil
		},
		Notification: s.notification,
		Objects:      []string{"result"},
		Accepted:     func(_ int, body string) bool { return body == "ok" },
		RetryDelays: []time.Duration{ // mostAttempts-1
			30 * time.Minute, 60 * time.Minute, 90 * time.Minute, 120 * time.Minute, 150 * time.Minute, 180 * time.Minute,
		},
	}, opts...)
	return s
}

// Config returns the configuration of a client for this fake.
func (s *Server) Config() kechengcang.Config {
	return kechengcang.Config{AppID: AppID, Secret: sign.NewSecret(s.CurrentSecret()), BaseURL: s.URL}
}

// ShowByGet makes the fake serve the query by GET and respond with 405 to POST, as the
// route table of the public source has it. The default is POST, as in the document.
func (s *Server) ShowByGet() { s.showByGet.Store(true) }

// RevealSecret puts the record of the application, its secret included, into the responses
// to a query and into the notifications, as the public source does.
func (s *Server) RevealSecret() { s.leaky.Store(true) }

// Submit reports the transfer of an order with the given number: state 2. It changes
// nothing unless the order is in state 1.
func (s *Server) Submit(orderID string) error { return s.Update(orderID, s.submit) }

// Reprice changes the amount that the payer must send, as the real server does every two
// minutes. It changes nothing unless the order is in state 1.
func (s *Server) Reprice(orderID string, payFee money.Amount) error {
	return s.Update(orderID, func(order *gatewaytest.Order) {
		if order.State == "1" {
			order.Fields["pay_fee"] = strconv.FormatInt(payFee.Cents(), 10)
			order.Fields["pay_refresh_at"] = local(s.Now())
		}
	})
}

func (s *Server) submit(order *gatewaytest.Order) {
	if order.State == "1" {
		order.State = "2"
		order.Fields["pay_submit_at"] = local(s.Now())
	}
}

func (s *Server) store(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	in, err := input(r)
	if err != nil {
		fail(w, r, http.StatusInternalServerError, "Syntax error")
		return
	}
	if rejected := validate(in); len(rejected) > 0 {
		unprocessable(w, r, rejected)
		return
	}
	switch {
	case in["app_id"] != AppID:
		fail(w, r, http.StatusInternalServerError, "应用不存在!")
		return
	case !s.signed(in["sign"], in["salt"]):
		fail(w, r, http.StatusInternalServerError, "签名不正确!")
		return
	}
	fee, _ := strconv.ParseInt(in["fee"], 10, 64)
	currency, _ := strconv.Atoi(in["currency"])
	id := gatewaytest.MD5Hex(s.NextID())[:16]
	s.Add(gatewaytest.Order{
		ID: id, Amount: money.Cents(fee), Currency: kechengcang.Currency(currency).String(),
		Channel: kechengcang.PayCurrencyFTM.String(), State: "1",
		NotifyURL: in["callback_url"], ReturnURL: in["redirect_url"],
		Fields: map[string]string{
			"title": in["title"], "remark": in["remark"], "currency": in["currency"],
			"pay_fee": strconv.FormatInt((fee*100+centsPerCoin/2)/centsPerCoin, 10),
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
	in, _ := input(r) // the body may be empty
	id := in["id"]
	if id == "" {
		unprocessable(w, r, map[string][]string{"id": {"The id field is required."}})
		return
	}
	order, ok := s.Order(id)
	if !ok {
		succeed(w, nil)
		return
	}
	result := s.record(order)
	s.addDeliveries(result, order)
	succeed(w, result)
}

func (s *Server) pay(w http.ResponseWriter, r *http.Request) {
	order, ok := s.Order(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	// The payer sends coins, not dollars.
	cents, _ := strconv.ParseInt(order.Fields["pay_fee"], 10, 64)
	order.Amount, order.Currency = money.Cents(cents), order.Channel
	s.Cashier(w, r, "kechengcang", receiptAccount, "/pay/"+order.ID, order)
}

func (s *Server) notification(order gatewaytest.Order, tampered bool) gatewaytest.Message {
	result := s.NotificationFields()
	maps.Copy(result, s.record(order))
	if tampered {
		// Nothing is signed.
		result["pay_status"], result["status"] = 3, 2
		result["fee"] = (order.Amount + 90000).Cents()
	}
	body, _ := json.Marshal(result)
	return gatewaytest.Message{
		Method: http.MethodPost, URL: order.NotifyURL,
		ContentType: "application/json", Body: string(body),
	}
}

func (s *Server) result(order gatewaytest.Order) map[string]any {
	state, _ := strconv.Atoi(order.State)
	// Eloquent prints the times that it keeps itself in UTC.
	created := order.CreatedAt.UTC().Format(time.DateTime)
	status, txHash := 1, ""
	if order.Paid {
		status, txHash = 2, "0x"+strings.Repeat("0", 57)+"example"
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
		"created_at":     created, "updated_at": created, "deleted_at": nil,
		"txhash": orNull(txHash), "app_id": AppID, "tv_url": s.URL + "/pay/" + order.ID,
	}
}

func (s *Server) addDeliveries(result map[string]any, order gatewaytest.Order) {
	times := 0
	for _, delivery := range s.DeliveriesOf(order.ID) {
		if delivery.Tampered {
			continue
		}
		times++
		result["callback_times"], result["callback_at"] = times, local(delivery.At)
		switch {
		case delivery.Accepted:
			result["callback_status"] = 2
		case times == mostAttempts && result["callback_status"] == 1:
			result["callback_status"] = 3
		}
	}
}

// record returns an order as a query and a notification have it: with the record of the
// application, which the public source does not hide.
func (s *Server) record(order gatewaytest.Order) map[string]any {
	result := s.result(order)
	if s.leaky.Load() {
		result["application"] = map[string]any{"id": 1, "name": "example", "app_id": AppID, "secure_key": s.CurrentSecret()}
	}
	return result
}

// local returns a time in UTC+8, as the gateway writes its other times, "" for none.
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

func (s *Server) signed(received, salt string) bool {
	hash := gatewaytest.MD5Hex
	return s.AnySecret(func(secret string) bool { return received == hash(hash(salt), hash(secret)) })
}
