package gatepaytest_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func setup(t *testing.T, opts ...gatewaytest.Option) (*gatepaytest.Server, *gatepay.Client) {
	t.Helper()
	srv := gatepaytest.NewServer(opts...)
	t.Cleanup(srv.Close)
	client, err := gatepay.New(srv.Config())
	require.NoError(t, err)
	return srv, client
}

func order(no string) gatepay.CreateOrderRequest {
	return gatepay.CreateOrderRequest{OrderNo: no, Channel: gatepay.ChannelAlipay, Amount: money.Cents(188), Attach: "张三 + co"}
}

// send sends a form by POST, or a query by GET, and returns code and msg.
func send(t *testing.T, method, target string, form url.Values) (int, string) {
	t.Helper()
	var body io.Reader
	if method == http.MethodGet {
		target += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, target, body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var fields struct {
		Code int    `json:"code"`
		Msg  string `json:"msg"`
		Time string `json:"time"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&fields))
	assert.Len(t, fields.Time, 10)
	return fields.Code, fields.Msg
}

// signed returns the fields with appkey and signature.
func signed(t *testing.T, namesAndValues ...string) url.Values {
	t.Helper()
	form := url.Values{"appkey": {gatepaytest.AppKey}}
	parts := []string{gatepaytest.AppKey}
	for i := 0; i < len(namesAndValues); i += 2 {
		form.Set(namesAndValues[i], namesAndValues[i+1])
		parts = append(parts, namesAndValues[i+1])
	}
	signature, err := sign.MD5Nested(sign.NewSecret(gatepaytest.Secret), parts...)
	require.NoError(t, err)
	form.Set("sign", signature.String())
	return form
}

func TestCodesOfInvalidRequests(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	good := func() url.Values {
		return signed(t, "price", "1.88", "type", "alipay", "out_order_id", "A", "custom", "x")
	}
	change := func(name, value string) url.Values {
		form := good()
		form.Set(name, value)
		return form
	}
	drop := func(name string) url.Values {
		form := good()
		form.Del(name)
		return form
	}
	group := func(fields string) url.Values {
		return signed(t, "fields", fields, "type", "alipay", "out_order_id", "A", "custom", "x")
	}
	product := func(id, channel string) url.Values {
		return signed(t, "product_id", id, "type", channel, "out_order_id", "A", "custom", "x")
	}
	amount := func(price, channel string) url.Values {
		return signed(t, "price", price, "type", channel, "out_order_id", "A", "custom", "x")
	}
	const anyPay, cloudPay, groupPay, stablePay = "/api/anypay/create", "/api/cloudpay/create", "/api/grouppay/create", "/api/stablepay/create"
	tests := []struct {
		name, path string
		form       url.Values
		code       int
		message    string
	}{
		{"no appkey", anyPay, drop("appkey"), 101, "秘钥必须"},
		{"wrong appkey", anyPay, change("appkey", "x"), 102, "无效的秘钥"},
		{"no sign", anyPay, drop("sign"), 103, "签名必须"},
		{"wrong sign", anyPay, change("sign", strings.Repeat("0", 32)), 104, "无效的签名"},
		{"changed price", anyPay, change("price", "9.88"), 104, "无效的签名"},
		{"no custom", anyPay, drop("custom"), 105, "参数缺失"},
		{"no price", anyPay, drop("price"), 105, "参数缺失"},
		{"no fields", groupPay, drop("price"), 105, "参数缺失"},
		{"unknown parameter", anyPay, change("skin", "1"), 106, "存在禁止传递的参数"},
		{"URL to the cloud", cloudPay, change("notify_url", "https://shop.example.com"), 106, "存在禁止传递的参数"},
		{"price with comma", anyPay, amount("1,00", "alipay"), 201, "价格无效"},
		{"price zero", anyPay, amount("0.00", "alipay"), 201, "价格无效"},
		{"cloud price", cloudPay, amount("1.888", "alipay"), 201, "价格无效"},
		{"type", anyPay, amount("1.88", "qq"), 202, "无效的支付方式"},
		{"cloud type", cloudPay, amount("1.88", "qq"), 202, "无效的支付方式"},
		{"group type", groupPay, signed(t, "fields", "8:1", "type", "qq", "out_order_id", "A", "custom", "x"), 201, "无效的支付方式"},
		{"nothing in stock", groupPay, group("9:1,77:1"), 204, "组合内无有效库存商品"},
		{"too many of it", groupPay, group("10:2"), 204, "组合内无有效库存商品"},
		{"malformed group", groupPay, group("8"), 204, "组合内无有效库存商品"},
		{"product type", stablePay, product("8", "qq"), 201, "无效的支付方式"},
		{"no such product", stablePay, product("77", "alipay"), 205, "产品不可获得"},
		{"sold out", stablePay, product("9", "alipay"), 206, "当前产品无库存"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, message := send(t, http.MethodPost, srv.URL+test.path, test.form)
			assert.Equal(t, test.code, code)
			assert.Equal(t, test.message, message)
		})
	}
	const check = "/api/order/check"
	for code, form := range map[int]url.Values{
		101: {}, 102: {"appkey": {"x"}}, 103: {"appkey": {gatepaytest.AppKey}}, 105: {"appkey": {gatepaytest.AppKey}, "sign": {"x"}},
		104: {"appkey": {gatepaytest.AppKey}, "sign": {"x"}, "out_order_id": {"A"}}, 201: signed(t, "out_order_id", "never-made"),
	} {
		got, _ := send(t, http.MethodGet, srv.URL+check, form)
		assert.Equal(t, code, got)
	}
}

// The four creates, with pay page, QR code, query and states.
func TestOrders(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	ctx := context.Background()
	create := map[string]func() (*gatepay.CreatedOrder, error){
		"A1": func() (*gatepay.CreatedOrder, error) { return client.CreateOrder(ctx, order("A1")) },
		"A2": func() (*gatepay.CreatedOrder, error) {
			return client.CreateCloudOrder(ctx, gatepay.CreateCloudOrderRequest{
				OrderNo: "A2", Channel: gatepay.ChannelWeChat, Amount: money.Cents(188), Attach: "x",
			})
		},
		"A3": func() (*gatepay.CreatedOrder, error) {
			return client.CreateGroupOrder(ctx, gatepay.CreateGroupOrderRequest{
				OrderNo: "A3", Channel: gatepay.ChannelWeChat, Attach: "x",
				Items: []gatepay.GroupItem{{ProductID: "7", Count: 1}, {ProductID: "8", Count: 2}, {ProductID: "9", Count: 1}},
			})
		},
		"A4": func() (*gatepay.CreatedOrder, error) {
			return client.CreateProductOrder(ctx, gatepay.CreateProductOrderRequest{
				OrderNo: "A4", Channel: gatepay.ChannelWeChat, Attach: "x", ProductID: "10",
			})
		},
	}
	amounts := map[string]string{"A1": "1.88", "A2": "1.88", "A3": "2.98", "A4": "19.90"}
	for no, create := range create {
		created, err := create()
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), created.RespondedAt, time.Minute)
		params, err := created.Params()
		require.NoError(t, err)
		assert.Equal(t, no, params["out_order_id"])

		got, err := client.QueryOrder(ctx, no)
		require.NoError(t, err)
		assert.Equal(t, gatepay.StateInProgress, got.State)
		assert.Equal(t, amounts[no], got.Amount.String())
		assert.NotEmpty(t, got.Subject)

		fromURL := get(t, created.QRCodeURL)
		_, err = png.Decode(bytes.NewReader(fromURL))
		require.NoError(t, err)
		if no == "A2" {
			assert.Empty(t, created.ImageText, "the cloud API sends none")
		} else {
			body, err := created.Image()
			require.NoError(t, err)
			assert.Equal(t, fromURL, body)
		}
		assert.Contains(t, string(get(t, created.PayPageURL)), amounts[no])
		page, err := client.QueryPaymentPage(ctx, created.PayPageURL)
		require.NoError(t, err)
		assert.Contains(t, string(page.Raw.Reveal()), `"out_order_id":"`+no+`"`)
	}
	stock := map[string]int{}
	for _, product := range srv.Products() {
		stock[product.ID] = product.Stock
	}
	assert.Equal(t, map[string]int{"7": 9, "8": 87, "9": 0, "10": 0}, stock)

	require.NoError(t, srv.Expire("A2"))
	require.NoError(t, srv.SetState("A3", gatepay.StateSettled))
	require.NoError(t, srv.SetState("A4", "strange"))
	for no, state := range map[string]gatepay.State{"A2": "expired", "A3": "settled", "A4": "strange"} {
		got, err := client.QueryOrder(ctx, no)
		require.NoError(t, err)
		assert.Equal(t, state, got.State)
		made, ok := srv.Order(no)
		require.True(t, ok)
		assert.Equal(t, state.Paid(), made.Paid)
	}
	// The query knows merchant order numbers only.
	made, _ := srv.Order("A1")
	_, err := client.QueryOrder(ctx, made.ID)
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	_, err = client.CreateOrder(ctx, order("A1"))
	require.ErrorIs(t, err, gatepay.ErrUnknown)
	assert.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
}

func get(t *testing.T, target string) []byte {
	t.Helper()
	response, err := http.Get(target)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, 200, response.StatusCode, target)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return body
}

// shop is a merchant's server that counts the notifications.
func shop(t *testing.T, client *gatepay.Client) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(client.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		assert.True(t, n.Order.Paid())
		calls.Add(1)
		return nil
	}))
	t.Cleanup(server.Close)
	return server, &calls
}

func TestNotification(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	server, calls := shop(t, client)
	request := order("S1E")
	request.NotifyURL = server.URL + "/notify?shop=1"
	_, err := client.CreateOrder(context.Background(), request)
	require.NoError(t, err)
	require.NoError(t, srv.Update("S1E", func(o *gatewaytest.Order) { o.Fields["realprice"] = "1.85" }))

	delivery, err := srv.Pay("S1E")
	require.NoError(t, err)
	assert.True(t, delivery.Accepted)
	assert.Equal(t, "success", delivery.Response)
	assert.Equal(t, http.MethodPost, delivery.Method)
	assert.EqualValues(t, 1, calls.Load())

	values, err := url.ParseQuery(delivery.Body)
	require.NoError(t, err)
	n, err := client.VerifyNotification(values)
	require.NoError(t, err)
	assert.Equal(t, "1.88", n.Amount.String())
	assert.Equal(t, "1.85", n.PaidAmount.String())
	assert.Equal(t, "张三 + co", n.Attach)
	assert.WithinDuration(t, time.Now(), n.PaidAt, time.Minute)
	assert.Len(t, n.Raw.Reveal(), 9, "the fields of the document's table, and appkey")
}

// The provider's notify.php and notify.js take appkey from the notification and compare
// md5(md5(appkey+order_id+out_order_id+price+realprice+type+paytime+extend)+appsecret).
func verifiedByTheProvidersSample(t *testing.T, f url.Values) bool {
	t.Helper()
	text := ""
	for _, name := range []string{"appkey", "order_id", "out_order_id", "price", "realprice", "type", "paytime", "extend"} {
		require.True(t, f.Has(name), name)
		text += f.Get(name)
	}
	hash := func(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }
	return f.Get("sign") == hash(hash(text)+gatepaytest.Secret)
}

// An older edition of the document sends the notification by GET, beside the query of the
// notify URL. The texts of the amounts are those of a deployment that writes no zeros.
func TestNotificationByEitherMethod(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		for _, query := range []string{"", "?shop=1"} {
			srv, client := setup(t)
			server, calls := shop(t, client)
			if method == http.MethodGet {
				srv.NotifyByGET()
			}
			request := order("S1E")
			request.Amount, request.NotifyURL = money.Cents(1250), server.URL+"/notify"+query
			_, err := client.CreateOrder(context.Background(), request)
			require.NoError(t, err)
			require.NoError(t, srv.Update("S1E", func(o *gatewaytest.Order) {
				o.Fields["price"], o.Fields["realprice"] = "12.5", "12"
			}))
			delivery, err := srv.Pay("S1E")
			require.NoError(t, err)
			assert.True(t, delivery.Accepted, delivery.Response)
			assert.Equal(t, method, delivery.Method)
			assert.EqualValues(t, 1, calls.Load())

			text := delivery.Body
			if method == http.MethodGet {
				assert.Empty(t, delivery.Body)
				_, text, _ = strings.Cut(delivery.URL, "?")
				assert.Equal(t, query != "", strings.HasPrefix(text, "shop=1&"))
			}
			fields, err := url.ParseQuery(text)
			require.NoError(t, err)
			assert.Equal(t, "12.5 12", fields.Get("price")+" "+fields.Get("realprice"))
			assert.True(t, verifiedByTheProvidersSample(t, fields))
			tampered, err := srv.SendTampered("S1E")
			require.NoError(t, err)
			assert.False(t, tampered.Accepted)
		}
	}
}

// The provider's README sends prices such as 1 and 12.5.
func TestPricesOfTheProvidersReadme(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	for price, want := range map[string]string{"1": "1.00", "12.5": "12.50", "10.23": "10.23", "1.8800": "1.88"} {
		no := "P" + strings.ReplaceAll(price, ".", "-")
		code, message := send(t, http.MethodPost, srv.URL+"/api/anypay/create",
			signed(t, "price", price, "type", "wechat", "out_order_id", no, "custom", "x"))
		require.Equal(t, 100, code, message)
		got, err := client.QueryOrder(context.Background(), no)
		require.NoError(t, err)
		assert.Equal(t, want, got.Amount.String())
		assert.Equal(t, "任意金额支付:"+price+"元", got.Subject)
	}
}

func TestNotificationToTheAccountURL(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	server, calls := shop(t, client)
	srv.SetAccount(server.URL, "")
	_, err := client.CreateCloudOrder(context.Background(), gatepay.CreateCloudOrderRequest{
		OrderNo: "S1E", Channel: gatepay.ChannelWeChat, Amount: money.Cents(188), Attach: "x",
	})
	require.NoError(t, err)
	_, err = srv.Pay("S1E")
	require.NoError(t, err)
	assert.EqualValues(t, 1, calls.Load())
}

// A tampered notification is a genuine one that was cut differently. Its signature is valid
// if the order number begins or ends with a digit.
func TestTamperedNotification(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	server, calls := shop(t, client)
	for no, want := range map[string]struct {
		recut bool
		claim string
	}{
		"ORD1":  {true, "ORD 11.88"},
		"9ORD":  {true, "ORD 1.88"},
		"S1E":   {false, "S1E 91.88"},
		"ORD10": {false, "ORD10 91.88"},
	} {
		request := order(no)
		request.NotifyURL = server.URL
		_, err := client.CreateOrder(context.Background(), request)
		require.NoError(t, err)
		_, err = srv.Pay(no)
		require.NoError(t, err)
		before := calls.Load()

		delivery, err := srv.SendTampered(no)
		require.NoError(t, err)
		assert.True(t, delivery.Tampered)
		assert.False(t, delivery.Accepted)
		assert.Equal(t, "fail", delivery.Response)
		assert.Equal(t, before, calls.Load(), "the function was not called")
		values, err := url.ParseQuery(delivery.Body)
		require.NoError(t, err)
		assert.Equal(t, want.claim, values.Get("out_order_id")+" "+values.Get("price"))
		_, err = client.VerifyNotification(values)
		if want.recut {
			assert.NoError(t, err, "the signature alone is valid")
			assert.Equal(t, 409, delivery.Status)
		} else {
			assert.ErrorIs(t, err, paygates.ErrInvalidSignature)
			assert.Equal(t, 403, delivery.Status)
		}
	}
}

func TestCashierRedirectsToTheSignedReturnURL(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	request := order("S1E")
	request.ReturnURL = "https://shop.example.com/paid?shop=1"
	created, err := client.CreateOrder(context.Background(), request)
	require.NoError(t, err)
	_, err = client.CreateProductOrder(context.Background(), gatepay.CreateProductOrderRequest{
		OrderNo: "S2E", Channel: gatepay.ChannelWeChat, ProductID: "8", Attach: "x", ReturnURL: "https://shop.example.com/paid",
	})
	require.NoError(t, err)

	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := stay.Post(created.PayPageURL, "", nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	assert.Equal(t, http.StatusSeeOther, response.StatusCode)
	back, err := client.ParseReturn(httptest.NewRequest(http.MethodGet, response.Header.Get("Location"), nil))
	require.NoError(t, err)
	assert.Equal(t, "S1E", back.OrderNo)
	assert.Equal(t, "1.88", back.Amount.String())
	assert.Empty(t, back.ProductID)
	assert.Equal(t, "1", back.Raw.Reveal().Get("shop"))

	product, ok := srv.Order("S2E")
	require.True(t, ok)
	back, err = client.ParseReturn(httptest.NewRequest(http.MethodGet, product.ReturnURL, nil))
	require.NoError(t, err)
	assert.Equal(t, "8", back.ProductID)

	// Without a return URL the payer stays on the page.
	created, err = client.CreateOrder(context.Background(), order("S3E"))
	require.NoError(t, err)
	response, err = stay.Post(created.PayPageURL, "", nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	assert.Equal(t, strings.TrimPrefix(created.PayPageURL, srv.URL), response.Header.Get("Location"))
}

func TestQuickPayPage(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	server, calls := shop(t, client)
	srv.SetAccount(server.URL, "")
	link, err := client.QuickPayURL(gatepay.QuickPayRequest{
		Token: gatepaytest.Token, Amount: money.Cents(188), Fixed: true, Skin: 1,
	})
	require.NoError(t, err)
	page := string(get(t, link+"&custom="+url.QueryEscape(`"><b>`)))
	assert.Contains(t, page, `name="price" value="1.88" readonly`)
	assert.Contains(t, page, "skin 1")
	assert.NotContains(t, page, "<b>")

	// The payer may change the price of the link.
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := stay.PostForm(link, url.Values{"price": {"0.01"}, "custom": {"x"}, "type": {"wechat"}})
	require.NoError(t, err)
	_ = response.Body.Close()
	require.Equal(t, http.StatusSeeOther, response.StatusCode)
	orders := srv.Orders()
	require.Len(t, orders, 1)
	assert.Equal(t, "0.01", orders[0].Amount.String())
	assert.Contains(t, string(get(t, response.Header.Get("Location"))), "0.01")
	_, err = srv.Pay(orders[0].OrderNo)
	require.NoError(t, err)
	assert.EqualValues(t, 1, calls.Load())

	for _, bad := range []url.Values{{"price": {"1.001"}, "type": {"wechat"}}, {"price": {"1.00"}, "type": {"qq"}}} {
		response, err = stay.PostForm(link, bad)
		require.NoError(t, err)
		form, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, 400, response.StatusCode)
		assert.Contains(t, string(form), `name="price" value="`+bad.Get("price")+`"`, "what was entered")
	}
	for _, call := range []func(string) (*http.Response, error){
		stay.Get, func(target string) (*http.Response, error) {
			return stay.PostForm(target, url.Values{"price": {"1.00"}})
		},
	} {
		response, err = call(srv.URL + "/pay/any?appkey=" + gatepaytest.AppKey + "&token=wrong")
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, 403, response.StatusCode)
	}
}

