package ispay_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

func TestExplainNotification(t *testing.T) {
	t.Parallel()
	explained := func(secret string, values url.Values) explain.Explanation {
		client, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret(secret)})
		require.NoError(t, err)
		return client.ExplainNotification(values)
	}
	values := url.Values{
		"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"},
		// printf %s 1000120191118123424example-secret | md5sum
		"sign": {"63a5bf1f3500791f438c2829da45d037"},
	}
	e := explained("example-secret", values)
	assert.True(t, e.Matches)
	assert.Equal(t, `signature = md5(userid + order_no + secret)
  1  "userid"    "10001"           5 bytes
  2  "order_no"  "20191118123424"  14 bytes
  -  "amount"    "300.00"          skipped: not covered by the signature
  -  "state"     "9"               skipped: not covered by the signature
  hashed: "1000120191118123424[secret, 14 characters]"
  the signature matches
`, e.String())

	e = explained("example-secret2", values)
	assert.False(t, e.Matches)
	assert.NotContains(t, e.String(), "example-secret")
	assert.NotContains(t, e.String(), "63a5bf1f3500791f438c2829da45d037")

	// It does not panic without values.
	assert.False(t, explained("example-secret", nil).Received)
}
