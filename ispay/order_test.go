package ispay_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
)

// A 1×1 PNG, for the placeholder imgtext of the samples.
const image = `"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="`

func request() ispay.CreateOrderRequest {
	return ispay.CreateOrderRequest{
		OrderNo:   "20191118123424",
		Channel:   ispay.ChannelAlipay,
		Amount:    money.Cents(30000),
		PayerIP:   "203.0.113.7",
		Subject:   "一本书 & more",
		NotifyURL: "https://shop.example.com/notify",
		ReturnURL: "https://shop.example.com/paid",
		OrderTime: time.Unix(1574051664, 0),
	}
}

func TestCreateOrderSendsTheDocumentedForm(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var form url.Values
	mock.RegisterResponder("POST", "https://pay.ispay.in/gateway", func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, "application/x-www-form-urlencoded", r.Header.Get("Content-Type"))
		form, err = url.ParseQuery(string(body))
		require.NoError(t, err)
		return httpmock.NewStringResponse(200, samples.JSON(t, "create_success.json", "nil", "null", "{订单 ID}", "424843497502158848")), nil
	})

	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Equal(t, url.Values{
		"userid": {"10001"}, "subject": {"一本书 & more"}, "order_no": {"20191118123424"}, "order_type": {"P901"}, "amount": {"300.00"},
		"notify_url": {"https://shop.example.com/notify"}, "return_url": {"https://shop.example.com/paid"}, "ip": {"203.0.113.7"},
		"order_time": {"1574051664"},
		// printf %s '1000120191118123424P901300.00https://shop.example.com/paidexample-secret' | md5sum
		"sign": {"3827ee59a5ea310311a10e5e91fa62ba"},
	}, form)
	assert.Equal(t, "424843497502158848", order.OrderID)
	assert.Equal(t, "https://pay.ispay.in/transfer/424843497502158848", order.PayPageURL)
	assert.JSONEq(t, `{"success":true,"errorCode":0,"errorMsg":null,"order_id":"424843497502158848"}`, string(order.Raw.Reveal()))
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestCreateOrderWithoutOptionalFields(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", "https://pay.ispay.in/gateway", func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		// printf %s '10001A-1_bP9020.01example-secret' | md5sum
		assert.Equal(t, "userid=10001&order_no=A-1_b&order_type=P902&amount=0.01&ip=2001%3Adb8%3A%3A1"+
			"&sign=d87fd3df76c3ece20e4910cbda83c80d", string(body))
		// The provider's demo prints order_id as a number.
		return httpmock.NewStringResponse(200, `{"success":true,"errorCode":0,"errorMsg":null,"order_id":424843497502158848}`), nil
	})
	order, err := client.CreateOrder(context.Background(), ispay.CreateOrderRequest{
		OrderNo: "A-1_b", Channel: ispay.ChannelWeChat, Amount: money.Cents(1), PayerIP: "2001:db8::1",
	})
	require.NoError(t, err)
	assert.Equal(t, "424843497502158848", order.OrderID)
}

