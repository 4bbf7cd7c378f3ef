package checkout

import (
	"context"
	"net/http"

	"github.com/paygates/paygates-go/kechengcang"
)

// kechengcangGateway: the gateway's id is the number of the payment, and the only number
// by which it can be queried. The remark holds the number of the attempt, so that a payment
// is found even if the response to the create was lost. The amount is the fee in dollars,
// not the coins, whose number changes every two minutes. Notifications may never come: Run
// finds the payments.
type kechengcangGateway struct {
	identity
	client *kechengcang.Client
}

// Kechengcang returns the gateway kechengcang. Its only channel is crypto, its currency USD.
func Kechengcang(config kechengcang.Config, opts ...GatewayOption) (Gateway, error) {
	client, err := kechengcang.New(config)
	if err != nil {
		return nil, err
	}
	return &kechengcangGateway{newIdentity("kechengcang", config.AppID, opts), client}, nil
}

func (*kechengcangGateway) Capabilities() Capabilities {
	return Capabilities{
		Channels: []string{"crypto"}, Currency: "USD",
		QueryByOrderID: true, QueryTellsAmount: true, TellsPaidAt: true, NotificationConfirmed: true,
	}
}

func (*kechengcangGateway) Responses() (accepted, rejected string) { return "ok", "fail" }

func (g *kechengcangGateway) Create(ctx context.Context, r CreateRequest) (*Created, error) {
	order, err := g.client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject:   r.Subject,
		Fee:       kechengcang.Fee{Amount: r.Amount, Currency: kechengcang.CurrencyUSD},
		Remark:    r.AttemptNo,
		NotifyURL: r.NotifyURL,
		ReturnURL: r.ReturnURL,
	})
	if err != nil {
		return nil, err
	}
	return &Created{OrderID: order.OrderID, Instructions: kechengcangInstructions(order)}, nil
}

func (g *kechengcangGateway) Query(ctx context.Context, r QueryRequest) (*QueryResult, error) {
	if r.OrderID == "" {
		return nil, ErrCannotQuery
	}
	order, err := g.client.QueryOrder(ctx, r.OrderID)
	if err != nil {
		return nil, err
	}
	result := &QueryResult{
		Unconfirmed:  order.State == kechengcang.StateSubmitted,
		Closed:       order.State.Final(),
		Instructions: kechengcangInstructions(order),
	}
	if order.Paid() {
		result.Payment = kechengcangPayment(order)
	}
	return result, nil
}

func (g *kechengcangGateway) ReadNotification(ctx context.Context, r *http.Request) (Notification, error) {
	return readConfirmed(ctx, r, g.client.ParseNotification, g.client.ConfirmNotification,
		func(n *kechengcang.Notification) string { return n.OrderID }, kechengcangPayment)
}

func kechengcangInstructions(order *kechengcang.Order) Instructions {
	return Instructions{
		PayPageURL: order.PayPageURL, QRText: order.ReceiptAccount, Address: order.ReceiptAccount, Chain: order.PayFee.Currency.Chain(),
		Amount: order.PayFee.Amount, Currency: order.PayFee.Currency.String(),
	}
}

// kechengcangPayment returns the payment of a paid order. The remark counts only for an
// attempt whose gateway order number is not stored: see Service.lock.
func kechengcangPayment(order *kechengcang.Order) *Payment {
	return &Payment{
		PaymentNo: order.OrderID, OrderID: order.OrderID, AttemptNo: order.Remark,
		Amount: order.Fee.Amount, Currency: order.Fee.Currency.String(), PaidAt: order.PayFinishAt,
	}
}
