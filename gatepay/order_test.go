package gatepay_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const (
	anyPayURL    = "https://gatepay.io/api/anypay/create"
	cloudPayURL  = "https://cloud.gatepay.io/api/cloudpay/create"
	groupPayURL  = "https://gatepay.io/api/grouppay/create"
	stablePayURL = "https://gatepay.io/api/stablepay/create"
)

// The requests that the samples repeat in params, with both URLs where they are allowed.

func request() gatepay.CreateOrderRequest {
	return gatepay.CreateOrderRequest{
		OrderNo:   "5cc75a6a0b418",
		Channel:   gatepay.ChannelWeChat,
		Amount:    money.Cents(82),
		Attach:    "terry",
		NotifyURL: "https://shop.example.com/notify?shop=1",
		ReturnURL: "https://shop.example.com/paid",
	}
}

func cloudRequest() gatepay.CreateCloudOrderRequest {
	return gatepay.CreateCloudOrderRequest{
		OrderNo: "5cc75a6a0b418", Channel: gatepay.ChannelAlipay, Amount: money.Cents(82), Attach: "test_user",
	}
}

func groupRequest() gatepay.CreateGroupOrderRequest {
	return gatepay.CreateGroupOrderRequest{
		OrderNo: "2d5fdb06-ee8e-43ed-bdc7-f6818e68c042",
		Channel: gatepay.ChannelWeChat,
		Items:   []gatepay.GroupItem{{ProductID: "8", Count: 2}, {ProductID: "7", Count: 3}, {ProductID: "10", Count: 1}},
		Attach:  "terry",
	}
}

func productRequest() gatepay.CreateProductOrderRequest {
	return gatepay.CreateProductOrderRequest{
		OrderNo: "6bfad15e-f96d-40b7-a497-6fb4b9387894", Channel: gatepay.ChannelWeChat, ProductID: "8", Attach: "terry",
		NotifyURL: "https://shop.example.com/notify",
	}
}

// creates are the four creates, each with a valid request.
var creates = map[string]struct {
	op, url, sample string
	call            func(*gatepay.Client, context.Context) (*gatepay.CreatedOrder, error)
}{
	"anypay": {"create order", anyPayURL, "anypay.json", func(c *gatepay.Client, ctx context.Context) (*gatepay.CreatedOrder, error) {
		return c.CreateOrder(ctx, request())
	}},
	"cloudpay": {"create cloud order", cloudPayURL, "cloudpay.json", func(c *gatepay.Client, ctx context.Context) (*gatepay.CreatedOrder, error) {
		return c.CreateCloudOrder(ctx, cloudRequest())
	}},
	"grouppay": {"create group order", groupPayURL, "grouppay.json", func(c *gatepay.Client, ctx context.Context) (*gatepay.CreatedOrder, error) {
		return c.CreateGroupOrder(ctx, groupRequest())
	}},
	"stablepay": {"create product order", stablePayURL, "stablepay.json", func(c *gatepay.Client, ctx context.Context) (*gatepay.CreatedOrder, error) {
		return c.CreateProductOrder(ctx, productRequest())
	}},
}

