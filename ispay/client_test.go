package ispay_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/sign"
)

const secret = "example-secret"

// setup returns a client and the mock transport of its requests.
func setup(t *testing.T) (*ispay.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := ispay.New(ispay.Config{
		UserID:     "10001",
		Secret:     sign.NewSecret(secret),
		HTTPClient: &http.Client{Transport: mock, Timeout: 5 * time.Second},
	})
	require.NoError(t, err)
	return client, mock
}
