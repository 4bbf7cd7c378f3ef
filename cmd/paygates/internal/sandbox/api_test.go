package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/gateway"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
)

// The file describes exactly the paths that the server has.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	t.Parallel()
	b := start(t)
	var doc struct {
		Paths map[string]map[string]any
	}
	b.get("/openapi.json", &doc)
	var described, served []string
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range b.sandbox.routes() {
		served = append(served, r.pattern)
	}
	slices.Sort(described)
	slices.Sort(served)
	assert.Equal(t, served, described)
}

func TestAnOrderOfTheSDK(t *testing.T) {
	t.Parallel()
	b := start(t)
	merchant := startShop(t, b.ispay().NotificationHandler(func(context.Context, *ispay.Notification) error { return nil }).ServeHTTP)
	created := b.createIspay(merchant.URL)

	var orders []order
	b.get("/api/orders?gateway=ispay", &orders)
	require.Len(t, orders, 1)
	assert.Equal(t, created.OrderID, orders[0].ID)
	assert.Equal(t, "A1", orders[0].OrderNo)
	assert.Equal(t, "300.00", orders[0].Amount.String())
	assert.Equal(t, "1 (accepted)", orders[0].StateText)
	assert.Equal(t, created.PayPageURL, orders[0].PayPage)
	assert.Nil(t, orders[0].PaidAt)
	b.get("/api/orders?gateway=codepay", &orders)
	assert.Empty(t, orders)
	var deliveries []delivery
	b.get("/api/deliveries", &deliveries)
	assert.Empty(t, deliveries)

	_, why := b.post("/api/orders/ispay/A1/redeliver", "", nil)
	assert.Contains(t, why, "not paid")
	var paid done
	status, why := b.post("/api/orders/ispay/A1/pay", "", &paid)
	require.Equal(t, http.StatusOK, status, why)
	assert.True(t, paid.Order.Paid)
	assert.NotNil(t, paid.Order.PaidAt)
	assert.Equal(t, "9 (confirmed)", paid.Order.StateText)
	require.NotNil(t, paid.Delivery)
	assert.True(t, paid.Delivery.Accepted)
	assert.Equal(t, "success", paid.Delivery.Response)

	for _, action := range []string{"pay", "pay-silently", "expire"} {
		status, why = b.post("/api/orders/ispay/"+created.OrderID+"/"+action, "", nil)
		assert.Equal(t, http.StatusConflict, status, action)
		assert.Equal(t, "the order is paid already", why)
	}
	status, _ = b.post("/api/orders/ispay/A1/redeliver", "", nil)
	assert.Equal(t, http.StatusOK, status)
	status, why = b.post("/api/orders/ispay/A1/tamper", "", &paid)
	require.Equal(t, http.StatusOK, status, why)
	assert.True(t, paid.Delivery.Tampered)
	assert.False(t, paid.Delivery.Accepted)
	assert.Equal(t, http.StatusConflict, paid.Delivery.Status)
	b.get("/api/deliveries?gateway=ispay", &deliveries)
	assert.Len(t, deliveries, 3)
	var one order
	b.get("/api/orders/ispay/A1", &one)
	assert.True(t, one.Paid)
}

func TestALostNotification(t *testing.T) {
	t.Parallel()
	b := start(t)
	merchant := startShop(t, succeed)
	b.createIspay(merchant.URL)
	require.NoError(t, b.sandbox.gateways[0].Expire("A1"))
	var result done
	status, _ := b.post("/api/orders/ispay/A1/pay-silently", "", &result)
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, result.Order.Paid)
	assert.Nil(t, result.Delivery)
	assert.Zero(t, merchant.count())
	status, _ = b.post("/api/orders/ispay/A1/redeliver", "", &result)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, 1, merchant.count())
}

