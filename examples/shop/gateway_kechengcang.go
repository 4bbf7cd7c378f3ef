package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/kechengcang"
)

// kechengcangGateway: the gateway's id is the number of the payment, and the only
// number it knows the order by. The amount is the fee in dollars, not the coins,
// whose number changes every two minutes. Its callback carries nothing but the
// id, and may never come: the worker finds the payments.
type kechengcangGateway struct {
	client *kechengcang.Client
	account
}

func offerKechengcang(config kechengcang.Config, no string, log *slog.Logger) (offer, error) {
	config.Logger = log
	client, err := kechengcang.New(config)
	of := account{"kechengcang", no}
	return offer{gateway: kechengcangGateway{client, of}, account: of, Currency: "USD", Channels: []string{"crypto"}}, err
}

func (g kechengcangGateway) Create(ctx context.Context, o order, urls urls) (created, error) {
	made, err := g.client.CreateOrder(ctx, kechengcang.CreateOrderRequest{
		Subject:   "Order " + o.No,
		Fee:       kechengcang.Fee{Amount: o.Price, Currency: kechengcang.CurrencyUSD},
		NotifyURL: urls.Notify,
		ReturnURL: urls.Return,
	})
	if err != nil {
		return created{}, err
	}
	return created{
		OrderID: made.OrderID, PayPageURL: made.PayPageURL,
		QRText: made.ReceiptAccount, PayText: made.PayFee.String(),
	}, nil
}

func (g kechengcangGateway) Query(ctx context.Context, o order) (answer, error) {
	if o.OrderID == "" {
		return answer{}, errCannotAsk
	}
	found, err := g.client.QueryOrder(ctx, o.OrderID)
	if err != nil {
		return answer{}, err
	}
	result := answer{
		Unconfirmed: found.State == kechengcang.StateSubmitted, Closed: found.State.Final(),
		QRText: found.ReceiptAccount, PayText: found.PayFee.String(),
	}
	if found.Paid() {
		result.Payment = g.payment(found, fromQuery)
	}
	return result, nil
}

func (g kechengcangGateway) Notifications(accept func(context.Context, payment) error) http.Handler {
	return g.client.NotificationHandler(func(ctx context.Context, n *kechengcang.Notification) error {
		return accept(ctx, *g.payment(n.Order, fromCallback))
	})
}

func (g kechengcangGateway) payment(paid *kechengcang.Order, source string) *payment {
	return &payment{
		account: g.account,
		No:      paid.OrderID, OrderID: paid.OrderID,
		Amount: paid.Fee.Amount, Currency: paid.Fee.Currency.String(),
		PaidAt: paid.PayFinishAt, Source: source,
	}
}
