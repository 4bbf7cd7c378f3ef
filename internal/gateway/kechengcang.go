package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

func kechengcangGateway() *Gateway {
	needed := []string{OpCreate, OpQuery, OpWait, OpListen, OpSign, OpDoctor}
	return &Gateway{
		Name: "kechengcang", Title: "kechengcang", Number: "order_id",
		Variables: append([]Variable{
			{Name: "KECHENGCANG_APP_ID", Help: "application (app_id)", For: needed},
			{Name: "KECHENGCANG_SECRET", Help: "application's key (secureKey)", Secret: true, For: needed},
			{Name: "KECHENGCANG_BASE_URL", Help: "server's address", For: needed},
		}, settings("KECHENGCANG")...),
		// Without QueryChecks: a query needs no credentials.
		Groups:  [][]string{{"KECHENGCANG_APP_ID", "KECHENGCANG_SECRET", "KECHENGCANG_BASE_URL"}},
		Options: []string{"amount", "channel", "subject", "attach", "notify-url", "return-url"},
		// The server has no channel; the currency of the fee takes its place.
		Channels: []string{"usd", "cny"},
		Event: func() []Field {
			return []Field{
				{"id", "TEST1"},
				{"title", "Example"},
				{"fee", "100"},
				{"currency", "1"},
				{"pay_status", "3"},
				{"status", "2"},
			}
		},
		AnyField: true,
		Accepted: says("ok"), Accepts: "ok",
		Story: Story{
			Amount:  money.Cents(20_00),
			Genuine: "Notifications are unsigned here, so the gateway is queried. It confirms",
			Forged:  "An attacker orders too, pays nothing, and sends a notification of a payment.",
			Unpaid:  true,
		},
		Open: openKechengcang, Fake: fakeKechengcang,
	}
}

func openKechengcang(s Settings) (*Client, error) {
	secret := s.Env.Secret("KECHENGCANG_SECRET")
	if !Find("kechengcang").complete(s.Env) {
		// trigger needs no credentials: the notifications are not signed.
		return &Client{Trigger: triggerKechengcang}, nil
	}
	client, err := kechengcang.New(kechengcang.Config{
		AppID: s.Env["KECHENGCANG_APP_ID"], Secret: secret, BaseURL: s.Env["KECHENGCANG_BASE_URL"],
		AllowPlainHTTP: s.Env.Flag("KECHENGCANG_ALLOW_PLAIN_HTTP"), Logger: s.Logger, HTTPClient: s.HTTPClient,
	})
	if err != nil {
		return nil, err
	}
	show := func(o *kechengcang.Order, err error) (*Payment, error) { return kechengcangPayment(o), err }
	return &Client{
		Create: func(ctx context.Context, o Order) (*Payment, error) {
			currency := kechengcang.CurrencyUSD
			if o.Channel == "cny" {
				currency = kechengcang.CurrencyCNY
			}
			payment, err := show(client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
				Subject: o.Subject, Fee: kechengcang.Fee{Amount: o.Amount, Currency: currency}, Remark: o.Attach,
				NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL,
			}))
			if payment != nil {
				payment.QRCode = payment.PayPage
			}
			return payment, err
		},
		Query: func(ctx context.Context, number string) (*Payment, error) {
			return show(client.QueryOrder(ctx, number))
		},
		Wait: func(ctx context.Context, number string, interval time.Duration) (*Payment, error) {
			return show(client.WaitForPayment(ctx, number, interval))
		},
		Handler: func(show func(*Payment)) http.Handler {
			return client.NotificationHandler(func(_ context.Context, n *kechengcang.Notification) error {
				show(kechengcangPayment(n.Order))
				return nil
			})
		},
		Sign:    func(in Received) (explain.Explanation, string, error) { return signKechengcang(secret, in) },
		Trigger: triggerKechengcang,
	}, nil
}

func kechengcangPayment(o *kechengcang.Order) *Payment {
	if o == nil {
		return nil
	}
	return &Payment{
		Gateway: "kechengcang", Number: o.OrderID, OrderID: o.OrderID, Subject: o.Subject,
		Amount: o.Fee.Amount.String(), Currency: o.Fee.Currency.String(), PayableAmount: o.PayFee.String(),
		State: o.State.String(), Paid: o.Paid(), PayPage: o.PayPageURL,
		CreatedAt: stamp(o.CreatedAt), PaidAt: stamp(o.PayFinishAt),
	}
}

func signKechengcang(secret sign.Secret, in Received) (explain.Explanation, string, error) {
	salt, received := in.Values.Get("salt"), in.Values.Get(sign.FieldName)
	if text := strings.TrimSpace(string(in.Body)); strings.HasPrefix(text, "{") {
		var body struct{ Salt, Sign string }
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			return explain.Explanation{}, "", fmt.Errorf("not JSON: %w", err)
		}
		salt, received = body.Salt, body.Sign
	}
	if salt == "" {
		return explain.Explanation{}, "", errors.New("no field salt, the only one that is signed")
	}
	digest, err := sign.MD5Salted(secret, salt)
	return explain.MD5Salted(secret, received, salt), digest.String(), err
}

// triggerKechengcang writes numbers as numbers, as the gateway does.
func triggerKechengcang(to string, fields []Field, tamper bool) (gatewaytest.Message, error) {
	body := map[string]any{}
	for _, field := range fields {
		body[field.Name] = field.Value
		var number json.Number
		if field.Name != "id" && field.Name != "title" && json.Unmarshal([]byte(field.Value), &number) == nil {
			body[field.Name] = number
		}
	}
	if tamper {
		fee, err := addCents(value(fields, "fee"))
		if err != nil {
			return gatewaytest.Message{}, err
		}
		body["fee"] = fee
	}
	return jsonMessage(to, body)
}

func fakeKechengcang(public string, options ...gatewaytest.Option) *Fake {
	s := kechengcangtest.NewServer(options...)
	fake := &Fake{Server: s, Target: publish(s.Server, public), StateText: numbered[kechengcang.State]}
	fake.PayPage = func(o gatewaytest.Order) string { return s.URL + "/pay/" + o.ID }
	fake.Env = env(
		"KECHENGCANG_APP_ID", kechengcangtest.AppID,
		"KECHENGCANG_SECRET", kechengcangtest.Secret,
		"KECHENGCANG_BASE_URL", s.URL,
	)
	return fake
}

// addCents returns a whole number of cents plus 900.00, as a tampered notification
// claims it.
func addCents(text string) (int64, error) {
	var cents int64
	if err := json.Unmarshal([]byte(text), &cents); err != nil {
		return 0, fmt.Errorf("%w: %q must be a whole number of cents", paygates.ErrInvalidRequest, text)
	}
	return cents + money.Cents(900_00).Cents(), nil
}

func jsonMessage(to string, body any) (gatewaytest.Message, error) {
	text, err := json.Marshal(body)
	return gatewaytest.Message{Method: http.MethodPost, URL: to, ContentType: "application/json", Body: string(text)}, err
}
