package pingpp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	body, signature := webhook(t)
	assert.True(t, client.ExplainNotification([]byte(body), signature).Matches)

	explanation := client.ExplainNotification([]byte(body+"\n"), signature)
	assert.False(t, explanation.Matches)
	assert.Contains(t, explanation.String(), "Matches after trimming whitespace or a byte order mark from the body")
	assert.NotContains(t, explanation.String(), signature)
}
