package gatepay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The configuration comes from the environment or a settings file. The secret is not
// printed.
func ExampleNew() {
	_, err := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrInvalidConfig))

	config := gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret("example-appsecret")}
	fmt.Println(config.Secret)
	// Output:
	// gatepay: invalid configuration: Secret is required
	// true
	// [redacted]
}

func ExampleClient_CreateOrder() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, err := gatepay.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.CreateOrder(context.Background(), gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E",
		Channel: gatepay.ChannelAlipay,
		Amount:  money.Cents(188),
		Attach:  "user-42",
	})
	switch {
	case errors.Is(err, paygates.ErrNotSent):
		fmt.Println("safe to retry:", err)
		return
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		fmt.Println("query the order, do not create it again:", err)
		return
	case err != nil:
		fmt.Println("rejected:", err)
		return
	}
	image, err := order.Image()
	fmt.Println("pay page:", order.PayPageURL[len(gateway.URL):])
	fmt.Println("QR code:", len(image) > 0, err)
	// Output:
	// pay page: /pay/api?id=S20191118123424E&type=alipay
	// QR code: true <nil>
}

// The notification of a cloud order goes to the URL in the account's settings.
func ExampleClient_CreateCloudOrder() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	gateway.Reject("/api/cloudpay/create", 209)
	client, _ := gatepay.New(gateway.Config())
	_, err := client.CreateCloudOrder(context.Background(), gatepay.CreateCloudOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, gatepay.ErrNotAgent))
	// Output:
	// gatepay: create cloud order: code 209: 非代理用户: the account is not an agent account
	// true
}

func ExampleClient_CreateGroupOrder() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	ctx := context.Background()
	_, err := client.CreateGroupOrder(ctx, gatepay.CreateGroupOrderRequest{
		OrderNo: "S20191118123424E",
		Channel: gatepay.ChannelWeChat,
		Items:   []gatepay.GroupItem{{ProductID: "8", Count: 1}, {ProductID: "7", Count: 2}},
		Attach:  "user-42",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.QueryOrder(ctx, "S20191118123424E")
	fmt.Println(order, err)
	// Output:
	// gatepay order S20191118123424E: 2.99 yuan, state inprogress <nil>
}

func ExampleClient_CreateProductOrder() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	_, err := client.CreateProductOrder(context.Background(), gatepay.CreateProductOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelWeChat, ProductID: "9", Attach: "user-42",
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, gatepay.ErrOutOfStock))
	// Output:
	// gatepay: create product order: code 206: 当前产品无库存: product is out of stock
	// true
}

func ExampleClient_QueryOrder() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	_, err := client.QueryOrder(context.Background(), "S20191118123424E")
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrOrderNotFound))
	// Output:
	// gatepay: query order: code 201: 订单不存在: order not found
	// true
}

// The stored response of a query is decoded again, without a request.
func ExampleDecodeOrder() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	ctx := context.Background()
	_, _ = client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
	})
	queried, _ := client.QueryOrder(ctx, "S20191118123424E")

	order, err := gatepay.DecodeOrder(queried.Raw.Reveal())
	fmt.Println(order.OrderID, order.Amount, order.State, err)
	// Output:
	// 424843497502158848 1.88 inprogress <nil>
}

func ExampleClient_WaitForPayment() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
	})
	_ = gateway.PaySilently("S20191118123424E")

	order, err := client.WaitForPayment(ctx, "S20191118123424E", time.Second)
	fmt.Println(order, err)
	// Output:
	// gatepay order S20191118123424E: 1.88 yuan, state paid <nil>
}

func ExampleClient_QueryPaymentPage() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	ctx := context.Background()
	order, _ := client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
	})
	page, err := client.QueryPaymentPage(ctx, order.PayPageURL)
	fmt.Println(len(page.Raw.Reveal()) > 0, err)

	_, err = client.QueryPaymentPage(ctx, "https://shop.example.com/pay")
	fmt.Println(err)
	// Output:
	// true <nil>
	// gatepay: invalid request: payPageURL must lead to the scheme and host of BaseURL or CloudBaseURL
}

