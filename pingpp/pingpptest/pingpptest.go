// Package pingpptest is a fake merchant backend and a fake Ping++ in one: a server on a
// loopback port that checks requests as their documents say, responds with their
// documented responses, and sends notifications over HTTP that it signs.
//
//	srv := pingpptest.NewServer()
//	defer srv.Close()
//	srv.SetWebhookURL("http://127.0.0.1:8080/webhook")
//	err := srv.AddOrder("12134676899915430002", money.Cents(9900), "Example")
//	client, err := pingpp.New(srv.Config())
//
// The embedded [gatewaytest.Server] has the methods of all fakes. AddOrder makes an order
// known to the merchant backend, and CreateOrder gives it a charge. Pay and PaySilently
// then pay the charge, and Refund refunds it.
//
// The fake lists charges and refunds with the parameters of Ping++, and returns the events
// of payments and refunds by their numbers, whether they were sent or not.
//
// An event is retried until the response has status 2xx: after 2, 10 and 10 minutes and
// 1, 2, 6 and 15 hours, as Ping++ documents it; WithRetryDelays sets other delays.
package pingpptest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// Server is a fake merchant backend and a fake Ping++.
type Server struct {
	*gatewaytest.Server

	key       atomic.Pointer[rsa.PrivateKey]
	clientKey atomic.Pointer[rsa.PublicKey]
	testMode  atomic.Bool

	mu         sync.Mutex
	webhookURL string
	refunds    map[string][]map[string]any // by the number of the charge, newest first
}

// Generating a key takes longer than most tests, so all fakes of a program share one.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})

// NewServer starts a fake, with the same key pair as every other fake of the program.
// Close stops it. It panics if it cannot start.
func NewServer(opts ...gatewaytest.Option) *Server {
	key, err := sharedKey()
	if err != nil {
		panic("pingpptest: " + err.Error())
	}
	s := &Server{refunds: map[string][]map[string]any{}}
	s.SetKey(key)
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /pay/pay_for_order/{$}", s.create)
	mux.HandleFunc("GET /v1/charges", s.api(s.listCharges))
	mux.HandleFunc("GET /v1/charges/{id}", s.api(s.queryCharge))
	mux.HandleFunc("GET /v1/charges/{id}/refunds", s.api(s.listRefunds))
	mux.HandleFunc("GET /v1/charges/{id}/refunds/{refund}", s.api(s.queryRefund))
	mux.HandleFunc("GET /v1/events/{id}", s.api(s.queryEvent))
	s.Server = gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState:    statePaid,
		ExpiredState: stateExpired,
		BeforePay: func(order *gatewaytest.Order) error {
			if order.State == stateNew {
				return ErrNoCharge
			}
			return nil
		},
		Notification: s.notification,
		Objects:      []string{"ch"},
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

// PublicKeyPEM returns the public key that verifies the events of this fake.
func (s *Server) PublicKeyPEM() string {
	der, _ := x509.MarshalPKIXPublicKey(&s.key.Load().PublicKey) // it has no error for an RSA key
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// PrivateKeyPEM returns the private key that signs the events of this fake, to sign
// other events with it.
func (s *Server) PrivateKeyPEM() string {
	der := x509.MarshalPKCS1PrivateKey(s.key.Load())
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: der}))
}

// SetKey changes the key pair of Ping++: events are signed with key from now on.
func (s *Server) SetKey(key *rsa.PrivateKey) { s.key.Store(key) }

// AddOrder makes an order in yuan known to the merchant backend, so that CreateOrder can
// create its charge. It returns an error if the order exists, or an argument is malformed.
func (s *Server) AddOrder(orderNo string, amount money.Amount, subject string) error {
	if !numberShape.MatchString(orderNo) || amount <= 0 || strings.TrimSpace(subject) == "" {
		return errors.New("pingpptest: add order: an order number, an amount of more than 0.00 and a subject are required")
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
		return fmt.Errorf("pingpptest: add order: order %q exists", orderNo)
	}
	return nil
}