// Every gateway takes an order of its client and notifies the merchant.
func TestEveryGateway(t *testing.T) {
	t.Parallel()
	b := start(t)
	accepted := startShop(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, gateway.Find(r.URL.Path[1:]).Accepts)
	})
	status, why := b.post("/api/orders/pingpp", `{"order_no":"A1","amount":"99.00","subject":"Example"}`, nil)
	require.Equal(t, http.StatusCreated, status, why)
	status, _ = b.post("/api/orders/pingpp", `{"order_no":"A1","amount":"99.00","subject":"Example"}`, nil)
	assert.Equal(t, http.StatusConflict, status)
	status, why = b.post("/api/orders/pingpp/A1/pay?background=1", "", nil)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, why, "no charge")
	for _, g := range b.sandbox.gateways {
		status, why = b.post("/api/gateways/"+g.Name+"/notify-url", fmt.Sprintf(`{"url":%q}`, accepted.URL+"/"+g.Name), nil)
		require.Equal(t, g.SetNotifyURL != nil, status == http.StatusOK, why)
	}
	for _, g := range b.sandbox.gateways {
		client, err := g.Open(gateway.Settings{Env: b.env})
		require.NoError(t, err)
		o := gateway.Order{
			OrderNo: "A1", Channel: g.Channels[0], Amount: money.Cents(100), Subject: "Example", PayerIP: "203.0.113.7",
			NotifyURL: accepted.URL + "/" + g.Name,
		}
		if g.SetNotifyURL != nil {
			o.NotifyURL = "" // that of the account
		}
		_, err = client.Create(context.Background(), o)
		require.NoError(t, err, g.Name)
	}
	var orders []order
	b.get("/api/orders", &orders)
	require.Len(t, orders, 1+len(gateway.All()))
	assert.Equal(t, gateway.Find("pingpp").KnownOrder, orders[0].OrderNo, "the oldest first")
	for _, o := range orders[1:] {
		if o.PayPage != "" {
			response, err := http.Get(o.PayPage)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, http.StatusOK, response.StatusCode, o.PayPage)
		}
		var result done
		status, why := b.post("/api/orders/"+o.Gateway+"/"+url.PathEscape(o.ID)+"/pay", "", &result)
		require.Equal(t, http.StatusOK, status, why)
		assert.True(t, result.Order.Paid, o.Gateway)
		require.NotNil(t, result.Delivery, o.Gateway)
		assert.True(t, result.Delivery.Accepted, "%s: %s", o.Gateway, result.Delivery.Response)
		assert.True(t, strings.HasPrefix(result.Delivery.URL, accepted.URL+"/"+o.Gateway), result.Delivery.URL)
	}
}

func TestADelayedNotification(t *testing.T) {
	t.Parallel()
	b := start(t)
	merchant := startShop(t, succeed)
	b.createIspay(merchant.URL)
	status, _ := b.post("/api/gateways/ispay/delay", `{"seconds":600}`, nil)
	assert.Equal(t, http.StatusOK, status)
	var gateways []struct {
		Name         string
		DelaySeconds float64 `json:"delay_seconds"`
	}
	b.get("/api/gateways", &gateways)
	assert.InDelta(t, 600, gateways[0].DelaySeconds, 0)
	assert.InDelta(t, 0, gateways[1].DelaySeconds, 0)

	var result done
	status, _ = b.post("/api/orders/ispay/A1/pay?background=1", "", &result)
	assert.Equal(t, http.StatusAccepted, status)
	assert.Nil(t, result.Delivery)
	status, why := b.post("/api/orders/ispay/A1/tamper", "", nil)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, why, "busy")
	assert.Zero(t, merchant.count())
	// The end of the test ends the delay.
}

func TestAFault(t *testing.T) {
	t.Parallel()
	b := start(t)
	status, _ := b.post("/api/gateways/ispay/fault", `{"path":"/order/","times":3,"status":503}`, nil)
	assert.Equal(t, http.StatusOK, status)
	_, err := b.ispay().QueryOrder(context.Background(), "A1")
	require.ErrorIs(t, err, paygates.ErrUnavailable)
	_, err = b.ispay().QueryOrder(context.Background(), "A1")
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)

	// The connection of a create is closed after it was processed.
	status, _ = b.post("/api/gateways/ispay/fault", `{"path":"/gateway","times":1,"reset":true,"processed":true}`, nil)
	assert.Equal(t, http.StatusOK, status)
	_, err = b.ispay().CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "A1", Channel: ispay.ChannelAlipay, Amount: 100, PayerIP: "203.0.113.7",
	})
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	_, err = b.ispay().QueryOrder(context.Background(), "A1")
	require.NoError(t, err)

	status, _ = b.post("/api/gateways/ispay/fault", `{"path":"/order/","cut":true}`, nil)
	assert.Equal(t, http.StatusOK, status)
	_, err = b.ispay().QueryOrder(context.Background(), "A1")
	require.Error(t, err)
	status, _ = b.post("/api/gateways/ispay/fault", `{}`, nil)
	assert.Equal(t, http.StatusOK, status)
	_, err = b.ispay().QueryOrder(context.Background(), "A1")
	require.NoError(t, err)
}

