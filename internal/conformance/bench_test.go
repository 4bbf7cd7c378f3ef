package conformance

import (
	"context"
	"net/http"
	"testing"

	"github.com/paygates/paygates-go/internal/transport"
)

// Every call of every gateway, without a network. internal/bench measures some of them
// beside the same work written by hand.
func BenchmarkCalls(b *testing.B) {
	for _, g := range descriptors {
		var body string
		canned := roundTrip(func(r *http.Request) *http.Response { return respond(r, http.StatusOK, body) })
		calls := g.calls(b, setup{base: anyHost, http: &http.Client{Transport: canned}, log: transport.Silent(), unsigned: true})
		for _, call := range calls {
			b.Run(g.name+"."+call.name, func(b *testing.B) {
				b.ReportAllocs()
				body = call.response
				for range b.N {
					if _, err := call.do(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
