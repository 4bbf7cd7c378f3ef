package gatepay_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// The signature as in TestCreatesSendTheDocumentedForm.
// $1: 098f6bcd4621d373cade4e832627b4f61.88alipay522ORD1
const returnSignature = "4de70dce69b8103d1a56db0174d59d53"

const returnQuery = "price=1.88&type=alipay&product_id=&order_id=522&out_order_id=ORD1&sign=" + returnSignature

func TestParseReturn(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	r, err := client.ParseReturn(httptest.NewRequest("GET", "/paid?shop=1&"+returnQuery, nil))
	require.NoError(t, err)
	assert.Equal(t, "ORD1", r.OrderNo)
	assert.Equal(t, "522", r.OrderID)
	assert.Empty(t, r.ProductID)
	assert.Equal(t, money.Cents(188), r.Amount)
	assert.Equal(t, gatepay.ChannelAlipay, r.Channel)
	assert.Equal(t, returnSignature, r.Raw.Reveal().Get("sign"))
	assert.Zero(t, mock.GetTotalCallCount())

	// $1: 098f6bcd4621d373cade4e832627b4f61.88alipay8522ORD1
	r, err = client.VerifyReturn(url.Values{
		"price": {"1.88"}, "type": {"alipay"}, "product_id": {"8"}, "order_id": {"522"}, "out_order_id": {"ORD1"},
		"appkey": {appKey}, "sign": {"4D4029D23F5D028A20C674D992850259"},
	})
	require.NoError(t, err)
	assert.Equal(t, "8", r.ProductID)
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x"} {
		assert.Equal(t, "gatepay return of the payer of order ORD1", fmt.Sprintf(verb, r))
	}
}

// The signature is valid for other cuts too: that is why a return credits nothing.
func TestReturnCanBeCutDifferently(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	r, err := client.ParseReturn(httptest.NewRequest("GET", "/paid?"+strings.Replace(returnQuery, "product_id=&order_id=522", "product_id=52&order_id=2", 1), nil))
	require.NoError(t, err)
	assert.Equal(t, "2", r.OrderID)

	// It has nothing that looks like a payment.
	kind := reflect.TypeOf(&gatepay.Return{})
	for _, name := range []string{"Paid", "Final"} {
		_, has := kind.MethodByName(name)
		assert.False(t, has, name)
	}
	for _, name := range []string{"Order", "State", "PaidAmount", "PaidAt"} {
		_, has := kind.Elem().FieldByName(name)
		assert.False(t, has, name)
	}
}

func TestParseReturnRejects(t *testing.T) {
	t.Parallel()
	replace := func(from, to string) string { return strings.Replace(returnQuery, from, to, 1) }
	tests := map[string]struct {
		method, query string
		want          error
	}{
		"another price":   {"GET", replace("1.88", "1.89"), paygates.ErrInvalidSignature},
		"another order":   {"GET", replace("ORD1", "ORD2"), paygates.ErrInvalidSignature},
		"no sign":         {"GET", replace("&sign="+returnSignature, ""), paygates.ErrInvalidSignature},
		"cut sign":        {"GET", returnQuery[:len(returnQuery)-1], paygates.ErrInvalidSignature},
		"price shape":     {"GET", replace("1.88", "1.888"), paygates.ErrInvalidNotification},
		"type":            {"GET", replace("alipay", "qq"), paygates.ErrInvalidNotification},
		"product_id":      {"GET", replace("product_id=", "product_id=x"), paygates.ErrInvalidNotification},
		"order_id":        {"GET", replace("522", "x"), paygates.ErrInvalidNotification},
		"order number":    {"GET", replace("ORD1", "OR.D1"), paygates.ErrInvalidNotification},
		"another appkey":  {"GET", returnQuery + "&appkey=other", paygates.ErrInvalidNotification},
		"repeated":        {"GET", returnQuery + "&price=9.88", paygates.ErrInvalidNotification},
		"invalid escapes": {"GET", returnQuery + "&a=%zz", paygates.ErrInvalidNotification},
		"POST":            {"POST", returnQuery, paygates.ErrInvalidNotification},
		"empty":           {"GET", "", paygates.ErrInvalidNotification},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t)
			r, err := client.ParseReturn(httptest.NewRequest(test.method, "/paid?"+test.query, nil))
			require.ErrorIs(t, err, test.want)
			assert.Nil(t, r)
			assert.NotContains(t, err.Error(), returnSignature)
		})
	}
	client, _ := setup(t)
	repeated, err := url.ParseQuery(returnQuery + "&price=9.88")
	require.NoError(t, err)
	_, err = client.VerifyReturn(repeated)
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
}

// A payer comes back with a signature that was made before the key was changed.
func TestParseReturnWithAPreviousSecret(t *testing.T) {
	t.Parallel()
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret("example-appsecret-that-is-new"), PreviousSecrets: []sign.Secret{sign.NewSecret(secret)},
	})
	require.NoError(t, err)
	r, err := client.ParseReturn(httptest.NewRequest("GET", "/paid?"+returnQuery, nil))
	require.NoError(t, err)
	assert.Equal(t, 1, r.KeyIndex)
}
