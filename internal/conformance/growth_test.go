package conformance

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// level is what must not grow.
type level struct {
	goroutines int
	heap       int64
}

func levelNow() level {
	// What is freed in the first round leaves things to free in the second.
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return level{runtime.NumGoroutine(), int64(memory.HeapAlloc)}
}

// least returns the lowest level within two seconds: connections take their time to close.
func least(before level) level {
	now := levelNow()
	for range 200 {
		if now.goroutines <= before.goroutines {
			break
		}
		time.Sleep(10 * time.Millisecond)
		now = levelNow()
	}
	return now
}

func notGrown(t *testing.T, before level) {
	t.Helper()
	const mayGrow = 2 << 20 // a hundred thousand calls that leave 21 bytes each
	after := least(before)
	assert.LessOrEqual(t, after.goroutines, before.goroutines, "goroutines")
	assert.Less(t, after.heap, before.heap+mayGrow, "bytes on the heap")
}

// callsOf returns one call of each kind of every gateway.
func callsOf(t *testing.T, base string, client *http.Client) map[string]call {
	t.Helper()
	all := map[string]call{}
	for _, g := range descriptors {
		done := map[kind]bool{}
		for _, call := range g.calls(t, setup{base: base, http: client, log: silent, unsigned: true}) {
			if call.kind != wait && !done[call.kind] {
				done[call.kind] = true
				all[g.name+"."+call.name] = call
			}
		}
	}
	return all
}

// cannedResponses responds by the path of the request, without a network.
func cannedResponses(t *testing.T) (responseTo func(*http.Request) string) {
	t.Helper()
	bodies := map[string]string{}
	var path string
	record := roundTrip(func(r *http.Request) *http.Response {
		path = key(r)
		return respond(r, http.StatusOK, "{}")
	})
	for _, call := range callsOf(t, anyHost, &http.Client{Transport: record}) {
		_, _ = call.do(context.Background())
		bodies[path] = call.response
	}
	return func(r *http.Request) string { return bodies[key(r)] }
}

// key tells the calls of all gateways apart.
func key(r *http.Request) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if first == "api" || first == "v1" || first == "pay" {
		return r.URL.Path
	}
	return first
}

// workers is how many goroutines make the same call.
const workers = 8

// run makes total calls from a few goroutines for each.
func run(t *testing.T, calls map[string]call, total int) {
	t.Helper()
	var all sync.WaitGroup
	for name, call := range calls {
		for range workers {
			all.Add(1)
			go func() {
				defer all.Done()
				for range total / len(calls) / workers {
					got, err := call.do(context.Background())
					if o, ok := got.(*outcome); !assert.NoError(t, err, name) || ok && !assert.True(t, o.handled, name) {
						return
					}
				}
			}()
		}
	}
	all.Wait()
}

//nolint:paralleltest // it looks at the whole process
func TestAHundredThousandCallsLeaveNothing(t *testing.T) {
	total := 100_000
	if raced {
		total = 4_000
	}
	responseTo := cannedResponses(t)
	canned := &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response { return respond(r, http.StatusOK, responseTo(r)) })}
	calls := callsOf(t, anyHost, canned)
	require.GreaterOrEqual(t, len(calls), 2*len(descriptors), "a create and a query of each gateway")
	run(t, calls, 2*workers*len(calls))
	before := levelNow()
	run(t, calls, total)
	notGrown(t, before)
}

//nolint:paralleltest // it looks at the whole process
func TestThousandsOfCallsOverANetworkLeaveNothing(t *testing.T) {
	total := 6_000
	if raced {
		total = 1_500
	}
	responseTo := cannedResponses(t)
	var open, opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, responseTo(r))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	before := levelNow()
	server.Start()
	// The connection pool of the SDK: one for each client.
	calls := callsOf(t, server.URL, nil)
	run(t, calls, total)
	// Each worker may need a connection, and net/http now and then opens one too many.
	most := int32(2 * workers * len(calls))
	assert.LessOrEqual(t, open.Load(), most, "open connections")
	assert.LessOrEqual(t, opened.Load(), most, "connections are used again")
	server.CloseClientConnections()
	server.Close()
	notGrown(t, before)
	assert.Zero(t, open.Load())
}
