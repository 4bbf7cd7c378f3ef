package gatepay_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatepay"
)

// The attacks of docs/security.md that no other test shows.

// The payer sees the signature of his return, and whoever is on the way that of a
// query. Neither text can be cut into the fields of a callback: it has too few
// points. FuzzVerifyReturn says so of every return.
func TestTheSignatureOfAReturnOrAQueryIsNoCallback(t *testing.T) {
	t.Parallel()
	callback, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	assert.Regexp(t, callbackText, joined(callback, notifyFields))
	for name, text := range map[string]string{
		"return":         "1.88alipay522ORD1",
		"return, dearer": "123.45wechat8522ORD1",
		"query":          "ORD1",
	} {
		assert.NotRegexp(t, callbackText, text, name)
	}
}

// The signature of a create of a product covers what the payer wrote into custom,
// right behind the number of the order: he can write the end of a callback there.
// The payer does not see that signature, unless the merchant shows him Raw.
func TestTheSignatureOfACreateCanBeCutIntoACallback(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	var sent url.Values
	mock.RegisterResponder("POST", stablePayURL, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		sent, err = url.ParseQuery(string(body))
		assert.NoError(t, err)
		return httpmock.NewStringResponse(500, ""), nil
	})
	_, err := client.CreateProductOrder(context.Background(), gatepay.CreateProductOrderRequest{
		OrderNo: "ORD1", Channel: gatepay.ChannelAlipay, ProductID: "8", Custom: "x1.881.88alipay1556614084",
	})
	require.ErrorIs(t, err, gatepay.ErrOutcomeUnknown)
	form := "order_id=8&out_order_id=alipayORD1x&price=1.88&realprice=1.88&type=alipay&paytime=1556614084&extend=&sign=" + sent.Get("sign")
	_, err = client.ParseNotification(post(form))
	require.NoError(t, err, "the bare signature check takes it")

	mock.RegisterNoResponder(httpmock.NewStringResponder(200, `{"code":201,"msg":"订单不存在","data":[]}`))
	w := httptest.NewRecorder()
	client.NotificationHandler(func(context.Context, *gatepay.Notification) error {
		t.Error("the merchant's function ran")
		return nil
	}).ServeHTTP(w, post(form))
	assert.Equal(t, 409, w.Code)
}

// Where order numbers begin and end with a letter, no other order can be meant
// under the signature of one; the number of no order can.
func TestOrderNumbersBetweenLettersLeaveOneOrder(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	whole := url.Values{
		"order_id": {"522"}, "out_order_id": {"S20191118123424E"}, "price": {"1.88"}, "realprice": {"1.88"},
		"type": {"alipay"}, "paytime": {"1556614084"}, "extend": {"1.88"},
	}
	whole.Set("sign", rightSign(whole, notifyFields))
	text := joined(whole, notifyFields)
	price := strings.Index(text, ".")
	var accepted []string
	for idEnd := 1; idEnd < price; idEnd++ {
		for noEnd := idEnd + 1; noEnd < price; noEnd++ {
			other := url.Values{"order_id": {text[:idEnd]}, "out_order_id": {text[idEnd:noEnd]}, "price": {text[noEnd : price+3]}}
			for _, field := range append([]string{"sign"}, notifyFields[3:]...) {
				other[field] = whole[field]
			}
			if n, err := client.VerifyNotification(other); err == nil {
				accepted = append(accepted, n.OrderID+" "+n.OrderNo+" "+n.Amount.String())
			}
		}
	}
	assert.Equal(t, []string{"5 22S20191118123424E 1.88", "52 2S20191118123424E 1.88", "522 S20191118123424E 1.88"}, accepted)
}

// Nothing in a callback says that it is new: the merchant keeps the record.
func TestACallbackSentAgainReachesTheMerchantAgain(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("GET", notifyCheckURL, httpmock.NewStringResponder(200, checkAnswer("522", "1.88", "settled")))
	var orders []string
	handler := client.NotificationHandler(func(_ context.Context, n *gatepay.Notification) error {
		orders = append(orders, n.OrderNo)
		return nil
	})
	for range 2 {
		handler.ServeHTTP(httptest.NewRecorder(), post(notifyForm))
	}
	assert.Equal(t, []string{"ORD1", "ORD1"}, orders)
}

// A payer can change every part of a quick-pay link, Fixed or not.
func TestAQuickPayLinkIsNotSigned(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	link, err := client.QuickPayURL(gatepay.QuickPayRequest{Token: "qflknfokn", Amount: 188, Fixed: true})
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	assert.False(t, u.Query().Has("sign"))
	assert.Equal(t, appKey, u.Query().Get("appkey"))
	assert.NotContains(t, link, secret)
}
