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

// example starts a fake of a gateway that sends notifications by GET and expects "success".
func example(opts ...gatewaytest.Option) *gatewaytest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"state":"new"}`) })
	return gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState: "paid", ExpiredState: "expired",
		Notification: func(order gatewaytest.Order, _ bool) gatewaytest.Message {
			return gatewaytest.Message{Method: http.MethodGet, URL: order.NotifyURL + "?order=" + order.OrderNo}
		},
		Accepted:    func(_ int, body string) bool { return body == "success" },
		RetryDelays: []time.Duration{time.Minute},
	}, opts...)
}

func ExampleStart() {
	gateway := example()
	defer gateway.Close()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("notification for order", r.FormValue("order"))
		_, _ = io.WriteString(w, "success")
	}))
	defer shop.Close()

	gateway.Add(gatewaytest.Order{ID: "1", OrderNo: "ORDER1", Amount: money.Cents(188), State: "new", NotifyURL: shop.URL})
	delivery, err := gateway.Pay("ORDER1") // the shop has responded when it returns
	fmt.Println(delivery.Status, delivery.Accepted, err)
	order, _ := gateway.Order("ORDER1")
	fmt.Println(order.State, order.Paid)
	// Output:
	// notification for order ORDER1
	// 200 true <nil>
	// paid true
}

// A notification that is not accepted is sent again, here after a millisecond.
func ExampleWithRetryDelays() {
	gateway := example(gatewaytest.WithRetryDelays(time.Millisecond, time.Millisecond))
	defer gateway.Close()
	attempts, done := 0, make(chan struct{})
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if attempts++; attempts == 1 {
			_, _ = io.WriteString(w, "fail")
			return
		}
		_, _ = io.WriteString(w, "success")
		close(done)
	}))
	defer shop.Close()

	gateway.Add(gatewaytest.Order{ID: "1", NotifyURL: shop.URL})
	first, err := gateway.Pay("1")
	fmt.Println(first.Response, first.Accepted, err)
	<-done
	fmt.Println(attempts)
	// Output:
	// fail false <nil>
	// 2
}

// A gateway fails, and then works again.
func ExampleServer_InjectFault() {
	gateway := example()
	defer gateway.Close()
	query := func() {
		response, err := http.Get(gateway.URL + "/state")
		if err != nil {
			fmt.Println("no response")
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		fmt.Println(response.StatusCode, string(body), err)
	}
	gateway.InjectFault(gatewaytest.Fault{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<h1>502</h1>", Times: 1})
	query()
	gateway.InjectFault(gatewaytest.Fault{Path: "/state", Cut: true, Times: 1})
	query()
	gateway.InjectFault(gatewaytest.Fault{Delay: time.Millisecond, Reset: true})
	query()
	gateway.InjectFault(gatewaytest.Fault{}) // removes the last one, which has no Times
	query()
	// Output:
	// 502 <h1>502</h1> <nil>
	// 200 {"state unexpected EOF
	// no response
	// 200 {"state":"new"} <nil>
}

func ExampleQRCode() {
	fmt.Println(http.DetectContentType(gatewaytest.QRCode("https://pay.example.com/1")))
	// Output:
	// image/png
}
