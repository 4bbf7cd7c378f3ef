package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/gatepay"
)

// gatepayGateway: the gateway's order_id is the number of the payment. The
// amount is the order's, which the gateway confirms when asked; realprice, what
// was really paid, stands in the callback only and may differ by cents.
type gatepayGateway struct {
	client *gatepay.Client
	account
}

func offerGatepay(config gatepay.Config, no string, log *slog.Logger) (offer, error) {
	config.Logger = log
	client, err := gatepay.New(config)
	of := account{"gatepay", no}
	return offer{
		gateway: gatepayGateway{client, of}, account: of, Currency: "CNY",
		Channels: []string{string(gatepay.ChannelAlipay), string(gatepay.ChannelWeChat)},
	}, err
}

func (g gatepayGateway) Create(ctx context.Context, o order, urls urls) (created, error) {
	made, err := g.client.CreateOrder(ctx, gatepay.CreateOrderRequest{
		OrderNo:   o.No,
		Channel:   gatepay.Channel(o.Channel),
		Amount:    o.Price,
		Attach:    o.No,
		NotifyURL: urls.Notify,
		ReturnURL: urls.Return,
	})
	if err != nil {
		return created{}, err
	}
	// The gateway's image is a QR code of its pay page.
	return created{QRText: made.PayPageURL, PayPageURL: made.PayPageURL}, nil
}

func (g gatepayGateway) Query(ctx context.Context, o order) (answer, error) {
	found, err := g.client.QueryOrder(ctx, o.No)
	if err != nil {
		return answer{}, err
	}
	result := answer{Closed: found.State.Final(), OrderID: found.OrderID}
	if found.Paid() {
		result.Payment = &payment{
			account: g.account,
			No:      found.OrderID, OrderNo: found.OrderNo,
			Amount: found.Amount, Currency: "CNY",
			Source: fromQuery,
		}
	}
	return result, nil
}

func (g gatepayGateway) Notifications(accept func(context.Context, payment) error) http.Handler {
	return g.client.NotificationHandler(func(ctx context.Context, n *gatepay.Notification) error {
		return accept(ctx, payment{
			account: g.account,
			No:      n.OrderID, OrderNo: n.OrderNo,
			Amount: n.Order.Amount, Currency: "CNY", Received: n.PaidAmount,
			PaidAt: n.PaidAt, Source: fromCallback,
		})
	})
}
