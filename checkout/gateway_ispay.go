package checkout

import (
	"context"
	"net/http"
	"time"

	"github.com/paygates/paygates-go/ispay"
)

// GatewayOption changes a gateway of this package.
type GatewayOption func(*identity)

// WithName sets the name of a gateway, for a second account at the same gateway. Default:
// the name of the package, such as "ispay".
func WithName(name string) GatewayOption { return func(i *identity) { i.name = name } }

// WithAccount sets the account under which the payments of a gateway are stored. Default:
// the merchant's number in the gateway's configuration. Keep it when that changes, so that
// open orders stay payable.
func WithAccount(account string) GatewayOption { return func(i *identity) { i.account = account } }

// identity is the part of a Gateway that is the same at every gateway.
type identity struct{ name, account string }

func newIdentity(name, account string, opts []GatewayOption) identity {
	i := identity{name, account}
	for _, opt := range opts {
		opt(&i)
	}
	return i
}

// Name returns the name in the notify URL.
func (i identity) Name() string { return i.name }

// Account returns the merchant's number.
func (i identity) Account() string { return i.account }

// ispayGateway: an order is paid once, so its number is the number of the payment. The
// amount is the one that the gateway tells when it is queried: that of the notification is
// not signed.
type ispayGateway struct {
	identity
	client *ispay.Client
}

// Ispay returns the gateway ispay (就付). The channels are P901, P902 and P904. Order.PayerIP
// is required.
func Ispay(config ispay.Config, opts ...GatewayOption) (Gateway, error) {
	client, err := ispay.New(config)
	if err != nil {
		return nil, err
	}
	return &ispayGateway{newIdentity("ispay", config.UserID, opts), client}, nil
}

func (*ispayGateway) Capabilities() Capabilities {
	return Capabilities{
		Channels:       []string{string(ispay.ChannelAlipay), string(ispay.ChannelWeChat), string(ispay.ChannelUnionPay)},
		Currency:       "CNY",
		QueryByOrderNo: true, QueryTellsAmount: true, NotificationConfirmed: true,
	}
}

func (*ispayGateway) Responses() (accepted, rejected string) { return "success", "fail" }

func (g *ispayGateway) Create(ctx context.Context, r CreateRequest) (*Created, error) {
	order, err := g.client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo:   r.AttemptNo,
		Channel:   ispay.Channel(r.Channel),
		Amount:    r.Amount,
		PayerIP:   r.PayerIP.Reveal(),
		Subject:   r.Subject,
		NotifyURL: r.NotifyURL,
		ReturnURL: r.ReturnURL,
		OrderTime: r.CreatedAt,
	})
	if err != nil {
		return nil, err
	}
	created := &Created{OrderID: order.OrderID, Instructions: Instructions{PayPageURL: order.PayPageURL}}
	// The QR code may take a while. The next query brings it if it is not there yet.
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if state, err := g.client.QueryQRCode(ctx, order.OrderID); err == nil && state.Code != nil {
		created.Instructions.QRText = state.Code.QRCode
	}
	return created, nil
}

func (g *ispayGateway) Query(ctx context.Context, r QueryRequest) (*QueryResult, error) {
	order, err := g.client.QueryOrder(ctx, r.AttemptNo)
	if err != nil {
		return nil, err
	}
	result := &QueryResult{
		Unconfirmed:  order.State == ispay.StatePaidUnconfirmed,
		Closed:       order.State.Final(),
		Instructions: Instructions{QRText: order.QRCode},
	}
	if order.Paid() {
		result.Payment = ispayPayment(order)
	}
	return result, nil
}

func (g *ispayGateway) ReadNotification(ctx context.Context, r *http.Request) (Notification, error) {
	return readConfirmed(ctx, r, g.client.ParseNotification, g.client.ConfirmNotification,
		func(n *ispay.Notification) string { return n.OrderNo }, ispayPayment)
}

func ispayPayment(order *ispay.Order) *Payment {
	return &Payment{PaymentNo: order.OrderNo, AttemptNo: order.OrderNo, Amount: order.Amount, Currency: "CNY"}
}

// readConfirmed reads a notification that counts only once the gateway confirms its order.
func readConfirmed[N, O any](
	ctx context.Context, r *http.Request, parse func(*http.Request) (*N, error), confirm func(context.Context, *N) (*O, error),
	orderNo func(*N) string, payment func(*O) *Payment,
) (Notification, error) {
	n, err := parse(r)
	if err != nil {
		return Notification{}, err
	}
	order, err := confirm(ctx, n)
	if err != nil {
		return Notification{OrderNo: orderNo(n)}, err
	}
	return Notification{OrderNo: orderNo(n), Payment: payment(order)}, nil
}
