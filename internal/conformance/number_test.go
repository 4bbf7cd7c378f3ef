package conformance

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// numberNames are the fields with the number that the gateway gives a new order. codepay's
// may be missing, gatepay sends none.
var numberNames = map[string]string{"ispay": "order_id", "kechengcang": "id", "pingpp": "id"}

// A create whose response has a word for nothing in place of the order's number has an
// unknown outcome: nobody can pay that order or query it.
func TestACreateWithoutANumber(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		name := `"` + numberNames[g.name] + `":`
		for i, c := range g.calls(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}, log: silent}) {
			if c.kind != create || numberNames[g.name] == "" {
				continue
			}
			before, after, found := strings.Cut(c.response, name)
			require.True(t, found, "%s %s", g.name, c.name)
			after = after[strings.IndexAny(after, ",}"):]
			for _, number := range []string{`"null"`, `"undefined"`, `0`, `"0"`, `false`, `" "`, `"-"`, `"\u200b"`, `"0.0"`, `"<nil>"`, `"NaN"`} {
				body := before + name + number + after
				s := setup{base: anyHost, log: silent, http: &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
					return respond(r, http.StatusOK, body)
				})}}
				got, err := g.calls(t, s)[i].do(context.Background())
				require.ErrorIs(t, err, paygates.ErrOutcomeUnknown, "%s %s: %s", g.name, c.name, number)
				assert.ErrorContains(t, err, "no "+numberNames[g.name])
				assert.Nil(t, got)
			}
		}
	}
}
