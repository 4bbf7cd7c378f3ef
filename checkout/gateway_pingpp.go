package checkout

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/pingpp"
)

// pingppGateway: the id of the charge is the number of the payment, because an order can
// have several charges. The amount and the currency are those of the charge. The merchant
// backend must know the order by the merchant's order number: every attempt uses it.
type pingppGateway struct {
	identity
	client   *pingpp.Client
	canQuery bool
}

// Pingpp returns the gateway Ping++ behind a merchant backend. The channels are alipay and
// wx. The backend must know Order.No with its amount before Create; the notify URL is set in
// the Ping++ dashboard: see Service.NotifyURL. The account is the host of Config.BaseURL:
// use WithAccount if it may change. Without Config.APIKey it cannot be queried.
func Pingpp(config pingpp.Config, opts ...GatewayOption) (Gateway, error) {
	client, err := pingpp.New(config)
	if err != nil {
		return nil, err
	}
	account := config.BaseURL
	if base, err := url.Parse(config.BaseURL); err == nil && base.Host != "" {
		account = base.Host
	}
	return &pingppGateway{newIdentity("pingpp", account, opts), client, !config.APIKey.IsEmpty()}, nil
}

func (g *pingppGateway) Capabilities() Capabilities {
	return Capabilities{
		Channels: []string{string(pingpp.ChannelAlipay), string(pingpp.ChannelWeChat)}, Currency: "CNY",
		QueryByOrderID: g.canQuery, QueryTellsAmount: true, TellsPaidAt: true,
	}
}

func (*pingppGateway) Responses() (accepted, rejected string) { return "success", "fail" }

func (g *pingppGateway) Create(ctx context.Context, r CreateRequest) (*Created, error) {
	order, err := g.client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: r.OrderNo, Channel: pingpp.Channel(r.Channel)})
	if err != nil {
		return nil, err
	}
	charge := order.Charge
	if charge.Amount != r.Amount || !strings.EqualFold(charge.Currency, r.Currency) {
		return nil, &paygates.Error{Gateway: "pingpp", Op: "create order", Err: fmt.Errorf(
			"%w: the backend requests %s %.8q instead of %s %s", paygates.ErrBadResponse, charge.Amount, charge.Currency, r.Amount, r.Currency)}
	}
	return &Created{
		OrderID:      charge.ID,
		Instructions: Instructions{AppData: charge.Raw, ExpiresAt: charge.ExpiresAt},
	}, nil
}

func (g *pingppGateway) Query(ctx context.Context, r QueryRequest) (*QueryResult, error) {
	if !g.canQuery || r.OrderID == "" {
		return nil, ErrCannotQuery
	}
	charge, err := g.client.QueryCharge(ctx, r.OrderID)
	if err != nil {
		return nil, err
	}
	result := &QueryResult{Closed: charge.Final()}
	if charge.PaidOnce {
		result.Payment = pingppPayment(charge)
	}
	return result, nil
}

func (g *pingppGateway) ReadNotification(_ context.Context, r *http.Request) (Notification, error) {
	n, err := g.client.ParseNotification(r)
	if err != nil {
		return Notification{}, err
	}
	if n.Charge == nil {
		return Notification{}, nil // a refund, a summary, …
	}
	result := Notification{OrderNo: n.Charge.OrderNo}
	if n.Type == pingpp.EventChargeSucceeded && n.Charge.PaidOnce {
		result.Payment = pingppPayment(n.Charge)
	}
	return result, nil
}

func pingppPayment(charge *pingpp.Charge) *Payment {
	return &Payment{
		PaymentNo: charge.ID, OrderID: charge.ID, OrderNo: charge.OrderNo,
		Amount: charge.Amount, Currency: strings.ToUpper(charge.Currency),
		PaidAt: charge.PaidAt, Refunded: !charge.Paid(),
	}
}
