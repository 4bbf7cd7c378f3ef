package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// constructors calls do for each constructor of every gateway.
func constructors(do func(name string, construct func(settings) error)) {
	for _, g := range descriptors {
		for name, construct := range g.settings {
			do(g.name+" "+name, construct)
		}
	}
}

// rejected checks the error of a constructor: it begins with the gateway and the field.
func rejected(t *testing.T, err error, name, field, value string) {
	t.Helper()
	assert.ErrorIs(t, err, paygates.ErrInvalidConfig, "%s: %q", name, value)
	assert.ErrorContains(t, err, strings.Fields(name)[0]+": invalid configuration: "+field, "%s: %q", name, value)
}

var right = settings{id: "10001", secret: "example-secret", base: "https://pay.example.com"}

// With an empty secret anyone can sign.
func TestASecretIsRequired(t *testing.T) {
	t.Parallel()
	constructors(func(name string, construct func(settings) error) {
		require.NoError(t, construct(right), name)
		for _, blank := range []string{"", " ", "\t\r\n", "\u00a0\u3000"} {
			wrong := right
			wrong.secret = blank
			rejected(t, construct(wrong), name, "", blank)
		}
	})
}

// A secret that was copied with what stood around it makes wrong signatures.
func TestASecretIsBare(t *testing.T) {
	t.Parallel()
	constructors(func(name string, construct func(settings) error) {
		for _, around := range []string{"%s ", " %s", "\"%s\"", "'%s'", "%s\n", "%s\r\n", "\ufeff%s", "`%s`", "“%s”", "\t%s"} {
			wrong := right
			wrong.secret = fmt.Sprintf(around, right.secret)
			err := construct(wrong)
			rejected(t, err, name, strings.Fields(name)[1], around)
			assert.NotContains(t, fmt.Sprint(err), right.secret, name)
		}
	})
}

// A Config that was written as JSON holds what a Secret prints, with which anyone can sign.
func TestAPrintedSecretIsNone(t *testing.T) {
	t.Parallel()
	constructors(func(name string, construct func(settings) error) {
		wrong := right
		wrong.secret = sign.NewSecret(right.secret).String()
		rejected(t, construct(wrong), name, strings.Fields(name)[1]+" ", wrong.secret)
	})
}

func TestTheMerchantIsRequired(t *testing.T) {
	t.Parallel()
	constructors(func(name string, construct func(settings) error) {
		if strings.HasPrefix(name, "pingpp ") {
			return // the secret is the merchant
		}
		for _, id := range []string{"", " ", "1 0", "10001&sign=1", "10001/../10002", "１０００１"} {
			wrong := right
			wrong.id = id
			rejected(t, construct(wrong), name, "", id)
		}
	})
	_, err := pingpp.New(pingpp.Config{})
	assert.ErrorIs(t, err, paygates.ErrInvalidConfig)
}

func TestTheAddressOfTheGatewayIsSafe(t *testing.T) {
	t.Parallel()
	constructors(func(name string, construct func(settings) error) {
		for base, plain := range map[string]bool{
			"https://pay.example.com": false, "https://pay.example.com/": false, "https://pay.example.com:8443/api": false,
			"http://127.0.0.1:9001": false, "http://[::1]:9001": false, "http://localhost:9001": false, "http://127.1.2.3": false,
			"http://pay.example.com": true, "http://203.0.113.7:52888": true,
		} {
			assert.NoError(t, construct(settings{id: right.id, secret: right.secret, base: base, plain: plain}), "%s: %s", name, base)
		}
		for _, base := range []string{
			"http://pay.example.com", "HTTP://pay.example.com", "http://203.0.113.7", "http://localhost.example.com", "http://127.0.0.1.example.com",
			"http://0.0.0.0", "http://10.0.0.1", "http://[fe80::1]",
		} {
			rejected(t, construct(settings{id: right.id, secret: right.secret, base: base}), name, "", base)
		}
		for _, base := range []string{
			"https://user:password@pay.example.com", "https://user@pay.example.com", "https://pay.example.com?a=1", "https://pay.example.com/?",
			"https://pay.example.com/#a", "https://pay.example.com#", "pay.example.com", "//pay.example.com", "https://", "https:pay.example.com",
			"ftp://pay.example.com", "file:///etc/hosts", "https://:443", "https://pay.example.com\n", " https://pay.example.com", "https://pay example.com", "https://pay.example.com/\u200b", `https://pay.example.com"`,
		} {
			for _, plain := range []bool{false, true} {
				err := construct(settings{id: right.id, secret: right.secret, base: base, plain: plain})
				rejected(t, err, name, "", base)
				assert.ErrorContains(t, err, "BaseURL must", name)
				assert.NotContains(t, fmt.Sprint(err), "password", name)
			}
		}
	})
}

// What would end the User-Agent header is rejected, and so are negative limits.
func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	constructors(func(name string, construct func(settings) error) {
		own := right
		own.app, own.timeout, own.most = paygates.AppInfo{Name: "example-shop", Version: "2.3"}, time.Second, 1
		require.NoError(t, construct(own), name)
		for field, change := range map[string]func(*settings){
			"AppInfo.Name":        func(s *settings) { s.app.Name = "example\r\nX-Own: 1" },
			"NotificationTimeout": func(s *settings) { s.timeout = -1 },
			"MaxConfirmations":    func(s *settings) { s.most = -1 },
		} {
			wrong := own
			change(&wrong)
			assert.ErrorIs(t, construct(wrong), paygates.ErrInvalidConfig, name)
			assert.ErrorContains(t, construct(wrong), field, name)
		}
	})
}

// An unknown channel or currency is rejected before anything is sent.
func TestAnUnknownChannelIsRejected(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		all := g.invalid(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}}, "P\x00999")
		found := 0
		for name, err := range all {
			if _, field, _ := strings.Cut(name, " "); strings.HasPrefix(field, "Channel") || strings.HasPrefix(field, "Currency") {
				found++
				assert.ErrorIs(t, err, paygates.ErrInvalidRequest, "%s.%s", g.name, name)
				assert.ErrorContains(t, err, strings.Fields(field)[0], "%s.%s", g.name, name)
			}
		}
		assert.Positive(t, found, g.name)
		for _, name := range g.channels {
			assert.ErrorIs(t, all[name+" Channel"], paygates.ErrInvalidRequest, "%s.%s", g.name, name)
		}
	}
}

func TestKeysOfTheWrongKindAreRejected(t *testing.T) {
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
		assert.ErrorIs(t, public(key), paygates.ErrInvalidConfig, key)
	}

	private := func(key string) error {
		_, err := pingpp.New(pingpp.Config{APIKey: sign.NewSecret("sk_test_example"), PrivateKey: sign.NewSecret(key)})
		return err
	}
	require.NoError(t, private(privatePEM()))
	require.NoError(t, private(pkcs8(privateKey())))
	for _, key := range append(useless[1:], publicPEM(), pkix(&privateKey().PublicKey), pkcs8(small), pkcs8(curve), privatePEM()+privatePEM()) {
		err := private(key)
		assert.ErrorIs(t, err, paygates.ErrInvalidConfig, key)
		assert.Empty(t, inError(err, key))
	}
	_, err = pingpp.New(pingpp.Config{PrivateKey: sign.NewSecret(privatePEM()), WebhookPublicKey: publicPEM()})
	assert.ErrorIs(t, err, paygates.ErrInvalidConfig, "a key that would sign nothing")
}

// A handler without a function would fail at the first payment.
func TestAHandlerNeedsAFunction(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		assert.PanicsWithValue(t, g.name+": NotificationHandler needs a function", g.nilHandler)
	}
}
