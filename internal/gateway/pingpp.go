package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// knownOrder is larger than an int64.
const knownOrder = "12134676899915430002"

func pingppGateway() *Gateway {
	return &Gateway{
		Name: "pingpp", Title: "pingpp 益安 / Ping++", Number: "charge_id",
		KnownOrder: knownOrder, OrderVariable: "PINGPP_ORDER_NO", SignatureHeader: pingpp.SignatureHeader,
		Variables: append([]Variable{
			{Name: "PINGPP_BASE_URL", Help: "merchant backend's address", For: []string{OpCreate}},
			{Name: "PINGPP_TOKEN", Help: "what the login at the backend returned", Secret: true, For: []string{OpCreate}},
			{Name: "PINGPP_API_KEY", Help: "secret key of the Ping++ account", Secret: true, For: []string{OpQuery, OpWait}},
			{Name: "PINGPP_API_BASE_URL", Help: "address of Ping++", Default: pingpp.DefaultAPIBaseURL},
			{Name: "PINGPP_WEBHOOK_PUBLIC_KEY", Help: `public key of the Ping++ account, in PEM; "\n" stands for a line break`, For: []string{OpListen, OpVerify}},
			{Name: "PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS", Help: "old public keys, one after the other: also verify webhooks"},
			{Name: "PINGPP_PRIVATE_KEY", Help: "your private key, in PEM: signs requests; trigger signs webhooks with it", Secret: true, For: []string{OpTrigger, OpSign}},
			{Name: "PINGPP_ALLOW_TEST_MODE", Help: "1 accepts test mode, in which no money moves", Switch: true},
			{Name: "PINGPP_ORDER_NO", Help: "an order that the backend knows: default of create"},
		}, settings("PINGPP")...),
		QueryChecks: []string{"PINGPP_API_KEY"},
		Groups:      [][]string{{"PINGPP_BASE_URL", "PINGPP_TOKEN"}},
		Options:     []string{"order-no", "channel"},
		Channels:    []string{"alipay", "wechat"},
		Event: func() []Field {
			return []Field{
				{"type", "charge.succeeded"},
				{"id", "ch_test1"},
				{"order_no", "TEST1"},
				{"amount", "100"},
				{"currency", "cny"},
				{"channel", "alipay"},
				{"livemode", "true"},
				{"paid", "true"},
			}
		},
		Accepted: func(status int, _ string) bool { return status >= 200 && status < 300 }, Accepts: "status 2xx",
		Story: Story{
			OrderNo: knownOrder,
			Genuine: "The signature is valid and covers the whole body",
			Forged:  "An attacker repeats the webhook with its signature, but writes 999.00 yuan into the body.",
		},
		Open: openPingpp, Fake: fakePingpp,
	}
}

func openPingpp(s Settings) (*Client, error) {
	env := s.Env
	config := pingpp.Config{
		BaseURL: env["PINGPP_BASE_URL"], Token: env.Secret("PINGPP_TOKEN"),
		APIKey: env.Secret("PINGPP_API_KEY"), APIBaseURL: env["PINGPP_API_BASE_URL"],
		WebhookPublicKey: env.PEM("PINGPP_WEBHOOK_PUBLIC_KEY"), PreviousWebhookPublicKeys: env.PEMs("PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS"),
		AllowTestMode: env.Flag("PINGPP_ALLOW_TEST_MODE"), AllowPlainHTTP: env.Flag("PINGPP_ALLOW_PLAIN_HTTP"),
		Logger: s.Logger, HTTPClient: s.HTTPClient,
	}
	privateKey := sign.NewSecret(env.PEM("PINGPP_PRIVATE_KEY"))
	result := &Client{
		Sign: func(in Received) (explain.Explanation, string, error) { return signPingpp(privateKey, config, in) },
		Trigger: func(to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
			return triggerPingpp(privateKey, to, fields, tamper)
		},
	}
	if config.Token.IsEmpty() && config.APIKey.IsEmpty() && config.WebhookPublicKey == "" {
		return result, nil
	}
	if !config.APIKey.IsEmpty() {
		config.PrivateKey = privateKey
	}
	client, err := pingpp.New(config)
	if err != nil {
		return nil, err
	}
	show := func(c *pingpp.Charge, err error) (*Payment, error) { return pingppPayment(c), err }
	result.Create = func(ctx context.Context, o Order) (*Payment, error) {
		channel := pingpp.ChannelAlipay
		if o.Channel == "wechat" {
			channel = pingpp.ChannelWeChat
		}
		created, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: o.OrderNo, Channel: channel})
		if err != nil {
			return nil, err
		}
		payment := pingppPayment(created.Charge)
		payment.Notes = []string{"the app pays: pass the charge to its Ping++ SDK"}
		return payment, nil
	}
	result.Query = func(ctx context.Context, number string) (*Payment, error) {
		return show(client.QueryCharge(ctx, number))
	}
	result.Wait = func(ctx context.Context, number string, interval time.Duration) (*Payment, error) {
		return show(client.WaitForPayment(ctx, number, interval))
	}
	result.Handler = func(show func(*Payment)) http.Handler {
		return client.NotificationHandler(func(_ context.Context, n *pingpp.Notification) error {
			show(pingppEvent(n))
			return nil
		})
	}
	result.Verify = func(in Received) (*Payment, error) {
		n, err := client.VerifyNotification(in.Body, in.Signature)
		if err != nil {
			return nil, err
		}
		return pingppEvent(n), nil
	}
	result.Explain = func(in Received) explain.Explanation { return client.ExplainNotification(in.Body, in.Signature) }
	return result, nil
}

