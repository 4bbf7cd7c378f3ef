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
	for why, configureds := range map[string][]string{
		"is required": {""},
		absolute: {
			"pay.example.com", "pay.example.com:8443", "/api", "https://", "https:///api", "https://:8443", "https:pay.example.com",
			"https://pay.example.com:port", "https://pay example.com", "https://pay.example.com/%zz", "https://pay.example.com/\n",
			" https://pay.example.com",
		},
		"must not contain blanks, quotes, angle brackets or invisible characters": {
			"https://pay.example.com\u200b", "https://pay.example.com/\u202a", "https://pay\u00ad.example.com", `https://pay.example.com"`,
			"https://pay.example.com>", "https://pay.example.com’", "https://pay.example.com/a b", "https://pay.example.com/\u3000",
		},
		credentials: {"https://user:word@pay.example.com", "https://user@pay.example.com", "https://@pay.example.com"},
		query:       {"https://pay.example.com?", "https://pay.example.com/?a=1", "https://pay.example.com/#", "https://pay.example.com/#a"},
		https:       {"//pay.example.com", "ftp://pay.example.com", "file://pay.example.com/x"},
	} {
		for _, configured := range configureds {
			for _, plain := range []bool{false, true} {
				_, err := baseURL(configured, plain)
				require.ErrorIs(t, err, paygates.ErrInvalidConfig, configured)
				require.EqualError(t, err, "ispay: invalid configuration: BaseURL "+why, configured)
			}
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
