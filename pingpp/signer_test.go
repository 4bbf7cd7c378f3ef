package pingpp_test

import (
	"context"
	"crypto"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

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
