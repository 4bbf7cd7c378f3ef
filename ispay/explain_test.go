package ispay_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values, err := url.ParseQuery(callbackQuery(t, "300.00", "9", signature))
	require.NoError(t, err)
	assert.True(t, client.ExplainNotification(values).Matches)

	values.Set("order_no", "7")
	explanation := client.ExplainNotification(values)
	assert.True(t, explanation.Received)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "DOES NOT match")
	assert.Contains(t, explanation.String(), `"amount"    "300.00"  skipped: the signature does not cover it`)
	assert.NotContains(t, explanation.String(), secret)
	assert.NotContains(t, explanation.String(), signature)
}
