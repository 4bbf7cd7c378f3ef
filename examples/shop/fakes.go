package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

// fakes are the five fake gateways, for trying the shop without credentials.
// They forget their orders when the shop stops.
type fakes struct {
	ispay       *ispaytest.Server
	codepay     *codepaytest.Server
	gatepay     *gatepaytest.Server
	kechengcang *kechengcangtest.Server
	pingpp      *pingpptest.Server
}

func startFakes(opts ...gatewaytest.Option) *fakes {
	f := &fakes{
		ispay: ispaytest.NewServer(opts...), codepay: codepaytest.NewServer(opts...), gatepay: gatepaytest.NewServer(opts...),
		kechengcang: kechengcangtest.NewServer(opts...), pingpp: pingpptest.NewServer(opts...),
	}
	f.codepay.ShiftMoney(-1) // as the real one does
	return f
}

func (f *fakes) close() {
	f.ispay.Close()
	f.codepay.Close()
	f.gatepay.Close()
	f.kechengcang.Close()
	f.pingpp.Close()
}

// offers returns the five gateways. The account is a new one at each start,
// because the fakes number their orders from the beginning each time.
func (f *fakes) offers(publicURL string, log *slog.Logger) ([]offer, error) {
	no := "fake-" + rand.Text()[:8]
	f.pingpp.SetWebhookURL(publicURL + "/notify/pingpp")
	payPage := func(o order) string { return o.PayPageURL }
	var offers []offer
	var failed error
	add := func(o offer, err error, testPayURL func(order) string) {
		o.testPayURL = testPayURL
		offers = append(offers, o)
		if failed == nil {
			failed = err
		}
	}
	made, err := offerIspay(f.ispay.Config(), no, log)
	add(made, err, payPage)
	made, err = offerCodepay(f.codepay.Config(), no, log)
	add(made, err, func(o order) string { return f.codepay.URL + "/cashier/" + url.PathEscape(o.OrderID) })
	made, err = offerGatepay(f.gatepay.Config(), no, log)
	add(made, err, payPage)
	made, err = offerKechengcang(f.kechengcang.Config(), no, log)
	add(made, err, payPage)
	made, err = offerPingpp(f.pingpp.Config(), no, log)
	made.gateway = backendOfPingpp{made.gateway, f.pingpp}
	add(made, err, func(o order) string { return "/fake-app/" + o.No })
	return offers, failed
}

// backendOfPingpp tells the fake merchant backend an order before its payment is
// asked for. A real backend knows its orders.
type backendOfPingpp struct {
	gateway
	fake *pingpptest.Server
}

func (b backendOfPingpp) Create(ctx context.Context, o order, urls urls) (created, error) {
	if err := b.fake.AddOrder(o.No, o.Price, "Order "+o.No); err != nil {
		return created{}, err
	}
	return b.gateway.Create(ctx, o, urls)
}

// app plays the mobile app with which an order of pingpp is paid.
func (f *fakes) app() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fake-app/{no}", func(w http.ResponseWriter, r *http.Request) {
		no := r.PathValue("no")
		order, ok := f.pingpp.Order(no)
		if !ok || order.OrderNo != no {
			http.NotFound(w, r)
			return
		}
		w.Header().Del("Content-Security-Policy") // the page is not the shop's
		f.pingpp.Cashier(w, "Ping++ app", order.ID, "/fake-app/"+no+"/pay", order)
	})
	mux.HandleFunc("POST /fake-app/{no}/pay", func(w http.ResponseWriter, r *http.Request) {
		no := r.PathValue("no")
		f.pingpp.ServePay(w, r, no, "/orders/"+no)
	})
	return mux
}
