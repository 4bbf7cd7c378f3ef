// Package pingpptest is a fake merchant backend and a fake Ping++ in one, for a
// merchant's own tests and for trying things out: a server on a loopback port
// that checks and answers what their documents say, and sends notifications over real
// HTTP with events that it signs.
//
//	srv := pingpptest.NewServer()
//	defer srv.Close()
//	srv.SetWebhookURL("http://127.0.0.1:8080/webhook")
//	err := srv.AddOrder("12134676899915430002", money.Cents(9900), "Example")
//	client, err := pingpp.New(srv.Config())
//
// The backend knows an order before its payment is asked for: AddOrder makes it.
// CreateOrder then gives it a charge; Pay makes that paid and sends
// charge.succeeded, Expire lets it expire. An event that is not answered with 2xx
// is repeated as Ping++ documents it, after 2, 10 and 10 minutes and 1, 2, 6 and
// 15 hours; WithRetryDelays sets other pauses.
package pingpptest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// The credentials of the merchant of every fake.
const (
	Token  = "0123456789abcdef0123456789abcdef01234567"
	APIKey = "sk_live_example"
	App    = "app_example"
)

// Server is a fake merchant backend and a fake Ping++. Its orders are paid,
// expired and notified by the methods of gatewaytest.Server.
type Server struct {
	*gatewaytest.Server

	key *rsa.PrivateKey

	mu         sync.Mutex
	webhookURL string
	testMode   bool
	clientKey  *rsa.PublicKey
}

// Making a key takes longer than most tests, so all fakes of a program share it.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})

// NewServer starts a fake with a key pair of its own program. Close ends it. Like
// httptest it panics if it cannot start.
func NewServer(opts ...gatewaytest.Option) *Server {
	key, err := sharedKey()
	if err != nil {
		panic("pingpptest: " + err.Error())
	}
	s := &Server{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /pay/pay_for_order/{$}", s.create)
	mux.HandleFunc("GET /v1/charges/{id}", s.charge)
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		Pay:          func(order *gatewaytest.Order) { order.State = statePaid },
		Expire:       func(order *gatewaytest.Order) { order.State = stateExpired },
		Notification: s.notification,
		Accepted:     func(status int, _ string) bool { return status >= 200 && status < 300 },
		RetryDelays: []time.Duration{
			2 * time.Minute, 10 * time.Minute, 10 * time.Minute,
			time.Hour, 2 * time.Hour, 6 * time.Hour, 15 * time.Hour,
		},
	}, opts...)
	return s
}

// Config returns the configuration of a client for this fake.
func (s *Server) Config() pingpp.Config {
	return pingpp.Config{
		BaseURL:          s.URL,
		Token:            sign.NewSecret(Token),
		APIKey:           sign.NewSecret(APIKey),
		APIBaseURL:       s.URL,
		WebhookPublicKey: s.PublicKeyPEM(),
	}
}

