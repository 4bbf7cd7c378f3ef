package gatepay_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/sign"
)

// The appkey is that of the samples. Their appsecret is unknown, so the sign in their
// params cannot be verified: the anypay and the cloudpay sample have the same sign for
// different fields.
const (
	appKey = "098f6bcd4621d373cade4e832627b4f6"
	secret = "example-appsecret"
)

// setup returns a client and the mock transport to which its requests go.
func setup(t testing.TB) (*gatepay.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := gatepay.New(gatepay.Config{
		AppKey:     appKey,
		Secret:     sign.NewSecret(secret),
		HTTPClient: &http.Client{Transport: mock, Timeout: 5 * time.Second},
	})
	require.NoError(t, err)
	return client, mock
}

func TestNewRejectsAnInvalidConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*gatepay.Config)
		field  string
	}{
		"appkey with &":     {func(c *gatepay.Config) { c.AppKey = "a&b" }, "AppKey"},
		"appkey with a dot": {func(c *gatepay.Config) { c.AppKey = "1.00" }, "AppKey"},
		"empty paid state":  {func(c *gatepay.Config) { c.PaidStates = []gatepay.State{"done", ""} }, "PaidStates"},
		"expired as paid":   {func(c *gatepay.Config) { c.PaidStates = []gatepay.State{gatepay.StateExpired} }, "PaidStates"},
	}
	for name, test := range tests {
		config := gatepay.Config{AppKey: appKey, Secret: sign.NewSecret(secret)}
		test.change(&config)
		client, err := gatepay.New(config)
		require.ErrorIs(t, err, paygates.ErrInvalidConfig, name)
		require.ErrorContains(t, err, "gatepay: invalid configuration: "+test.field+" ", name)
		assert.Nil(t, client, name)
	}
}