// The signatures are those of this, $1 being appkey and the fields:
//
//	printf %s "$(printf %s "$1" | md5sum | cut -c1-32)example-appsecret" | md5sum
//	php -r 'echo md5(md5($argv[1])."example-appsecret");' "$1"
func TestCreatesSendTheDocumentedForm(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		form  url.Values
		order gatepay.CreatedOrder
		echo  map[string]string
	}{
		"anypay": {
			form: url.Values{
				"appkey": {appKey}, "price": {"0.82"}, "type": {"wechat"}, "out_order_id": {"5cc75a6a0b418"}, "custom": {"terry"},
				"notify_url": {"https://shop.example.com/notify?shop=1"}, "return_url": {"https://shop.example.com/paid"},
				// $1: 098f6bcd4621d373cade4e832627b4f60.82wechat5cc75a6a0b418terry
				"sign": {"991ccc2e9e0fbf5d7e558170e21e8536"},
			},
			order: gatepay.CreatedOrder{
				OrderNo:     "5cc75a6a0b418",
				PayPageURL:  "https://gatepay.io/pay/api?id=5cc75a6a0b418&type=wechat",
				QRCodeURL:   "https://gatepay.io/qrcode/buildsize=130&text=https%3A%2F%2Fgatepay.io%2Fpay%2Fapi%3Fid%3D5cc75a6a0b418%26type%3Dwechat",
				RespondedAt: time.Unix(1556614084, 0),
			},
			echo: map[string]string{
				"appkey": appKey, "price": "0.82", "type": "wechat", "out_order_id": "5cc75a6a0b418",
				"custom": "terry", "sign": "45f46863f10965c0f0671fb738efb13e",
			},
		},
		"cloudpay": {
			form: url.Values{
				"appkey": {appKey}, "price": {"0.82"}, "type": {"alipay"}, "out_order_id": {"5cc75a6a0b418"}, "custom": {"test_user"},
				// $1: 098f6bcd4621d373cade4e832627b4f60.82alipay5cc75a6a0b418test_user
				"sign": {"9012104579a3334d98fde6db5a8efcc0"},
			},
			order: gatepay.CreatedOrder{
				OrderNo:     "5cc75a6a0b418",
				PayPageURL:  "https://cloud.gatepay.io/pay/api?id=5cc75a6a0b418&type=alipay",
				QRCodeURL:   "https://cloud.gatepay.io/qrcode/buildsize=130&text=https://cloud.gatepay.io%2Fpay%2Fapi%3Fid%3D5cc75a6a0b418%26type%3Dalipay",
				RespondedAt: time.Unix(1556614084, 0),
			},
			echo: map[string]string{
				"appkey": appKey, "price": "0.82", "type": "alipay", "out_order_id": "5cc75a6a0b418",
				"custom": "test_user", "sign": "45f46863f10965c0f0671fb738efb13e",
			},
		},
		"grouppay": {
			form: url.Values{
				"appkey": {appKey}, "fields": {"8:2,7:3,10:1"}, "type": {"wechat"},
				"out_order_id": {"2d5fdb06-ee8e-43ed-bdc7-f6818e68c042"}, "custom": {"terry"},
				// $1: 098f6bcd4621d373cade4e832627b4f68:2,7:3,10:1wechat2d5fdb06-ee8e-43ed-bdc7-f6818e68c042terry
				"sign": {"6bb7dc183cfdee94eb910f76d9358d1a"},
			},
			order: gatepay.CreatedOrder{
				OrderNo:     "2d5fdb06-ee8e-43ed-bdc7-f6818e68c042",
				PayPageURL:  "https://gatepay.io/pay/api?id=af396965-c05a-48b2-8d03-81020dddcb7c&type=wechat",
				QRCodeURL:   "https://gatepay.io/qrcode/build?size=130&text=https%3A%2F%2Fgatepay.io%2Fpay%2Fapi%3Fid%3Daf396965-c05a-48b2-8d03-81020dddcb7c%26type%3Dwechat",
				RespondedAt: time.Unix(1556777605, 0),
			},
			echo: map[string]string{"fields": "8:2,7:3,10:1", "type": "wechat", "out_order_id": "2d5fdb06-ee8e-43ed-bdc7-f6818e68c042", "custom": "terry"},
		},
		"stablepay": {
			form: url.Values{
				"appkey": {appKey}, "product_id": {"8"}, "type": {"wechat"}, "out_order_id": {"6bfad15e-f96d-40b7-a497-6fb4b9387894"},
				"custom": {"terry"}, "notify_url": {"https://shop.example.com/notify"},
				// $1: 098f6bcd4621d373cade4e832627b4f68wechat6bfad15e-f96d-40b7-a497-6fb4b9387894terry
				"sign": {"55a45a7d8a7a73f4b140ef08b63ae0f5"},
			},
			order: gatepay.CreatedOrder{
				OrderNo:     "6bfad15e-f96d-40b7-a497-6fb4b9387894",
				PayPageURL:  "https://gatepay.io/pay/api?id=aa9633ee-9b23-4d68-af03-5a0eaef434b2&type=wechat",
				QRCodeURL:   "https://gatepay.io/qrcode/build?size=130&text=https%3A%2F%2Fgatepay.io%2Fpay%2Fapi%3Fid%3Daa9633ee-9b23-4d68-af03-5a0eaef434b2%26type%3Dwechat",
				RespondedAt: time.Unix(1556779654, 0),
			},
			echo: map[string]string{"product_id": "8", "type": "wechat", "out_order_id": "6bfad15e-f96d-40b7-a497-6fb4b9387894", "custom": "terry"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			create := creates[name]
			sample := samples.JSON(t, create.sample)
			mock.RegisterResponder("POST", create.url, func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				assert.Equal(t, "application/x-www-form-urlencoded", r.Header.Get("Content-Type"))
				form, err := url.ParseQuery(string(body))
				require.NoError(t, err)
				assert.Equal(t, test.form, form)
				return httpmock.NewStringResponse(200, sample), nil
			})
			order, err := create.call(client, context.Background())
			require.NoError(t, err)
			assert.Equal(t, 1, mock.GetTotalCallCount())
			assert.JSONEq(t, sample, string(order.Raw.Reveal()))
			params, err := order.Params()
			require.NoError(t, err)
			assert.Equal(t, test.echo, params)

			assert.True(t, test.order.RespondedAt.Equal(order.RespondedAt), order.RespondedAt)
			got := *order
			got.Raw, got.ImageText, got.RespondedAt = test.order.Raw, "", test.order.RespondedAt
			// Formatting hides the fields, also in a failed comparison.
			assert.True(t, assert.ObjectsAreEqual(test.order, got), got.PayPageURL, got.QRCodeURL)
		})
	}
}

