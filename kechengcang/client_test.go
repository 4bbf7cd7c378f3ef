package kechengcang_test

import (
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

// setup returns a client whose requests go to a fresh mock transport.
func setup(t *testing.T) (*kechengcang.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := kechengcang.New(config(mock))
	require.NoError(t, err)
	return client, mock
}

// The document names no address.
func TestABaseURLIsRequired(t *testing.T) {
	t.Parallel()
	c := config(nil)
	c.BaseURL = ""
	client, err := kechengcang.New(c)
	require.ErrorIs(t, err, paygates.ErrInvalidConfig)
	assert.ErrorContains(t, err, "kechengcang: invalid configuration: BaseURL ")
	assert.Nil(t, client)
}