// SetWebhookURL sets the URL to which the events of all orders are sent, as in the Ping++
// dashboard. With "" none are sent.
func (s *Server) SetWebhookURL(webhookURL string) {
	s.mu.Lock()
	s.webhookURL = webhookURL
	s.mu.Unlock()
	for _, order := range s.Orders() {
		_ = s.Update(order.OrderNo, func(order *gatewaytest.Order) { order.NotifyURL = webhookURL })
	}
}

// SetLiveMode sets whether new charges are in live mode, which is the default, or in test
// mode.
func (s *Server) SetLiveMode(live bool) { s.testMode.Store(!live) }

// Sign returns the value of X-Pingplusplus-Signature for a body, for events that this fake
// does not send itself.
func (s *Server) Sign(body []byte) string {
	sum := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(nil, s.key.Load(), crypto.SHA256, sum[:])
	if err != nil {
		panic("pingpptest: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// RequireSignature rejects queries that are not signed (请求签名) with the private key that
// belongs to key.
func (s *Server) RequireSignature(key *rsa.PublicKey) { s.clientKey.Store(key) }

// ErrNoCharge is returned by Pay and PaySilently for an order without a charge.
var ErrNoCharge = errors.New("pingpptest: the order has no charge yet")

// The states of an order.
const (
	stateNew     = "new" // without a charge
	stateWaiting = "waiting"
	statePaid    = "paid"
	stateExpired = "expired"
)

var numberShape = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

func (s *Server) newID(prefix string) string {
	return prefix + "example" + s.NextID()
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	reject := func(message string) {
		gatewaytest.WriteJSON(w, http.StatusOK, map[string]any{"status": -4, "message": message})
	}
	if r.Header.Get("Authorization") != "Token "+Token {
		gatewaytest.WriteJSON(w, http.StatusUnauthorized, map[string]any{"detail": "Invalid token."})
		return
	}
	f := gatewaytest.Form(r)
	orderNo, channel := f.Get("order_no"), f.Get("channel")
	if channel != "alipay" && channel != "wx" {
		reject("无效的支付通道")
		return
	}
	order, ok := s.Order(orderNo)
	switch {
	case !ok || order.OrderNo != orderNo:
		reject("支付请求失败! order_no")
		return
	case order.State == statePaid || order.State == stateExpired:
		reject("支付请求失败! order_no is " + order.State)
		return
	}
	order = s.makeCharge(order, channel)
	charge := chargeOf(order, nil)
	charge["credential"] = s.credential(order)
	gatewaytest.WriteJSON(w, http.StatusOK, map[string]any{"status": 0, "message": "", "ch": charge})
}

// makeCharge gives an order its charge. A second create returns the same one, on another
// channel a new one.
func (s *Server) makeCharge(order gatewaytest.Order, channel string) gatewaytest.Order {
	id := order.ID
	if order.State != stateNew && order.Channel != channel {
		id = s.newID("ch_")
	}
	_ = s.Update(order.OrderNo, func(stored *gatewaytest.Order) {
		stored.Fields["livemode"] = strconv.FormatBool(!s.testMode.Load())
		stored.ID, stored.Channel, stored.State = id, channel, stateWaiting
		order = *stored
	})
	return order
}

// isAuthorized reports whether the request carries the secret key, as Ping++'s SDKs send
// it: as the user of basic authentication without a password, or as a bearer token.
func isAuthorized(r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok {
		return user == APIKey && password == ""
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && key == APIKey
}

// requestSigned checks Pingplusplus-Signature over the body, the request URI and the time.
func (s *Server) requestSigned(r *http.Request) bool {
	key := s.clientKey.Load()
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
	sum := sha256.Sum256([]byte(r.RequestURI + timestamp)) // a GET has no body, but a query
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func fail(w http.ResponseWriter, status int, param, message string) {
	details := map[string]any{"type": "invalid_request_error", "message": message}
	if param != "" {
		details["param"] = param
	}
	gatewaytest.WriteJSON(w, status, map[string]any{"error": details})
}
