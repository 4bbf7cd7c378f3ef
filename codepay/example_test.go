package codepay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// A merchant's configuration comes from the environment or a settings file; the
// key shows itself nowhere.
func ExampleNew() {
	_, err := codepay.New(codepay.Config{UserID: "10041"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, codepay.ErrInvalidConfig))

	config := codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")}
	fmt.Println(config.Secret)
	// Output:
	// codepay: invalid configuration: Secret is required
	// true
	// [redacted]
}

func ExampleClient_CreateOrder() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1) // somebody else is about to pay 100.00
	client, err := codepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "20170217200040",
		Channel: codepay.ChannelAlipay,
		Amount:  money.Cents(10000),
		Timeout: 5 * time.Minute,
	})
	switch {
	case errors.Is(err, codepay.ErrListenerOffline):
		fmt.Println("a payment would not be noticed:", err)
	case errors.Is(err, codepay.ErrOutcomeUnknown):
		fmt.Println("wait for a callback, do not create it again:", err)
	case err != nil:
		fmt.Println("not created:", err)
	default:
		fmt.Println("order", order.OrderID, "costs", order.Price)
		fmt.Println("to be paid:", order.Money, "within", order.Remaining(order.ReceivedAt))
		fmt.Println("QR code:", order.QRCodeURL[len(gateway.URL):])
	}
	// Output:
	// order 424843497502158848 costs 100.00
	// to be paid: 99.99 within 5m0s
	// QR code: /qr/424843497502158848/0.png
}

// The payer is redirected to the gateway's own page.
func ExampleClient_CashierURL() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	page, err := client.CashierURL(codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	if err != nil {
		fmt.Println(err)
		return
	}
	parameters, _ := url.Parse(page)
	fmt.Println(parameters.Host, parameters.Path)
	fmt.Println(parameters.Query().Get("price"), len(parameters.Query().Get("sign")))
	// Output:
	// codepay.fateqq.com:51888 /creat_order/
	// 100.00 32
}

// The token that stands in the address is seen by the payer: prefer CashierURL.
func ExampleClient_TokenURL() {
	config := codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")}
	request := codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)}
	client, _ := codepay.New(config)
	_, err := client.TokenURL(request)
	fmt.Println(err)

	config.Token = sign.NewSecret("888888")
	client, _ = codepay.New(config)
	page, err := client.TokenURL(request)
	fmt.Println(page, err)
	// Output:
	// codepay: invalid configuration: Token is required for this call
	// https://codepay.fateqq.com:51888/creat_order/?id=10041&pay_id=admin&price=100.00&type=1&token=888888 <nil>
}

// The address goes into <script src="…">; the page defines the function callback.
func ExampleClient_ScriptURL() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config())
	script, err := client.ScriptURL(codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)}, "callback")
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := http.Get(script) // the payer's browser
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	fmt.Println(strings.HasPrefix(string(text), "callback({"))
	order, err := codepay.ParseReply(text)
	fmt.Println(order, err)
	// Output:
	// true
	// codepay order 424843497502158848: 100.00 yuan by 1 (Alipay) <nil>
}

func ExampleParseReply() {
	order, err := codepay.ParseReply([]byte(`callback({"status":0,"msg":"ok","money":"99.99","price":"100.00","order_id":888888888});`))
	fmt.Println(order.Money, err)
	_, err = codepay.ParseReply([]byte(`callback({"status":-2,"msg":"too long"});`))
	fmt.Println(err)
	// Output:
	// 99.99 <nil>
	// codepay: read reply: code -2: too long
}

func ExampleClient_QueryOrder() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config()) // with a token
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	order, err := client.QueryOrder(ctx, created.OrderID)
	fmt.Println(order, err)

	_ = gateway.PaySilently(created.OrderID)
	order, err = client.QueryOrder(ctx, created.OrderID)
	fmt.Println(order.Paid(), err)

	_, err = client.QueryOrder(ctx, "1")
	fmt.Println(errors.Is(err, codepay.ErrOrderNotFound))
	// Output:
	// codepay order 424843497502158848: state 0 (unpaid) <nil>
	// true <nil>
	// true
}