// PublicKeyPEM returns the key that verifies the events of this fake.
func (s *Server) PublicKeyPEM() string {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		panic("pingpptest: " + err.Error())
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// AddOrder tells the backend an order, in cents of a yuan, for which a payment
// can then be asked.
func (s *Server) AddOrder(orderNo string, amount money.Amount, subject string) error {
	if !numberShape.MatchString(orderNo) || amount <= 0 || strings.TrimSpace(subject) == "" {
		return errors.New("pingpptest: want an order number, an amount above zero and a subject")
	}
	s.mu.Lock()
	webhookURL := s.webhookURL
	s.mu.Unlock()
	added := s.Add(gatewaytest.Order{
		ID: s.newID("ch_"), OrderNo: orderNo, Amount: amount, Currency: "CNY",
		State: stateNew, NotifyURL: webhookURL,
		Fields: map[string]string{"subject": subject},
	})
	if !added {
		return fmt.Errorf("pingpptest: order %q exists", orderNo)
	}
	return nil
}

// SetWebhookURL says where events go, as in the Ping++ dashboard: those of all
// orders, none if it is "".
func (s *Server) SetWebhookURL(webhookURL string) {
	s.mu.Lock()
	s.webhookURL = webhookURL
	s.mu.Unlock()
	for _, order := range s.Orders() {
		_ = s.Update(order.OrderNo, func(order *gatewaytest.Order) { order.NotifyURL = webhookURL })
	}
}

// SetLiveMode puts the charges that are made from now on into live mode, as at
// the start, or into test mode.
func (s *Server) SetLiveMode(live bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.testMode = !live
}

// Sign returns what stands in X-Pingplusplus-Signature for a body, for events
// that this fake does not send itself.
func (s *Server) Sign(body []byte) string {
	sum := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		panic("pingpptest: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// RequireSignature answers queries only if they are signed (请求签名) by the private
// half of this RSA public key, a "PUBLIC KEY" in PEM.
func (s *Server) RequireSignature(publicKey string) error {
	block, _ := pem.Decode([]byte(publicKey))
	if block == nil {
		return errors.New("pingpptest: not PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("pingpptest: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return errors.New("pingpptest: not an RSA key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clientKey = key
	return nil
}

// ErrNoCharge is returned for an order whose payment nobody has asked for yet.
var ErrNoCharge = errors.New("pingpptest: the order has no charge yet")

// Pay plays the payer: the charge of the order, by either number, becomes paid,
// and charge.succeeded is sent: see gatewaytest.Server.Pay. It returns
// [ErrNoCharge] before CreateOrder.
func (s *Server) Pay(number string) (gatewaytest.Delivery, error) {
	if err := s.charged(number); err != nil {
		return gatewaytest.Delivery{}, err
	}
	return s.Server.Pay(number)
}

// PaySilently is Pay without an event: as if it were lost on the way.
func (s *Server) PaySilently(number string) error {
	if err := s.charged(number); err != nil {
		return err
	}
	return s.Server.PaySilently(number)
}

func (s *Server) charged(number string) error {
	if order, ok := s.Order(number); ok && order.State == stateNew {
		return ErrNoCharge
	}
	return nil
}

// The states of an order.
const (
	stateNew     = "new" // without a charge
	stateWaiting = "waiting"
	statePaid    = "paid"
	stateExpired = "expired"
)

var numberShape = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

func (s *Server) newID(prefix string) string {
	return prefix + "example" + strconv.FormatInt(s.NextID(), 10)
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	reject := func(message string) { reply(w, http.StatusOK, map[string]any{"status": -4, "message": message}) }
	if !same(r.Header.Get("Authorization"), "Token "+Token) {
		reply(w, http.StatusUnauthorized, map[string]any{"detail": "Invalid token."})
		return
	}
	if err := r.ParseForm(); err != nil {
		reject("支付请求失败")
		return
	}
	orderNo, channel := r.PostForm.Get("order_no"), r.PostForm.Get("channel")
	if channel != "alipay" && channel != "wx" {
		reject("无效的支付通道")
		return
	}
	order, ok := s.Order(orderNo)
	if !ok || order.OrderNo != orderNo || order.State == statePaid || order.State == stateExpired {
		reject("支付请求失败")
		return
	}
	order = s.makeCharge(order, channel)
	reply(w, http.StatusOK, map[string]any{"status": 0, "message": "", "ch": s.chargeOf(order, s.credential(order))})
}

// makeCharge gives an order its charge. Asked for again it is the same one; on
// another channel a new one takes its place.
func (s *Server) makeCharge(order gatewaytest.Order, channel string) gatewaytest.Order {
	id := order.ID
	if order.State != stateNew && order.Channel != channel {
		id = s.newID("ch_")
	}
	s.mu.Lock()
	live := strconv.FormatBool(!s.testMode)
	s.mu.Unlock()
	_ = s.Update(order.OrderNo, func(stored *gatewaytest.Order) {
		// A new map: copies of the order hold the old one.
		stored.Fields = maps.Clone(stored.Fields)
		stored.Fields["livemode"] = live
		stored.ID, stored.Channel, stored.State = id, channel, stateWaiting
		order = *stored
	})
	return order
}

func (s *Server) charge(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if !same(user, APIKey) || password != "" {
		fail(w, http.StatusUnauthorized, "invalid_request_error", "", "Invalid API Key provided.")
		return
	}
	if !s.requestSigned(r) {
		fail(w, http.StatusUnauthorized, "invalid_request_error", "", "The request signature is invalid.")
		return
	}
	order, ok := s.Order(r.PathValue("id"))
	if !ok || order.ID != r.PathValue("id") || order.State == stateNew {
		fail(w, http.StatusNotFound, "invalid_request_error", "id", "No such charge: "+r.PathValue("id"))
		return
	}
	reply(w, http.StatusOK, s.chargeOf(order, map[string]any{}))
}

// requestSigned checks Pingplusplus-Signature over body, request URI and time.
func (s *Server) requestSigned(r *http.Request) bool {
	s.mu.Lock()
	key := s.clientKey
	s.mu.Unlock()
	if key == nil {
		return true
	}
	timestamp := r.Header.Get("Pingplusplus-Request-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("Pingplusplus-Signature"))
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(r.RequestURI + timestamp)) // a GET has no body
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func (s *Server) chargeOf(order gatewaytest.Order, credential map[string]any) map[string]any {
	var paidAt, transactionNo any
	if order.Paid {
		paidAt, transactionNo = order.PaidAt.Unix(), "2016000000000000000000000001"
	}
	created := order.CreatedAt.Unix()
	expires := created + 24*60*60
	if order.State == stateExpired {
		expires = created - 60*60
	}
	return map[string]any{
		"id": order.ID, "object": "charge", "created": created,
		"livemode": order.Fields["livemode"] == "true",
		"paid":     order.Paid, "refunded": false,
		"app": App, "channel": order.Channel, "order_no": order.OrderNo, "client_ip": "203.0.113.7",
		"amount": order.Amount.Cents(), "amount_settle": order.Amount.Cents(), "currency": "cny",
		"subject": order.Fields["subject"], "body": order.OrderNo, "extra": map[string]any{},
		"time_paid": paidAt, "time_expire": expires, "time_settle": nil, "transaction_no": transactionNo,
		"refunds": map[string]any{
			"object": "list", "url": "/v1/charges/" + order.ID + "/refunds", "has_more": false, "data": []any{},
		},
		"amount_refunded": 0, "failure_code": nil, "failure_msg": nil,
		"metadata":   map[string]any{"order_no": order.OrderNo, "order_id": 1},
		"credential": credential, "description": nil,
	}
}

func (s *Server) credential(order gatewaytest.Order) map[string]any {
	if order.Channel == "wx" {
		return map[string]any{"object": "credential", "wx": map[string]any{
			"appId": "wxexample", "partnerId": "1200000000", "prepayId": "example-prepay-" + order.ID,
			"nonceStr": "example", "packageValue": "Sign=WXPay", "timeStamp": order.CreatedAt.Unix(),
			"sign": "EXAMPLE",
		}}
	}
	notifyURL := url.QueryEscape(s.URL + "/notify/charges/" + order.ID)
	return map[string]any{"object": "credential", "alipay": map[string]any{
		"orderInfo": `service="mobile.securitypay.pay"&_input_charset="utf-8"&notify_url="` + notifyURL +
			`"&partner="2088000000000000"&out_trade_no="` + order.OrderNo + `"&subject="` + order.Fields["subject"] +
			`"&total_fee="` + order.Amount.String() + `"&payment_type="1"&sign="example"&sign_type="RSA"`,
	}}
}

// notification makes the event of a paid charge, the same one every time. A tampered
// one is changed after it was signed.
func (s *Server) notification(order gatewaytest.Order, tampered bool) (gatewaytest.Message, error) {
	charge := s.chargeOf(order, map[string]any{})
	event := map[string]any{
		"id": "evt_" + strings.TrimPrefix(order.ID, "ch_"), "object": "event", "type": "charge.succeeded",
		"livemode": charge["livemode"], "created": order.PaidAt.Unix(),
		"data":             map[string]any{"object": charge},
		"pending_webhooks": 0, "request": "iar_" + strings.TrimPrefix(order.ID, "ch_"),
	}
	body, err := json.Marshal(event)
	if err != nil {
		return gatewaytest.Message{}, err
	}
	signature := s.Sign(body)
	if tampered {
		charge["amount"], charge["paid"] = order.Amount.Cents()+90000, true
		if body, err = json.Marshal(event); err != nil {
			return gatewaytest.Message{}, err
		}
	}
	return gatewaytest.Message{
		Method: http.MethodPost, URL: order.NotifyURL, ContentType: "application/json; charset=utf-8", Body: string(body),
		Header: map[string]string{"X-Pingplusplus-Signature": signature},
	}, nil
}

func same(received, want string) bool {
	return subtle.ConstantTimeCompare([]byte(received), []byte(want)) == 1
}

func fail(w http.ResponseWriter, status int, kind, param, message string) {
	details := map[string]any{"type": kind, "message": message}
	if param != "" {
		details["param"] = param
	}
	reply(w, status, map[string]any{"error": details})
}

func reply(w http.ResponseWriter, status int, fields map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(fields)
}
