package transport

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
)

func baseURL(configured string, plain bool) (string, error) {
	v := check.New("ispay", paygates.ErrInvalidConfig)
	checked := BaseURL(v, "BaseURL", configured, plain)
	return checked, v.Err()
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"https://pay.example.com":         "https://pay.example.com",
		"https://pay.example.com/":        "https://pay.example.com",
		"https://pay.example.com///":      "https://pay.example.com",
		"https://pay.example.com/api/v1/": "https://pay.example.com/api/v1",
		"https://pay.example.com:51888":   "https://pay.example.com:51888",
		"HTTPS://pay.example.com":         "https://pay.example.com",
		"https://203.0.113.7":             "https://203.0.113.7",
		"https://[2001:db8::1]:8443/":     "https://[2001:db8::1]:8443",
		"http://127.0.0.1:8080":           "http://127.0.0.1:8080",
		"http://127.1.2.3":                "http://127.1.2.3",
		"http://localhost:8080/x":         "http://localhost:8080/x",
		"http://[::1]:8080":               "http://[::1]:8080",
	}
	for configured, want := range tests {
		for _, plain := range []bool{false, true} {
			got, err := baseURL(configured, plain)
			require.NoError(t, err, configured)
			assert.Equal(t, want, got)
		}
	}
	got, err := baseURL("http://pay.example.com/", true)
	require.NoError(t, err)
	assert.Equal(t, "http://pay.example.com", got)
}

func TestBaseURLRejects(t *testing.T) {
	t.Parallel()
	const (
		absolute    = "must be an absolute URL such as https://pay.example.com"
		credentials = "must not hold credentials"
		query       = "must not have a query or a fragment"
		https       = "must begin with https://"
	)
	tests := map[string]string{
		"":                                  "is required",
		"pay.example.com":                   absolute,
		"pay.example.com:8443":              absolute,
		"/api":                              absolute,
		"https://":                          absolute,
		"https:///api":                      absolute,
		"https://:8443":                     absolute,
		"https:pay.example.com":             absolute,
		"https://pay.example.com:port":      absolute,
		"https://pay example.com":           absolute,
		"https://pay.example.com/%zz":       absolute,
		"https://pay.example.com/\n":        absolute,
		" https://pay.example.com":          absolute,
		"https://user:word@pay.example.com": credentials,
		"https://user@pay.example.com":      credentials,
		"https://@pay.example.com":          credentials,
		"https://pay.example.com?":          query,
		"https://pay.example.com/?a=1":      query,
		"https://pay.example.com/#":         query,
		"https://pay.example.com/#a":        query,
		"//pay.example.com":                 https,
		"ftp://pay.example.com":             https,
		"file://pay.example.com/x":          https,
	}
	for configured, why := range tests {
		for _, plain := range []bool{false, true} {
			_, err := baseURL(configured, plain)
			require.ErrorIs(t, err, paygates.ErrInvalidConfig, configured)
			require.EqualError(t, err, "ispay: invalid configuration: BaseURL "+why, configured)
		}
	}
	for _, configured := range []string{
		"http://pay.example.com", "http://203.0.113.7", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"http://128.0.0.1", "http://0.0.0.0", "http://10.0.0.1", "http://[2001:db8::1]", "http://2130706433",
	} {
		_, err := baseURL(configured, false)
		require.EqualError(t, err, "ispay: invalid configuration: BaseURL must begin with https:// (set AllowPlainHTTP if the gateway has nothing better)", configured)
	}
}
