package ispaytest_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/money"
)

func setup(t *testing.T, opts ...gatewaytest.Option) (*ispaytest.Server, *ispay.Client) {
	t.Helper()
	srv := ispaytest.NewServer(opts...)
	t.Cleanup(srv.Close)
	client, err := ispay.New(srv.Config())
	require.NoError(t, err)
	return srv, client
}

func request() ispay.CreateOrderRequest {
	return ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelUnionPay, Amount: money.Cents(30000),
		PayerIP: "203.0.113.7", ReturnURL: "https://shop.example.com/paid",
	}
}

func send(t *testing.T, method, target string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func form() url.Values {
	return url.Values{
		"userid": {"10001"}, "order_no": {"1"}, "order_type": {"P901"}, "amount": {"300.00"}, "ip": {"203.0.113.7"},
		"sign": {md5Hex("100011P901300.00" + ispaytest.Secret)},
	}
}

// The requests are sent without the client, so that the two cannot share a mistake.
func TestTheFakeRejectsWhatTheDocumentForbids(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	for field, bad := range map[string]string{
		"userid": "10002", "order_no": "", "order_type": "P903", "amount": "300", "ip": "", "sign": strings.Repeat("0", 32),
	} {
		f := form()
		f.Set(field, bad)
		status, body := send(t, "POST", srv.URL+"/gateway", f)
		assert.Equal(t, 200, status)
		assert.JSONEq(t, `{"success":false,"errorCode":1004,"errorMsg":"订单创建失败! `+field+`"}`, body)
	}
	assert.Empty(t, srv.Orders())

	_, body := send(t, "POST", srv.URL+"/gateway", form())
	assert.Contains(t, body, `"success":true`)
	_, body = send(t, "POST", srv.URL+"/gateway", form())
	assert.Contains(t, body, "order_no exists")
}

func TestTheFakeChangesItsStates(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	ctx := context.Background()
	created, err := client.CreateOrder(ctx, request())
	require.NoError(t, err)
	for _, want := range []ispay.State{ispay.StateIssuing, ispay.StateAwaitingPayment, ispay.StateAwaitingPayment} {
		state, err := client.QueryState(ctx, created.OrderID)
		require.NoError(t, err)
		assert.Equal(t, want, state.State)
		assert.Equal(t, want == ispay.StateAwaitingPayment, state.Code != nil)
		if state.Code != nil {
			assert.Equal(t, ispaytest.AlipayUserID, state.Code.AlipayUserID)
			assert.Equal(t, created.OrderID, state.Code.SN)
			assert.NotEmpty(t, state.Code.QRCode)
			assert.NotEmpty(t, state.Code.ImageText)
		}
	}
	require.NoError(t, srv.SetState(created.OrderID, ispay.StatePaidUnconfirmed))
	order, err := client.QueryOrder(ctx, "20191118123424")
	require.NoError(t, err)
	assert.Equal(t, ispay.StatePaidUnconfirmed, order.State)
	assert.Equal(t, "203.0.113.7", order.PayerIP.Reveal())
	assert.Equal(t, ispay.ChannelUnionPay, order.Channel)
	assert.NotEmpty(t, order.QRCode)
	assert.NotEmpty(t, order.ImageText)
	assert.Empty(t, order.Unread)
	assert.WithinDuration(t, time.Now(), order.CreatedAt, time.Minute)

	require.NoError(t, srv.Expire("20191118123424"))
	_, err = client.WaitForPayment(ctx, "20191118123424", time.Millisecond)
	require.ErrorIs(t, err, paygates.ErrNotPaid)

	_, err = client.QueryQRCode(ctx, "1")
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	_, err = client.QueryState(ctx, "1")
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
}

func TestTheFakeRequiresSignedQueries(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	_, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	const no = "20191118123424"
	_, body := send(t, "GET", srv.URL+"/order/10001/"+no+"/"+md5Hex("10001"+no+ispaytest.Secret), nil)
	assert.Contains(t, body, `"success":true`)
	_, body = send(t, "GET", srv.URL+"/order/10001/"+no+"/"+md5Hex("10001"+no), nil)
	assert.JSONEq(t, `{"success":false,"errorCode":0,"errorMsg":"订单不存在"}`, body)
}

func TestTheCashierPagePays(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	status, page := send(t, "GET", created.PayPageURL, nil)
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "data:image/png;base64,")
	assert.Contains(t, page, "300.00")
	assert.Contains(t, page, `action="/transfer/`+created.OrderID+`"`)

	status, _ = send(t, "POST", created.PayPageURL, url.Values{})
	assert.Equal(t, http.StatusSeeOther, status)
	order, err := client.QueryOrder(context.Background(), "20191118123424")
	require.NoError(t, err)
	assert.True(t, order.Paid())

	status, _ = send(t, "GET", srv.URL+"/transfer/1", nil)
	assert.Equal(t, http.StatusNotFound, status)
}

