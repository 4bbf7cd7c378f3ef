package conformance

import (
	"context"
	"net/http"
	"testing"
)

// Every call of every gateway and the verification of its notifications, without a
// network. internal/bench measures some of them beside the same work written by hand.
func BenchmarkCalls(b *testing.B) {
	for _, g := range descriptors {
		var body string
		canned := roundTrip(func(r *http.Request) *http.Response { return respond(r, http.StatusOK, body) })
		s := setup{base: anyHost, http: &http.Client{Transport: canned}, log: silent, unsigned: true}
		for _, call := range g.calls(b, s) {
			b.Run(g.name+"."+call.name, func(b *testing.B) {
				body = call.response
				repeat(b, func() error { _, err := call.do(context.Background()); return err })
			})
		}
		for _, n := range g.notifications(b, s) {
			b.Run(g.name+" "+n.name, func(b *testing.B) {
				repeat(b, func() error { _, err := n.verify(n.fields, []byte(n.body), n.header); return err })
			})
		}
	}
}

func repeat(b *testing.B, do func() error) {
	b.Helper()
	b.ReportAllocs()
	for range b.N {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
}
