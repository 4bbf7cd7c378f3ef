package checkout

import (
	"context"
	"net/http"

	"github.com/paygates/paygates-go/gatepay"
)

// gatepayGateway: the gateway's order_id is the number of the payment. The amount is the
// price of the order, which the gateway confirms; realprice, what was paid, is told by the
// notification only and may differ by cents.
type gatepayGateway struct {
	identity
	client *gatepay.Client
}

// Gatepay returns the gateway GatePay. The channels are alipay and wechat.
func Gatepay(config gatepay.Config, opts ...GatewayOption) (Gateway, error) {
	client, err := gatepay.New(config)
	if err != nil {
		return nil, err
	}
	return &gatepayGateway{newIdentity("gatepay", config.AppKey, opts), client}, nil
}

func (*gatepayGateway) Capabilities() Capabilities {
	return Capabilities{
		Channels:       []string{string(gatepay.ChannelAlipay), string(gatepay.ChannelWeChat)},
		Currency:       "CNY",
		QueryByOrderNo: true, QueryTellsAmount: true, NotificationConfirmed: true,
	}
}

func (*gatepayGateway) Responses() (accepted, rejected string) { return "success", "fail" }

func (g *gatepayGateway) Create(ctx context.Context, r CreateRequest) (*Created, error) {
	order, err := g.client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo:   r.AttemptNo,
		Channel:   gatepay.Channel(r.Channel),
		Amount:    r.Amount,
		Attach:    r.OrderNo,
		NotifyURL: r.NotifyURL,
		ReturnURL: r.ReturnURL,
	})
	if err != nil {
		return nil, err
	}
	// The gateway's image is a QR code of its pay page.
	return &Created{Instructions: Instructions{
		PayPageURL: order.PayPageURL, QRText: order.PayPageURL, QRImageURL: order.QRCodeURL,
	}}, nil
}

func (g *gatepayGateway) Query(ctx context.Context, r QueryRequest) (*QueryResult, error) {
	order, err := g.client.QueryOrder(ctx, r.AttemptNo)
	if err != nil {
		return nil, err
	}
	result := &QueryResult{Closed: order.State.Final(), OrderID: order.OrderID}
	if order.Paid() {
		result.Payment = gatepayPayment(order)
	}
	return result, nil
}

func (g *gatepayGateway) ReadNotification(ctx context.Context, r *http.Request) (Notification, error) {
	n, err := g.client.ParseNotification(r)
	if err != nil {
		return Notification{}, err
	}
	order, err := g.client.ConfirmNotification(ctx, n)
	if err != nil {
		return Notification{OrderNo: n.OrderNo}, err
	}
	p := gatepayPayment(order)
	p.Received, p.PaidAt = n.PaidAmount, n.PaidAt
	return Notification{OrderNo: n.OrderNo, Payment: p}, nil
}

func gatepayPayment(order *gatepay.Order) *Payment {
	return &Payment{PaymentNo: order.OrderID, AttemptNo: order.OrderNo, Amount: order.Amount, Currency: "CNY"}
}
