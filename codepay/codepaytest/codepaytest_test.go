package codepaytest_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

func setup(t *testing.T, opts ...gatewaytest.Option) (*codepaytest.Server, *codepay.Client) {
	t.Helper()
	srv := codepaytest.NewServer(opts...)
	t.Cleanup(srv.Close)
	config := srv.Config()
	config.OwnParameters = []string{"shop"}
	client, err := codepay.New(config)
	require.NoError(t, err)
	return srv, client
}

func request() codepay.CreateOrderRequest {
	return codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000), Channel: codepay.ChannelWeChat}
}

func send(t *testing.T, method, target string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, nil)
	require.NoError(t, err)
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(body)
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// fields are a signed create; text is what is signed, in order.
func fields(text string) url.Values {
	values, _ := url.ParseQuery(text)
	values.Set("sign", md5Hex(text+codepaytest.Secret))
	return values
}

// The requests are made without the client, so that the two cannot share a mistake.
func TestTheFakeRejectsWhatTheDocumentForbids(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	const good = "id=10041&page=4&pay_id=admin&price=100.00&type=1"
	long := strings.Repeat("1", 101)
	for text, want := range map[string]string{
		"id=10042&page=4&pay_id=admin&price=100.00&type=1":                     `{"msg":"sign fail","status":-1,"tag":0}`,
		"id=10041&page=4&pay_id=admin&price=100.00":                            `{"msg":"sign fail","status":-1,"tag":0}`,
		"id=10041&page=4&price=100.00&type=1":                                  `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=admin&type=1":                                  `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=admin&price=0.00&type=1":                       `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=admin&price=100000.00&type=1":                  `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=admin&price=1.001&type=1":                      `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=admin&price=100.00&type=4":                     `{"msg":"undefined","status":-2,"tag":0}`,
		"act=2&id=10041&page=4&pay_id=admin&price=100.00&type=1":               `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=admin&pay_type=2&price=100.00&type=1":          `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=5&pay_id=admin&price=100.00&type=1":                     `{"msg":"undefined","status":-2,"tag":0}`,
		"chart=big5&id=10041&page=4&pay_id=admin&price=100.00&type=1":          `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&outTime=1000000&page=4&pay_id=admin&price=100.00&type=1":     `{"msg":"undefined","status":-2,"tag":0}`,
		"call=a.b&id=10041&page=4&pay_id=admin&price=100.00&type=1":            `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&key=secret&page=4&pay_id=admin&price=100.00&type=1":          `{"msg":"undefined","status":-2,"tag":0}`,
		"id=10041&page=4&pay_id=" + long + "&price=100.00&type=1":              `{"msg":"too long","status":-2,"tag":0}`,
		"id=10041&page=4&param=" + long + "&pay_id=admin&price=100.00&type=1":  `{"msg":"too long","status":-2,"tag":0}`,
		"id=10041&notify_url=" + long + "&page=4&pay_id=1&price=100.00&type=1": `{"msg":"too long","status":-2,"tag":0}`,
		"call=cb&id=10041&page=3&pay_id=admin&price=100.00&type=9":             `cb({"msg":"undefined","status":-2,"tag":0});`,
	} {
		status, _, body := send(t, "GET", srv.URL+"/creat_order/?"+fields(text).Encode())
		assert.Equal(t, 200, status)
		assert.Equal(t, want, body, text)
	}
	for name, change := range map[string]func(url.Values){
		"another amount":    func(v url.Values) { v.Set("price", "1.00") },
		"an added one":      func(v url.Values) { v.Set("act", "0") },
		"no sign, no token": func(v url.Values) { v.Del("sign") },
		"a wrong token":     func(v url.Values) { v.Del("sign"); v.Set("token", "1") },
	} {
		values := fields(good)
		change(values)
		_, _, body := send(t, "GET", srv.URL+"/creat_order/?"+values.Encode())
		assert.Equal(t, `{"msg":"sign fail","status":-1,"tag":0}`, body, name)
	}
	_, _, body := send(t, "GET", srv.URL+"/creat_order/?a=%zz")
	assert.Contains(t, body, "undefined")
	assert.Empty(t, srv.Orders())

	_, _, body = send(t, "GET", srv.URL+"/creat_order/?"+fields(good).Encode())
	assert.Contains(t, body, `"status":0`)
	// The document's own sample of the token has no slash and writes "100".
	_, _, body = send(t, "GET", srv.URL+"/creat_order?id=10041&token="+codepaytest.Token+"&&price=100&pay_id=admin&page=4")
	assert.Contains(t, body, `"price":"100.00"`)
}

