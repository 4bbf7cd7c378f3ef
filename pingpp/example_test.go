package pingpp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
	"github.com/paygates/paygates-go/sign"
)

// The merchant backend, Ping++ and the notifications can be used separately.
func ExampleNew() {
	client, err := pingpp.New(pingpp.Config{APIKey: sign.NewSecret("sk_live_example")})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, paygates.ErrInvalidConfig))
	// Output:
	// pingpp: invalid configuration: Token is required to create an order
	// true
}

func ExampleClient_CreateOrder() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	client, err := pingpp.New(gateway.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002",
		Channel: pingpp.ChannelWeChat,
	})
	switch {
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		fmt.Println("look it up before you create it again:", err)
	case errors.Is(err, pingpp.ErrInvalidChannel), errors.Is(err, pingpp.ErrPaymentRequestFailed):
		fmt.Println("rejected:", err)
	case err != nil:
		fmt.Println("not created:", err)
	default:
		// Store order.Charge.ID, and send order.Charge.Raw to the app.
		credential, err := order.Charge.WeChatCredential()
		fmt.Println(order.Charge.OrderNo, order.Charge.Amount, order.Charge.Currency)
		fmt.Println(credential.Package.Reveal(), err)
	}
	// Output:
	// 12134676899915430002 99.00 cny
	// Sign=WXPay <nil>
}

func ExampleClient_QueryCharge() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	client, _ := pingpp.New(gateway.Config())
	ctx := context.Background()
	order, _ := client.CreateOrder(ctx, pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	charge, err := client.QueryCharge(ctx, order.Charge.ID)
	fmt.Println(charge.Paid(), charge.Amount, err)

	_, err = client.QueryCharge(ctx, "ch_unknown")
	fmt.Println(errors.Is(err, paygates.ErrOrderNotFound))
	var failed *paygates.Error
	var apiError *pingpp.APIError
	if errors.As(err, &failed) && errors.As(err, &apiError) {
		fmt.Println(failed.HTTPStatus, apiError.Type, apiError.Param, failed.Message)
	}
	// Output:
	// false 99.00 <nil>
	// true
	// 404 invalid_request_error id No such charge: ch_unknown
}

// The response to a create was lost. The order number is looked for among the charges
// since some minutes before the create.
func ExampleClient_FindCharges() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	client, _ := pingpp.New(gateway.Config())
	ctx := context.Background()
	begin := time.Now()
	gateway.InjectFault(gatewaytest.Fault{Path: "/pay/", Cut: true, Times: 1})
	_, err := client.CreateOrder(ctx, pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	fmt.Println(errors.Is(err, paygates.ErrOutcomeUnknown))

	found, err := client.FindCharges(ctx, "12134676899915430002", pingpp.ListChargesRequest{
		App:         pingpptest.App,
		CreatedFrom: begin.Add(-5 * time.Minute),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Here: compare Amount and Currency with the stored order, and store the ID. If there is
	// none, search again later: the backend may be slow.
	for _, charge := range found.Data {
		fmt.Println(charge.OrderNo, charge.Amount, charge.Currency, charge.Paid())
	}
	// Output:
	// true
	// 12134676899915430002 99.00 cny false
}

// The charges of a day that are paid, whatever their number.
func ExampleClient_Charges() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	ctx := context.Background()
	for _, orderNo := range []string{"ORDER1", "ORDER2", "ORDER3"} {
		_ = gateway.AddOrder(orderNo, money.Cents(9900), "Example")
		_, _ = client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelWeChat})
	}
	_ = gateway.PaySilently("ORDER1")
	_ = gateway.PaySilently("ORDER3")

	paid := true
	request := pingpp.ListChargesRequest{App: pingpptest.App, Paid: &paid, CreatedFrom: time.Now().Add(-24 * time.Hour)}
	for charge, err := range client.Charges(ctx, request) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(charge.OrderNo, charge.Amount)
	}
	// Output:
	// ORDER3 99.00
	// ORDER1 99.00
}

// One page, and the next one.
func ExampleClient_ListCharges() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	ctx := context.Background()
	for _, orderNo := range []string{"ORDER1", "ORDER2", "ORDER3"} {
		_ = gateway.AddOrder(orderNo, money.Cents(9900), "Example")
		_, _ = client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelWeChat})
	}
	page, err := client.ListCharges(ctx, pingpp.ListChargesRequest{App: pingpptest.App, Limit: 2})
	fmt.Println(page, page.HasMore, err)
	page, err = client.ListCharges(ctx, pingpp.ListChargesRequest{App: pingpptest.App, Limit: 2, StartingAfter: page.Data[1].ID})
	fmt.Println(page, page.HasMore, err)
	// Output:
	// pingpp list of 2 charges true <nil>
	// pingpp list of 1 charges false <nil>
}

