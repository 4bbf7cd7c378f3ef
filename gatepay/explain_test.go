package gatepay_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values, err := url.ParseQuery(notifyForm)
	require.NoError(t, err)
	assert.True(t, client.ExplainNotification(values).Matches)

	values.Set("price", "7.00")
	explanation := client.ExplainNotification(values)
	assert.True(t, explanation.Received)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "DOES NOT match")
	assert.Contains(t, explanation.String(), "7.00")
	assert.NotContains(t, explanation.String(), secret)
	assert.NotContains(t, explanation.String(), values.Get("sign"))
}

func TestExplainReturn(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values := url.Values{"price": {"1.88"}, "type": {"alipay"}, "order_id": {"522"}, "out_order_id": {"ORD1"}, "sign": {"00"}}
	explanation := client.ExplainReturn(values)
	assert.Contains(t, explanation.Form, "appkey + price + type + product_id + order_id + out_order_id")
	assert.False(t, explanation.Matches)
}