func ExampleClient_QuickPayURL() {
	client, _ := gatepay.New(gatepay.Config{AppKey: "e3d704f3542b44a621ebed70dc0efe13", Secret: sign.NewSecret("example-appsecret")})
	link, err := client.QuickPayURL(gatepay.QuickPayRequest{Token: "exampletoken", Amount: money.Cents(188), Fixed: true})
	fmt.Println(link, err)
	// Output:
	// https://gatepay.io/pay/any?appkey=e3d704f3542b44a621ebed70dc0efe13&token=exampletoken&price=1.88&stable=1 <nil>
}

// The handler is mounted like any other. A notification that was cut into another order's
// has a valid signature. The handler queries the gateway and rejects it.
func ExampleClient_NotificationHandler() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		// Here: compare n.Order.Amount with the stored order, and credit n.OrderNo once.
		fmt.Println("paid:", n.OrderNo, n.Order.Amount)
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()

	_, err := client.CreateOrder(context.Background(), gatepay.CreateOrderRequest{
		OrderNo: "ORD1", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
		NotifyURL: shop.URL + "/notify",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	delivery, _ := gateway.Pay("ORD1")
	fmt.Println("response:", delivery.Status, delivery.Response)

	delivery, _ = gateway.SendTampered("ORD1")
	claimed, _ := url.ParseQuery(delivery.Body)
	fmt.Println("claimed:", claimed.Get("out_order_id"), claimed.Get("price"))
	fmt.Println("response:", delivery.Status, delivery.Response)
	// Output:
	// paid: ORD1 1.88
	// response: 200 success
	// claimed: ORD 11.88
	// response: 409 fail
}

// Your own handler confirms the notification before it credits the order. It responds
// with "success", or with "fail" to get the notification again.
func ExampleClient_ParseNotification() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ParseNotification(r)
		if err == nil {
			_, err = client.ConfirmNotification(r.Context(), n)
		}
		if err != nil {
			http.Error(w, "fail", paygates.NotificationStatus(err))
			return
		}
		fmt.Println("paid:", n.OrderNo, n.Order.Amount, n.Attach)
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()

	_, _ = client.CreateOrder(context.Background(), gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
		NotifyURL: shop.URL,
	})
	delivery, _ := gateway.Pay("S20191118123424E")
	fmt.Println(delivery.Status, delivery.Response)
	// Output:
	// paid: S20191118123424E 1.88 user-42
	// 200 success
}

// The status tells your monitoring what happened: 403 is an invalid signature.
func ExampleNotificationStatus() {
	client, _ := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret("example-appsecret")})
	_, err := client.VerifyNotification(url.Values{
		"order_id": {"522"}, "out_order_id": {"S20191118123424E"}, "price": {"1.88"}, "realprice": {"1.88"},
		"type": {"alipay"}, "paytime": {"1556614084"}, "extend": {"user-42"}, "sign": {"00"},
	})
	fmt.Println(paygates.NotificationStatus(err), paygates.NotificationStatus(nil))
	// Output:
	// 403 200
}

// A program that receives notifications through a framework passes the parameters on. The
// signature is from
//
//	inner=$(printf %s '098f6bcd4621d373cade4e832627b4f6522S20191118123424E1.881.88alipay1556614084user-42' | md5sum | cut -c1-32)
//	printf %s "${inner}example-appsecret" | md5sum
func ExampleClient_VerifyNotification() {
	client, _ := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret("example-appsecret")})
	parameters := url.Values{
		"order_id": {"522"}, "out_order_id": {"S20191118123424E"}, "price": {"1.88"}, "realprice": {"1.88"},
		"type": {"alipay"}, "paytime": {"1556614084"}, "extend": {"user-42"}, "sign": {"bc88d311c760f3aeb664921aa367ee04"},
	}
	n, err := client.VerifyNotification(parameters)
	fmt.Println(n, n.PaidAt.Format(time.DateTime), err)

	parameters.Set("price", "9.88")
	_, err = client.VerifyNotification(parameters)
	fmt.Println(errors.Is(err, paygates.ErrInvalidSignature))
	// Output:
	// gatepay notification for order S20191118123424E: 1.88 yuan 2019-04-30 16:48:04 <nil>
	// true
}

