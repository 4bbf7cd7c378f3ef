package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

// demo holds the fake gateways of -demo. They forget their orders when the shop ends.
type demo struct {
	ispay       *ispaytest.Server
	codepay     *codepaytest.Server
	gatepay     *gatepaytest.Server
	kechengcang *kechengcangtest.Server
	pingpp      *pingpptest.Server
}

func startDemo(opts ...gatewaytest.Option) *demo {
	d := &demo{
		ispay: ispaytest.NewServer(opts...), codepay: codepaytest.NewServer(opts...), gatepay: gatepaytest.NewServer(opts...),
		kechengcang: kechengcangtest.NewServer(opts...), pingpp: pingpptest.NewServer(opts...),
	}
	d.codepay.ShiftMoney(-1) // as the gateway does
	return d
}

func (d *demo) close() {
	d.ispay.Close()
	d.codepay.Close()
	d.gatepay.Close()
	d.kechengcang.Close()
	d.pingpp.Close()
}

// gateways returns the gateways. Their account is a new one at each start, because the
// fakes number their orders from the beginning each time.
func (d *demo) gateways(publicURL string, log *slog.Logger) ([]checkout.Gateway, error) {
	account := checkout.WithAccount("demo-" + rand.Text()[:8])
	d.pingpp.SetWebhookURL(publicURL + "/notify/pingpp")
	ispayConfig, codepayConfig, gatepayConfig := d.ispay.Config(), d.codepay.Config(), d.gatepay.Config()
	kechengcangConfig, pingppConfig := d.kechengcang.Config(), d.pingpp.Config()
	ispayConfig.Logger, codepayConfig.Logger, gatepayConfig.Logger = log, log, log
	kechengcangConfig.Logger, pingppConfig.Logger = log, log

	var gateways []checkout.Gateway
	var failed error
	add := func(g checkout.Gateway, err error) {
		gateways = append(gateways, g)
		failed = errors.Join(failed, err)
	}
	add(checkout.Ispay(ispayConfig, account))
	add(checkout.Codepay(codepayConfig, account))
	add(checkout.Gatepay(gatepayConfig, account))
	add(checkout.Kechengcang(kechengcangConfig, account))
	g, err := checkout.Pingpp(pingppConfig, account)
	add(merchantBackend{g, d.pingpp}, err)
	return gateways, failed
}

// merchantBackend makes an order known to the fake merchant backend of Ping++ before it is
// created. A real backend knows its orders.
type merchantBackend struct {
	checkout.Gateway
	fake *pingpptest.Server
}

// Create adds the order to the fake backend and creates it.
func (b merchantBackend) Create(ctx context.Context, r checkout.CreateRequest) (*checkout.Created, error) {
	_ = b.fake.AddOrder(r.OrderNo, r.Amount, r.Subject) // an error means that a former attempt has added it
	return b.Gateway.Create(ctx, r)
}

// payURL returns a page on which the demo's payer pays an attempt.
func (d *demo) payURL(a *checkout.Attempt) string {
	switch a.Gateway {
	case "codepay":
		return d.codepay.URL + "/cashier/" + url.PathEscape(a.OrderID)
	case "pingpp":
		return "/demo-app/" + url.PathEscape(a.OrderNo)
	default:
		return a.Instructions.PayPageURL
	}
}

// app stands in for the mobile app with which an order of Ping++ is paid.
func (d *demo) app() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/demo-app/{no}", func(w http.ResponseWriter, r *http.Request) {
		no := r.PathValue("no")
		order, ok := d.pingpp.Order(no)
		if !ok || order.OrderNo != no {
			http.NotFound(w, r)
			return
		}
		w.Header().Del("Content-Security-Policy") // the page has a style element
		order.ReturnURL = "/orders/" + no
		d.pingpp.Cashier(w, r, "Ping++ app", order.ID, "/demo-app/"+no, order)
	})
	return mux
}
