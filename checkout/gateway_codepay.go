package checkout

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
)

// codepayGateway: pay_no with the channel is the number of the payment, because one pay_id
// can be paid many times. The amount is what was paid (money) and must be the PayableAmount
// of the create. The query needs a token and the gateway's order number, and does not tell
// the amount: it finds payments whose notification was lost, but only a notification or a
// person credits them.
type codepayGateway struct {
	identity
	client            *codepay.Client
	canQuery, confirm bool
}

// codepayLongest is the longest Timeout of codepay, 11 days. Instructions.ExpiresAt tells it.
const codepayLongest = 999_999 * time.Second

// Codepay returns the gateway codepay (码支付). The channels are alipay, qq and wechat.
// Without Config.Token it cannot be queried.
func Codepay(config codepay.Config, opts ...GatewayOption) (Gateway, error) {
	client, err := codepay.New(config)
	if err != nil {
		return nil, err
	}
	return &codepayGateway{newIdentity("codepay", config.UserID, opts), client, !config.Token.IsEmpty(), config.ConfirmByQuery}, nil
}

func (g *codepayGateway) Capabilities() Capabilities {
	return Capabilities{
		Channels: []string{"alipay", "qq", "wechat"}, Currency: "CNY",
		QueryByOrderID: g.canQuery, TellsPaidAt: true, AmountMayShift: true, NotificationConfirmed: g.confirm,
	}
}

func (*codepayGateway) Responses() (accepted, rejected string) { return "success", "fail" }

func codepayChannel(name string) codepay.Channel {
	switch name {
	case "qq":
		return codepay.ChannelQQ
	case "wechat":
		return codepay.ChannelWeChat
	default:
		return codepay.ChannelAlipay
	}
}

func (g *codepayGateway) Create(ctx context.Context, r CreateRequest) (*Created, error) {
	order, err := g.client.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo:   r.AttemptNo,
		Channel:   codepayChannel(r.Channel),
		Amount:    r.Amount,
		NotifyURL: r.NotifyURL,
		ReturnURL: r.ReturnURL,
		Timeout:   min(max(time.Until(r.ExpiresAt).Truncate(time.Second), time.Second), codepayLongest),
	})
	if err != nil { // an order beside an error is one whose payment would not be noticed
		return nil, err
	}
	created := &Created{
		OrderID: order.OrderID, Payable: order.PayableAmount,
		Instructions: Instructions{QRImageURL: order.QRCodeURL, Amount: order.PayableAmount, Currency: "CNY"},
	}
	if now := time.Now(); order.Remaining(now) > 0 {
		created.Instructions.ExpiresAt = now.Add(order.Remaining(now))
	}
	return created, nil
}

func (g *codepayGateway) Query(ctx context.Context, r QueryRequest) (*QueryResult, error) {
	if !g.canQuery || r.OrderID == "" {
		return nil, ErrCannotQuery
	}
	order, err := g.client.QueryOrder(ctx, r.OrderID)
	if err != nil {
		return nil, err
	}
	return &QueryResult{Unconfirmed: order.Paid()}, nil
}

func (g *codepayGateway) ReadNotification(ctx context.Context, r *http.Request) (Notification, error) {
	n, err := g.client.ParseNotification(r)
	if err != nil {
		return Notification{}, err
	}
	result := Notification{OrderNo: n.OrderNo}
	if g.confirm && n.OrderID != "" {
		// A query that gives no result decides nothing: the signature covers everything.
		_, err := g.client.ConfirmNotification(ctx, n)
		if errors.Is(err, paygates.ErrNotConfirmed) || errors.Is(err, paygates.ErrBusy) {
			return result, err
		}
	}
	result.Payment = &Payment{
		PaymentNo: n.PaymentNo + "/" + strconv.Itoa(int(n.Channel)), AttemptNo: n.OrderNo,
		Amount: n.PaidAmount, Currency: "CNY", PaidAt: n.PaidAt,
	}
	return result, nil
}
