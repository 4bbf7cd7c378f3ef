package codepay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
)

const (
	createURL = "https://codepay.fateqq.com:51888/creat_order/"
	queryURL  = "https://codepay.fateqq.com:51888/ispay"
)

func t0() context.Context { return context.Background() }

func TestCreateOrderSendsEveryDocumentedParameter(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var query url.Values
	mock.RegisterResponder("GET", createURL, func(r *http.Request) (*http.Response, error) {
		query = r.URL.Query()
		return httpmock.NewStringResponse(200, samples.JSON(t, "create_reply.json", `"type": 1`, `"type": 3`)), nil
	})
	_, err := client.CreateOrder(t0(), full())
	require.NoError(t, err)
	assert.Equal(t, url.Values{
		"id": {"10041"}, "type": {"3"}, "act": {"1"}, "price": {"100.00"}, "pay_id": {"admin"}, "param": {"一本书 +1"},
		"notify_url": {"https://shop.example.com/notify?shop=7"}, "return_url": {"https://shop.example.com/paid"}, "chart": {"utf-8"},
		"page": {"4"}, "style": {"2"}, "outTime": {"300"}, "pay_type": {"1"}, "qrcode_url": {"qrcode.php"},
		// printf %s 'act=1&chart=utf-8&id=10041&notify_url=https://shop.example.com/notify?shop=7&outTime=300&page=4&param=一本书 +1&pay_id=admin&pay_type=1&price=100.00&qrcode_url=qrcode.php&return_url=https://shop.example.com/paid&style=2&type=3example-key' | md5sum
		"sign": {"611306a8db20efe002e57627a980c57f"},
	}, query)
	assert.Equal(t, 1, mock.GetTotalCallCount())
}

func TestCreateOrderReadsTheDocumentedResponse(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	printed := samples.Printed(t, "create_reply.json")
	mock.RegisterResponder("GET", createURL, func(r *http.Request) (*http.Response, error) {
		// printf %s 'id=10041&page=4&pay_id=admin&price=100.00&type=1example-key' | md5sum
		assert.Equal(t, "id=10041&page=4&pay_id=admin&price=100.00&type=1&sign=d65e76aa626d73b20ecd1681533ca10d", r.URL.RawQuery)
		return httpmock.NewStringResponse(200, printed), nil
	})
	before := time.Now()
	order, err := client.CreateOrder(t0(), minimal())
	require.NoError(t, err)
	assert.WithinRange(t, order.ReceivedAt, before, time.Now())
	assert.Equal(t, printed, string(order.Raw.Reveal()), "byte for byte")
	assert.Equal(t, "2016-12-11T10:45:12Z", order.ServerTime.UTC().Format(time.RFC3339))
	assert.Equal(t, "2016-12-11T10:50:12Z", order.ExpiresAt.UTC().Format(time.RFC3339))
	assert.Equal(t, &codepay.CreatedOrder{
		OrderID:       "888888888",
		OrderNo:       "admin",
		Channel:       codepay.ChannelAlipay,
		Amount:        money.Cents(10000),
		PayableAmount: money.Cents(10000),
		QRCodeURL:     "https://codepay.fateqq.com/qr/1/3/100/0.png",
		UserID:        "1",
		NotifyKey:     paygates.NewPrivate("codepay_notiry_key"),
		Tag:           "0",
		Charset:       codepay.CharsetUTF8,
		ServerTime:    order.ServerTime,
		ExpiresAt:     order.ExpiresAt,
		ReceivedAt:    order.ReceivedAt,
		Message:       "ok",
		Raw:           order.Raw,
	}, order)
}

func TestRemainingIsByTheGatewaysClock(t *testing.T) {
	t.Parallel()
	received := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) // this machine's clock is years off
	order := codepay.CreatedOrder{
		ServerTime: time.Unix(1481453112, 0), ExpiresAt: time.Unix(1481453412, 0), ReceivedAt: received,
	}
	assert.Equal(t, 300*time.Second, order.Remaining(received))
	assert.Equal(t, 200*time.Second, order.Remaining(received.Add(100*time.Second)))
	assert.Zero(t, order.Remaining(received.Add(301*time.Second)))
	order.ServerTime = time.Time{}
	assert.Zero(t, order.Remaining(received))
}

