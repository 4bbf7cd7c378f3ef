package pingpp_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
)

// query decodes a response of Ping++.
func query(t *testing.T, body string) (*pingpp.Charge, error) {
	t.Helper()
	client, mock := setup(t)
	mock.RegisterResponder("GET", chargeURL, httpmock.NewStringResponder(200, body))
	return client.QueryCharge(context.Background(), chargeID)
}

func unix(seconds int64) time.Time {
	return time.Unix(seconds, 0).In(time.FixedZone("Asia/Shanghai", 8*60*60))
}

func TestTheDocumentedChargeFieldByField(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("PUT", createURL, httpmock.NewStringResponder(200, createSuccess(t)))
	created, err := client.CreateOrder(context.Background(), request())
	require.NoError(t, err)
	charge := created.Charge

	assert.Equal(t, "pingpp charge ch_WrHW58Ki5unLCSuf54OuHKCS for order 12134676899915430002: 99.00 cny, expired", created.String())
	assert.Equal(t, "pingpp order without a charge", pingpp.CreatedOrder{}.String())
	assert.Equal(t, "ch_WrHW58Ki5unLCSuf54OuHKCS", charge.ID)
	assert.Equal(t, "12134676899915430002", charge.OrderNo)
	assert.Equal(t, "app_GuHu9Of9KaTG5GiT", charge.App)
	assert.Equal(t, pingpp.ChannelAlipay, charge.Channel)
	assert.True(t, charge.LiveMode)
	assert.False(t, charge.Paid())
	assert.False(t, charge.Refunded)
	assert.False(t, charge.Reversed)
	assert.Equal(t, money.Cents(9900), charge.Amount)
	assert.Equal(t, "99.00", charge.Amount.String())
	assert.Equal(t, money.Cents(9900), charge.AmountSettle)
	assert.Equal(t, money.Cents(0), charge.AmountRefunded)
	assert.Equal(t, "cny", charge.Currency)
	assert.Equal(t, "1", charge.Subject)
	assert.Equal(t, "12134676899915430002", charge.Body.Reveal())
	assert.Empty(t, charge.Description.Reveal())
	assert.Equal(t, "127.0.0.1", charge.ClientIP.Reveal())
	assert.Equal(t, unix(1466149851), charge.CreatedAt)
	assert.Equal(t, "2016-06-17 15:50:51", charge.CreatedAt.Format(time.DateTime))
	assert.Zero(t, charge.PaidAt)
	assert.Equal(t, unix(1466236251), charge.ExpiresAt)
	assert.Equal(t, "2016-06-18 15:50:51", charge.ExpiresAt.Format(time.DateTime), "as it_b_pay in orderInfo")
	assert.Zero(t, charge.SettledAt)
	assert.Empty(t, charge.TransactionNo)
	assert.Equal(t, pingpp.RefundList{URL: "/v1/charges/ch_WrHW58Ki5unLCSuf54OuHKCS/refunds"}, charge.Refunds)
	assert.Empty(t, charge.FailureCode)
	assert.Empty(t, charge.FailureMessage)
	assert.Equal(t, map[string]string{
		"order_id": "1", "buyer": "15201052252", "names": "collection的使用",
		"order_no": "12134676899915430002", "courses": "1",
	}, charge.Metadata.Reveal())
	assert.Equal(t, "{}", string(charge.Extra.Reveal()))
	assert.Equal(t, documentedCharge(t), string(charge.Raw.Reveal()), "untouched, for the app")

	var credential struct {
		Object string `json:"object"`
		Alipay struct {
			OrderInfo string `json:"orderInfo"`
		} `json:"alipay"`
	}
	require.NoError(t, json.Unmarshal(charge.Credential.Reveal(), &credential))
	assert.Equal(t, "credential", credential.Object)
	alipay, err := charge.AlipayCredential()
	require.NoError(t, err)
	assert.Equal(t, credential.Alipay.OrderInfo, alipay.OrderInfo.Reveal())
	assert.Contains(t, alipay.OrderInfo.Reveal(), `&_input_charset="utf-8"&notify_url="https%3A%2F%2Fapi.pingxx.com%2Fnotify%2Fcharges%2Fch_WrHW58Ki5unLCSuf54OuHKCS"&partner=`)
	assert.Contains(t, alipay.OrderInfo.Reveal(), `&total_fee="99.00"&`)
	_, err = charge.WeChatCredential()
	require.ErrorIs(t, err, paygates.ErrBadResponse)
}

