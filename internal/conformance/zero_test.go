package conformance

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/pingpp"
)

// A Client that New did not return has no secret, so no signature is valid for it.
func TestAZeroClientVerifiesNothing(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, n := range g.notifications(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}, log: logger(io.Discard)}) {
			signature := n.header.Get(pingpp.SignatureHeader)
			var got any
			var err error
			switch g.name {
			case "ispay":
				got, err = result(new(ispay.Client).VerifyNotification(n.fields))
			case "codepay":
				got, err = result(new(codepay.Client).VerifyNotification(n.fields))
			case "gatepay":
				got, err = result(new(gatepay.Client).VerifyNotification(n.fields))
			case "pingpp":
				got, err = result(new(pingpp.Client).VerifyNotification([]byte(n.body), signature))
			default:
				continue // kechengcang signs nothing
			}
			require.Error(t, err, "%s %s", g.name, n.name)
			assert.Nil(t, got, "%s %s", g.name, n.name)
		}
	}
}