func TestImage(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(200, samples.JSON(t, "anypay.json")))
	order, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	assert.Contains(t, order.ImageText, "data:image/jpeg;base64,iVBOR")
	png, err := order.Image()
	require.NoError(t, err)
	assert.Equal(t, "\x89PNG\r\n\x1a\n", string(png[:8]), "the media type of the sample is wrong")
	assert.Equal(t, "IEND\xaeB`\x82", string(png[len(png)-8:]), "it is complete")

	for _, text := range []string{"", "not base64!", "data:image/png;base64,", "data:image/png,x"} {
		_, err := gatepay.CreatedOrder{ImageText: text}.Image()
		require.ErrorIs(t, err, paygates.ErrBadResponse, "%q", text)
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]map[string]string{
		`{"data":{"params":{"price":0.82,"custom":null}}}`: {"price": "0.82", "custom": ""},
		`{"data":{"params":[]}}`:                           nil,
		`{"data":{"params":null}}`:                         nil,
		`{"data":{}}`:                                      nil,
	} {
		params, err := gatepay.CreatedOrder{Raw: paygates.NewPrivate(json.RawMessage(raw))}.Params()
		require.NoError(t, err, raw)
		assert.Equal(t, want, params, raw)
	}
	for _, raw := range []string{"", `{"data":{"params":{"a":{}}}}`, `{"data":{"params":{"a":[]}}}`, `{"data":{"params":"a"}}`, `{"data":[]}`} {
		_, err := gatepay.CreatedOrder{Raw: paygates.NewPrivate(json.RawMessage(raw))}.Params()
		require.ErrorIs(t, err, paygates.ErrBadResponse, raw)
	}
}

