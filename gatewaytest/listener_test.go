package gatewaytest_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
)

func TestWithListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := gatewaytest.Start(http.NotFoundHandler(), gatewaytest.Behavior{}, gatewaytest.WithListener(listener))
	assert.Equal(t, "http://"+listener.Addr().String(), s.URL)
	response, err := http.Get(s.URL)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusNotFound, response.StatusCode)

	s.Close()
	again, err := net.Listen("tcp", listener.Addr().String())
	require.NoError(t, err, "Close closes the listener")
	require.NoError(t, again.Close())
}
