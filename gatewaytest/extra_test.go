package gatewaytest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
)

// The request of NotificationRequest is the one that a merchant's server receives.
func TestNotificationRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		method, host, requestURI, url, path, query, contentType, signature, body string
		length                                                                   int64
	}
	read := func(r *http.Request) seen {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		return seen{
			r.Method, r.Host, r.RequestURI, r.URL.String(), r.URL.Path, r.URL.RawQuery,
			r.Header.Get("Content-Type"), r.Header.Get("X-Signature"), string(body), r.ContentLength,
		}
	}
	var got []seen
	merchant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, read(r))
		_, _ = io.WriteString(w, "success")
	}))
	t.Cleanup(merchant.Close)
	s := start(t)
	add(t, s, merchant.URL+"/notify%2Fme?shop=1&name=a%20b")
	_, err := s.Pay("ORDER1")
	require.NoError(t, err)
	_, err = s.SendTampered("900")
	require.NoError(t, err)

	genuine, err := s.NotificationRequest("ORDER1")
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.1:1234", genuine.RemoteAddr)
	assert.Nil(t, genuine.TLS)
	tampered, err := s.TamperedNotificationRequest("900")
	require.NoError(t, err)
	assert.Equal(t, []seen{read(genuine), read(tampered)}, got)
	assert.Len(t, s.Deliveries(), 2, "requests that are not sent are no deliveries")

	for _, request := range []func(string) (*http.Request, error){s.NotificationRequest, s.TamperedNotificationRequest} {
		_, err = request("unknown")
		require.ErrorIs(t, err, gatewaytest.ErrOrderNotFound)
	}
}

func TestNotificationRequestOfNotifyURLs(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i, test := range []struct{ notifyURL, host, requestURI string }{
		{"", "example.com", "/"},
		{"/notify?a=b", "example.com", "/notify?a=b"},
		{"https://shop.example.com/notify", "shop.example.com", "/notify"},
		{"https://shop.example.com", "shop.example.com", "/"},
	} {
		id := fmt.Sprint(i)
		require.True(t, s.Add(gatewaytest.Order{ID: id, NotifyURL: test.notifyURL}))
		r, err := s.NotificationRequest(id)
		require.NoError(t, err)
		assert.Equal(t, test.host, r.Host)
		assert.Equal(t, test.requestURI, r.RequestURI)
		assert.Equal(t, i >= 2, r.TLS != nil, test.notifyURL)

		mux := http.NewServeMux()
		mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.FormValue("amount")) })
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		assert.Equal(t, "0.00", w.Body.String())
	}
	require.True(t, s.Add(gatewaytest.Order{ID: "malformed", NotifyURL: "http://shop.example.com/%zz?secret"}))
	_, err := s.NotificationRequest("malformed")
	require.ErrorContains(t, err, `gatewaytest: notification of order "malformed": notify URL: `)
	assert.NotContains(t, err.Error(), "secret")
}

func TestWithLimit(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("success"))
	s := start(t, gatewaytest.WithLimit(3))
	pay := func(number string) {
		_, err := s.Pay(number)
		require.NoError(t, err)
	}
	for i := range 5 {
		id := fmt.Sprint(i)
		require.True(t, s.Add(gatewaytest.Order{ID: id, OrderNo: "NO" + id, NotifyURL: merchant.URL}))
		pay(id)
	}
	ids := func() (orders, deliveries []string) {
		for _, order := range s.Orders() {
			orders = append(orders, order.ID)
		}
		for _, delivery := range s.Deliveries() {
			deliveries = append(deliveries, delivery.OrderID)
		}
		return orders, deliveries
	}
	orders, deliveries := ids()
	assert.Equal(t, []string{"2", "3", "4"}, orders)
	assert.Equal(t, []string{"2", "3", "4"}, deliveries)
	for _, number := range []string{"0", "NO0", "1", "NO1"} {
		_, ok := s.Order(number)
		assert.False(t, ok, number)
		_, err := s.Pay(number)
		require.ErrorIs(t, err, gatewaytest.ErrOrderNotFound)
	}
	assert.Len(t, s.DeliveriesOf("NO2"), 1)
	pay("4")
	pay("NO4")
	assert.Len(t, s.DeliveriesOf("4"), 3)
	assert.Empty(t, s.DeliveriesOf("2"), "its delivery was the oldest")
	assert.Empty(t, s.DeliveriesOf("unknown"))
	require.True(t, s.Add(gatewaytest.Order{ID: "0"}), "a forgotten number can be used again")

	s.Reset()
	orders, deliveries = ids()
	assert.Empty(t, orders)
	assert.Empty(t, deliveries)

	byDefault := start(t, gatewaytest.WithLimit(0))
	for i := range gatewaytest.DefaultLimit + 2 {
		require.True(t, byDefault.Add(gatewaytest.Order{ID: fmt.Sprint(i)}))
	}
	assert.Len(t, byDefault.Orders(), gatewaytest.DefaultLimit)
}

// A forgotten order is not notified any more, nor is a new one with its number.
func TestForgottenOrdersAreNotRetried(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("fail"))
	s := start(t, gatewaytest.WithRetryDelays(50*time.Millisecond), gatewaytest.WithLimit(1))
	add(t, s, merchant.URL)
	_, err := s.Pay("ORDER1")
	require.NoError(t, err)
	s.Reset()
	add(t, s, merchant.URL)
	_, err = s.Pay("ORDER1")
	require.NoError(t, err)
	require.True(t, s.Add(gatewaytest.Order{ID: "other"}))
	add(t, s, merchant.URL)
	time.Sleep(150 * time.Millisecond)
	assert.Len(t, merchant.received(), 2)
}

