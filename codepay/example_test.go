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

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The credentials come from the environment or a settings file. The key is never printed.
func ExampleNew() {
	_, err := codepay.New(codepay.Config{UserID: "10041"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrInvalidConfig))

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
	gateway.ShiftMoney(-1) // another payer is about to pay 100.00
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
		fmt.Println("payments are not noticed:", err)
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		fmt.Println("wait for a notification, do not create it again:", err)
	case err != nil:
		fmt.Println("not created:", err)
	default:
		fmt.Println("order", order.OrderID, "costs", order.Amount)
		fmt.Println("to be paid:", order.PayableAmount, "within", order.Remaining(order.ReceivedAt))
		fmt.Println("QR code:", order.QRCodeURL[len(gateway.URL):])
	}
	// Output:
	// order 424843497502158848 costs 100.00
	// to be paid: 99.99 within 5m0s
	// QR code: /qr/424843497502158848/0.png
}

// Redirect the payer to the gateway's cashier page.
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

// The payer sees the token in the URL: prefer CashierURL.
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

// The URL belongs in <script src="…">; the page defines the function callback.
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
	order, err := codepay.DecodeCreatedOrder(text)
	fmt.Println(order, err)
	// Output:
	// true
	// codepay order 424843497502158848: 100.00 yuan by 1 (Alipay) <nil>
}

func ExampleDecodeCreatedOrder() {
	order, err := codepay.DecodeCreatedOrder([]byte(`callback({"status":0,"msg":"ok","money":"99.99","price":"100.00","order_id":888888888});`))
	fmt.Println(order.PayableAmount, err)
	_, err = codepay.DecodeCreatedOrder([]byte(`callback({"status":-2,"msg":"too long"});`))
	fmt.Println(err)
	// Output:
	// 99.99 <nil>
	// codepay: decode order: code -2: too long
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
	fmt.Println(errors.Is(err, paygates.ErrOrderNotFound))
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

// The handler is mounted like any other. Credit PaidAmount.
func ExampleClient_NotificationHandler() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	gateway.ShiftMoney(-1)
	client, _ := codepay.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		// Here: compare n.PaidAmount with the stored order, credit the payment once.
		fmt.Println("paid:", n.OrderNo, n.PaidAmount, "of", n.Amount, n.AmountDiffers())
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "admin", Amount: money.Cents(10000), NotifyURL: shop.URL + "/notify",
	})
	genuine, _ := gateway.Pay("admin")
	fmt.Println("genuine:", genuine.Status, genuine.Response)
	tampered, _ := gateway.SendTampered("admin")
	fmt.Println("tampered:", tampered.Status, tampered.Response)
	// Output:
	// paid: admin 99.99 of 100.00 true
	// genuine: 200 success
	// tampered: 403 fail
}

// Your own handler responds "success", or "fail" to receive the notification again.
func ExampleClient_ParseNotification() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config())
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ParseNotification(r)
		if err != nil {
			http.Error(w, "fail", paygates.NotificationStatus(err))
			return
		}
		fmt.Println("paid:", n.OrderNo, n.PaidAmount, n.Attach)
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), codepay.CreateOrderRequest{
		OrderNo: "admin", Amount: money.Cents(10000), Attach: "充值", NotifyURL: shop.URL,
		Charset: codepay.CharsetGB2312, // the text is UTF-8 here and GBK on the wire
	})
	delivery, _ := gateway.Pay("admin")
	fmt.Println(delivery.Status, delivery.Response)
	// Output:
	// paid: admin 100.00 充值
	// 200 success
}

// The status is for monitoring: 403 means a forged notification or a wrong key.
func ExampleNotificationStatus() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	_, err := client.VerifyNotification(url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "pay_no": {"1"}, "sign": {"00"}})
	fmt.Println(paygates.NotificationStatus(err), paygates.NotificationStatus(nil))
	// Output:
	// 403 200
}

// If a framework has parsed the parameters, pass them on.
func ExampleClient_VerifyNotification() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	parameters := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "pay_no": {"1"}, "sign": {"00"}}
	_, err := client.VerifyNotification(parameters)
	fmt.Println(errors.Is(err, paygates.ErrInvalidSignature))
	// Output:
	// true
}

// The signature covers the notification; the query is an addition.
func ExampleClient_ConfirmNotification() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config()) // with a token
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	claimed := &codepay.Notification{OrderNo: "admin", OrderID: created.OrderID, PaidAmount: money.Cents(10000)}

	_, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(errors.Is(err, paygates.ErrNotConfirmed), err)

	_ = gateway.PaySilently(created.OrderID)
	order, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(order, err)
	// Output:
	// true codepay: confirm notification: not confirmed by the gateway: the gateway says state 0 (unpaid)
	// codepay order 424843497502158848: state 2 (paid, completed) <nil>
}

// Do not send the explanation in the response. The signature is from
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
	//   3  "pay_no"  "1"            1 byte
	//   -  "param"   ""             skipped: it is empty
	//   -  "sign"    "[signature]"  skipped: it is the signature
	//   hashed: "money=100&pay_id=admin&pay_no=1[secret, 11 characters]"
	//   the signature DOES NOT match
	//   - Matches if "money" is written 100.00: the sender signed the amount in another form than it sent.
}

// The payer comes back to ReturnURL: show a page, and credit nothing.
//
//	printf %s 'money=100.00&pay_id=admin&pay_no=1&type=1example-key' | md5sum
func ExampleClient_ParseReturn() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	r := httptest.NewRequest(http.MethodGet, "/paid?money=100.00&pay_id=admin&pay_no=1&type=1&sign=a4e41afe2a3fc933172688423dcc72c5", nil)
	back, err := client.ParseReturn(r)
	fmt.Println(back.OrderNo, back.PaidAmount, err)
	// Output:
	// admin 100.00 <nil>
}

// VerifyReturn is for values that a framework has parsed.
func ExampleClient_VerifyReturn() {
	client, _ := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret("example-key")})
	_, err := client.VerifyReturn(url.Values{"pay_id": {"admin"}, "money": {"900.00"}, "sign": {"a4e41afe2a3fc933172688423dcc72c5"}})
	fmt.Println(errors.Is(err, paygates.ErrInvalidSignature))
	// Output:
	// true
}

// Verify and respond now, handle later: the envelope goes on a queue.
func ExampleClient_RestoreNotification() {
	gateway := codepaytest.NewServer()
	defer gateway.Close()
	client, _ := codepay.New(gateway.Config())
	ctx := context.Background()
	created, _ := client.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
	_ = gateway.PaySilently(created.OrderID)
	request, _ := gateway.NotificationRequest(created.OrderID)

	n, err := client.ParseNotification(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	queued, err := n.MarshalBinary() // store it, and respond only then
	fmt.Println(len(queued) > 0, err)

	restored, err := client.RestoreNotification(queued)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(restored.OrderNo, restored.PaidAmount)
	// Output:
	// true <nil>
	// admin 100.00
}
