package main

import (
	"flag"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/paygates/paygates-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func none(string) string { return "" }

func TestHelpNamesEveryVariable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	_, err := readSettings([]string{"-h"}, none, &out)
	require.ErrorIs(t, err, flag.ErrHelp)
	asked := map[string]bool{}
	env := environment(func(name string) string {
		asked[name] = true
		return ""
	})
	_, err = realOffers(env, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, _ = realPingpp(func(name string) string { asked[name] = true; return "x" }, slog.New(slog.DiscardHandler))
	_, _ = realCodepay(func(name string) string { asked[name] = true; return "x" }, slog.New(slog.DiscardHandler))
	_, err = readSettings(nil, env, io.Discard)
	require.NoError(t, err)
	assert.Greater(t, len(asked), 15)
	for name := range asked {
		assert.Regexp(t, `\b`+name+`\b`, out.String())
	}
	assert.Contains(t, out.String(), "-public-url")
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-expires", "0s"}, {"-requery", "0s"}, {"-timeout", "1ms"}, {"-workers", "0"}, {"-workers", "1000"},
		{"-public-url", "shop.example.com"}, {"-public-url", "ftp://shop.example.com"}, {"-public-url", "https://"},
		{"-unknown"}, {"serve"},
	} {
		_, err := readSettings(args, none, io.Discard)
		require.Error(t, err, args)
	}
	s, err := readSettings([]string{"-public-url", "https://shop.example.com/tea/"}, func(name string) string {
		return map[string]string{"DATABASE_URL": "postgres://db.example.com/shop"}[name]
	}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "https://shop.example.com/tea", s.publicURL)
	assert.Equal(t, "postgres://db.example.com/shop", s.database)
}

func TestHalfOfTheCredentialsIsAnError(t *testing.T) {
	t.Parallel()
	for variable, field := range map[string]string{
		"ISPAY_USER_ID": "Secret", "ISPAY_SECRET": "UserID", "CODEPAY_TOKEN": "UserID", "GATEPAY_APPKEY": "Secret",
		"KECHENGCANG_BASE_URL": "AppID", "PINGPP_BASE_URL": "Token",
	} {
		_, err := realOffers(func(name string) string {
			if name == variable {
				return "1"
			}
			return ""
		}, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, paygates.ErrInvalidConfig, variable)
		assert.ErrorContains(t, err, field)
	}
}

func TestDefaultPublicURL(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"127.0.0.1": "http://127.0.0.1:8080", "0.0.0.0": "http://127.0.0.1:8080", "::": "http://127.0.0.1:8080", "::1": "http://[::1]:8080",
	} {
		assert.Equal(t, want, defaultPublicURL(&net.TCPAddr{IP: net.ParseIP(host), Port: 8080}))
	}
}