func TestCreateStatus(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	ctx := context.Background()
	srv.SetCreateStatus(-1, "not vip")
	_, err := client.CreateOrder(ctx, request())
	require.EqualError(t, err, "codepay: create order: code -1: not vip")
	assert.Empty(t, srv.Orders())

	srv.SetCreateStatus(-8, "offline")
	order, err := client.CreateOrder(ctx, request())
	require.ErrorIs(t, err, codepay.ErrListenerOffline)
	require.NotNil(t, order)
	assert.NotEmpty(t, order.QRCodeURL)

	srv.SetCreateStatus(0, "")
	srv.ShiftMoney(-10000)
	_, err = client.CreateOrder(ctx, request())
	require.EqualError(t, err, "codepay: create order: code -1: creat fail")
	srv.ShiftMoney(3)
	order, err = client.CreateOrder(ctx, request())
	require.NoError(t, err)
	assert.Equal(t, "100.03", order.PayableAmount.String())
	assert.Equal(t, "100.00", order.Amount.String())
	assert.Equal(t, codepay.ChannelWeChat, order.Channel)
	assert.Equal(t, 6*time.Minute, order.Remaining(order.ReceivedAt))
}

func TestTheQRCodeImage(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	_, header, image := send(t, "GET", order.QRCodeURL)
	assert.Equal(t, "image/png", header.Get("Content-Type"))
	assert.Equal(t, "\x89PNG\r\n\x1a\n", image[:8])
	status, _, _ := send(t, "GET", srv.URL+"/qr/1/0.png")
	assert.Equal(t, 404, status)

	own := request()
	own.QRCodeURL = "https://shop.example.com/qrcode.php"
	order, err = client.CreateOrder(context.Background(), own)
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example.com/qrcode.php?type=3&money=100.00&tag=0", order.QRCodeURL)
}