func TestUpdateOfNumbers(t *testing.T) {
	t.Parallel()
	s := start(t)
	add(t, s, "")
	require.NoError(t, s.Update("900", func(order *gatewaytest.Order) { order.ID, order.OrderNo = "901", "" }))
	for _, number := range []string{"900", "ORDER1"} {
		_, ok := s.Order(number)
		assert.False(t, ok, number)
	}
	_, ok := s.Order("901")
	assert.True(t, ok)
	add(t, s, "")
	require.NoError(t, s.Update("901", func(order *gatewaytest.Order) { order.OrderNo = "ORDER1" }))
	order, _ := s.Order("ORDER1")
	assert.Equal(t, "900", order.ID, "another order keeps its number")
}

// A copy of an order does not change, although Update may write to the fields.
func TestUpdateOfFields(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.True(t, s.Add(gatewaytest.Order{ID: "1", Fields: map[string]string{"a": "b"}}))
	before, _ := s.Order("1")
	require.NoError(t, s.Update("1", func(order *gatewaytest.Order) { order.Fields["a"] = "c" }))
	after, _ := s.Order("1")
	assert.Equal(t, []string{"b", "c"}, []string{before.Fields["a"], after.Fields["a"]})
}

func TestClock(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("success"))
	begin := time.Date(2019, 11, 18, 12, 34, 24, 0, time.UTC)
	s := start(t, gatewaytest.WithClock(func() time.Time { return begin }))
	add(t, s, merchant.URL)
	s.Advance(time.Hour)
	assert.Equal(t, begin.Add(time.Hour), s.Now())
	delivery, err := s.Pay("ORDER1")
	require.NoError(t, err)
	assert.Equal(t, begin.Add(time.Hour), delivery.At)
	order, _ := s.Order("ORDER1")
	assert.Equal(t, begin, order.CreatedAt)
	assert.Equal(t, begin.Add(time.Hour), order.PaidAt)
	s.Advance(-2 * time.Hour)
	require.NoError(t, s.PaySilently("ORDER1"))
	order, _ = s.Order("ORDER1")
	assert.Equal(t, begin.Add(-time.Hour), order.PaidAt)
	s.Reset()
	assert.Equal(t, begin, s.Now())
}

func TestAddFields(t *testing.T) {
	t.Parallel()
	body, contentType := "", ""
	s := gatewaytest.Start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, body)
	}), gatewaytest.Behavior{Objects: []string{"data", "order"}})
	t.Cleanup(s.Close)
	get := func() (int, string) {
		response, err := http.Get(s.URL)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		assert.Equal(t, contentType, response.Header.Get("Content-Type"))
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	assert.Panics(t, func() { s.AddFields(map[string]any{"x": func() {}}, nil) })
	assert.Empty(t, s.NotificationFields())
	response := map[string]any{"x": []int{1}}
	s.AddFields(response, nil)
	response["late"] = true
	s.AddFields(map[string]any{"id": "other", "y": nil}, map[string]any{"z": 1.5})
	assert.Equal(t, map[string]any{"z": 1.5}, s.NotificationFields())
	for _, test := range []struct{ contentType, body, want string }{
		{"application/json", `{}` + "\n", `{"id":"other","x":[1],"y":null}` + "\n"},
		{"application/json", `{"id":12345678901234567890.10}`, `{"id":12345678901234567890.10,"x":[1],"y":null}`},
		{
			"application/json", `{"data":{"order":{"id":1},"params":{}},"order":""}`,
			`{"data":{"id":"other","order":{"id":1,"x":[1],"y":null},"params":{},"x":[1],"y":null},"id":"other","order":"","x":[1],"y":null}`,
		},
		{"application/javascript", `call({"id":1});`, `call({"id":1,"x":[1],"y":null});`},
		{"application/json", `[1]`, `[1]`},
		{"application/json", `{} {}`, `{} {}`},
		{"application/json", `}{`, `}{`},
		{"text/html", `<style>b{color:red}</style>`, `<style>b{color:red}</style>`},
		{"text/plain", ``, ``},
	} {
		body, contentType = test.body, test.contentType
		status, got := get()
		assert.Equal(t, http.StatusAccepted, status)
		assert.Equal(t, test.want, got)
	}
	s.Reset()
	body, contentType = `{"id": 1}`, "application/json"
	_, got := get()
	assert.Equal(t, body, got, "Reset removes them")
	assert.True(t, json.Valid([]byte(got)))
}

func ExampleServer_NotificationRequest() {
	gateway := example()
	defer gateway.Close()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("notification for order", r.FormValue("order"))
		_, _ = io.WriteString(w, "success")
	})

	gateway.Add(gatewaytest.Order{ID: "1", OrderNo: "ORDER1"})
	if err := gateway.PaySilently("ORDER1"); err != nil {
		fmt.Println(err)
		return
	}
	r, err := gateway.NotificationRequest("ORDER1")
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// notification for order ORDER1
	// 200 success
}

func BenchmarkOrder(b *testing.B) {
	s := example()
	defer s.Close()
	for i := range gatewaytest.DefaultLimit {
		s.Add(gatewaytest.Order{ID: fmt.Sprint(i)})
	}
	for range b.N {
		_, _ = s.Order("9999")
	}
}
