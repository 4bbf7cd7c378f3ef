package kechengcang_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/sign"
)

const (
	appID  = "example-app"
	secret = "example-secret"
	base   = "https://pay.example.com"
)

func config(mock *httpmock.MockTransport) kechengcang.Config {
	return kechengcang.Config{
		AppID:      appID,
		Secret:     sign.NewSecret(secret),
		BaseURL:    base,
		HTTPClient: &http.Client{Transport: mock, Timeout: 5 * time.Second},
	}
}

// setup returns a client whose requests go to a mock transport of its own.
func setup(t *testing.T) (*kechengcang.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := kechengcang.New(config(mock))
	require.NoError(t, err)
	return client, mock
}

func TestNewRejectsAnInvalidConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*kechengcang.Config)
		field  string
	}{
		"no app ID":         {func(c *kechengcang.Config) { c.AppID = "" }, "AppID"},
		"app ID with blank": {func(c *kechengcang.Config) { c.AppID = "example app" }, "AppID"},
		"no secret":         {func(c *kechengcang.Config) { c.Secret = sign.Secret{} }, "Secret"},
		"blank secret":      {func(c *kechengcang.Config) { c.Secret = sign.NewSecret(" \t") }, "Secret"},
		"line break":        {func(c *kechengcang.Config) { c.Secret = sign.NewSecret(secret + "\n") }, "Secret"},
		"quoted secret":     {func(c *kechengcang.Config) { c.Secret = sign.NewSecret(`"` + secret + `"`) }, "Secret"},
		"byte order mark":   {func(c *kechengcang.Config) { c.Secret = sign.NewSecret("\ufeff" + secret) }, "Secret"},
		"no base URL":       {func(c *kechengcang.Config) { c.BaseURL = "" }, "BaseURL"},
		"plain http":        {func(c *kechengcang.Config) { c.BaseURL = "http://pay.example.com" }, "BaseURL"},
		"credentials":       {func(c *kechengcang.Config) { c.BaseURL = "https://user:pass@pay.example.com" }, "BaseURL"},
		"query":             {func(c *kechengcang.Config) { c.BaseURL = "https://pay.example.com/?a=1" }, "BaseURL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(nil)
			test.change(&c)
			client, err := kechengcang.New(c)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig)
			assert.ErrorContains(t, err, "kechengcang: invalid configuration: "+test.field+" ")
			assert.Nil(t, client)
		})
	}
}

func TestNewAcceptsSafeBaseURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []kechengcang.Config{
		{BaseURL: "https://pay.example.com/"},
		{BaseURL: "https://example.com/pay/"},
		{BaseURL: "http://127.0.0.1:8080"},
		{BaseURL: "http://pay.example.com", AllowPlainHTTP: true},
	} {
		c.AppID, c.Secret = appID, sign.NewSecret(secret)
		_, err := kechengcang.New(c)
		assert.NoError(t, err, c.BaseURL)
	}
}

func TestTheSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	c := config(nil)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{client, c, &c} {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, secret, verb)
			assert.NotContains(t, text, fmt.Sprintf("%x", secret), verb)
		}
	}
}