func TestAPaidChargeWithRefunds(t *testing.T) {
	t.Parallel()
	charge, err := query(t, `{"id":"ch_WrHW58Ki5unLCSuf54OuHKCS","object":"charge","order_no":12134676899915430002,
		"livemode":true,"paid":true,"refunded":true,"app":"app_example","channel":"upacp_wap","amount":"9900","amount_settle":0,
		"amount_refunded":100,"currency":"cny","subject":"一本书","body":"b","description":"d","client_ip":"203.0.113.7",
		"created":1466149851,"time_paid":"1466149900","time_expire":0,"time_settle":1466236300,"transaction_no":2016061721001004,
		"failure_code":"","failure_msg":"m","metadata":[],"extra":[],"credential":[],"a_new_field":{"a":[1]},
		"refunds":{"object":"list","url":"/r","has_more":true,"data":[
			{"id":"re_1","object":"refund","order_no":"1","amount":100,"succeed":true,"status":"succeeded","created":1466150000,
			 "time_succeed":1466150001,"description":"returned","failure_code":null,"failure_msg":null,"metadata":{},"charge":"ch_1"},
			{"id":"re_2","amount":200,"succeed":false,"status":"failed","created":1466150002,"time_succeed":null,
			 "failure_code":"c","failure_msg":"m"}]}}`)
	require.NoError(t, err)
	assert.Equal(t, "12134676899915430002", charge.OrderNo, "a number keeps its digits")
	assert.Equal(t, pingpp.Channel("upacp_wap"), charge.Channel)
	assert.Equal(t, money.Cents(9900), charge.Amount)
	assert.Equal(t, money.Cents(100), charge.AmountRefunded)
	assert.True(t, charge.Refunded)
	assert.Equal(t, "一本书", charge.Subject)
	assert.Equal(t, "d", charge.Description.Reveal())
	assert.Equal(t, unix(1466149900), charge.PaidAt)
	assert.Zero(t, charge.ExpiresAt)
	assert.Equal(t, unix(1466236300), charge.SettledAt)
	assert.Equal(t, "2016061721001004", charge.TransactionNo)
	assert.Equal(t, "m", charge.FailureMessage)
	assert.Nil(t, charge.Metadata.Reveal())
	assert.Equal(t, "[]", string(charge.Extra.Reveal()))
	assert.Equal(t, "[]", string(charge.Credential.Reveal()))

	require.Len(t, charge.Refunds.Data, 2)
	assert.Equal(t, "/r", charge.Refunds.URL)
	assert.True(t, charge.Refunds.HasMore)
	first, second := charge.Refunds.Data[0], charge.Refunds.Data[1]
	assert.Contains(t, string(first.Raw.Reveal()), `"object":"refund"`)
	first.Raw, second.Raw = paygates.Private[json.RawMessage]{}, paygates.Private[json.RawMessage]{}
	assert.Equal(t, pingpp.Refund{
		ID: "re_1", OrderNo: "1", ChargeID: "ch_1", Amount: money.Cents(100), Succeeded: true, Status: "succeeded",
		Description: paygates.NewPrivate("returned"), CreatedAt: unix(1466150000), SucceededAt: unix(1466150001),
		Metadata: paygates.NewPrivate(map[string]string(nil)), Extra: paygates.NewPrivate(json.RawMessage(nil)),
	}, first)
	assert.Equal(t, pingpp.Refund{
		ID: "re_2", Amount: money.Cents(200), Status: "failed", CreatedAt: unix(1466150002),
		FailureCode: "c", FailureMessage: "m",
		Metadata: paygates.NewPrivate(map[string]string(nil)), Extra: paygates.NewPrivate(json.RawMessage(nil)),
	}, second)
}