func TestTheScript(t *testing.T) {
	t.Parallel()
	_, client := setup(t)
	script, err := client.ScriptURL(request(), "callback")
	require.NoError(t, err)
	_, header, body := send(t, "GET", script)
	assert.Equal(t, "application/javascript; charset=utf-8", header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(body, "callback({"), body)
	order, err := codepay.DecodeCreatedOrder([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, "admin", order.OrderNo)
	assert.Equal(t, "100.00", order.PayableAmount.String())
}

func TestTheCashierPagePays(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	srv.ShiftMoney(-2)
	for name, build := range map[string]func(codepay.CreateOrderRequest) (string, error){
		"signed": client.CashierURL, "token": client.TokenURL,
	} {
		order := request()
		order.OrderNo, order.ReturnURL, order.Page = name, "https://shop.example.com/paid", codepay.Page2
		page, err := build(order)
		require.NoError(t, err)
		status, _, body := send(t, "GET", page)
		assert.Equal(t, 200, status)
		assert.Contains(t, body, "data:image/png;base64,")
		assert.Contains(t, body, `<p class="price">¥99.98</p>`, "what has to be paid")
		made, ok := srv.Order(name)
		require.True(t, ok)
		assert.Contains(t, body, `action="/cashier/`+made.ID+`"`)

		status, header, _ := send(t, "POST", srv.URL+"/cashier/"+made.ID)
		assert.Equal(t, http.StatusSeeOther, status)
		assert.Equal(t, order.ReturnURL, header.Get("Location"))
		paid, err := client.QueryOrder(context.Background(), made.ID)
		require.NoError(t, err)
		assert.True(t, paid.Paid())
		_, _, body = send(t, "GET", srv.URL+"/cashier/"+made.ID)
		assert.Contains(t, body, "已付款")
	}
	status, _, _ := send(t, "GET", srv.URL+"/cashier/1")
	assert.Equal(t, 404, status)
}

func TestTheQuery(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	target := func(id, token string) string {
		return srv.URL + "/ispay?id=10041&order_id=" + id + "&token=" + token
	}
	_, _, body := send(t, "GET", target(order.OrderID, codepaytest.Token))
	assert.JSONEq(t, `{"status":0,"msg":"no"}`, body)
	_, _, body = send(t, "GET", strings.Replace(target(order.OrderID, codepaytest.Token), "/ispay?", "/ispay/?", 1))
	assert.JSONEq(t, `{"status":0,"msg":"no"}`, body)
	_, _, body = send(t, "GET", target(order.OrderID, "1"))
	assert.JSONEq(t, `{"status":-6,"msg":"token error"}`, body)
	_, _, body = send(t, "GET", target("admin", codepaytest.Token))
	assert.JSONEq(t, `{"status":-1,"msg":"no"}`, body, "the query takes the gateway's number only")
	require.NoError(t, srv.Expire("admin"))
	_, _, body = send(t, "GET", target(order.OrderID, codepaytest.Token))
	assert.JSONEq(t, `{"status":0,"msg":"no"}`, body)
	require.NoError(t, srv.PaySilently("admin"))
	_, _, body = send(t, "GET", target(order.OrderID, codepaytest.Token)+"&call=cb")
	assert.Equal(t, `cb({"msg":"ok","status":2});`, body)
	_, _, body = send(t, "GET", target(order.OrderID, codepaytest.Token)+"&call=a.b")
	assert.JSONEq(t, `{"msg":"undefined","status":-2}`, body)
}

func TestTheNotification(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	order := request()
	order.NotifyURL, order.Attach = "https://shop.example.com/notify?shop=7", "一本书"
	created, err := client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	require.NoError(t, srv.PaySilently("admin"))
	notification := func() url.Values {
		r, err := srv.NotificationRequest("admin")
		require.NoError(t, err)
		assert.Equal(t, "POST", r.Method)
		assert.Equal(t, "shop=7", r.URL.RawQuery)
		require.NoError(t, r.ParseForm())
		return r.PostForm
	}
	f := notification()
	paid, _ := srv.Order("admin")
	assert.Equal(t, url.Values{
		"chart": {"utf-8"}, "id": {"10041"}, "money": {"100.00"}, "order_id": {created.OrderID}, "param": {"一本书"},
		"pay_id": {"admin"}, "pay_no": {f.Get("pay_no")}, "pay_time": {fmt.Sprint(paid.PaidAt.Unix())}, "price": {"100.00"},
		"status": {"2"}, "tag": {"0"}, "type": {"3"},
		"sign": {md5Hex("chart=utf-8&id=10041&money=100.00&order_id=" + created.OrderID + "&param=一本书&pay_id=admin&pay_no=" +
			f.Get("pay_no") + "&pay_time=" + f.Get("pay_time") + "&price=100.00&status=2&tag=0&type=3" + codepaytest.Secret)},
	}, f)
	assert.NotEmpty(t, f.Get("pay_no"))
	assert.LessOrEqual(t, len(f.Get("pay_no")), 50)
	assert.Equal(t, f, notification(), "a repetition is the same notification")
}

func TestNotifyByGET(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	srv.NotifyByGET()
	for _, path := range []string{"/notify", "/notify?shop=7"} {
		order := request()
		order.OrderNo, order.NotifyURL = path, "https://shop.example.com"+path
		_, err := client.CreateOrder(context.Background(), order)
		require.NoError(t, err)
		require.NoError(t, srv.PaySilently(path))
		r, err := srv.NotificationRequest(path)
		require.NoError(t, err)
		assert.Equal(t, "GET", r.Method)
		n, err := client.ParseNotification(r)
		require.NoError(t, err)
		assert.Equal(t, path, n.OrderNo)
	}
}

// The handler reads what the fake sends in each encoding, and a forged amount never
// reaches the merchant.
func TestTheHandlerAndTheFake(t *testing.T) {
	t.Parallel()
	for _, chart := range []codepay.Charset{"", codepay.CharsetUTF8, codepay.CharsetGB2312} {
		t.Run("chart "+string(chart), func(t *testing.T) {
			t.Parallel()
			srv, _ := setup(t)
			srv.ShiftMoney(-1)
			config := srv.Config()
			config.ConfirmByQuery = true
			client, err := codepay.New(config)
			require.NoError(t, err)
			got := make(chan *codepay.Notification, 3)
			shop := httptest.NewServer(client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
				got <- n
				return nil
			}))
			t.Cleanup(shop.Close)
			order := request()
			order.OrderNo, order.Attach, order.NotifyURL, order.Charset = "用户", "一本书", shop.URL, chart
			created, err := client.CreateOrder(context.Background(), order)
			require.NoError(t, err)
			assert.Equal(t, "用户", created.OrderNo)

			unpaid, err := srv.Redeliver("用户")
			require.NoError(t, err)
			assert.Equal(t, 400, unpaid.Status, "without pay_no")
			delivery, err := srv.Pay("用户")
			require.NoError(t, err)
			assert.Equal(t, "success", delivery.Response)
			tampered, err := srv.SendTampered("用户")
			require.NoError(t, err)
			assert.Equal(t, 403, tampered.Status)
			again, err := srv.Redeliver("用户")
			require.NoError(t, err)
			assert.True(t, again.Accepted)

			require.Len(t, got, 2)
			n, repeated := <-got, <-got
			assert.Equal(t, "用户", n.OrderNo)
			assert.Equal(t, "一本书", n.Attach)
			assert.Equal(t, "99.99", n.PaidAmount.String())
			assert.True(t, n.AmountDiffers())
			assert.Equal(t, n.PaymentNo, repeated.PaymentNo)
			assert.Equal(t, created.OrderID, n.OrderID)
			assert.True(t, n.Order.Paid())
			assert.WithinDuration(t, time.Now(), n.PaidAt, time.Minute)
		})
	}
}