// refunded returns a fake and a charge of 99.00, paid and partly refunded in two parts.
func refunded() (*pingpptest.Server, *pingpp.Client, *pingpp.Charge, []string) {
	gateway := pingpptest.NewServer()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	client, _ := pingpp.New(gateway.Config())
	order, _ := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	_ = gateway.PaySilently(order.Charge.ID)
	first, _ := gateway.Refund(order.Charge.ID, money.Cents(100))
	second, _ := gateway.Refund(order.Charge.ID, money.Cents(250))
	return gateway, client, order.Charge, []string{first, second}
}

func ExampleClient_QueryRefund() {
	gateway, client, charge, refundIDs := refunded()
	defer gateway.Close()
	refund, err := client.QueryRefund(context.Background(), charge.ID, refundIDs[0])
	fmt.Println(refund.Amount, refund.Succeeded, err)

	_, err = client.QueryRefund(context.Background(), charge.ID, "re_unknown")
	fmt.Println(errors.Is(err, paygates.ErrOrderNotFound))
	// Output:
	// 1.00 true <nil>
	// true
}

func ExampleClient_ListRefunds() {
	gateway, client, charge, _ := refunded()
	defer gateway.Close()
	list, err := client.ListRefunds(context.Background(), pingpp.ListRefundsRequest{ChargeID: charge.ID, Limit: 1})
	fmt.Println(list.Data[0].Amount, list.HasMore, err)
	// Output:
	// 2.50 true <nil>
}

func ExampleClient_Refunds() {
	gateway, client, charge, _ := refunded()
	defer gateway.Close()
	for refund, err := range client.Refunds(context.Background(), pingpp.ListRefundsRequest{ChargeID: charge.ID}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(refund.Amount, refund.Status)
	}
	// Output:
	// 2.50 succeeded
	// 1.00 succeeded
}

// An event tells what happened then. The charge has to be queried before it is credited.
func ExampleClient_QueryEvent() {
	gateway, client, charge, _ := refunded()
	defer gateway.Close()
	ctx := context.Background()
	event, err := client.QueryEvent(ctx, strings.Replace(charge.ID, "ch_", "evt_", 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(event.Type, event.Charge.AmountRefunded)
	now, err := client.QueryCharge(ctx, event.Charge.ID)
	fmt.Println(now.Paid(), now.AmountRefunded, err)
	// Output:
	// charge.succeeded 0.00
	// true 3.50 <nil>
}

// A stored charge is decoded without a query.
func ExampleDecodeCharge() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	client, _ := pingpp.New(gateway.Config())
	order, _ := client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	charge, err := pingpp.DecodeCharge(order.Charge.Raw.Reveal())
	fmt.Println(charge.OrderNo, charge.Amount, charge.Paid(), err)
	// Output:
	// 12134676899915430002 99.00 false <nil>
}

func ExampleClient_WaitForPayment() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	client, _ := pingpp.New(gateway.Config())
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	order, _ := client.CreateOrder(ctx, pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	_ = gateway.PaySilently(order.Charge.ID)

	charge, err := client.WaitForPayment(ctx, order.Charge.ID, time.Second)
	fmt.Println(charge, err)
	// Output:
	// pingpp charge ch_example424843497502158848 for order 12134676899915430002: 99.00 cny, paid <nil>
}

// The handler is mounted like any other. The signature of a notification that was changed
// is invalid.
func ExampleClient_NotificationHandler() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())

	mux := http.NewServeMux()
	mux.Handle("/webhook", client.NotificationHandler(func(_ context.Context, n *pingpp.Notification) error {
		if !n.Paid() {
			return nil // an event of another type
		}
		// Here: compare n.Charge.Amount with the stored order, credit n.Charge.ID once.
		fmt.Println("paid:", n.Charge.OrderNo, n.Charge.Amount)
		return nil
	}))
	shop := httptest.NewServer(mux)
	defer shop.Close()
	gateway.SetWebhookURL(shop.URL + "/webhook")

	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	_, _ = client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	genuine, _ := gateway.Pay("12134676899915430002")
	fmt.Println("genuine:", genuine.Status, genuine.Response)
	tampered, _ := gateway.SendTampered("12134676899915430002")
	fmt.Println("tampered:", tampered.Status, tampered.Response)
	// Output:
	// paid: 12134676899915430002 99.00
	// genuine: 200 success
	// tampered: 403 fail
}

