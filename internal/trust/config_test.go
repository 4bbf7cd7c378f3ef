package trust

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// settings are those that the five packages have in common.
type settings struct {
	id     string // of the merchant, who has none at pingpp
	secret string
	base   string
	plain  bool // AllowPlainHTTP
}

// secretsOf and addressesOf return, for each setting of that kind, a constructor
// that takes the rest from its settings.
func secretsOf() map[string]func(settings) error {
	return map[string]func(settings) error{
		"ispay Secret": func(s settings) error {
			_, err := ispay.New(ispay.Config{UserID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain})
			return err
		},
		"codepay Secret": func(s settings) error {
			_, err := codepay.New(codepay.Config{UserID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain})
			return err
		},
		"gatepay Secret": func(s settings) error {
			_, err := gatepay.New(gatepay.Config{AppKey: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain})
			return err
		},
		"kechengcang Secret": func(s settings) error {
			_, err := kechengcang.New(kechengcang.Config{AppID: s.id, Secret: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain})
			return err
		},
		"pingpp Token": func(s settings) error {
			_, err := pingpp.New(pingpp.Config{Token: sign.NewSecret(s.secret), BaseURL: s.base, AllowPlainHTTP: s.plain})
			return err
		},
		"pingpp APIKey": func(s settings) error {
			_, err := pingpp.New(pingpp.Config{APIKey: sign.NewSecret(s.secret), APIBaseURL: s.base, AllowPlainHTTP: s.plain})
			return err
		},
	}
}

func addressesOf() map[string]func(settings) error {
	all := secretsOf()
	all["gatepay CloudBaseURL"] = func(s settings) error {
		_, err := gatepay.New(gatepay.Config{AppKey: s.id, Secret: sign.NewSecret(s.secret), CloudBaseURL: s.base, AllowPlainHTTP: s.plain})
		return err
	}
	return all
}

var right = settings{id: "10001", secret: "example-secret", base: "https://pay.example.com"}

// An empty one would sign what anybody can sign.
func TestASecretIsRequired(t *testing.T) {
	t.Parallel()
	for name, construct := range secretsOf() {
		require.NoError(t, construct(right), name)
		for _, blank := range []string{"", " ", "\t\r\n", "\u00a0\u3000"} {
			wrong := right
			wrong.secret = blank
			assert.ErrorIs(t, construct(wrong), failure.ErrInvalidConfig, "%s: %q", name, blank)
		}
	}
}

func TestTheMerchantIsRequired(t *testing.T) {
	t.Parallel()
	for name, construct := range secretsOf() {
		if name == "pingpp Token" || name == "pingpp APIKey" {
			continue // the secret is the merchant
		}
		for _, id := range []string{"", " ", "1 0", "10001&sign=1", "10001/../10002", "１０００１"} {
			wrong := right
			wrong.id = id
			assert.ErrorIs(t, construct(wrong), failure.ErrInvalidConfig, "%s: %q", name, id)
		}
	}
	_, err := pingpp.New(pingpp.Config{})
	assert.ErrorIs(t, err, failure.ErrInvalidConfig)
}

func TestTheAddressOfTheGatewayIsSafe(t *testing.T) {
	t.Parallel()
	for name, construct := range addressesOf() {
		for base, plain := range map[string]bool{
			"https://pay.example.com": false, "https://pay.example.com/": false, "https://pay.example.com:8443/api": false,
			"http://127.0.0.1:9001": false, "http://[::1]:9001": false, "http://localhost:9001": false, "http://127.1.2.3": false,
			"http://pay.example.com": true, "http://203.0.113.7:52888": true,
		} {
			assert.NoError(t, construct(settings{right.id, right.secret, base, plain}), "%s: %s", name, base)
		}
		for _, base := range []string{
			"http://pay.example.com", "HTTP://pay.example.com", "http://203.0.113.7", "http://localhost.example.com", "http://127.0.0.1.example.com",
			"http://0.0.0.0", "http://10.0.0.1", "http://[fe80::1]",
		} {
			assert.ErrorIs(t, construct(settings{right.id, right.secret, base, false}), failure.ErrInvalidConfig, "%s: %s", name, base)
		}
		for _, base := range []string{
			"https://user:password@pay.example.com", "https://user@pay.example.com", "https://pay.example.com?a=1", "https://pay.example.com/?",
			"https://pay.example.com/#a", "https://pay.example.com#", "pay.example.com", "//pay.example.com", "https://", "https:pay.example.com",
			"ftp://pay.example.com", "file:///etc/hosts", "https://:443", "https://pay.example.com\n", " https://pay.example.com", "https://pay example.com",
		} {
			for _, plain := range []bool{false, true} {
				err := construct(settings{right.id, right.secret, base, plain})
				assert.ErrorIs(t, err, failure.ErrInvalidConfig, "%s: %s", name, base)
				if err != nil {
					assert.NotContains(t, err.Error(), "password", name)
				}
			}
		}
	}
	// These two have no address of their own.
	for _, name := range []string{"kechengcang Secret", "pingpp Token"} {
		assert.ErrorIs(t, secretsOf()[name](settings{id: right.id, secret: right.secret}), failure.ErrInvalidConfig, name)
	}
}