// A pay_id may be a user who pays again.
func TestAPayIDNamesItsNewestOrder(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	var ids []string
	for range 3 {
		created, err := client.CreateOrder(context.Background(), request())
		require.NoError(t, err)
		ids = append(ids, created.OrderID)
	}
	newest, ok := srv.Order("admin")
	require.True(t, ok)
	assert.Equal(t, ids[2], newest.ID)
	require.NoError(t, srv.PaySilently(ids[0]))
	assert.Len(t, srv.Orders(), 3)

	// A pay_id that is the number of another order names nothing.
	odd := request()
	odd.OrderNo = ids[2]
	_, err := client.CreateOrder(context.Background(), odd)
	require.NoError(t, err)
	for _, number := range []string{ids[2], "admin"} {
		named, _ := srv.Order(number)
		assert.Equal(t, ids[2], named.ID)
	}
}

// Programs of merchants respond "ok" too.
func TestOkEndsTheRepetitions(t *testing.T) {
	t.Parallel()
	for body, accepted := range map[string]bool{"ok": true, "success": true, " ok\n": true, "OK": false, "okay": false, "fail": false, "": false} {
		srv, client := setup(t, gatewaytest.WithRetryDelays())
		shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		t.Cleanup(shop.Close)
		order := request()
		order.NotifyURL = shop.URL
		_, err := client.CreateOrder(context.Background(), order)
		require.NoError(t, err)
		delivery, err := srv.Pay("admin")
		require.NoError(t, err)
		assert.Equal(t, accepted, delivery.Accepted, body)
	}
}

func TestCreateByPOST(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	for _, path := range []string{"/creat_order", "/creat_order/"} {
		response, err := http.PostForm(srv.URL+path, fields("id=10041&page=4&pay_id=admin&price=100.00&type=1"))
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Contains(t, string(body), `"status":0`)
	}
	_, _, body := send(t, "POST", srv.URL+"/creat_order/?"+fields("id=10041&page=4&pay_id=admin&price=100.00&type=1").Encode())
	assert.Contains(t, body, `"status":0`)
	assert.Len(t, srv.Orders(), 3)
}

// Deployments send the merchant's number as order_id. The client does not query it.
func TestSetUserIDAsOrderID(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	srv.SetUserIDAsOrderID(true)
	config := srv.Config()
	config.ConfirmByQuery = true
	client, err := codepay.New(config)
	require.NoError(t, err)
	got := make(chan *codepay.Notification, 1)
	shop := httptest.NewServer(client.NotificationHandler(func(_ context.Context, n *codepay.Notification) error {
		got <- n
		return nil
	}))
	t.Cleanup(shop.Close)
	order := request()
	order.NotifyURL = shop.URL
	_, err = client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	delivery, err := srv.Pay("admin")
	require.NoError(t, err)
	assert.Equal(t, 200, delivery.Status)
	n := <-got
	assert.Empty(t, n.OrderID)
	assert.Nil(t, n.Order)
	raw := n.Raw.Reveal()
	assert.Equal(t, []string{"10041", "10041", "10041"}, []string{raw.Get("order_id"), raw.Get("id"), raw.Get("trueID")})
}