// Your own handler responds with 2xx, or with another status to get the notification
// again.
func ExampleClient_ParseNotification() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ParseNotification(r)
		if err != nil {
			http.Error(w, "fail", paygates.NotificationStatus(err))
			return
		}
		if n.Paid() {
			fmt.Println("paid:", n.Charge.OrderNo, n.Charge.Amount)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer shop.Close()
	gateway.SetWebhookURL(shop.URL)

	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	_, _ = client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	delivery, _ := gateway.Pay("12134676899915430002")
	fmt.Println(delivery.Status, delivery.Accepted)
	// Output:
	// paid: 12134676899915430002 99.00
	// 204 true
}

// The status is 403 for a notification with an invalid signature.
func ExampleClient_VerifyNotification_status() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	_, err := client.VerifyNotification([]byte(`{"id":"evt_1"}`), "AAAA")
	fmt.Println(paygates.NotificationStatus(err), paygates.NotificationStatus(nil))
	// Output:
	// 403 200
}

// A framework has read the body: pass it on exactly as it arrived, with the header.
func ExampleClient_VerifyNotification() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	body := []byte(`{"id":"evt_1","object":"event","type":"refund.succeeded","livemode":true,"data":{"object":{"id":"re_1"}}}`)
	n, err := client.VerifyNotification(body, gateway.Sign(body))
	fmt.Println(n.Type, string(n.Object.Reveal()), err)

	_, err = client.VerifyNotification(append(body, '\n'), gateway.Sign(body))
	fmt.Println(errors.Is(err, paygates.ErrInvalidSignature))
	// Output:
	// refund.succeeded {"id":"re_1"} <nil>
	// true
}

// An old event stays genuine after a refund. Ping++ has the present state of the charge.
func ExampleClient_ConfirmNotification() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	handler := client.NotificationHandler(func(ctx context.Context, n *pingpp.Notification) error {
		if !n.Paid() {
			return nil
		}
		charge, err := client.ConfirmNotification(ctx, n)
		if err != nil {
			return err // the event arrives again
		}
		fmt.Println("confirmed:", charge.OrderNo, charge.Amount)
		return nil
	})
	shop := httptest.NewServer(handler)
	defer shop.Close()
	gateway.SetWebhookURL(shop.URL)

	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	_, _ = client.CreateOrder(context.Background(), pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	delivery, _ := gateway.Pay("12134676899915430002")
	fmt.Println(delivery.Status, delivery.Response)
	// Output:
	// confirmed: 12134676899915430002 99.00
	// 200 success
}

// The explanation shows why a notification is rejected. Here a framework has decoded and
// encoded the body.
func ExampleClient_ExplainNotification() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	body := []byte(`{"id":"evt_1"}`)
	signature := gateway.Sign(body)
	fmt.Println(client.ExplainNotification(body, signature).Matches)

	explanation := client.ExplainNotification([]byte(`{"id": "evt_1"}`), signature)
	fmt.Println(explanation.Matches)
	for _, hint := range explanation.Hints {
		fmt.Println(hint)
	}
	// Output:
	// true
	// false
	// Is the public key the one that the gateway shows for this account? The merchant's own public key does not verify its webhooks.
	// Is this the body as it arrived? JSON that was decoded and encoded again has other bytes.
}

// Verify and respond now, handle later: the envelope goes on a queue.
func ExampleClient_RestoreNotification() {
	gateway := pingpptest.NewServer()
	defer gateway.Close()
	client, _ := pingpp.New(gateway.Config())
	ctx := context.Background()
	_ = gateway.AddOrder("12134676899915430002", money.Cents(9900), "Example")
	_, _ = client.CreateOrder(ctx, pingpp.CreateOrderRequest{
		OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay,
	})
	_ = gateway.PaySilently("12134676899915430002")
	request, _ := gateway.NotificationRequest("12134676899915430002")

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
	fmt.Println(restored.Paid(), restored.Charge.OrderNo, restored.Charge.Amount)
	// Output:
	// true <nil>
	// true 12134676899915430002 99.00
}
