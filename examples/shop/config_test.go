package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"io"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

func TestHelpNamesEveryVariable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	_, err := readSettings([]string{"-h"}, nil, &out)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, g := range realGateways {
		for _, name := range g.variables() {
			assert.Regexp(t, `\b`+name+`\b`, out.String())
		}
	}
	for _, name := range []string{"DATABASE_URL", "SHOP_ADMIN_TOKEN", "-public-url", "-demo"} {
		assert.Contains(t, out.String(), name)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-expires", "0s"}, {"-public-url", "shop.example.com"}, {"-public-url", "ftp://shop.example.com"},
		{"-public-url", "https://"}, {"-public-url", "https://shop.example.com/tea"}, {"-unknown"}, {"serve"},
		{"-addr", "8080"}, {"-addr", ""},
	} {
		_, err := readSettings(args, nil, io.Discard)
		require.Error(t, err, args)
	}
	_, err := readSettings([]string{"-db", "shop.db"}, environment{"DATABASE_URL": "postgres://db.example.com/shop"}, io.Discard)
	require.ErrorContains(t, err, "both")
	s, err := readSettings([]string{"-public-url", "https://shop.example.com/", "-gateways", "gatepay, ispay"}, nil, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example.com", s.publicURL)
	assert.Equal(t, []string{"gatepay", "ispay"}, s.gateways)
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	address := taken.Addr().String()
	err = run(context.Background(), []string{"-demo", "-addr", address}, nil, io.Discard)
	require.EqualError(t, err, address+" is in use: stop the other program, or choose another -addr")
	require.ErrorContains(t, run(context.Background(), []string{"-demo", "-addr", "127.0.0.1:x"}, nil, io.Discard), `-addr "127.0.0.1:x": `)
}

func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	for databaseURL, want := range map[string]checkout.Dialect{
		"": checkout.SQLite, "postgres://u:p@db.example.com/shop": checkout.PostgreSQL,
		"postgresql://db.example.com/shop": checkout.PostgreSQL, "u:p@tcp(db.example.com:3306)/shop": checkout.MySQL,
		"mysql://u:p@db.example.com/shop": "", "shop.db": "", "sqlite:shop.db": "", "/shop.db": "",
	} {
		_, _, dialect, err := settings{databaseURL: databaseURL}.database()
		assert.Equal(t, want, dialect, databaseURL)
		assert.Equal(t, want == "", err != nil, databaseURL)
		if err != nil {
			assert.NotContains(t, err.Error(), "u:p")
		}
	}
}

func TestAFileThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "missing", "tea.db")
	_, err := openShop(context.Background(), settings{demo: true, sqliteFile: file, publicURL: "http://127.0.0.1:8080"}, nil, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "-db")
	require.ErrorContains(t, err, "tea.db")
}

// credentials returns those of all gateways.
func credentials(t *testing.T) environment {
	t.Helper()
	pingpp := pingpptest.NewServer()
	t.Cleanup(pingpp.Close)
	return environment{
		"PATH": "/usr/bin", "HOME": "/root", "SHOP_PORT": "tcp://10.0.0.1:80",
		"ISPAY_USER_ID": "10001", "ISPAY_SECRET": "example-secret",
		"CODEPAY_USER_ID": "10041", "CODEPAY_SECRET": "example-secret", "CODEPAY_TOKEN": "example-token",
		"GATEPAY_APP_KEY": "example0appkey", "GATEPAY_SECRET": "example-secret",
		"KECHENGCANG_BASE_URL": "https://kechengcang.example.com", "KECHENGCANG_APP_ID": "example-app", "KECHENGCANG_SECRET": "example-secret",
		"PINGPP_BASE_URL": "https://backend.example.com", "PINGPP_TOKEN": "example", "PINGPP_WEBHOOK_PUBLIC_KEY": pingpp.PublicKeyPEM(),
	}
}

func open(env environment) ([]checkout.Gateway, error) {
	return openGateways(env, slog.New(slog.DiscardHandler))
}

func TestRealGateways(t *testing.T) {
	t.Parallel()
	gateways, err := open(credentials(t))
	require.NoError(t, err)
	require.Len(t, gateways, 5)
	methods := methodsOf(gateways)
	require.Len(t, methods, 5)
	assert.Equal(t, method{"alipay", "CNY", []route{
		{"ispay", "P901"}, {"codepay", "alipay"}, {"gatepay", "alipay"}, {"pingpp", "alipay"},
	}}, methods[0])
	assert.Equal(t, method{"crypto", "USD", []route{{"kechengcang", "crypto"}}}, methods[4])

	preferred, err := prefer(gateways, []string{"pingpp", "ispay"})
	require.NoError(t, err)
	assert.Equal(t, []route{{"pingpp", "wx"}, {"ispay", "P902"}}, methodsOf(preferred)[1].routes)
	_, err = prefer(gateways, []string{"bank"})
	require.ErrorContains(t, err, `"bank"`)

	env := credentials(t)
	env["ISPAY_USER_ID"] = "ten"
	_, err = open(env)
	require.ErrorIs(t, err, paygates.ErrInvalidConfig)
	env["ISPAY_USER_ID"], env["ISPAY_ALLOW_PLAIN_HTTP"] = "1", "true"
	_, err = open(env)
	require.ErrorContains(t, err, "ISPAY_ALLOW_PLAIN_HTTP must be 1")
}