// ConfirmNotification compares a notification with what the gateway says.
func ExampleClient_ConfirmNotification() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	ctx := context.Background()
	_, _ = client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
	})
	claimed := &gatepay.Notification{OrderID: "424843497502158848", OrderNo: "S20191118123424E", Amount: money.Cents(188)}

	_, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(errors.Is(err, paygates.ErrNotConfirmed), err)

	_ = gateway.PaySilently("S20191118123424E")
	order, err := client.ConfirmNotification(ctx, claimed)
	fmt.Println(order, err)
	// Output:
	// true gatepay: confirm notification: not confirmed by the gateway: the gateway says state inprogress
	// gatepay order S20191118123424E: 1.88 yuan, state paid <nil>
}

// The explanation is for you only. Here a blank was added to "user-42".
func ExampleClient_ExplainNotification() {
	client, _ := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret("example-appsecret")})
	explanation := client.ExplainNotification(url.Values{
		"order_id": {"522"}, "out_order_id": {"S20191118123424E"}, "price": {"1.88"}, "realprice": {"1.88"},
		"type": {"alipay"}, "paytime": {"1556614084"}, "extend": {"user-42 "}, "sign": {"bc88d311c760f3aeb664921aa367ee04"},
	})
	fmt.Println(explanation.Form)
	fmt.Println(explanation.Matches)
	fmt.Println(explanation.Hints[0])
	// Output:
	// md5(md5(appkey + order_id + out_order_id + price + realprice + type + paytime + extend) + secret)
	// false
	// Matches if every value is taken without the whitespace around it.
}

// The page for the payer shows the state that QueryOrder returns.
func ExampleClient_ParseReturn() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())

	mux := http.NewServeMux()
	mux.HandleFunc("/paid", func(w http.ResponseWriter, r *http.Request) {
		back, err := client.ParseReturn(r)
		if err != nil {
			http.Error(w, "?", http.StatusBadRequest)
			return
		}
		order, err := client.QueryOrder(r.Context(), back.OrderNo)
		fmt.Println(order, err)
	})
	shop := httptest.NewServer(mux)
	defer shop.Close()

	order, err := client.CreateOrder(context.Background(), gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
		ReturnURL: shop.URL + "/paid",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The button of the cashier page pays and redirects to the return URL.
	response, err := http.Post(order.PayPageURL, "", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = response.Body.Close()
	// Output:
	// gatepay order S20191118123424E: 1.88 yuan, state paid <nil>
}

// A program that receives the return through a framework passes the parameters on. The
// signature is from
//
//	inner=$(printf %s '098f6bcd4621d373cade4e832627b4f61.88alipay522S20191118123424E' | md5sum | cut -c1-32)
//	printf %s "${inner}example-appsecret" | md5sum
func ExampleClient_VerifyReturn() {
	client, _ := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret("example-appsecret")})
	back, err := client.VerifyReturn(url.Values{
		"price": {"1.88"}, "type": {"alipay"}, "product_id": {""}, "order_id": {"522"}, "out_order_id": {"S20191118123424E"},
		"sign": {"fe0fb553158ccc1aa8cc9c6637a13631"},
	})
	fmt.Println(back, err) // next: QueryOrder(back.OrderNo)
	// Output:
	// gatepay return of the payer of order S20191118123424E <nil>
}

func ExampleClient_ExplainReturn() {
	client, _ := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret("example-appsecret")})
	explanation := client.ExplainReturn(url.Values{
		"price": {"1.88"}, "type": {"alipay"}, "product_id": {""}, "order_id": {"522"}, "out_order_id": {"S20191118123424E"},
		"sign": {"fe0fb553158ccc1aa8cc9c6637a13631"},
	})
	fmt.Println(explanation.Form)
	fmt.Println(explanation.Steps[0], explanation.Matches)
	// Output:
	// md5(md5(appkey + price + type + product_id + order_id + out_order_id) + secret)
	// 098f6bcd4621d373cade4e832627b4f61.88alipay522S20191118123424E true
}

// Verify and respond now, handle later: the envelope goes on a queue.
func ExampleClient_RestoreNotification() {
	gateway := gatepaytest.NewServer()
	defer gateway.Close()
	client, _ := gatepay.New(gateway.Config())
	ctx := context.Background()
	_, _ = client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo: "S20191118123424E", Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "user-42",
	})
	_ = gateway.PaySilently("S20191118123424E")
	request, _ := gateway.NotificationRequest("S20191118123424E")

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
	order, err := client.ConfirmNotification(ctx, restored)
	fmt.Println(order, err)
	// Output:
	// true <nil>
	// gatepay order S20191118123424E: 1.88 yuan, state paid <nil>
}