func TestUnknownPages(t *testing.T) {
	t.Parallel()
	srv, _ := setup(t)
	for path, status := range map[string]int{
		"/pay/api?id=none": 404,
		"/qrcode/build?size=130&text=" + strings.Repeat("a", 4000): 400,
		"/api/anypay/create": 405,
	} {
		response, err := http.Get(srv.URL + path)
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, status, response.StatusCode, path)
	}
	response, err := http.Post(srv.URL+"/pay/api?id=none", "", nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	assert.Equal(t, 404, response.StatusCode)
	code, _ := send(t, http.MethodPost, srv.URL+"/api/anypay/create?a=%zz", nil)
	assert.Equal(t, 101, code)
}

// Reject sends each code of each table with the document's message, once.
func TestReject(t *testing.T) {
	t.Parallel()
	srv, client := setup(t)
	for path, last := range map[string]int{
		"/api/anypay/create": 208, "/api/cloudpay/create": 209, "/api/grouppay/create": 208, "/api/stablepay/create": 206, "/api/order/check": 201,
	} {
		codes := []int{101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 199}
		for code := 201; code <= last; code++ {
			codes = append(codes, code)
		}
		for _, code := range codes {
			srv.Reject(path, code)
			method := http.MethodPost
			if strings.HasSuffix(path, "check") {
				method = http.MethodGet
			}
			got, message := send(t, method, srv.URL+path, nil)
			assert.Equal(t, code, got)
			assert.NotEmpty(t, message, fmt.Sprint(path, code))
		}
	}
	srv.Reject("/api/anypay/create", 110)
	_, err := client.CreateOrder(context.Background(), order("S1E"))
	require.ErrorIs(t, err, gatepay.ErrPlanExceeded)
	require.ErrorContains(t, err, "套餐已超额")
	_, err = client.CreateOrder(context.Background(), order("S1E"))
	require.NoError(t, err)
}
