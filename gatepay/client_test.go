package gatepay_test

import (
	"fmt"
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
	good := gatepay.Config{AppKey: appKey, Secret: sign.NewSecret(secret)}
	tests := map[string]struct {
		change func(*gatepay.Config)
		field  string
	}{
		"no appkey":         {func(c *gatepay.Config) { c.AppKey = "" }, "AppKey"},
		"appkey with &":     {func(c *gatepay.Config) { c.AppKey = "a&b" }, "AppKey"},
		"appkey with a dot": {func(c *gatepay.Config) { c.AppKey = "1.00" }, "AppKey"},
		"no secret":         {func(c *gatepay.Config) { c.Secret = sign.Secret{} }, "Secret"},
		"blank secret":      {func(c *gatepay.Config) { c.Secret = sign.NewSecret(" \t") }, "Secret"},
		"secret, line":      {func(c *gatepay.Config) { c.Secret = sign.NewSecret(secret + "\n") }, "Secret"},
		"secret, blank":     {func(c *gatepay.Config) { c.Secret = sign.NewSecret(" " + secret) }, "Secret"},
		"secret, quotes":    {func(c *gatepay.Config) { c.Secret = sign.NewSecret(`"` + secret + `"`) }, "Secret"},
		"secret, BOM":       {func(c *gatepay.Config) { c.Secret = sign.NewSecret("\ufeff" + secret) }, "Secret"},
		"plain http":        {func(c *gatepay.Config) { c.BaseURL = "http://pay.example.com" }, "BaseURL"},
		"credentials":       {func(c *gatepay.Config) { c.BaseURL = "https://user:pass@pay.example.com" }, "BaseURL"},
		"query":             {func(c *gatepay.Config) { c.BaseURL = "https://pay.example.com/?a=1" }, "BaseURL"},
		"another scheme":    {func(c *gatepay.Config) { c.BaseURL = "ftp://pay.example.com" }, "BaseURL"},
		"plain http cloud":  {func(c *gatepay.Config) { c.CloudBaseURL = "http://cloud.example.com" }, "CloudBaseURL"},
		"cloud no scheme":   {func(c *gatepay.Config) { c.CloudBaseURL = "cloud.example.com" }, "CloudBaseURL"},
		"empty paid state":  {func(c *gatepay.Config) { c.PaidStates = []gatepay.State{"done", ""} }, "PaidStates"},
		"expired as paid":   {func(c *gatepay.Config) { c.PaidStates = []gatepay.State{gatepay.StateExpired} }, "PaidStates"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := good
			test.change(&config)
			client, err := gatepay.New(config)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig)
			assert.ErrorContains(t, err, "gatepay: invalid configuration: "+test.field+" ")
			assert.NotContains(t, err.Error(), secret)
			assert.Nil(t, client)
		})
	}
}

func TestNewAcceptsSafeURLs(t *testing.T) {
	t.Parallel()
	for _, config := range []gatepay.Config{
		{},
		{BaseURL: "https://pay.example.com/", CloudBaseURL: "https://cloud.example.com/pay/"},
		{BaseURL: "http://127.0.0.1:8080", CloudBaseURL: "http://localhost:8080"},
		{BaseURL: "http://pay.example.com", CloudBaseURL: "http://cloud.example.com", AllowPlainHTTP: true},
	} {
		config.AppKey, config.Secret = appKey, sign.NewSecret(secret)
		_, err := gatepay.New(config)
		assert.NoError(t, err, config.BaseURL)
	}
}

func TestTheSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	config := gatepay.Config{AppKey: appKey, Secret: sign.NewSecret(secret)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{client, *client, config, &config} {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, secret, verb)
			assert.NotContains(t, text, fmt.Sprintf("%x", secret), verb)
		}
	}
}
