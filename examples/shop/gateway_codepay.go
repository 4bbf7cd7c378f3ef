package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/paygates/paygates-go/codepay"
)

// codepayGateway: pay_no is the number of the payment, because one pay_id can be
// paid many times. The amount is money, what was really paid, and must be the
// money that the create answered, which is not always the price. The query
// needs a token and the gateway's own number, and says no amount: it finds
// payments whose callback was lost, but only a callback credits them.
type codepayGateway struct {
	client *codepay.Client
	account
	canQuery bool
}

func offerCodepay(config codepay.Config, no string, log *slog.Logger) (offer, error) {
	config.Logger = log
	client, err := codepay.New(config)
	of := account{"codepay", no}
	return offer{
		gateway: codepayGateway{client, of, !config.Token.IsEmpty()}, account: of, Currency: "CNY",
		Channels: []string{"alipay", "wechat", "qq"},
	}, err
}

func (g codepayGateway) Create(ctx context.Context, o order, urls urls) (created, error) {
	made, err := g.client.CreateOrder(ctx, codepay.CreateOrderRequest{
		OrderNo:   o.No,
		Amount:    o.Price,
		Channel:   codepayChannels[o.Channel],
		NotifyURL: urls.Notify,
		ReturnURL: urls.Return,
		Timeout:   o.ExpiresAt.Sub(o.CreatedAt).Truncate(time.Second),
	})
	// An order beside an error is one that no callback will tell of.
	if err != nil {
		return created{}, err
	}
	result := created{OrderID: made.OrderID, QRImageURL: made.QRCodeURL, Expected: made.Money}
	if made.Money != o.Price {
		result.PayText = made.Money.String() + " CNY"
	}
	now := time.Now()
	if remaining := made.Remaining(now); remaining > 0 {
		result.ExpiresAt = now.Add(remaining)
	}
	return result, nil
}

var codepayChannels = map[string]codepay.Channel{
	"alipay": codepay.ChannelAlipay, "wechat": codepay.ChannelWeChat, "qq": codepay.ChannelQQ,
}

func (g codepayGateway) Query(ctx context.Context, o order) (answer, error) {
	if !g.canQuery || o.OrderID == "" {
		return answer{}, errCannotAsk
	}
	found, err := g.client.QueryOrder(ctx, o.OrderID)
	if err != nil {
		return answer{}, err
	}
	return answer{Unconfirmed: found.Paid()}, nil
}

func (g codepayGateway) Notifications(accept func(context.Context, payment) error) http.Handler {
	return g.client.NotificationHandler(func(ctx context.Context, n *codepay.Notification) error {
		return accept(ctx, payment{
			account: g.account,
			No:      n.PaymentNo, OrderNo: n.OrderNo,
			Amount: n.Money, Currency: "CNY", Received: n.Money,
			PaidAt: n.PaidAt, Source: fromCallback,
		})
	})
}
