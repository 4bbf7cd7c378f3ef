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

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
)

// The attacks of docs/security.md that no other test shows.

// The payer sees the signature of a return, and an on-path attacker that of a query. With
// two decimals neither text can be cut into the fields of a notification: a return has
// one point, a notification two. FuzzVerifyReturn tests it for every return.
func TestTheSignatureOfAReturnOrAQueryIsNoNotification(t *testing.T) {
	t.Parallel()
	notification, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	assert.Regexp(t, notificationText, joined(notification, notifyFields))
	for name, text := range map[string]string{
		"return":         "1.88alipay522ORD1",
		"return, larger": "123.45wechat8522ORD1",
		"query":          "ORD1",
	} {
		assert.NotRegexp(t, notificationText, text, name)
	}
}

// Where the gateway writes no decimals, the signature of a return can be cut into a
// notification. It names an order number of a few digits, which the gateway does not know
// with this order_id and price.
func TestALooseReturnThatIsCutIntoANotificationIsNotConfirmed(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	// The signature as in TestCreatesSendTheDocumentedForm, $1 being
	// 098f6bcd4621d373cade4e832627b4f6522178alipay4248434975ORD1E
	const signature = "bfb846bd3061700667cd21964bfc9b1e"
	_, err := client.ParseReturn(httptest.NewRequest("GET", "/paid?price=522178&type=alipay&product_id=&order_id=4248434975&out_order_id=ORD1E&sign="+signature, nil))
	require.NoError(t, err)
	form := "order_id=522&out_order_id=1&price=7&realprice=8&type=alipay&paytime=4248434975&extend=ORD1E&sign=" + signature
	_, err = client.ParseNotification(post(form))
	require.NoError(t, err, "the signature alone is valid")

	mock.RegisterNoResponder(httpmock.NewStringResponder(200, `{"code":201,"msg":"订单不存在","data":[]}`))
	assert.Equal(t, 409, rejected(t, client, post(form)))
	mock.RegisterNoResponder(httpmock.NewStringResponder(200, checkResponse("523", "7.00", "paid")))
	assert.Equal(t, 409, rejected(t, client, post(form)))
}

// rejected passes a notification to a handler that must not call its function, and
// returns the status.
func rejected(t *testing.T, client *gatepay.Client, r *http.Request) int {
	t.Helper()
	w := httptest.NewRecorder()
	client.NotificationHandler(func(context.Context, *gatepay.Notification) error {
		t.Error("the function was called")
		return nil
	}).ServeHTTP(w, r)
	assert.Equal(t, "fail", w.Body.String())
	return w.Code
}

// The signature of a create of a product covers what the payer wrote into custom, next to
// the order number: it can be the end of a notification. The payer does not see that
// signature, unless the merchant shows Raw.
func TestTheSignatureOfACreateCanBeCutIntoANotification(t *testing.T) {
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
		OrderNo: "ORD1", Channel: gatepay.ChannelAlipay, ProductID: "8", Attach: "x1.881.88alipay1556614084",
	})
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	form := "order_id=8&out_order_id=alipayORD1x&price=1.88&realprice=1.88&type=alipay&paytime=1556614084&extend=&sign=" + sent.Get("sign")
	_, err = client.ParseNotification(post(form))
	require.NoError(t, err, "the signature alone is valid")

	mock.RegisterNoResponder(httpmock.NewStringResponder(200, `{"code":201,"msg":"订单不存在","data":[]}`))
	assert.Equal(t, 409, rejected(t, client, post(form)))
}

// Order numbers that begin and end with a letter: a signature is valid for one of them
// only. The other cuts name numbers that begin with a digit.
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