func pingppPayment(c *pingpp.Charge) *Payment {
	if c == nil {
		return nil
	}
	state := "waiting"
	switch {
	case c.Paid():
		state = "paid"
	case c.PaidOnce:
		state = "refunded"
	case c.Final():
		state = "ended"
	}
	return &Payment{
		Gateway: "pingpp", Number: c.ID, OrderNo: c.OrderNo, OrderID: c.ID, Subject: c.Subject,
		Amount: c.Amount.String(), Currency: strings.ToUpper(c.Currency), Channel: string(c.Channel),
		State: state, Paid: c.Paid(), TestMode: !c.LiveMode,
		CreatedAt: stamp(c.CreatedAt), PaidAt: stamp(c.PaidAt), ExpiresAt: stamp(c.ExpiresAt),
	}
}

func pingppEvent(n *pingpp.Notification) *Payment {
	payment := pingppPayment(n.Charge)
	if payment == nil {
		payment = &Payment{Gateway: "pingpp", TestMode: !n.LiveMode}
	}
	payment.Event, payment.Paid = string(n.Type), n.Paid()
	return payment
}

// signPingpp signs a body with the merchant's private key, and compares a received
// signature by the public key of the account.
func signPingpp(privateKey sign.Secret, config pingpp.Config, in Received) (explain.Explanation, string, error) {
	key, err := sign.ParsePrivateKey(privateKey)
	if err != nil {
		return explain.Explanation{}, "", err
	}
	signature, err := key.Sign(in.Body)
	if err != nil {
		return explain.Explanation{}, "", err
	}
	var public sign.PublicKey
	if config.WebhookPublicKey != "" {
		if public, err = sign.ParsePublicKey([]byte(config.WebhookPublicKey)); err != nil {
			return explain.Explanation{}, "", err
		}
	}
	e := explain.RSA(public, in.Signature, in.Body)
	if public.IsZero() {
		e.Received, e.Hints = false, nil
	}
	return e, signature, nil
}

func triggerPingpp(privateKey sign.Secret, to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
	key, err := sign.ParsePrivateKey(privateKey)
	if err != nil {
		return gatewaytest.Message{}, err
	}
	cents, err := addCents(value(fields, "amount"))
	if err != nil {
		return gatewaytest.Message{}, err
	}
	event := func(cents int64) (gatewaytest.Message, error) {
		return jsonMessage(to, pingppObject(fields, cents))
	}
	message, err := event(cents - 900_00)
	if err != nil {
		return message, err
	}
	signature, err := key.Sign([]byte(message.Body))
	if err != nil {
		return message, err
	}
	if tamper {
		if message, err = event(cents); err != nil {
			return message, err
		}
	}
	if own := value(fields, sign.FieldName); own != "" {
		signature = own
	}
	message.Header = map[string]string{pingpp.SignatureHeader: signature}
	return message, nil
}

func pingppObject(fields []Field, cents int64) map[string]any {
	get := func(name string) string { return value(fields, name) }
	live, now := get("livemode") == "true", time.Now().Unix()
	charge := map[string]any{
		"id": get("id"), "object": "charge", "created": now, "livemode": live, "paid": get("paid") == "true",
		"refunded": false, "app": "app_test", "channel": get("channel"), "order_no": get("order_no"),
		"amount": cents, "amount_settle": cents, "amount_refunded": 0, "currency": get("currency"),
		"subject": "Example", "body": "", "time_paid": now, "time_expire": now + 24*60*60,
		"credential": map[string]any{}, "metadata": map[string]any{}, "extra": map[string]any{},
	}
	return map[string]any{
		"id": "evt_test1", "created": now, "livemode": live, "type": get("type"), "object": "event",
		"data": map[string]any{"object": charge}, "pending_webhooks": 0, "request": nil,
	}
}

func fakePingpp(public string, options ...gatewaytest.Option) *Fake {
	s := pingpptest.NewServer(options...)
	target := publish(s.Server, public)
	_ = s.AddOrder(knownOrder, money.Cents(99_00), "Example") // it cannot exist yet
	return &Fake{
		Server: s, Target: target,
		Env: env(
			"PINGPP_BASE_URL", s.URL,
			"PINGPP_TOKEN", pingpptest.Token,
			"PINGPP_API_KEY", pingpptest.APIKey,
			"PINGPP_API_BASE_URL", s.URL,
			"PINGPP_WEBHOOK_PUBLIC_KEY", strings.TrimSpace(s.PublicKeyPEM()),
			"PINGPP_ORDER_NO", knownOrder,
			"PINGPP_PRIVATE_KEY", strings.TrimSpace(s.PrivateKeyPEM()), // trigger signs webhooks with it
		),
		PayPage:      func(gatewaytest.Order) string { return "" },
		StateText:    func(state string) string { return state },
		AddOrder:     s.AddOrder,
		SetNotifyURL: s.SetWebhookURL,
	}
}