// An unknown channel is not a setting, but a mistake of the same kind: nothing is
// sent with it. refusals makes all the calls.
func TestAnUnknownChannelIsRefused(t *testing.T) {
	t.Parallel()
	all := refusals(t)
	for _, name := range []string{
		"ispay.CreateOrder", "gatepay.CreateOrder", "gatepay.CreateCloudOrder", "gatepay.CreateGroupOrder",
		"gatepay.CreateProductOrder", "pingpp.CreateOrder",
	} {
		assert.ErrorIs(t, all[name+" Channel"], failure.ErrInvalidRequest, name)
		assert.ErrorContains(t, all[name+" Channel"], "Channel", name)
	}
	// codepay's and kechengcang's are numbers.
	s := setup{base: "https://gateway.example.com"}
	for _, channel := range []codepay.Channel{-1, 4, 99} {
		r := codepayRequest()
		r.Channel = channel
		_, err := codepayClient(t, s).CashierURL(r)
		assert.ErrorContains(t, err, "Channel")
		assert.ErrorIs(t, err, failure.ErrInvalidRequest)
	}
	for _, currency := range []kechengcang.Currency{-1, 0, 3} {
		r := kechengcangRequest()
		r.Fee.Currency = currency
		_, err := kechengcangClient(t, s).CreateOrder(context.Background(), r)
		assert.ErrorContains(t, err, "Currency")
		assert.ErrorIs(t, err, failure.ErrInvalidRequest)
	}
}

func TestKeysOfTheWrongKindAreRefused(t *testing.T) {
	t.Parallel()
	encode := func(kind string, der []byte, err error) string {
		t.Helper()
		require.NoError(t, err)
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	pkix := func(key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		return encode("PUBLIC KEY", der, err)
	}
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return encode("PRIVATE KEY", der, err)
	}
	ec, err := x509.MarshalECPrivateKey(curve)
	ecPEM := encode("EC PRIVATE KEY", ec, err)
	useless := []string{
		" ", "no PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", encode("CERTIFICATE", []byte("x"), nil), ecPEM,
	}

	public := func(key string) error {
		_, err := pingpp.New(pingpp.Config{WebhookPublicKey: key})
		return err
	}
	require.NoError(t, public(publicPEM()))
	require.NoError(t, public(pkix(&privateKey().PublicKey)))
	for _, key := range append(useless, privatePEM(), pkcs8(privateKey()), pkix(&small.PublicKey), pkix(&curve.PublicKey), publicPEM()+publicPEM(), publicPEM()[100:]) {
		assert.ErrorIs(t, public(key), failure.ErrInvalidConfig, key)
	}

	private := func(key string) error {
		_, err := pingpp.New(pingpp.Config{APIKey: sign.NewSecret("sk_test_example"), PrivateKey: sign.NewSecret(key)})
		return err
	}
	require.NoError(t, private(privatePEM()))
	require.NoError(t, private(pkcs8(privateKey())))
	for _, key := range append(useless[1:], publicPEM(), pkix(&privateKey().PublicKey), pkcs8(small), pkcs8(curve), privatePEM()+privatePEM()) {
		err := private(key)
		assert.ErrorIs(t, err, failure.ErrInvalidConfig, key)
		assert.Empty(t, inError(err, key))
	}
	_, err = pingpp.New(pingpp.Config{PrivateKey: sign.NewSecret(privatePEM()), WebhookPublicKey: publicPEM()})
	assert.ErrorIs(t, err, failure.ErrInvalidConfig, "a key that would sign nothing")
}

// A handler without a function would fail at the first payment.
func TestAHandlerNeedsAFunction(t *testing.T) {
	t.Parallel()
	for gateway, handler := range map[string]func(){
		"ispay":       func() { (&ispay.Client{}).NotificationHandler(nil) },
		"codepay":     func() { (&codepay.Client{}).NotificationHandler(nil) },
		"gatepay":     func() { (&gatepay.Client{}).NotificationHandler(nil) },
		"kechengcang": func() { (&kechengcang.Client{}).NotificationHandler(nil) },
		"pingpp":      func() { (&pingpp.Client{}).NotificationHandler(nil) },
	} {
		assert.PanicsWithValue(t, gateway+": NotificationHandler needs a function that accepts notifications", handler)
	}
}
