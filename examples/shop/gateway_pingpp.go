package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/paygates/paygates-go/pingpp"
)

// pingppGateway: the id of the charge is the number of the payment, because an
// order can have several charges. The amount, in cents, and the currency are the
// charge's. It is paid in a mobile app, which takes the charge as it is: the QR
// code leads the phone to this shop's page of the order.
type pingppGateway struct {
	client *pingpp.Client
	account
	canQuery bool
}

func offerPingpp(config pingpp.Config, no string, log *slog.Logger) (offer, error) {
	config.Logger = log
	client, err := pingpp.New(config)
	of := account{"pingpp", no}
	return offer{
		gateway: pingppGateway{client: client, account: of, canQuery: !config.APIKey.IsEmpty()},
		account: of, Currency: "CNY",
		Channels: []string{string(pingpp.ChannelAlipay), string(pingpp.ChannelWeChat)},
	}, err
}

func (g pingppGateway) Create(ctx context.Context, o order, urls urls) (created, error) {
	made, err := g.client.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: o.No, Channel: pingpp.Channel(o.Channel)})
	if err != nil {
		return created{}, err
	}
	// The backend alone decides the amount.
	charge := made.Charge
	if charge.Amount != o.Price || !strings.EqualFold(charge.Currency, o.Currency) {
		return created{}, fmt.Errorf("pingpp: %s %s: %w", charge.Amount, charge.Currency, errOtherAmount)
	}
	return created{OrderID: charge.ID, QRText: urls.Return, AppData: string(charge.Raw)}, nil
}

func (g pingppGateway) Query(ctx context.Context, o order) (answer, error) {
	if !g.canQuery || o.OrderID == "" {
		return answer{}, errCannotAsk
	}
	charge, err := g.client.QueryCharge(ctx, o.OrderID)
	if err != nil {
		return answer{}, err
	}
	result := answer{Closed: charge.Final()}
	if charge.Paid {
		result.Payment = g.payment(charge, fromQuery)
	}
	return result, nil
}

func (g pingppGateway) Notifications(accept func(context.Context, payment) error) http.Handler {
	return g.client.NotificationHandler(func(ctx context.Context, n *pingpp.Notification) error {
		if !n.Paid() {
			return nil // a refund, a summary, …: nothing to credit
		}
		return accept(ctx, *g.payment(n.Charge, fromCallback))
	})
}

func (g pingppGateway) payment(charge *pingpp.Charge, source string) *payment {
	return &payment{
		account: g.account,
		No:      charge.ID, OrderNo: charge.OrderNo,
		Amount: charge.Amount, Currency: strings.ToUpper(charge.Currency),
		PaidAt: charge.PaidAt, Source: source,
	}
}

var errOtherAmount = errors.New("the gateway asks for another amount")