// A response that a public client received, with fields that are not documented.
func TestCreateOrderWithLooseTypes(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body := "\ufeff" + `{"userID":"10041","money":99.9,"price":100,"chart":"utf-8","pay_id":28,"type":"1","call":"","trueID":10041,` +
		`"tag":"","qr_user":0,"come":2,"trade_no":115315622811429934629373442,"endTime":"1531562641","order_id":120569731432120569731432,` +
		`"status":"0","msg":null,"mode":0,"mobile":0,"qrcode":"http://pay.example.com/qr.png","kfqq":"","https":0,"serverTime":1531562281,` +
		`"notiry_key":"15cf97370f5fa4d0a3d55b97961d4d50","notiry_host":"pay.example.com","outTime":360}`
	mock.RegisterResponder("GET", createURL, httpmock.NewStringResponder(200, body))
	request := minimal()
	request.OrderNo = "28"
	order, err := client.CreateOrder(t0(), request)
	require.NoError(t, err)
	assert.Equal(t, "120569731432120569731432", order.OrderID)
	assert.Equal(t, "28", order.OrderNo)
	assert.Equal(t, "99.90", order.PayableAmount.String())
	assert.Equal(t, "100.00", order.Amount.String())
	assert.Equal(t, "http://pay.example.com/qr.png", order.QRCodeURL)
	assert.Equal(t, codepay.ChannelAlipay, order.Channel)
	assert.Equal(t, 6*time.Minute, order.Remaining(order.ReceivedAt))
	assert.Equal(t, strings.TrimPrefix(body, "\ufeff"), string(order.Raw.Reveal()))
	var page strings.Builder
	require.NoError(t, template.Must(template.New("page").Parse(`<script>{{.}}</script>`)).Execute(&page, order.Raw.Reveal()))
	assert.Contains(t, page.String(), "15cf97370f5fa4d0a3d55b97961d4d50", "html/template writes no JSON that begins with a mark")
	for _, name := range []string{"mode", "mobile", "kfqq", "https", "notiry_host", "outTime", "trade_no", "trueID", "qr_user"} {
		assert.Contains(t, string(order.Raw.Reveal()), `"`+name+`":`)
	}
}

