package pingpp_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// The document's token, and an API key of the form of Ping++'s.
const (
	token  = "706a87288233ea2427cddb8a1bbce29369ac5073"
	apiKey = "sk_live_example"
)

// full returns a configuration for everything.
//
// testdata/test_only_*.pem were made by
//
//	openssl genrsa 2048 > test_only_private.pem
//	openssl rsa -in test_only_private.pem -pubout > test_only_public.pem
//
// and the weak ones likewise with 1024.
func full(t testing.TB) pingpp.Config {
	t.Helper()
	return pingpp.Config{
		BaseURL:          "https://shop.example.com",
		Token:            sign.NewSecret(token),
		APIKey:           sign.NewSecret(apiKey),
		PrivateKey:       sign.NewSecret(samples.Printed(t, "test_only_private.pem")),
		WebhookPublicKey: samples.Printed(t, "test_only_public.pem"),
	}
}

// setup returns a client whose requests go to a fresh mock transport.
func setup(t testing.TB, changes ...func(*pingpp.Config)) (*pingpp.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	config := full(t)
	config.HTTPClient = &http.Client{Transport: mock, Timeout: 5 * time.Second}
	for _, change := range changes {
		change(&config)
	}
	client, err := pingpp.New(config)
	require.NoError(t, err)
	return client, mock
}

func TestNewRejectsAnInvalidConfig(t *testing.T) {
	t.Parallel()
	private, public := samples.Printed(t, "test_only_private.pem"), samples.Printed(t, "test_only_public.pem")
	weakPrivate, weakPublic := samples.Printed(t, "test_only_weak_private.pem"), samples.Printed(t, "test_only_weak_public.pem")
	tests := map[string]struct {
		change func(*pingpp.Config)
		field  string
	}{
		"nothing":               {func(c *pingpp.Config) { *c = pingpp.Config{} }, "Token, APIKey or WebhookPublicKey is required"},
		"only API base URL":     {func(c *pingpp.Config) { *c = pingpp.Config{APIBaseURL: "https://api.example.com"} }, "Token, APIKey or WebhookPublicKey is required"},
		"no token":              {func(c *pingpp.Config) { c.Token = sign.Secret{} }, "Token is required"},
		"token ends a header":   {func(c *pingpp.Config) { c.Token = sign.NewSecret("a\r\nX-Evil: 1") }, "Token must"},
		"no base URL":           {func(c *pingpp.Config) { c.BaseURL = "" }, "BaseURL is required"},
		"API key with colon":    {func(c *pingpp.Config) { c.APIKey = sign.NewSecret("sk_live:x") }, "APIKey must"},
		"signing without key":   {func(c *pingpp.Config) { c.APIKey = sign.Secret{} }, "APIKey is required with PrivateKey"},
		"private key not PEM":   {func(c *pingpp.Config) { c.PrivateKey = sign.NewSecret("MIIE") }, "PrivateKey: "},
		"private key is public": {func(c *pingpp.Config) { c.PrivateKey = sign.NewSecret(public) }, "PrivateKey: "},
		"private key too weak":  {func(c *pingpp.Config) { c.PrivateKey = sign.NewSecret(weakPrivate) }, "PrivateKey: invalid key: RSA key of 1024 bits"},
		"public key not PEM":    {func(c *pingpp.Config) { c.WebhookPublicKey = "MIIE" }, "WebhookPublicKey: "},
		"public key is private": {func(c *pingpp.Config) { c.WebhookPublicKey = private }, "WebhookPublicKey: "},
		"public key too weak":   {func(c *pingpp.Config) { c.WebhookPublicKey = weakPublic }, "WebhookPublicKey: invalid key: RSA key of 1024 bits"},
		"signer and key":        {func(c *pingpp.Config) { c.Signer = rsaKey(t, "test_only_private.pem") }, "Signer must not be set together with PrivateKey"},
		"signer without API key": {func(c *pingpp.Config) {
			c.APIKey, c.PrivateKey, c.Signer = sign.Secret{}, sign.Secret{}, rsaKey(t, "test_only_private.pem")
		}, "APIKey is required with PrivateKey and Signer"},
		"signer too weak": {func(c *pingpp.Config) {
			c.PrivateKey, c.Signer = sign.Secret{}, rsaKey(t, "test_only_weak_private.pem")
		}, "Signer: invalid key: RSA key of 1024 bits"},
		"signer of another kind": {func(c *pingpp.Config) {
			c.PrivateKey, c.Signer = sign.Secret{}, ed25519.NewKeyFromSeed(make([]byte, 32))
		}, "Signer: invalid key: expected a signer with an RSA key"},
		"signer that is nil": {func(c *pingpp.Config) {
			c.PrivateKey, c.Signer = sign.Secret{}, (*rsa.PrivateKey)(nil)
		}, "Signer: invalid key: no key"},
		"previous without key": {func(c *pingpp.Config) {
			c.WebhookPublicKey, c.PreviousWebhookPublicKeys = "", []string{public}
		}, "WebhookPublicKey is required with PreviousWebhookPublicKeys"},
		"two public keys": {func(c *pingpp.Config) { c.WebhookPublicKey = public + public }, "WebhookPublicKey: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := full(t)
			test.change(&config)
			client, err := pingpp.New(config)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig)
			assert.ErrorContains(t, err, "pingpp: invalid configuration: "+test.field)
			assert.NotContains(t, err.Error(), "MIIE")
			assert.Nil(t, client)
		})
	}
}

func rsaKey(t testing.TB, file string) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(samples.Printed(t, file)))
	require.NotNil(t, block)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	require.NoError(t, err)
	return parsed.(*rsa.PrivateKey)
}

