package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/ispay"
)

// ispayGateway: an order is paid once, so its number is the number of the
// payment. The amount is the one that the gateway itself says when asked: the
// callback's is not signed.
type ispayGateway struct {
	client *ispay.Client
	account
	log *slog.Logger
}

func offerIspay(config ispay.Config, no string, log *slog.Logger) (offer, error) {
	config.Logger = log
	client, err := ispay.New(config)
	of := account{"ispay", no}
	return offer{
		gateway: ispayGateway{client, of, log}, account: of, Currency: "CNY",
		Channels: []string{string(ispay.ChannelAlipay), string(ispay.ChannelWeChat), string(ispay.ChannelUnionPay)},
	}, err
}

func (g ispayGateway) Create(ctx context.Context, o order, urls urls) (created, error) {
	made, err := g.client.CreateOrder(ctx, ispay.CreateOrderRequest{
		OrderNo:   o.No,
		Channel:   ispay.Channel(o.Channel),
		Amount:    o.Price,
		PayerIP:   urls.PayerIP,
		Subject:   "Order " + o.No,
		NotifyURL: urls.Notify,
		ReturnURL: urls.Return,
		OrderTime: o.CreatedAt,
	})
	if err != nil {
		return created{}, err
	}
	result := created{OrderID: made.OrderID, PayPageURL: made.PayPageURL}
	// The code may take a while. The worker brings it if it is not there yet.
	code, err := g.client.QueryQRCode(ctx, made.OrderID)
	if err != nil {
		g.log.InfoContext(ctx, "no QR code yet", "order_no", o.No, "error", err)
		return result, nil
	}
	result.QRText = code.Code.QRCode
	return result, nil
}

func (g ispayGateway) Query(ctx context.Context, o order) (answer, error) {
	found, err := g.client.QueryOrder(ctx, o.No)
	if err != nil {
		return answer{}, err
	}
	result := answer{
		Unconfirmed: found.State == ispay.StatePaidUnconfirmed, Closed: found.State.Final(),
		QRText: found.QRCode,
	}
	if found.Paid() {
		result.Payment = g.payment(found, fromQuery)
	}
	return result, nil
}

func (g ispayGateway) Notifications(accept func(context.Context, payment) error) http.Handler {
	return g.client.NotificationHandler(func(ctx context.Context, n *ispay.Notification) error {
		return accept(ctx, *g.payment(n.Order, fromCallback))
	})
}

func (g ispayGateway) payment(paid *ispay.Order, source string) *payment {
	return &payment{
		account: g.account,
		No:      paid.OrderNo, OrderNo: paid.OrderNo,
		Amount: paid.Amount, Currency: "CNY",
		Source: source,
	}
}