// order_id is 0 or absent if the gateway sent none; the merchant may draw the QR code.
func TestCreateOrderWithTheLeast(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"status":0,"money":"0.01","order_id":0}`, `{"status":0,"money":"0.01"}`} {
		order, err := codepay.DecodeCreatedOrder([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, money.Cents(1), order.PayableAmount)
		assert.Empty(t, order.OrderID)
		assert.Empty(t, order.QRCodeURL)
		assert.True(t, order.ServerTime.IsZero())
	}
}

func TestCreateOrderReadsGBK(t *testing.T) {
	t.Parallel()
	// printf %s 用户 | iconv -t GBK | xxd -p
	const user = "\xd3\xc3\xbb\xa7"
	order, err := codepay.DecodeCreatedOrder([]byte(`cb({"status":0,"chart":"gb2312","money":"1.00","pay_id":"` + user + `"})`))
	require.NoError(t, err)
	assert.Equal(t, "用户", order.OrderNo)
	assert.Contains(t, string(order.Raw.Reveal()), user, "byte for byte")

	for _, chart := range []string{"utf-8", ""} {
		order, err = codepay.DecodeCreatedOrder([]byte(`{"status":0,"chart":"` + chart + `","money":"1.00","pay_id":"` + user + `"}`))
		require.NoError(t, err)
		assert.Equal(t, "用户", order.OrderNo, "GBK under another chart")
	}
	_, err = codepay.DecodeCreatedOrder([]byte(`{"status":0,"chart":"gb2312","money":"1.00","pay_id":"` + "\xff\xff" + `"}`))
	require.ErrorIs(t, err, paygates.ErrBadResponse)
	require.ErrorContains(t, err, "pay_id is not UTF-8")
	order, err = codepay.DecodeCreatedOrder([]byte(`{"status":0,"money":"1.00","msg":"` + "\xff" + `"}`))
	require.NoError(t, err)
	assert.Equal(t, "\ufffd", order.Message)
}

// Each documented code with each known message.
func TestCreateOrderThatTheGatewayRejects(t *testing.T) {
	t.Parallel()
	for _, code := range []int{-1, -2, -3, -99} {
		for _, message := range []string{"too long", "not vip", "sign fail", "creat fail", "undefined", "qrcode too little", ""} {
			t.Run(fmt.Sprint(code, " ", message), func(t *testing.T) {
				t.Parallel()
				client, mock := setup(t)
				body := fmt.Sprintf(`{"status":%d,"msg":"%s","money":false,"endTime":"none"}`, code, message)
				mock.RegisterResponder("GET", createURL, httpmock.NewStringResponder(200, body))
				order, err := client.CreateOrder(t0(), minimal())
				assert.Nil(t, order)
				var failed *paygates.Error
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, &paygates.Error{
					Gateway: "codepay", Op: "create order", HTTPStatus: 200, Code: fmt.Sprint(code), Message: message, Body: paygates.NewPrivate([]byte(body)),
				}, failed)
				assert.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
				assert.Equal(t, 1, mock.GetTotalCallCount())
			})
		}
	}
}

// Many frameworks repeat the HTTP status in the field that has the state of an order here.
func TestAnErrorOfAFramework(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for status, unknown := range map[int]bool{404: false, 401: false, 502: true} {
		body := fmt.Sprintf(`{"type":"about:blank","title":"error","status":%d}`, status)
		mock.RegisterResponder("GET", createURL, httpmock.NewStringResponder(status, body))
		_, err := client.CreateOrder(t0(), minimal())
		require.ErrorIs(t, err, paygates.ErrBadResponse)
		require.ErrorContains(t, err, "status is that of HTTP")
		assert.Equal(t, unknown, errors.Is(err, paygates.ErrOutcomeUnknown), status)
	}
	mock.RegisterResponder("GET", createURL, httpmock.NewStringResponder(404, `{"status":0,"money":"1.00"}`))
	_, err := client.CreateOrder(t0(), minimal())
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown, "it reports success")
}

func TestCreateOrderWhileTheListenerIsOffline(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	body := samples.JSON(t, "create_reply.json", `"status": 0`, `"status": -8`, `"msg": "ok"`, `"msg": "offline"`)
	mock.RegisterResponder("GET", createURL, httpmock.NewStringResponder(200, body).
		Then(httpmock.NewStringResponder(200, `{"status":-8,"msg":"offline"}`)))
	order, err := client.CreateOrder(t0(), minimal())
	require.ErrorIs(t, err, codepay.ErrListenerOffline)
	require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
	require.EqualError(t, err, "codepay: create order: code -8: offline: the listening software is offline, payments are not noticed")
	require.NotNil(t, order)
	assert.Equal(t, "https://codepay.fateqq.com/qr/1/3/100/0.png", order.QRCodeURL)
	assert.Equal(t, "offline", order.Message)

	order, err = client.CreateOrder(t0(), minimal())
	require.ErrorIs(t, err, codepay.ErrListenerOffline)
	assert.Nil(t, order, "no half-filled order")

	mock.RegisterResponder("GET", createURL, httpmock.NewStringResponder(500, `{"status":-8,"msg":"x"}`))
	_, err = client.CreateOrder(t0(), minimal())
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
}

func TestWhatIsPrintedOfAnOrder(t *testing.T) {
	t.Parallel()
	created, err := codepay.DecodeCreatedOrder([]byte(samples.JSON(t, "create_reply.json")))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.Equal(t, "codepay order 888888888: 100.00 yuan by 1 (Alipay)", fmt.Sprintf(verb, created))
		assert.Equal(t, "codepay order: 100.00 yuan by 1 (Alipay)", fmt.Sprintf(verb, minimal()))
		assert.Equal(t, "codepay order 7: state 2 (paid, completed)", fmt.Sprintf(verb, codepay.Order{OrderID: "7", State: "2", Raw: paygates.NewPrivate(json.RawMessage("x"))}))
	}
	assert.Equal(t, "codepay order 888888888: 100.00 yuan by 1 (Alipay)", created.LogValue().String())
	assert.Equal(t, "codepay order: 100.00 yuan by 1 (Alipay)", minimal().LogValue().String())
	assert.Equal(t, "codepay order 7: state 0 (unpaid)", codepay.Order{OrderID: "7", State: "0"}.LogValue().String())
	assert.Equal(t, "codepay notification of payment 7: 100.00 yuan by 1 (Alipay)",
		fmt.Sprintf("%#v", codepay.Notification{PaymentNo: "7", PaidAmount: money.Cents(10000), Channel: codepay.ChannelAlipay, OrderNo: "admin"}))
	for channel, want := range map[codepay.Channel]string{
		codepay.ChannelQQ: "2 (QQ Wallet)", codepay.ChannelWeChat: "3 (WeChat)", 9: "9 (unknown)",
	} {
		assert.Equal(t, want, channel.String())
	}
	failed := &paygates.Error{Gateway: "codepay", Op: "create order", Code: "-1", Message: "x", Body: paygates.NewPrivate([]byte("payer data"))}
	assert.Equal(t, "codepay: create order: code -1: x", fmt.Sprintf("%#v", failed))
	assert.Equal(t, "not sent", codepay.Notification{}.State.String())
}

func respond(body string) httpmock.Responder { return httpmock.NewStringResponder(200, body) }

func TestQueryOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body  string
		state codepay.State
		text  string
		paid  bool
	}{
		"unpaid":        {`{"status":0,"msg":"no"}`, codepay.StateUnpaid, "0 (unpaid)", false},
		"paid":          {`{"status":1,"msg":"ok"}`, codepay.StatePaid, "1 (paid)", true},
		"completed":     {`{"status":"2","msg":"ok"}`, codepay.StateCompleted, "2 (paid, completed)", true},
		"unknown state": {`{"status":3}`, "3", "3 (unknown)", false},
		"JSONP":         {`callback({"status":1,"msg":"ok"})`, codepay.StatePaid, "1 (paid)", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			mock.RegisterResponder("GET", queryURL, func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, "id=10041&order_id=888888888&token=888888", r.URL.RawQuery)
				return respond(test.body)(r)
			})
			order, err := client.QueryOrder(t0(), "888888888")
			require.NoError(t, err)
			assert.Equal(t, "888888888", order.OrderID)
			assert.Equal(t, test.state, order.State)
			assert.Equal(t, test.text, order.State.String())
			assert.Equal(t, test.paid, order.Paid())
			assert.Equal(t, test.paid, order.State.Final())
			assert.Contains(t, test.body, string(order.Raw.Reveal()))
			assert.Equal(t, 1, mock.GetTotalCallCount())
		})
	}
}

func TestQueryOrderThatTheGatewayRejects(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", queryURL, respond(`{"status":-1,"msg":"no"}`).Then(respond(`{"status":-6,"msg":"token error"}`)))
	_, err := client.QueryOrder(t0(), "1")
	require.ErrorIs(t, err, paygates.ErrOrderNotFound)
	require.EqualError(t, err, "codepay: query order: code -1: no: order not found")

	_, err = client.QueryOrder(t0(), "1")
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "-6", failed.Code)
	assert.NotErrorIs(t, err, paygates.ErrOrderNotFound)
	assert.EqualError(t, err, "codepay: query order: code -6: token error")
}

func TestQueriesNeedAToken(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	_, err := client.QueryOrder(t0(), strings.Repeat("1", 51))
	require.ErrorIs(t, err, paygates.ErrInvalidRequest)
	bare, err := codepay.New(config())
	require.NoError(t, err)
	_, err = bare.QueryOrder(t0(), "1")
	require.ErrorIs(t, err, paygates.ErrInvalidConfig)
	_, err = bare.WaitForPayment(t0(), "1", time.Millisecond)
	require.EqualError(t, err, "codepay: invalid configuration: Token is required for this call")
}

// A rejection is one whatever the shape and the encoding of its fields.
func TestARejectionWithFieldsOfAnyShape(t *testing.T) {
	t.Parallel()
	_, err := codepay.DecodeCreatedOrder([]byte("{\"chart\":\"gbk\",\"msg\":\"\xc4\xe3\",\"status\":-1,\"price\":{}}"))
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "-1", failed.Code)
	assert.Equal(t, "你", failed.Message)

	// php -r 'echo bin2hex(iconv("UTF-8", "GBK", "签名错误"));'
	for body, message := range map[string]string{
		"{\"msg\":\"\xc7\xa9\xc3\xfb\xb4\xed\xce\xf3\",\"status\":-1}":                         "签名错误",
		"{\"msg\":\"\xc7\xa9\xc3\xfb\xb4\xed\xce\xf3\",\"status\":-1,\"chart\":\"utf-8\"}":     "签名错误",
		"{\"msg\":\"\xc7\xa9\xc3\xfb\xb4\xed\xce\xf3\xff\",\"status\":-1}":                     "\ufffd",
		"{\"msg\":\"签名\xff\",\"status\":-1}":                                                   "签名\ufffd",
		"cb({\"msg\":\"\xc7\xa9\xc3\xfb\xb4\xed\xce\xf3\",\"status\":\"-1\",\"order_id\":[]})": "签名错误",
	} {
		client, mock := setup(t)
		mock.RegisterResponder("GET", createURL, respond(body))
		_, err := client.CreateOrder(t0(), minimal())
		require.ErrorAs(t, err, &failed)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		assert.Equal(t, "-1", failed.Code)
		assert.Contains(t, failed.Message, message)
	}
}

// A field that does not decide and arrives in another shape is left zero and listed.
func TestCreateOrderWithFieldsOfAnotherShape(t *testing.T) {
	t.Parallel()
	// date -d '2018-07-14 21:30:31 +0800' +%s = 1531575031
	at := time.Unix(1531575031, 0)
	for fields, unread := range map[string][]string{
		`"endTime":"2018-07-14 21:30:31"`:        nil,
		`"endTime":1531575031000`:                nil,
		`"endTime":"soon"`:                       {"endTime"},
		`"endTime":{}`:                           {"endTime"},
		`"serverTime":[]`:                        {"serverTime"},
		`"price":"free"`:                         {"price"},
		`"price":{}`:                             {"price"},
		`"type":"alipay"`:                        {"type"},
		`"type":` + strings.Repeat("9", 400):     {"type"},
		`"qrcode":["//a"],"tag":{}`:              {"qrcode", "tag"},
		`"userID":[],"notiry_key":[],"chart":{}`: {"userID", "notiry_key", "chart"},
		`"msg":{"text":"ok"}`:                    {"msg"},
		`"price":"100.0000","money":"100.000"`:   nil,
	} {
		var log bytes.Buffer
		c := config()
		mock := httpmock.NewMockTransport()
		c.HTTPClient = &http.Client{Transport: mock}
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		client, err := codepay.New(c)
		require.NoError(t, err)
		if !strings.Contains(fields, `"money"`) {
			fields += `,"money":"100.00"`
		}
		mock.RegisterResponder("GET", createURL, respond(`{"status":0,"order_id":7,`+fields+`}`))
		order, err := client.CreateOrder(t0(), minimal())
		require.NoError(t, err, fields)
		assert.Equal(t, "7", order.OrderID)
		assert.Equal(t, "100.00", order.PayableAmount.String())
		assert.Equal(t, unread, order.Unread, fields)
		if strings.HasPrefix(fields, `"endTime"`) && unread == nil {
			assert.True(t, order.ExpiresAt.Equal(at), "%s: %s", fields, order.ExpiresAt)
		}
		for _, name := range unread {
			assert.Contains(t, log.String(), name)
		}
		assert.Equal(t, unread != nil, strings.Contains(log.String(), ` order_id=7 fields=`), log.String())
		// What the response leaves out is that of the request.
		assert.Equal(t, "admin", order.OrderNo)
		assert.Equal(t, codepay.ChannelAlipay, order.Channel)
		assert.Equal(t, "100.00", order.Amount.String())
	}
}

// A response about another order is an ErrBadResponse that names both.
func TestCreateOrderWithAResponseAboutAnotherOrder(t *testing.T) {
	t.Parallel()
	for fields, says := range map[string]string{
		`"pay_id":"root"`: `response is about something else: pay_id is "root", not "admin"`,
		`"type":2`:        `type is "2 (QQ Wallet)", not "1 (Alipay)"`,
		`"price":"1.00"`:  `price is "1.00", not "100.00"`,
	} {
		for _, status := range []string{"0", "-8"} {
			client, mock := setup(t)
			mock.RegisterResponder("GET", createURL, respond(`{"status":`+status+`,"money":"100.00",`+fields+`}`))
			order, err := client.CreateOrder(t0(), minimal())
			assert.Nil(t, order, fields)
			if status == "-8" {
				require.ErrorIs(t, err, codepay.ErrListenerOffline)
				continue
			}
			require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
			require.ErrorIs(t, err, paygates.ErrBadResponse)
			assert.ErrorContains(t, err, says)
		}
	}
}

func TestQueryOrderWithAResponseAboutAnotherOrder(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	for body, says := range map[string]string{
		`{"status":1,"order_id":"999"}`:         `response is about something else: order_id is "999", not "888888888"`,
		`{"status":1,"order_id":["888888888"]}`: "order_id is not a single value",
		`{"status":1,"money":"1.001"}`:          "money is not an amount with at most two decimals",
		`{"status":1,"money":{}}`:               "money is not an amount with at most two decimals",
		`{"status":1,"pay_no":[1]}`:             "pay_no is not a single value",
		`{"status":1,"pay_id":{}}`:              "pay_id is not a single value",
	} {
		mock.RegisterResponder("GET", queryURL, respond(body))
		_, err := client.QueryOrder(t0(), "888888888")
		require.ErrorIs(t, err, paygates.ErrBadResponse, body)
		assert.ErrorContains(t, err, says)
	}
	for _, body := range []string{
		`{"status":1,"order_id":888888888,"pay_id":"admin","money":100.5,"pay_no":7}`,
		`{"status":1,"order_id":"10041","pay_id":"admin","money":"100.50","pay_no":"7"}`, // the merchant's number
		`{"status":1,"order_id":5,"trueID":5,"pay_id":"admin","money":"100.500","pay_no":"7"}`,
		`{"status":1,"order_id":5,"userID":"5","pay_id":"admin","money":"100.500","pay_no":"7"}`,
		`{"status":1,"order_id":5,"id":5,"pay_id":"admin","money":"100.500","pay_no":"7"}`,
		`{"status":1,"order_id":"null","pay_id":"admin","money":"100.500","pay_no":"7"}`,
		`{"status":1,"order_id":"undefined","pay_id":"admin","money":"100.500","pay_no":"7"}`,
	} {
		mock.RegisterResponder("GET", queryURL, respond(body))
		order, err := client.QueryOrder(t0(), "888888888")
		require.NoError(t, err, body)
		order.Raw = paygates.Private[json.RawMessage]{}
		assert.Equal(t, &codepay.Order{
			OrderID: "888888888", State: codepay.StatePaid, OrderNo: "admin", PaymentNo: "7", PaidAmount: money.Cents(10050),
		}, order)
	}
}

// The second byte of 誠 in GBK is that of "\". A body that is neither GBK nor UTF-8 is not
// read by its bytes: it may end a string elsewhere.
func TestAResponseWhoseStringsMayEndElsewhere(t *testing.T) {
	t.Parallel()
	_, err := codepay.DecodeCreatedOrder([]byte("{\"tag\":\"\xff\",\"msg\":\"\xd5\\\",\"status\":-1,\"more\":\",\\\"status\\\":0,\\\"money\\\":1}\"}"))
	require.ErrorContains(t, err, "not UTF-8")

	// PHP's message quotes what somebody sent.
	_, err = codepay.DecodeCreatedOrder([]byte("\nWarning: f(x on line 1\n" + `{"status":0,"money":"9.00"}<!-- on line 12` + "\n" +
		`{"status":-1}<p></p>`))
	require.ErrorIs(t, err, paygates.ErrBadResponse)
}