func TestNewAcceptsPartialConfigs(t *testing.T) {
	t.Parallel()
	secret := sign.NewSecret
	public := samples.Printed(t, "test_only_public.pem")
	for name, config := range map[string]pingpp.Config{
		"backend alone":       {BaseURL: "https://shop.example.com/", Token: secret(token)},
		"backend on loopback": {BaseURL: "http://127.0.0.1:8000", Token: secret(token)},
		"backend over http":   {BaseURL: "http://shop.example.com", Token: secret(token), AllowPlainHTTP: true},
		"Ping++ alone":        {APIKey: secret(apiKey)},
		"Ping++ by a proxy":   {APIKey: secret(apiKey), APIBaseURL: "https://proxy.example.com/pingpp"},
		"webhooks alone":      {WebhookPublicKey: public},
		"everything":          full(t),
	} {
		_, err := pingpp.New(config)
		assert.NoError(t, err, name)
	}
}

func TestACallWithoutCredentialsNamesTheField(t *testing.T) {
	t.Parallel()
	mock := &http.Client{Transport: httpmock.NewMockTransport()} // which responds to nothing
	ctx := context.Background()
	byKey, err := pingpp.New(pingpp.Config{APIKey: sign.NewSecret(apiKey), HTTPClient: mock})
	require.NoError(t, err)
	byToken, err := pingpp.New(pingpp.Config{BaseURL: "https://shop.example.com", Token: sign.NewSecret(token), HTTPClient: mock})
	require.NoError(t, err)
	charges := app()
	charges.CreatedFrom = time.Unix(1466149800, 0)
	errs := map[string]error{}
	_, errs["Token 1"] = byKey.CreateOrder(ctx, request())
	_, errs["WebhookPublicKey 1"] = byKey.VerifyNotification([]byte("{}"), "AAAA")
	_, errs["APIKey 1"] = byToken.QueryCharge(ctx, chargeID)
	_, errs["APIKey 2"] = byToken.WaitForPayment(ctx, chargeID, 0)
	_, errs["APIKey 3"] = byToken.ConfirmNotification(ctx, paidNotification())
	_, errs["APIKey 4"] = byToken.ListCharges(ctx, charges)
	_, errs["APIKey 5"] = byToken.FindCharges(ctx, "1", charges)
	_, errs["APIKey 6"] = byToken.ListRefunds(ctx, pingpp.ListRefundsRequest{ChargeID: "ch_1"})
	_, errs["APIKey 7"] = byToken.QueryRefund(ctx, "ch_1", "re_1")
	_, errs["APIKey 8"] = byToken.QueryEvent(ctx, "evt_1")
	for name, err := range errs {
		require.ErrorIs(t, err, paygates.ErrInvalidConfig, name)
		assert.ErrorContains(t, err, "pingpp: invalid configuration: "+strings.Fields(name)[0]+" is required to", name)
	}
}

// JSON and XML would print all numbers of the key.
func TestASignerIsNotPrinted(t *testing.T) {
	t.Parallel()
	config := full(t)
	config.Signer = rsaKey(t, "test_only_private.pem")
	type holder struct{ Signer, Config any }
	text, err := json.Marshal(holder{nil, config})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "Primes")
	text, err = xml.Marshal(holder{nil, config})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "Primes")
	prime := config.Signer.(*rsa.PrivateKey).Primes[0].String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, config), prime, verb)
		assert.NotContains(t, fmt.Sprintf(verb, &config), prime, verb)
	}
}

// service is a key management service: it signs without showing its key.
type service struct {
	crypto.Signer
	err    error
	signed atomic.Int32
}

func (s *service) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.signed.Add(1)
	if s.err != nil {
		return nil, s.err
	}
	return s.Signer.Sign(random, digest, opts)
}

func withSigner(signer crypto.Signer) func(*pingpp.Config) {
	return func(c *pingpp.Config) { c.PrivateKey, c.Signer = sign.Secret{}, signer }
}

func TestASignerSignsInPlaceOfAKey(t *testing.T) {
	t.Parallel()
	signer := &service{Signer: rsaKey(t, "test_only_private.pem")}
	client, mock := setup(t, withSigner(signer))
	requests := 0
	mock.RegisterResponder("GET", chargeURL, func(r *http.Request) (*http.Response, error) {
		assertSigned(t, "/v1/charges/"+chargeID+r.Header.Get("Pingplusplus-Request-Timestamp"), r.Header.Get("Pingplusplus-Signature"))
		if requests++; requests < 3 {
			return httpmock.NewStringResponse(503, ""), nil
		}
		return httpmock.NewStringResponse(200, documentedCharge(t)), nil
	})
	_, err := client.QueryCharge(context.Background(), chargeID)
	require.NoError(t, err)
	assert.Equal(t, 3, requests)
	assert.EqualValues(t, 1, signer.signed.Load(), "a query is signed once")
}

func TestNothingIsSentWithoutASignature(t *testing.T) {
	t.Parallel()
	down := errors.New("key service is down")
	signer := &service{Signer: rsaKey(t, "test_only_private.pem"), err: down}
	client, mock := setup(t, withSigner(signer))
	_, err := client.QueryCharge(context.Background(), chargeID)
	require.ErrorIs(t, err, down)
	require.ErrorIs(t, err, paygates.ErrNotSent)
	require.ErrorIs(t, err, paygates.ErrNoResponse)
	require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
	var failed *paygates.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "query charge", failed.Op)
	assert.EqualError(t, err, "pingpp: query charge: request not sent: sign with the private key: key service is down")

	// A service that is down for a while does not end a wait.
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
	defer cancel()
	_, err = client.WaitForPayment(ctx, chargeID, 100*time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, down, "the last cause")
	assert.Zero(t, mock.GetTotalCallCount())
}