func TestCreateOrderWithoutOptionalFields(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", anyPayURL, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		// $1 as above: 098f6bcd4621d373cade4e832627b4f60.01alipayA-1_b张三 + co
		assert.Equal(t, "appkey="+appKey+"&price=0.01&type=alipay&out_order_id=A-1_b&custom=%E5%BC%A0%E4%B8%89+%2B+co"+
			"&sign=cc30416d6f31685051876cc31b9592ed", string(body))
		// The code is quoted, the image null, and there is no time.
		return httpmock.NewStringResponse(200, `{"code":"100","msg":null,"data":{"pay_url":"https://gatepay.io/pay/api?id=1","qrcode_body":null}}`), nil
	})
	order, err := client.CreateOrder(context.Background(), gatepay.CreateOrderRequest{
		OrderNo: "A-1_b", Channel: gatepay.ChannelAlipay, Amount: money.Cents(1), Attach: "张三 + co",
	})
	require.NoError(t, err)
	assert.Equal(t, "https://gatepay.io/pay/api?id=1", order.PayPageURL)
	assert.Empty(t, order.ImageText)
	assert.True(t, order.RespondedAt.IsZero())
}

func TestTheBaseURLsAreTheConfiguredOnes(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: mock},
		BaseURL: "https://pay.example.com/x/", CloudBaseURL: "https://cloud.example.com",
	})
	require.NoError(t, err)
	mock.RegisterResponder("POST", "https://pay.example.com/x/api/anypay/create", httpmock.NewStringResponder(200, samples.JSON(t, "anypay.json")))
	mock.RegisterResponder("POST", "https://cloud.example.com/api/cloudpay/create", httpmock.NewStringResponder(200, samples.JSON(t, "cloudpay.json")))
	_, err = client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	_, err = client.CreateCloudOrder(context.Background(), cloudRequest())
	require.NoError(t, err)
}

// changed returns a create with a changed request.
func changed[R any](
	r R, change func(*R), create func(*gatepay.Client, context.Context, R) (*gatepay.CreatedOrder, error),
) func(*gatepay.Client) error {
	return func(c *gatepay.Client) error {
		change(&r)
		_, err := create(c, context.Background(), r)
		return err
	}
}