func TestTheNotification(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	_, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	require.NoError(t, srv.PaySilently("20191118123424"))
	srv.AddFields(nil, map[string]any{"amount": "1.00", "new": 1.5}) // the gateway's own fields win
	r, err := srv.NotificationRequest("20191118123424")
	require.NoError(t, err)
	assert.Equal(t, url.Values{
		"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"}, "new": {"1.5"},
		"sign": {md5Hex("1000120191118123424" + ispaytest.Secret)},
	}, r.URL.Query())
}

// The gateway sends a notification again until the merchant responds "success".
func TestSuccessEndsTheRepetitions(t *testing.T) {
	t.Parallel()
	srv, client := setup(t, gatewaytest.WithRetryDelays())
	body := ""
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	t.Cleanup(shop.Close)
	order := request()
	order.NotifyURL = shop.URL
	_, err := client.CreateOrder(context.Background(), order)
	require.NoError(t, err)
	for _, body = range []string{"fail", "success"} {
		delivery, err := srv.Pay("20191118123424")
		require.NoError(t, err)
		assert.Equal(t, body == "success", delivery.Accepted)
		found, err := client.QueryOrder(context.Background(), "20191118123424")
		require.NoError(t, err)
		assert.Equal(t, delivery.Accepted, found.Notified)
	}
}

// The provider's demo sends order_id as a number.
func TestNumericOrderIDs(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	srv.SetNumericOrderID(true)
	_, body := send(t, "POST", srv.URL+"/gateway", form())
	assert.Contains(t, body, `"order_id":424843497502158848`)
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Equal(t, "424843497502158849", created.OrderID)
	srv.SetNumericOrderID(false)
	f := form()
	f.Set("order_no", "2")
	f.Set("sign", md5Hex("100012P901300.00"+ispaytest.Secret))
	_, body = send(t, "POST", srv.URL+"/gateway", f)
	assert.Contains(t, body, `"order_id":"424843497502158850"`)
}

// The document appends "?order_no=…" to the notify URL, whatever that holds.
func TestTheNotifyURLIsExtendedLiterally(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	var query string
	handler := client.NotificationHandler(func(context.Context, *ispay.Notification) error { return nil })
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(shop.Close)
	f := form()
	f.Set("notify_url", shop.URL+"/notify?shop=7")
	_, body := send(t, "POST", srv.URL+"/gateway", f)
	require.Contains(t, body, `"success":true`)
	delivery, err := srv.Pay("1")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(query, "shop=7?"), query)
	assert.True(t, delivery.Accepted, "the handler reads what is unambiguous")
}

// Every final state but the confirmed one ends an order, on its cashier page too.
func TestTheCashierPageOfFinalStates(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	for state := ispay.StateAccepted; state <= ispay.StateConfirmed; state++ {
		require.NoError(t, srv.SetState(created.OrderID, state))
		_, page := send(t, "GET", created.PayPageURL, nil)
		hasEnded := strings.Contains(page, "<strong>已过期") || strings.Contains(page, "<strong>已取消")
		assert.Equal(t, state.Final() && !state.Paid(), hasEnded, state)
	}
}
