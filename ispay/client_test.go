package ispay_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/sign"
)

const secret = "example-secret"

// setup returns a client and the mock transport of its requests.
func setup(t *testing.T) (*ispay.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := ispay.New(ispay.Config{
		UserID:     "10001",
		Secret:     sign.NewSecret(secret),
		HTTPClient: &http.Client{Transport: mock, Timeout: 5 * time.Second},
	})
	require.NoError(t, err)
	return client, mock
}

func TestNewRejectsAnInvalidConfig(t *testing.T) {
	t.Parallel()
	good := ispay.Config{UserID: "10001", Secret: sign.NewSecret(secret)}
	tests := map[string]struct {
		change func(*ispay.Config)
		field  string
	}{
		"no user ID":     {func(c *ispay.Config) { c.UserID = "" }, "UserID"},
		"user ID a name": {func(c *ispay.Config) { c.UserID = "shop" }, "UserID"},
		"no secret":      {func(c *ispay.Config) { c.Secret = sign.Secret{} }, "Secret"},
		"blank secret":   {func(c *ispay.Config) { c.Secret = sign.NewSecret(" \t") }, "Secret"},
		"secret, line":   {func(c *ispay.Config) { c.Secret = sign.NewSecret(secret + "\n") }, "Secret"},
		"secret, CRLF":   {func(c *ispay.Config) { c.Secret = sign.NewSecret(secret + "\r\n") }, "Secret"},
		"secret, blank":  {func(c *ispay.Config) { c.Secret = sign.NewSecret(" " + secret) }, "Secret"},
		"secret, quotes": {func(c *ispay.Config) { c.Secret = sign.NewSecret(`"` + secret + `"`) }, "Secret"},
		"secret, BOM":    {func(c *ispay.Config) { c.Secret = sign.NewSecret("\ufeff" + secret) }, "Secret"},
		"plain http":     {func(c *ispay.Config) { c.BaseURL = "http://pay.example.com" }, "BaseURL"},
		"credentials":    {func(c *ispay.Config) { c.BaseURL = "https://user:pass@pay.example.com" }, "BaseURL"},
		"query":          {func(c *ispay.Config) { c.BaseURL = "https://pay.example.com/?a=1" }, "BaseURL"},
		"fragment":       {func(c *ispay.Config) { c.BaseURL = "https://pay.example.com/#a" }, "BaseURL"},
		"no scheme":      {func(c *ispay.Config) { c.BaseURL = "pay.example.com" }, "BaseURL"},
		"another scheme": {func(c *ispay.Config) { c.BaseURL = "ftp://pay.example.com" }, "BaseURL"},
		"no host":        {func(c *ispay.Config) { c.BaseURL = "https://" }, "BaseURL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := good
			test.change(&config)
			client, err := ispay.New(config)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig)
			assert.ErrorContains(t, err, "ispay: invalid configuration: "+test.field)
			assert.NotContains(t, err.Error(), secret)
			assert.Nil(t, client)
		})
	}
}

func TestNewAcceptsSafeBaseURLs(t *testing.T) {
	t.Parallel()
	for _, config := range []ispay.Config{
		{},
		{BaseURL: "https://pay.example.com/"},
		{BaseURL: "http://127.0.0.1:8080"},
		{BaseURL: "http://localhost:8080"},
		{BaseURL: "http://[::1]:8080"},
		{BaseURL: "http://pay.example.com", AllowPlainHTTP: true},
	} {
		config.UserID, config.Secret = "10001", sign.NewSecret(secret)
		_, err := ispay.New(config)
		assert.NoError(t, err, config.BaseURL)
	}
}

func TestTheSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	config := ispay.Config{UserID: "10001", Secret: sign.NewSecret(secret)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{client, *client, config, &config} {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, secret, verb)
			assert.NotContains(t, text, fmt.Sprintf("%x", secret), verb)
		}
	}
}