func TestCreatesRejectInvalidRequestsBeforeSending(t *testing.T) {
	t.Parallel()
	anyPay := func(change func(*gatepay.CreateOrderRequest)) func(*gatepay.Client) error {
		return changed(request(), change, (*gatepay.Client).CreateOrder)
	}
	cloud := func(change func(*gatepay.CreateCloudOrderRequest)) func(*gatepay.Client) error {
		return changed(cloudRequest(), change, (*gatepay.Client).CreateCloudOrder)
	}
	group := func(items ...gatepay.GroupItem) func(*gatepay.Client) error {
		return changed(groupRequest(), func(r *gatepay.CreateGroupOrderRequest) { r.Items = items }, (*gatepay.Client).CreateGroupOrder)
	}
	product := func(change func(*gatepay.CreateProductOrderRequest)) func(*gatepay.Client) error {
		return changed(productRequest(), change, (*gatepay.Client).CreateProductOrder)
	}
	tests := map[string]struct {
		call  func(*gatepay.Client) error
		field string
	}{
		"no order number":        {anyPay(func(r *gatepay.CreateOrderRequest) { r.OrderNo = "" }), "OrderNo (out_order_id)"},
		"order number too long":  {anyPay(func(r *gatepay.CreateOrderRequest) { r.OrderNo = strings.Repeat("1", 65) }), "OrderNo (out_order_id)"},
		"order number with dot":  {anyPay(func(r *gatepay.CreateOrderRequest) { r.OrderNo = "1.00" }), "OrderNo (out_order_id)"},
		"order number with &":    {anyPay(func(r *gatepay.CreateOrderRequest) { r.OrderNo = "1&price=0.01" }), "OrderNo (out_order_id)"},
		"order number not ASCII": {anyPay(func(r *gatepay.CreateOrderRequest) { r.OrderNo = "一" }), "OrderNo (out_order_id)"},
		"no channel":             {anyPay(func(r *gatepay.CreateOrderRequest) { r.Channel = "" }), "Channel (type)"},
		"unknown channel":        {anyPay(func(r *gatepay.CreateOrderRequest) { r.Channel = "qq" }), "Channel (type)"},
		"no amount":              {anyPay(func(r *gatepay.CreateOrderRequest) { r.Amount = 0 }), "Amount (price)"},
		"negative amount":        {anyPay(func(r *gatepay.CreateOrderRequest) { r.Amount = -1 }), "Amount (price)"},
		"no attach":              {anyPay(func(r *gatepay.CreateOrderRequest) { r.Attach = "" }), "Attach (custom)"},
		"attach too long":        {anyPay(func(r *gatepay.CreateOrderRequest) { r.Attach = strings.Repeat("a", 101) }), "Attach (custom)"},
		"attach not UTF-8":       {anyPay(func(r *gatepay.CreateOrderRequest) { r.Attach = "\xff" }), "Attach (custom)"},
		"attach with NUL":        {anyPay(func(r *gatepay.CreateOrderRequest) { r.Attach = "a\x00b" }), "Attach (custom)"},
		"blank attach":           {anyPay(func(r *gatepay.CreateOrderRequest) { r.Attach = " " }), "Attach (custom)"},
		"notify URL, fragment":   {anyPay(func(r *gatepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/#a" }), "NotifyURL (notify_url)"},
		"notify URL with blank":  {anyPay(func(r *gatepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/a b" }), "NotifyURL (notify_url)"},
		"relative notify URL":    {anyPay(func(r *gatepay.CreateOrderRequest) { r.NotifyURL = "/notify" }), "NotifyURL (notify_url)"},
		"return URL not http":    {anyPay(func(r *gatepay.CreateOrderRequest) { r.ReturnURL = "javascript:alert(1)" }), "ReturnURL (return_url)"},
		"cloud: no amount":       {cloud(func(r *gatepay.CreateCloudOrderRequest) { r.Amount = 0 }), "Amount (price)"},
		"cloud: no order number": {cloud(func(r *gatepay.CreateCloudOrderRequest) { r.OrderNo = "" }), "OrderNo (out_order_id)"},
		"no items":               {group(), "Items (fields)"},
		"too many items":         {group(make([]gatepay.GroupItem, 101)...), "Items (fields)"},
		"item without product":   {group(gatepay.GroupItem{Count: 1}), "Items (fields)"},
		"item with a separator":  {group(gatepay.GroupItem{ProductID: "8:1,7", Count: 1}), "Items (fields)"},
		"item without count":     {group(gatepay.GroupItem{ProductID: "8"}), "Items (fields)"},
		"item too often":         {group(gatepay.GroupItem{ProductID: "8", Count: 1000001}), "Items (fields)"},
		"item twice":             {group(gatepay.GroupItem{ProductID: "8", Count: 1}, gatepay.GroupItem{ProductID: "8", Count: 2}), "Items (fields)"},
		"no product":             {product(func(r *gatepay.CreateProductOrderRequest) { r.ProductID = "" }), "ProductID (product_id)"},
		"product a name":         {product(func(r *gatepay.CreateProductOrderRequest) { r.ProductID = "8wechat" }), "ProductID (product_id)"},
		"product: no attach":     {product(func(r *gatepay.CreateProductOrderRequest) { r.Attach = "" }), "Attach (custom)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			err := test.call(client)
			require.ErrorIs(t, err, paygates.ErrInvalidRequest)
			assert.ErrorContains(t, err, "gatepay: invalid request: "+test.field+" ")
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestWhatIsPrintedOfAnOrder(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "gatepay order 5cc75a6a0b418: 0.82 yuan by wechat", fmt.Sprint(request()))
	assert.Equal(t, "gatepay cloud order 5cc75a6a0b418: 0.82 yuan by alipay", fmt.Sprint(cloudRequest()))
	assert.Equal(t, "gatepay order 2d5fdb06-ee8e-43ed-bdc7-f6818e68c042: group of 3 products by wechat", fmt.Sprint(groupRequest()))
	assert.Equal(t, "gatepay order 6bfad15e-f96d-40b7-a497-6fb4b9387894: product 8 by wechat", fmt.Sprint(productRequest()))
	assert.Equal(t, "gatepay order 5cc75a6a0b418: created", fmt.Sprint(&gatepay.CreatedOrder{OrderNo: "5cc75a6a0b418"}))
}

// $1 as above: 098f6bcd4621d373cade4e832627b4f65cc75a6a0b418
const checkURL = "https://gatepay.io/api/order/check?appkey=" + appKey + "&out_order_id=5cc75a6a0b418&sign=b7a4c49dfe0a34a714f13983849576c4"

func TestQueryOrder(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	sample := samples.JSON(t, "order_check.json")
	mock.RegisterResponder("GET", checkURL, httpmock.NewStringResponder(200, sample))
	order, err := client.QueryOrder(context.Background(), "5cc75a6a0b418")
	require.NoError(t, err)
	assert.JSONEq(t, sample, string(order.Raw.Reveal()))
	again, err := gatepay.DecodeOrder(order.Raw.Reveal())
	require.NoError(t, err)
	again.OrderNo = order.OrderNo
	assert.Equal(t, order, again)
	assert.Equal(t, "5cc75a6a0b418", order.OrderNo)
	assert.Equal(t, "522", order.OrderID)
	assert.Equal(t, "任意金额支付:1.88元", order.Subject)
	assert.Equal(t, money.Cents(188), order.Amount)
	assert.Equal(t, gatepay.ChannelAlipay, order.Channel)
	assert.Equal(t, gatepay.StateExpired, order.State)
	assert.Equal(t, "2019-05-05T11:36:49Z", order.RespondedAt.UTC().Format(time.RFC3339))
	assert.False(t, order.Paid())
	assert.Equal(t, "gatepay order 5cc75a6a0b418: 1.88 yuan, state expired", order.String())
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestQueryOrderWithLooseTypes(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", checkURL, httpmock.NewStringResponder(200,
		"\ufeff"+`{"code":"100","time":1557056209,"data":{"order_id":"12134676899915430002","order_name":null,
		"order_price":1.5,"order_type":null,"order_status":"new\nstate","new_field":{"a":[1]}}}`))
	order, err := client.QueryOrder(context.Background(), "5cc75a6a0b418")
	require.NoError(t, err)
	assert.Equal(t, "12134676899915430002", order.OrderID)
	assert.Equal(t, "1.50", order.Amount.String())
	assert.Equal(t, gatepay.State("new\nstate"), order.State, "an unknown state is kept")
	assert.Equal(t, "new?state", order.State.String())
	assert.False(t, order.Paid())
	assert.False(t, order.State.Final())
}

func TestStates(t *testing.T) {
	t.Parallel()
	tests := map[gatepay.State]struct{ paid, final bool }{
		gatepay.StateInProgress: {false, false},
		gatepay.StateExpired:    {false, true},
		gatepay.StatePaid:       {true, true},
		gatepay.StateUnsettled:  {true, true},
		gatepay.StateSettled:    {true, true},
		"success":               {false, false},
		"Paid":                  {false, false},
		"":                      {false, false},
	}
	for state, want := range tests {
		assert.Equal(t, want.paid, state.Paid(), state)
		assert.Equal(t, want.final, state.Final(), state)
		assert.Equal(t, string(state), state.String())
	}
}

func checkResponse(id, price, state string) string {
	return `{"code":100,"msg":"请求成功","time":"1557056209","data":{"order_id":` + id + `,"order_name":"x",` +
		`"order_price":"` + price + `","order_type":"alipay","order_status":"` + state + `"}}`
}

func TestQueryPaymentPage(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	const body = `{"anything":["the","gateway","says"]}`
	mock.RegisterResponder("GET", "https://gatepay.io/pay/api?id=5cc75a6a0b418&type=wechat&format=json", httpmock.NewStringResponder(200, body))
	mock.RegisterResponder("GET", "https://cloud.gatepay.io/pay/api?format=json", httpmock.NewStringResponder(200, "<html>"))
	mock.RegisterResponder("GET", "https://gatepay.io/pay/gone?format=json", httpmock.NewStringResponder(404, `{}`))

	page, err := client.QueryPaymentPage(context.Background(), "https://gatepay.io/pay/api?id=5cc75a6a0b418&type=wechat#top")
	require.NoError(t, err)
	assert.Equal(t, body, string(page.Raw.Reveal()))

	for _, target := range []string{"https://cloud.gatepay.io/pay/api", "https://gatepay.io/pay/gone"} {
		page, err = client.QueryPaymentPage(context.Background(), target)
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		assert.Nil(t, page)
	}

	mock.RegisterNoResponder(httpmock.NewErrorResponder(io.ErrUnexpectedEOF))
	_, err = client.QueryPaymentPage(context.Background(), "https://gatepay.io/pay/api?id=1")
	require.ErrorIs(t, err, paygates.ErrNoResponse)
	assert.NotContains(t, err.Error(), "pay/api")
}

func TestQueryPaymentPageGoesNowhereElse(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for _, target := range []string{
		"", "/pay/api?id=1", "gatepay.io/pay/api", "http://gatepay.io/pay/api?id=1", "https://gatepay.io:8443/pay/api",
		"https://gatepay.io.example.com/pay/api", "https://gatepay.io@example.com/", "https://user@gatepay.io/pay/api",
		"https://example.com/?https://gatepay.io", "https://example.com#gatepay.io", "https://169.254.169.254/",
		"file:///etc/passwd", "https://gatepay.io\\@example.com/", "https://www.gatepay.io/", "https://gatepay.io/\n",
		"https://gatepay.io/" + strings.Repeat("a", 3000),
	} {
		page, err := client.QueryPaymentPage(context.Background(), target)
		require.ErrorIs(t, err, paygates.ErrInvalidRequest, "%q", target)
		assert.Nil(t, page)
		assert.NotContains(t, err.Error(), "example.com")
	}
	assert.Zero(t, mock.GetTotalCallCount())
}

// The document names no state of a paid order: the merchant can add the gateway's word.
func TestPaidStates(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", `=~/api/order/check`, httpmock.NewStringResponder(200,
		`{"code":100,"data":{"order_id":522,"order_price":"1.88","order_status":"done"}}`))
	config := gatepay.Config{
		AppKey: "appkey", Secret: sign.NewSecret("example-secret"), HTTPClient: &http.Client{Transport: mock},
	}
	for _, test := range []struct {
		states []gatepay.State
		paid   bool
	}{{nil, false}, {[]gatepay.State{"done"}, true}} {
		config.PaidStates = test.states
		client, err := gatepay.New(config)
		require.NoError(t, err)
		order, err := client.QueryOrder(context.Background(), "ORDER-1")
		require.NoError(t, err)
		assert.Equal(t, test.paid, order.Paid())
		again, err := gatepay.DecodeOrder(order.Raw.Reveal())
		require.NoError(t, err)
		assert.False(t, again.Paid())
	}
	for _, state := range []gatepay.State{"", gatepay.StateExpired, gatepay.StateInProgress} {
		config.PaidStates = []gatepay.State{state}
		_, err := gatepay.New(config)
		require.ErrorIs(t, err, paygates.ErrInvalidConfig)
		assert.ErrorContains(t, err, "PaidStates must not contain")
	}
}
