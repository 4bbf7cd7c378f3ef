package gatewaytest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// The fake of another gateway, which calls back by GET and wants "success".
func example(opts ...gatewaytest.Option) *gatewaytest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"state":"new"}`) })
	return gatewaytest.Start(mux, gatewaytest.Behaviour{
		Pay:    func(order *gatewaytest.Order) { order.State = "paid" },
		Expire: func(order *gatewaytest.Order) { order.State = "expired" },
		Callback: func(order gatewaytest.Order, _ bool) (gatewaytest.Message, error) {
			return gatewaytest.Message{Method: http.MethodGet, URL: order.NotifyURL + "?order=" + order.OrderNo}, nil
		},
		Accepted: func(_ int, reply string) bool { return reply == "success" },
		Repeats:  []time.Duration{time.Minute},
	}, opts...)
}

func ExampleStart() {
	gateway := example()
	defer gateway.Close()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("called back for", r.FormValue("order"))
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()

	gateway.Add(gatewaytest.Order{ID: "1", OrderNo: "ORDER1", Amount: money.Cents(188), State: "new", NotifyURL: shop.URL})
	delivery, err := gateway.Pay("ORDER1") // the shop has answered when it returns
	fmt.Println(delivery.Status, delivery.Accepted, err)
	order, _ := gateway.Order("ORDER1")
	fmt.Println(order.State, order.Paid)
	// Output:
	// called back for ORDER1
	// 200 true <nil>
	// paid true
}

// A callback that is not accepted comes again: here after a millisecond.
func ExampleWithRepeats() {
	gateway := example(gatewaytest.WithRepeats(time.Millisecond, time.Millisecond))
	defer gateway.Close()
	calls, done := 0, make(chan struct{})
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			_, _ = io.WriteString(w, "fail")
			return
		}
		_, _ = io.WriteString(w, "success")
		close(done)
	}))
	defer shop.Close()

	gateway.Add(gatewaytest.Order{ID: "1", NotifyURL: shop.URL})
	first, err := gateway.Pay("1")
	fmt.Println(first.Reply, first.Accepted, err)
	<-done
	fmt.Println(calls)
	// Output:
	// fail false <nil>
	// 2
}

// A gateway that is out of order, and then well again.
func ExampleServer_Misbehave() {
	gateway := example()
	defer gateway.Close()
	ask := func() {
		response, err := http.Get(gateway.URL + "/state")
		if err != nil {
			fmt.Println("no answer")
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		fmt.Println(response.StatusCode, string(body), err)
	}
	gateway.Misbehave(gatewaytest.Fault{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<h1>502</h1>", Times: 1})
	ask()
	gateway.Misbehave(gatewaytest.Fault{Path: "/state", Cut: true, Times: 1})
	ask()
	gateway.Misbehave(gatewaytest.Fault{Delay: time.Millisecond, Reset: true})
	ask()
	gateway.Misbehave(gatewaytest.Fault{}) // the last one is on until it is ended
	ask()
	// Output:
	// 502 <h1>502</h1> <nil>
	// 200 {"state unexpected EOF
	// no answer
	// 200 {"state":"new"} <nil>
}

func ExampleQRCode() {
	fmt.Println(http.DetectContentType(gatewaytest.QRCode("https://pay.example.com/1")))
	// Output:
	// image/png
}