func ExampleClient_WaitForPayment() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	_ = gateway.PaySilently("admin")

	order, err := client.WaitForPayment(ctx, created.OrderID, time.Second)
	fmt.Println(order, err)
	// Output:
	// codepay order 424843497502158848: state 2 (paid, completed) <nil>
}

// The handler is mounted like any other. What was really paid is Money.
func ExampleClient_NotificationHandler() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1)
	client, _ := codepay.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		// Here: compare n.Money with the stored order, credit n.PayNo once.
		fmt.Println("paid:", n.OrderNo, n.Money, "of", n.Price, n.Differs())
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "admin", Amount: money.Cents(10000), NotifyURL: shop.URL + "/notify",
	})
	genuine, _ := gateway.Pay("admin")
	fmt.Println("genuine:", genuine.Status, genuine.Reply)
	tampered, _ := gateway.SendTampered("admin")
	fmt.Println("tampered:", tampered.Status, tampered.Reply)
	// Output:
	// paid: admin 99.99 of 100.00 true
	// genuine: 200 success
	// tampered: 403 fail
}

// A handler of one's own answers "success", or "fail" to be called again.
func ExampleClient_ParseNotification() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config())
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ParseNotification(r)
		if err != nil {
			http.Error(w, "fail", codepay.NotificationStatus(err))
			return
		}
		fmt.Println("paid:", n.OrderNo, n.Money, n.Custom)
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "admin", Amount: money.Cents(10000), Custom: "充值", NotifyURL: shop.URL,
		Chart: codepay.ChartGB2312, // the text is UTF-8 here and GBK on the wire
	})
	delivery, _ := gateway.Pay("admin")
	fmt.Println(delivery.Status, delivery.Reply)
	// Output:
	// paid: admin 100.00 充值
	// 200 success
}

// The status tells the merchant's monitoring who has to act: 403 is a forger.
func ExampleNotificationStatus() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	_, err := client.VerifyNotification(url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "pay_no": {"1"}, "sign": {"00"}})
	fmt.Println(codepay.NotificationStatus(err), codepay.NotificationStatus(nil))
	// Output:
	// 403 200
}

// A program that gets its callbacks through a framework passes the parameters on.
func ExampleClient_VerifyNotification() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	parameters := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "pay_no": {"1"}, "sign": {"00"}}
	_, err := client.VerifyNotification(parameters)
	fmt.Println(errors.Is(err, codepay.ErrInvalidSignature))
	// Output:
	// true
}

// The signature covers a callback; the query is an extra.
func ExampleClient_ConfirmNotification() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config()) // with a token
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	claimed := &codepay.Notification{OrderNo: "admin", OrderID: created.OrderID, Money: money.Cents(10000)}

	_, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(errors.Is(err, codepay.ErrNotConfirmed), err)

	_ = gateway.PaySilently(created.OrderID)
	order, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(order, err)
	// Output:
	// true codepay: confirm notification: not confirmed by the gateway: do not credit it: the gateway says state 0 (unpaid)
	// codepay order 424843497502158848: state 2 (paid, completed) <nil>
}

// For the merchant's eyes only: why a callback is refused. The signature is from
//
//	printf %s 'money=100.00&pay_id=admin&pay_no=1example-key' | md5sum
func ExampleClient_ExplainNotification() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	fmt.Print(client.ExplainNotification(url.Values{
		"pay_id": {"admin"}, "money": {"100"}, "pay_no": {"1"}, "param": {""},
		"sign": {"03361aa1a8fababa91d081084f11e44d"},
	}))
	// Output:
	// signature = md5(name=value&… + secret), sorted by name
	//   1  "money"   "100"          3 bytes
	//                               ! is not written with exactly two decimals
	//   2  "pay_id"  "admin"        5 bytes
	//   3  "pay_no"  "1"            1 bytes
	//   -  "param"   ""             skipped: it is empty
	//   -  "sign"    "[signature]"  skipped: it is the signature
	//   hashed: "money=100&pay_id=admin&pay_no=1[secret, 11 characters]"
	//   the signature DOES NOT match
	//   - It matches if "money" is written 100.00: the sender signed the amount in another form than it sent.
}
