package codepay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/sign"
)

const (
	secret = "example-key"
	token  = "888888"
)

func config() codepay.Config {
	return codepay.Config{UserID: "10041", Secret: sign.NewSecret(secret), OwnParameters: []string{"shop"}}
}

// setup returns a client with a token whose requests go to its own mock transport.
func setup(t *testing.T) (*codepay.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	c := config()
	c.Token = sign.NewSecret(token)
	c.HTTPClient = &http.Client{Transport: mock, Timeout: 5 * time.Second}
	client, err := codepay.New(c)
	require.NoError(t, err)
	return client, mock
}

func TestNewRefusesAWrongConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*codepay.Config)
		field  string
	}{
		"user ID a name":     {func(c *codepay.Config) { c.UserID = "shop" }, "UserID"},
		"secret of 5 bytes":  {func(c *codepay.Config) { c.Secret = sign.NewSecret("12345") }, "Secret"},
		"secret of 101":      {func(c *codepay.Config) { c.Secret = sign.NewSecret(strings.Repeat("1", 101)) }, "Secret"},
		"token with break":   {func(c *codepay.Config) { c.Token = sign.NewSecret("888888\n") }, "Token"},
		"blank token":        {func(c *codepay.Config) { c.Token = sign.NewSecret(" ") }, "Token"},
		"query, no token":    {func(c *codepay.Config) { c.ConfirmByQuery = true }, "Token"},
		"empty parameter":    {func(c *codepay.Config) { c.OwnParameters = []string{""} }, "OwnParameters"},
		"odd parameter":      {func(c *codepay.Config) { c.OwnParameters = []string{"a=b"} }, "OwnParameters"},
		"signed parameter":   {func(c *codepay.Config) { c.OwnParameters = []string{"shop", "money"} }, "OwnParameters"},
		"the sign itself":    {func(c *codepay.Config) { c.OwnParameters = []string{"sign"} }, "OwnParameters"},
		"the plain base URL": {func(c *codepay.Config) { c.BaseURL = codepay.PlainBaseURL }, "BaseURL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config()
			test.change(&c)
			client, err := codepay.New(c)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig)
			assert.ErrorContains(t, err, "codepay: invalid configuration: "+test.field)
			assert.Nil(t, client)
		})
	}
}

func TestNewTakesWhatIsSafe(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                         "https://codepay.fateqq.com:51888/creat_order/?",
		"https://pay.example.com/": "https://pay.example.com/creat_order/?",
		"http://127.0.0.1:8080":    "http://127.0.0.1:8080/creat_order/?",
		codepay.PlainBaseURL:       "http://api2.yy2169.com:52888/creat_order/?",
	} {
		c := config()
		c.BaseURL, c.AllowPlainHTTP = base, base == codepay.PlainBaseURL
		client, err := codepay.New(c)
		require.NoError(t, err, base)
		page, err := client.CashierURL(minimal())
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(page, want), "%s: %s", base, page)
	}
	for _, length := range []int{6, 100} {
		c := config()
		c.Secret = sign.NewSecret(strings.Repeat("1", length))
		_, err := codepay.New(c)
		assert.NoError(t, err)
	}
}