func TestMetadataOfMixedTypes(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]map[string]string{
		`{"a":1,"b":"x","c":true,"d":null,"e":[1, 2],"f":{"g":"h"},"n":12134676899915430002}`: {
			"a": "1", "b": "x", "c": "true", "d": "", "e": "[1, 2]", "f": `{"g":"h"}`, "n": "12134676899915430002",
		},
		`{}`:   nil,
		`[]`:   nil,
		`null`: nil,
		`""`:   nil,
	} {
		charge, err := query(t, `{"id":"`+chargeID+`","object":"charge","order_no":"1","livemode":true,"paid":false,"amount":1,"currency":"cny","refunds":[],"metadata":`+metadata+`}`)
		require.NoError(t, err)
		assert.Equal(t, want, charge.Metadata.Reveal(), metadata)
	}
}

func TestQueryChargeRejectsAnIncompleteCharge(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"ch_WrHW58Ki5unLCSuf54OuHKCS","object":"charge","order_no":"1","livemode":true,"paid":false,"amount":100,"currency":"cny","amount_settle":0,"amount_refunded":0,"refunds":{"data":[{"amount":1}]}}`
	_, err := query(t, whole)
	require.NoError(t, err)
	tests := map[string][2]string{
		"no object":                  {`"object":"charge",`, ``},
		"another object":             {`"object":"charge"`, `"object":"order"`},
		"no id":                      {`"id":"ch_WrHW58Ki5unLCSuf54OuHKCS",`, ``},
		"no order_no":                {`"order_no":"1",`, ``},
		"no livemode":                {`"livemode":true,`, ``},
		"no paid":                    {`"paid":false,`, ``},
		"paid is null":               {`"paid":false`, `"paid":null`},
		"paid is a word":             {`"paid":false`, `"paid":"yes"`},
		"no amount":                  {`"amount":100,`, ``},
		"no currency":                {`"currency":"cny",`, ``},
		"currency a list":            {`"currency":"cny"`, `"currency":["cny"]`},
		"amount in yuan":             {`"amount":100`, `"amount":"1.00"`},
		"amount with exponent":       {`"amount":100`, `"amount":1e2`},
		"negative amount":            {`"amount":100`, `"amount":-100`},
		"amount too large":           {`"amount":100`, `"amount":9223372036854775808`},
		"negative refunds":           {`"amount_refunded":0`, `"amount_refunded":-1`},
		"refunds in yuan":            {`"amount_refunded":0`, `"amount_refunded":"1.00"`},
		"refunds an object":          {`"amount_refunded":0`, `"amount_refunded":{}`},
		"refunds a word":             {`"amount_refunded":0`, `"amount_refunded":"none"`},
		"refunded of unknown sum":    {`"amount_refunded":0`, `"refunded":true`},
		"refunded without a sum":     {`"amount_refunded":0`, `"refunded":true,"amount_refunded":null`},
		"refunded with an empty sum": {`"amount_refunded":0`, `"refunded":true,"amount_refunded":""`},
		"refunded a word":            {`"amount_refunded":0`, `"refunded":"pending"`},
		"refunded a list":            {`"amount_refunded":0`, `"refunded":[]`},
		"cut":                        {`]}}`, `]}`},
		"not UTF-8":                  {`"order_no":"1"`, "\"order_no\":\"\xff\""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			charge, err := query(t, replace(t, whole, test[0], test[1]))
			require.ErrorIs(t, err, paygates.ErrBadResponse)
			assert.Nil(t, charge)
		})
	}
}

// Nothing is null or "", for the refunds too.
func TestAChargeWithoutRefunds(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{
		``, `,"refunded":null,"amount_refunded":null`, `,"refunded":"","amount_refunded":""`, `,"refunded":false,"amount_refunded":""`,
	} {
		charge, err := query(t, `{"id":"`+chargeID+`","object":"charge","order_no":"1","livemode":true,"paid":true,"amount":100,"currency":"cny"`+fields+`}`)
		require.NoError(t, err, fields)
		assert.True(t, charge.Paid(), fields)
		assert.Zero(t, charge.AmountRefunded, fields)
	}
}

func private(text string) paygates.Private[string] { return paygates.NewPrivate(text) }

func TestWeChatCredential(t *testing.T) {
	t.Parallel()
	app := pingpp.Charge{Credential: paygates.NewPrivate(json.RawMessage(`{"object":"credential","wx":{"appId":"wx1","partnerId":"1200000000",
		"prepayId":"wx2016","nonceStr":"n","packageValue":"Sign=WXPay","timeStamp":1466149851,"sign":"ABC"}}`))}
	credential, err := app.WeChatCredential()
	require.NoError(t, err)
	assert.Equal(t, pingpp.WeChatCredential{
		AppID: "wx1", PartnerID: "1200000000", PrepayID: private("wx2016"), NonceStr: "n", Package: private("Sign=WXPay"),
		TimeStamp: "1466149851", Sign: private("ABC"),
	}, *credential)

	page := pingpp.Charge{Credential: paygates.NewPrivate(json.RawMessage(`{"object":"credential","wx_pub":{"appId":"wx1","timeStamp":"1466149851",
		"nonceStr":"n","package":"prepay_id=wx2016","signType":"MD5","paySign":"ABC"}}`))}
	credential, err = page.WeChatCredential()
	require.NoError(t, err)
	assert.Equal(t, pingpp.WeChatCredential{
		AppID: "wx1", PrepayID: private(""), NonceStr: "n", Package: private("prepay_id=wx2016"),
		TimeStamp: "1466149851", SignType: "MD5", Sign: private("ABC"),
	}, *credential)
	_, err = page.AlipayCredential()
	require.ErrorIs(t, err, paygates.ErrBadResponse)
}

// A credential is signed, so nothing in it is changed or left out.
func TestACredentialIsPassedOnUnchanged(t *testing.T) {
	t.Parallel()
	charge := pingpp.Charge{Credential: paygates.NewPrivate(json.RawMessage(`{"Wx":{"sign":"no"},"wx":{"Sign":"no","sign":"ABC",
		"packageValue":"` + "Sign=\xff" + `","prepayId":"\u0077x","partnerId":null,"nonceStr":true,"timeStamp":[1],"x":{"a":1,"a":2}}}`))}
	credential, err := charge.WeChatCredential()
	require.NoError(t, err)
	assert.Equal(t, pingpp.WeChatCredential{
		PrepayID: private("wx"), NonceStr: "true", Package: private("Sign=\xff"), Sign: private("ABC"),
	}, *credential)
}

func TestACredentialOfAnotherShapeIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{``, `null`, `[]`, `{}`, `"x"`, `{"wx":[],"alipay":[]}`, `{"wx":"x","alipay":"x"}`, `{"wx":{"appId":[]},"alipay":{"orderInfo":{}}}`} {
		charge := pingpp.Charge{Credential: paygates.NewPrivate(json.RawMessage(raw))}
		alipay, err := charge.AlipayCredential()
		require.ErrorIs(t, err, paygates.ErrBadResponse, raw)
		assert.Nil(t, alipay)
		wechat, err := charge.WeChatCredential()
		require.ErrorIs(t, err, paygates.ErrBadResponse, raw)
		assert.Nil(t, wechat)
	}
}

func TestDecodeCharge(t *testing.T) {
	t.Parallel()
	charge, err := pingpp.DecodeCharge([]byte(documentedCharge(t)))
	require.NoError(t, err)
	assert.Equal(t, "12134676899915430002", charge.OrderNo)
	marked := "\ufeff" + documentedCharge(t) + "\r\n"
	charge, err = pingpp.DecodeCharge([]byte(marked))
	require.NoError(t, err)
	assert.Equal(t, marked, string(charge.Raw.Reveal()), "as it arrived")
	for _, raw := range []string{"", "{}", `{"object":"charge"}`, "null"} {
		charge, err = pingpp.DecodeCharge([]byte(raw))
		require.ErrorIs(t, err, paygates.ErrBadResponse, raw)
		assert.Nil(t, charge)
	}
}
