package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

// fakes are the fake gateways.
type fakes struct {
	ispay       *ispaytest.Server
	codepay     *codepaytest.Server
	gatepay     *gatepaytest.Server
	kechengcang *kechengcangtest.Server
	pingpp      *pingpptest.Server
}

func startFakes() *fakes {
	once := gatewaytest.WithRetryDelays()
	return &fakes{
		ispaytest.NewServer(once), codepaytest.NewServer(once), gatepaytest.NewServer(once),
		kechengcangtest.NewServer(once), pingpptest.NewServer(once),
	}
}

func (f *fakes) close() {
	f.ispay.Close()
	f.codepay.Close()
	f.gatepay.Close()
	f.kechengcang.Close()
	f.pingpp.Close()
}

// newShop returns a shop whose clients use the fake gateways.
func (f *fakes) newShop(log *slog.Logger) (*shop, error) {
	s := &shop{log: log, orders: map[key]price{}, credited: map[key]price{}}
	ispayConfig, codepayConfig, gatepayConfig := f.ispay.Config(), f.codepay.Config(), f.gatepay.Config()
	kechengcangConfig, pingppConfig := f.kechengcang.Config(), f.pingpp.Config()
	ispayConfig.Logger, codepayConfig.Logger, gatepayConfig.Logger = log, log, log
	kechengcangConfig.Logger, pingppConfig.Logger = log, log
	var err error
	if s.ispay, err = ispay.New(ispayConfig); err != nil {
		return nil, err
	}
	if s.codepay, err = codepay.New(codepayConfig); err != nil {
		return nil, err
	}
	if s.gatepay, err = gatepay.New(gatepayConfig); err != nil {
		return nil, err
	}
	if s.kechengcang, err = kechengcang.New(kechengcangConfig); err != nil {
		return nil, err
	}
	s.pingpp, err = pingpp.New(pingppConfig)
	return s, err
}

// checkout is one payment at a fake gateway.
type checkout struct {
	gateway string
	// create creates an order and returns its number at the fake.
	create func(ctx context.Context, notifyURL string) (number string, err error)
	fake   interface {
		Pay(number string) (gatewaytest.Delivery, error)
		Redeliver(number string) (gatewaytest.Delivery, error)
		SendTampered(number string) (gatewaytest.Delivery, error)
	}
	// accepted is the expected response to a genuine notification.
	accepted string
	// forgedStatus is the HTTP status of the response to a forged one.
	forgedStatus int
}

func (f *fakes) checkouts(s *shop) []checkout {
	const orderNo = "20191118123424"
	yuan := price{money.Cents(300), "CNY"}
	return []checkout{
		{"ispay", func(ctx context.Context, notifyURL string) (string, error) {
			s.open("ispay", orderNo, yuan)
			_, err := s.ispay.CreateOrder(ctx, ispay.CreateOrderRequest{
				OrderNo: orderNo, Channel: ispay.ChannelAlipay, Amount: yuan.amount, PayerIP: "203.0.113.7", NotifyURL: notifyURL,
			})
			return orderNo, err
		}, f.ispay, "success", http.StatusConflict},
		{"codepay", func(ctx context.Context, notifyURL string) (string, error) {
			s.open("codepay", orderNo, yuan)
			created, err := s.codepay.CreateOrder(ctx, codepay.CreateOrderRequest{
				OrderNo: orderNo, Channel: codepay.ChannelAlipay, Amount: yuan.amount, NotifyURL: notifyURL,
			})
			if err != nil {
				return "", err
			}
			return created.OrderID, nil
		}, f.codepay, "success", http.StatusForbidden},
		{"gatepay", func(ctx context.Context, notifyURL string) (string, error) {
			s.open("gatepay", orderNo, yuan)
			_, err := s.gatepay.CreateOrder(ctx, gatepay.CreateOrderRequest{
				OrderNo: orderNo, Channel: gatepay.ChannelAlipay, Amount: yuan.amount, Attach: "user-42", NotifyURL: notifyURL,
			})
			return orderNo, err
		}, f.gatepay, "success", http.StatusConflict},
		{"kechengcang", func(ctx context.Context, notifyURL string) (string, error) {
			order, err := s.kechengcang.CreateOrder(ctx, kechengcang.CreateOrderRequest{
				Subject: "Order " + orderNo, NotifyURL: notifyURL,
				Fee: kechengcang.Fee{Amount: money.Cents(300), Currency: kechengcang.CurrencyUSD},
			})
			if err != nil {
				return "", err
			}
			s.open("kechengcang", order.OrderID, price{order.Fee.Amount, order.Fee.Currency.String()})
			return order.OrderID, nil
		}, f.kechengcang, "ok", http.StatusConflict},
		{"pingpp", func(ctx context.Context, notifyURL string) (string, error) {
			s.open("pingpp", orderNo, yuan)
			f.pingpp.SetWebhookURL(notifyURL)
			if err := f.pingpp.AddOrder(orderNo, yuan.amount, "Example book"); err != nil {
				return "", err
			}
			created, err := s.pingpp.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay})
			if err != nil {
				return "", err
			}
			return created.Charge.ID, nil
		}, f.pingpp, "success", http.StatusForbidden},
	}
}