func TestCreateOrderRejectsBadInputBeforeSending(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*ispay.CreateOrderRequest)
		field  string
	}{
		"no order number":        {func(r *ispay.CreateOrderRequest) { r.OrderNo = "" }, "order_no"},
		"order number too long":  {func(r *ispay.CreateOrderRequest) { r.OrderNo = strings.Repeat("1", 65) }, "order_no"},
		"order number with path": {func(r *ispay.CreateOrderRequest) { r.OrderNo = "../1" }, "order_no"},
		"order number with dot":  {func(r *ispay.CreateOrderRequest) { r.OrderNo = "1.00" }, "order_no"},
		"no channel":             {func(r *ispay.CreateOrderRequest) { r.Channel = "" }, "order_type"},
		"unknown channel":        {func(r *ispay.CreateOrderRequest) { r.Channel = "P903" }, "order_type"},
		"no amount":              {func(r *ispay.CreateOrderRequest) { r.Amount = 0 }, "amount"},
		"negative amount":        {func(r *ispay.CreateOrderRequest) { r.Amount = -1 }, "amount"},
		"no payer IP":            {func(r *ispay.CreateOrderRequest) { r.PayerIP = "" }, "ip"},
		"payer IP with port":     {func(r *ispay.CreateOrderRequest) { r.PayerIP = "203.0.113.7:80" }, "ip"},
		"subject not UTF-8":      {func(r *ispay.CreateOrderRequest) { r.Subject = "\xff" }, "subject"},
		"subject with NUL":       {func(r *ispay.CreateOrderRequest) { r.Subject = "a\x00b" }, "subject"},
		"relative notify URL":    {func(r *ispay.CreateOrderRequest) { r.NotifyURL = "/notify" }, "notify_url"},
		"notify URL with blank":  {func(r *ispay.CreateOrderRequest) { r.NotifyURL += " " }, "notify_url"},
		"notify URL with query": {func(r *ispay.CreateOrderRequest) { r.NotifyURL += "?shop=7" },
			`notify_url) must not have a query or a fragment: the gateway appends "?order_no=…" to it`},
		"notify URL with a mark": {func(r *ispay.CreateOrderRequest) { r.NotifyURL += "?" }, "notify_url"},
		"notify URL, fragment":   {func(r *ispay.CreateOrderRequest) { r.NotifyURL += "#paid" }, "notify_url"},
		"return URL with blank":  {func(r *ispay.CreateOrderRequest) { r.ReturnURL += " " }, "return_url"},
		"return URL not http":    {func(r *ispay.CreateOrderRequest) { r.ReturnURL = "javascript:alert(1)" }, "return_url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			bad := request()
			test.change(&bad)
			order, err := client.CreateOrder(context.Background(), bad)
			require.ErrorIs(t, err, paygates.ErrInvalidRequest)
			assert.ErrorContains(t, err, "("+test.field)
			assert.Nil(t, order)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestCreateOrderThatTheGatewayRejects(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body := samples.JSON(t, "create_failure.json")
	mock.RegisterResponder("POST", "https://pay.ispay.in/gateway", httpmock.NewStringResponder(200, body))
	order, err := client.CreateOrder(context.Background(), request())
	assert.Nil(t, order)
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, &paygates.Error{
		Gateway: "ispay", Op: "create order", HTTPStatus: 200, Code: "1004", Message: "订单创建失败!", Body: paygates.NewPrivate([]byte(body)),
	}, failed)
	assert.EqualError(t, err, "ispay: create order: code 1004: 订单创建失败!")
	assert.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
}

func TestPayPageURL(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	page, err := client.PayPageURL("a/b c")
	require.NoError(t, err)
	assert.Equal(t, "https://pay.ispay.in/transfer/a%2Fb%20c", page)
	for _, id := range []string{"", ".", "..", "a\nb"} {
		_, err := client.PayPageURL(id)
		assert.ErrorIs(t, err, paygates.ErrInvalidRequest, "%q", id)
	}
}

func TestQueryState(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", "https://pay.ispay.in/query/1", httpmock.NewStringResponder(200,
		samples.JSON(t, "query_state.json", "nil", "null", "{订单状态}", "2")))
	mock.RegisterResponder("GET", "https://pay.ispay.in/query/424843497502158848", httpmock.NewStringResponder(200,
		samples.JSON(t, "query_order_issued.json", "nil", "null", " imgtext,", image+",", `"alipayuid": ""`, `"alipayuid": "2088000000000001"`)))
	mock.RegisterResponder("GET", "https://pay.ispay.in/query/3", httpmock.NewStringResponder(200,
		samples.JSON(t, "query_not_found.json")))

	state, err := client.QueryState(context.Background(), "1")
	require.NoError(t, err)
	assert.Equal(t, ispay.StateIssuing, state.State)
	assert.Nil(t, state.Code)
	assert.Contains(t, string(state.Raw.Reveal()), `"state":"2"`)

	state, err = client.QueryState(context.Background(), "424843497502158848")
	require.NoError(t, err)
	assert.Equal(t, ispay.StateAwaitingPayment, state.State)
	assert.Equal(t, &ispay.PaymentCode{
		QRCode:       "https://qr.alipay.com/xxxxxx",
		ImageText:    strings.Trim(image, `"`),
		AlipayUserID: "2088000000000001",
		Amount:       money.Cents(50000),
		SN:           "424843497502158848",
		Timeout:      15 * time.Minute,
	}, state.Code)
	assert.Empty(t, state.Unread)
	png, err := state.Code.Image()
	require.NoError(t, err)
	assert.Equal(t, "\x89PNG\r\n\x1a\n", string(png[:8]))

	_, err = client.QueryState(context.Background(), "3")
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Empty(t, failed.Code, "success decides, not errorCode")
	assert.EqualError(t, err, "ispay: query state: 订单不存在: order not found")

	_, err = client.QueryState(context.Background(), "")
	assert.ErrorIs(t, err, paygates.ErrInvalidRequest)
}

func TestQueryQRCode(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", "https://pay.ispay.in/qrcode/424843497502158848", httpmock.NewStringResponder(200,
		samples.JSON(t, "qrcode.json", "nil", "null", " imgtext,", image+",", "pays.Urls", `"https://qr.alipay.com/xxxxxx"`,
			"order.Amount", "500", "order.OrderSN", `"424843497502158848"`, "order.OrderTimeout", "900")))
	mock.RegisterResponder("GET", "https://pay.ispay.in/qrcode/2", httpmock.NewStringResponder(200,
		`{"success":true,"state":5}`))
	mock.RegisterResponder("GET", "https://pay.ispay.in/qrcode/3", httpmock.NewStringResponder(200,
		`{"success":true,"order":{"qrcode":"x","amount":1}}`))
	mock.RegisterResponder("GET", "https://pay.ispay.in/qrcode/4", httpmock.NewStringResponder(200,
		`{"success":true,"order":{"qrcode":"x","state":5}}`))

	code, err := client.QueryQRCode(context.Background(), "424843497502158848")
	require.NoError(t, err)
	assert.Equal(t, ispay.StateAwaitingPayment, code.State)
	assert.Equal(t, &ispay.PaymentCode{
		QRCode:    "https://qr.alipay.com/xxxxxx",
		ImageText: strings.Trim(image, `"`),
		Amount:    money.Cents(50000),
		SN:        "424843497502158848",
		Timeout:   15 * time.Minute,
	}, code.Code)

	for _, id := range []string{"2", "3", "4"} {
		code, err = client.QueryQRCode(context.Background(), id)
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		assert.Nil(t, code)
	}
}

