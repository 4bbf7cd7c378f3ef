package codepay_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	values, err := url.ParseQuery(sample(t))
	require.NoError(t, err)
	assert.True(t, client.ExplainNotification(values).Matches)

	values.Set("shop", "7")
	assert.True(t, client.ExplainNotification(values).Matches, "a parameter of the merchant")

	values.Set("money", "7.00")
	explanation := client.ExplainNotification(values)
	assert.True(t, explanation.Received)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "DOES NOT match")
	assert.Contains(t, explanation.String(), "7.00")
	assert.NotContains(t, explanation.String(), secret)
	assert.NotContains(t, explanation.String(), values.Get("sign"))
}