func TestWrongRequests(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, test := range []struct {
		path, body string
		status     int
		why        string
	}{
		{"/api/orders/isspay/1/pay", "", 404, `there is no gateway "isspay"`},
		{"/api/orders/ispay/1/pay", "", 404, `ispay has no order "1": see /api/orders`},
		{"/api/orders/pingpp/" + gateway.Find("pingpp").KnownOrder + "/payy", "", 404, "use pay, pay-silently, expire, redeliver or tamper"},
		{"/api/orders/ispay", `{"order_no":"1","amount":"1.00","subject":"x"}`, 409, "ispay gets its orders by requests to http://127.0.0.1:"},
		{"/api/orders/isspay", `{"order_no":"1","amount":"1.00","subject":"x"}`, 404, "there is no gateway"},
		{"/api/orders/pingpp", `{"order_no":"1","amount":"1.234"}`, 400, "must be JSON"},
		{"/api/orders/pingpp", `{"no":"1"}`, 400, "unknown field"},
		{"/api/orders/pingpp", `{"order_no":"1","amount":"0.00","subject":"x"}`, 409, "amount"},
		{"/api/orders/pingpp", `{"order_no":"` + strings.Repeat("1", 70<<10) + `"}`, 400, "must be JSON"},
		{"/api/gateways/isspay/delay", "", 404, "there is no gateway"},
		{"/api/gateways/ispay/speed", "", 404, "there is no POST /api/gateways/ispay/speed"},
		{"/api/gateways/ispay/delay", `{"seconds":-1}`, 400, "0 to 600"},
		{"/api/gateways/ispay/delay", `{"seconds":1e300}`, 400, "0 to 600"},
		{"/api/gateways/ispay/notify-url", `{"url":"http://127.0.0.1/"}`, 409, "with each order"},
		{"/api/gateways/pingpp/notify-url", `{"url":"javascript:x"}`, 400, "http or https"},
		{"/api/gateways/ispay/fault", `{"status":99}`, 400, "200 to 599"},
		{"/api/gateways/ispay/fault", `{"status":"500"}`, 400, "status must be a whole number, and not a string"},
		{"/api/gateways/ispay/fault", `{"delay_seconds":"1"}`, 400, "delay_seconds must be a number, and not a string"},
		{"/api/gateways/ispay/fault", `{"reset":1}`, 400, "reset must be true or false, and not a number"},
		{"/api/gateways/ispay/fault", `[]`, 400, "must be JSON"},
		{"/api/gateways/ispay/fault", `status=500`, 400, "must be JSON"},
		{"/api/gateways/ispay/fault", `{"delay_seconds":1e9}`, 400, "delay_seconds"},
	} {
		status, why := b.post(test.path, test.body, nil)
		assert.Equal(t, test.status, status, "%s %s", test.path, why)
		assert.Contains(t, why, test.why, test.path)
	}
	for path, want := range map[string]int{
		"/api/orders?gateway=isspay": 404, "/api/deliveries?gateway=isspay": 404,
		"/api/orders/ispay/1": 404, "/api/orders/isspay/1": 404, "/api/nothing": 404,
	} {
		status, _ := b.request(http.MethodGet, path, "", nil)
		assert.Equal(t, want, status, path)
	}
	status, _ := b.request(http.MethodDelete, "/api/orders", "", nil)
	assert.Equal(t, 405, status)
}