func TestInvalidImages(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "null", "not base64!", "data:image/png;base64,", "bnVsbA=="} {
		_, err := ispay.PaymentCode{ImageText: text}.Image()
		require.ErrorIs(t, err, paygates.ErrBadResponse, "%q", text)
		_, err = ispay.Order{ImageText: text}.Image()
		require.ErrorIs(t, err, paygates.ErrBadResponse, "%q", text)
	}
}

// printf %s '1000120191118123424example-secret' | md5sum
const orderURL = "https://pay.ispay.in/order/10001/20191118123424/63a5bf1f3500791f438c2829da45d037"

// orderSample returns the documented order with values for its empty fields.
func orderSample(t *testing.T) string {
	t.Helper()
	return samples.JSON(t, "order.json", "nil", "null",
		`"qrcode":        ""`, `"qrcode": "https://qr.alipay.com/xxxxxx"`, `"imgtext":       ""`, `"imgtext": `+image)
}

func TestQueryOrder(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200, orderSample(t)))
	order, err := client.QueryOrder(context.Background(), "20191118123424")
	require.NoError(t, err)
	assert.JSONEq(t, orderSample(t), string(order.Raw.Reveal()))
	again, err := ispay.DecodeOrder(order.Raw.Reveal())
	require.NoError(t, err)
	assert.Equal(t, order, again)
	order.Raw = paygates.Private[json.RawMessage]{}
	assert.Equal(t, &ispay.Order{
		OrderNo:   "20191118123424",
		SN:        "20191118123424",
		State:     ispay.StateAwaitingPayment,
		Amount:    money.Cents(200000),
		Channel:   ispay.ChannelAlipay,
		QRCode:    "https://qr.alipay.com/xxxxxx",
		ImageText: strings.Trim(image, `"`),
		NotifyURL: "http://.../notifyurl/id",
		ReturnURL: "http://.../return/id",
		Notified:  true,
		PayerIP:   paygates.NewPrivate("127.0.0.1"),
		CreatedAt: order.CreatedAt,
	}, order)
	assert.Equal(t, "2019-10-15T09:04:00Z", order.CreatedAt.UTC().Format(time.RFC3339))
	assert.False(t, order.Paid())
}

func TestQueryOrderWithLooseTypes(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", orderURL, httpmock.NewStringResponder(200,
		"\ufeff"+`{"success":"true","errorCode":"0","order":{"sn":20191118123424,"state":"9","amount":"2000.5",
		"returning":0,"create_time":"","ip":null,"new_field":{"a":[1]}}}`))
	order, err := client.QueryOrder(context.Background(), "20191118123424")
	require.NoError(t, err)
	assert.Equal(t, "20191118123424", order.SN)
	assert.True(t, order.Paid())
	assert.Equal(t, "2000.50", order.Amount.String())
	assert.False(t, order.Notified)
	assert.True(t, order.CreatedAt.IsZero())
}

func TestStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[ispay.State]struct {
		text        string
		paid, final bool
	}{
		ispay.StateAccepted:        {"1 (accepted)", false, false},
		ispay.StateIssuing:         {"2 (issuing QR code)", false, false},
		ispay.StateCanceledByPayer: {"3 (canceled by payer)", false, true},
		ispay.StateNotTaken:        {"4 (canceled, not taken)", false, true},
		ispay.StateAwaitingPayment: {"5 (awaiting payment)", false, false},
		ispay.StateExpired:         {"6 (expired)", false, true},
		ispay.StateRestricted:      {"7 (closed, restricted)", false, true},
		ispay.StatePaidUnconfirmed: {"8 (paid, awaiting confirmation)", false, false},
		ispay.StateConfirmed:       {"9 (confirmed)", true, true},
		10:                         {"10 (unknown)", false, false},
		0:                          {"0 (unknown)", false, false},
	} {
		assert.Equal(t, want.text, state.String())
		assert.Equal(t, want.paid, state.Paid(), want.text)
		assert.Equal(t, want.final, state.Final(), want.text)
	}
}

// PHP writes [] for nothing. Only the response to a create has an order_id.
func TestTheOrderIDOfAQueryIsNotRead(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{`[]`, `{}`, `{"id":1}`, `"1"`, `null`} {
		order, err := ispay.DecodeOrder([]byte(`{"success":true,"order_id":` + shape + `,"order":{"sn":"1","state":1,"amount":"1.00"}}`))
		require.NoError(t, err, shape)
		assert.Equal(t, ispay.StateAccepted, order.State)
		_, err = ispay.DecodeOrder([]byte(`{"success":false,"errorCode":0,"errorMsg":"订单不存在","order_id":` + shape + `}`))
		require.ErrorIs(t, err, paygates.ErrOrderNotFound, shape)
	}
}