func TestPreviousSecrets(t *testing.T) {
	t.Parallel()
	env := credentials(t)
	for name, value := range map[string]string{
		"ISPAY_PREVIOUS_SECRETS": "example-1 example-2", "CODEPAY_PREVIOUS_SECRETS": " example-1\n", "GATEPAY_PREVIOUS_SECRETS": "example-1",
		"PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS": strings.ReplaceAll(otherKey(t)+otherKey(t), "\n", `\n`),
	} {
		env[name] = value
	}
	_, err := open(env)
	require.NoError(t, err)
	assert.Len(t, env.secrets("ISPAY_PREVIOUS_SECRETS"), 2)
	assert.Len(t, env.pems("PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS"), 2)
	for name, value := range map[string]string{
		"ISPAY_PREVIOUS_SECRETS": "example-secret", "PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS": "example-no-key",
	} {
		wrong := maps.Clone(env)
		wrong[name] = value
		_, err := open(wrong)
		require.ErrorIs(t, err, paygates.ErrInvalidConfig)
		require.ErrorContains(t, err, name, "the variables are listed")
		assert.NotContains(t, err.Error(), "example-")
	}
}

func otherKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

func TestHalfSetGateways(t *testing.T) {
	t.Parallel()
	all := credentials(t)
	for _, g := range realGateways {
		for _, missing := range g.required {
			env := environment{}
			for name, value := range all {
				if name != missing {
					env[name] = value
				}
			}
			_, err := open(env)
			require.ErrorContains(t, err, "but not "+missing)
		}
		for _, alone := range append(g.optional, g.switches...) {
			_, err := open(environment{alone: "1"})
			require.ErrorContains(t, err, alone+" is set, but not "+g.required[0])
		}
	}
}

func TestMisspelledVariables(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"GATEPAY_SECRT": "GATEPAY_SECRET", "GATEPAY_APPKEY": "GATEPAY_APP_KEY", "GATEPAY_APPSECRET": "GATEPAY_SECRET",
		"GATEPY_SECRET": "GATEPAY_SECRET", "GATEAPY_SECRET": "GATEPAY_SECRET", "PINGPP_PUBLIC_KEY": "PINGPP_WEBHOOK_PUBLIC_KEY",
		"ISPAY_USERID": "ISPAY_USER_ID", "SHOP_ADMIN_TOKN": "SHOP_ADMIN_TOKEN", "CODEPAY_KEY": "CODEPAY_",
	} {
		env := credentials(t)
		env[name] = "x"
		_, err := open(env)
		require.ErrorContains(t, err, "unknown environment variable "+name+": did you mean "+want)
	}
}

// The sandbox reaches notify URLs on this machine, and the variables of other programs are
// not the shop's.
func TestNotifyURLsOfTheSandbox(t *testing.T) {
	t.Parallel()
	env := credentials(t)
	for _, g := range realGateways {
		env[strings.ToUpper(g.name)+"_NOTIFY_URL"] = "http://127.0.0.1:8080"
	}
	gateways, err := open(env)
	require.NoError(t, err)
	assert.Equal(t, []string{"ispay", "codepay", "gatepay", "kechengcang", "pingpp"}, env.remote(gateways))
	for _, name := range []string{"ISPAY_BASE_URL", "CODEPAY_BASE_URL", "GATEPAY_BASE_URL", "KECHENGCANG_BASE_URL", "PINGPP_API_BASE_URL"} {
		env[name] = "http://localhost:9101"
		assert.NotContains(t, env.remote(gateways), strings.ToLower(strings.Split(name, "_")[0]))
	}
	assert.Empty(t, env.remote(gateways))
}

func TestWithoutCredentials(t *testing.T) {
	t.Parallel()
	args := []string{"-addr", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "shop.db")}
	err := run(context.Background(), args, environmentOf([]string{"PATH=/usr/bin", "ISPAY_SECRET="}), io.Discard)
	require.ErrorIs(t, err, errNoGateway)
	assert.ErrorContains(t, err, "-demo")
	assert.NoFileExists(t, args[3])
}

func TestDefaultPublicURL(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"127.0.0.1": "http://127.0.0.1:8080", "0.0.0.0": "http://127.0.0.1:8080", "::": "http://127.0.0.1:8080", "::1": "http://[::1]:8080",
	} {
		assert.Equal(t, want, defaultPublicURL(&net.TCPAddr{IP: net.ParseIP(host), Port: 8080}))
	}
}
