package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/samples"
)

// reply is a response, or the error of a request without one.
type reply struct {
	status int
	body   string
	err    error
}

// script replies to the requests in order, and with the last reply from then on.
type script struct {
	replies []reply
	// read is called when a response has been read.
	read func()

	mu   sync.Mutex
	sent int
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.replies[min(s.sent, len(s.replies)-1)]
	s.sent++
	if next.err != nil {
		return nil, next.err
	}
	response := respond(r, next.status, next.body)
	if s.read != nil {
		response = samples.AfterRead(response, s.read)
	}
	return response, nil
}

// eachCall runs a test for every call of every gateway, but those to a handler.
func eachCall(t *testing.T, test func(*testing.T, *descriptor, int, call)) {
	t.Helper()
	for _, g := range descriptors {
		for i, call := range g.calls(t, setup{base: anyHost, unsigned: true}) {
			if call.kind != handler {
				t.Run(g.name+"."+call.name, func(t *testing.T) {
					t.Parallel()
					test(t, g, i, call)
				})
			}
		}
	}
}

// do makes the call with the given number on a script.
func (d *descriptor) do(ctx context.Context, t *testing.T, i int, s *script, log io.Writer) (any, error) {
	t.Helper()
	return d.calls(t, setup{
		base: anyHost, unsigned: true, interval: time.Millisecond, http: &http.Client{Transport: s},
		log: slog.New(slog.NewTextHandler(log, nil)),
	})[i].do(ctx)
}

// A response that is not the documented one is an ErrBadResponse that keeps it. After most
// of them an order may have been created.
func TestBadResponses(t *testing.T) {
	t.Parallel()
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		if call.kind == wait || call.opaque {
			return
		}
		replies := []reply{
			{200, " \n", nil},
			{200, "<html>ok</html>", nil},
			{200, call.response[:len(call.response)/2], nil},
			{204, "", nil},
			{302, "", nil},
			{400, "<html>", nil},
			{400, call.response, nil},
			{404, call.response, nil},
			{408, "<html>", nil},
			{429, "", nil},
			{499, "<html>", nil},
			{500, call.response, nil},
			{504, "<html>", nil},
		}
		for _, body := range call.bad {
			replies = append(replies, reply{200, body, nil})
		}
		for _, response := range replies {
			name := fmt.Sprintf("HTTP %d: %.200s", response.status, response.body)
			s := &script{replies: []reply{response}}
			got, err := g.do(context.Background(), t, i, s, io.Discard)
			assert.Nil(t, got, name)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed, name)
			require.ErrorIs(t, err, paygates.ErrBadResponse, name)
			require.NotErrorIs(t, err, paygates.ErrOrderNotFound, name)
			assert.Equal(t, response.status, failed.HTTPStatus, name)
			assert.Equal(t, response.body, string(failed.Body.Reveal()), name)
			assert.Less(t, len(err.Error()), 300, name)
			// What reports success is no rejection, whatever the status, nor is a timeout.
			rejected := response.status >= 400 && response.status < 500 && response.body != call.response &&
				response.status != 408 && response.status != 499
			assert.Equal(t, call.kind == create && !rejected, errors.Is(err, paygates.ErrOutcomeUnknown), name)
			if call.kind == create || response.status < 429 && response.status != 408 {
				assert.Equal(t, 1, s.sent, name)
			}
		}
	})
}

// A program may encode a part of a response before the whole: the part is then a string.
func TestAPartThatWasEncodedBefore(t *testing.T) {
	t.Parallel()
	var parts atomic.Int32
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		var fields map[string]json.RawMessage
		if json.Unmarshal([]byte(call.response), &fields) != nil { // JSONP
			return
		}
		for _, name := range []string{"order", "data", "result", "ch"} {
			if part := fields[name]; len(part) == 0 || part[0] != '{' {
				continue
			}
			parts.Add(1)
			want, err := g.do(context.Background(), t, i, &script{replies: []reply{{200, call.response, nil}}}, io.Discard)
			require.NoError(t, err)
			encoded, _ := json.Marshal(string(fields[name]))
			fields[name] = encoded
			body, _ := json.Marshal(fields)
			got, err := g.do(context.Background(), t, i, &script{replies: []reply{{200, string(body), nil}}}, io.Discard)
			require.NoError(t, err, "%s", body)
			if !call.opaque {
				assert.JSONEq(t, asJSON(t, want), asJSON(t, got))
			}
		}
	})
	t.Cleanup(func() { assert.Greater(t, parts.Load(), int32(10)) })
}

func asJSON(t *testing.T, result any) string {
	t.Helper()
	text, err := json.Marshal(result)
	require.NoError(t, err)
	return string(text)
}

// A rejection is one in any encoding, and a text that does not decide may be damaged. What
// is passed on as JSON must be UTF-8: a payment page, and an event as its notification.
func TestResponsesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		if call.kind == wait || call.opaque || call.name == "QueryEvent" {
			return
		}
		damaged := insert("\"zz\":\"\xff\xfe\"")(call.response)
		got, err := g.do(context.Background(), t, i, &script{replies: []reply{{200, damaged, nil}}}, io.Discard)
		require.NoError(t, err)
		assert.NotNil(t, got)

		rejection := g.queryRejection
		if call.kind == create {
			rejection = g.rejection
		}
		const message = "\xb6\xa9\xb5\xa5\xca\xa7\xb0\xdc" // printf 订单失败 | iconv -t GBK | xxd
		body := strings.ReplaceAll(fmt.Sprintf(rejection, "MESSAGE"), "MESSAGE", message)
		got, err = g.do(context.Background(), t, i, &script{replies: []reply{{200, body, nil}}}, io.Discard)
		assert.Nil(t, got)
		require.Error(t, err)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, paygates.ErrBadResponse)
		assert.Equal(t, "rejected", paygates.ErrorKind(err))
	})
}

// A gateway that fails while it rejects a create may have created the order before.
func TestACreateThatIsRejectedWithHTTP500(t *testing.T) {
	t.Parallel()
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		if call.kind != create {
			return
		}
		for status, unknown := range map[int]bool{200: false, 500: true} {
			s := &script{replies: []reply{{status, fmt.Sprintf(g.rejection, "no"), nil}}}
			got, err := g.do(context.Background(), t, i, s, io.Discard)
			assert.Nil(t, got)
			require.Error(t, err)
			assert.Equal(t, unknown, errors.Is(err, paygates.ErrOutcomeUnknown), err)
			assert.Equal(t, 1, s.sent)
		}
	})
}

// A create is sent once. A query is sent again after no response and after a failure.
func TestCallsWithoutAResponse(t *testing.T) {
	t.Parallel()
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		s := &script{replies: []reply{{503, "busy", nil}, {0, "", io.ErrUnexpectedEOF}, {200, call.response, nil}}}
		if call.kind == create {
			s.replies = s.replies[1:]
		}
		got, err := g.do(context.Background(), t, i, s, io.Discard)
		if call.kind != create {
			require.NoError(t, err)
			assert.NotNil(t, got)
			assert.Equal(t, 3, s.sent)
			return
		}
		for _, want := range []error{paygates.ErrOutcomeUnknown, paygates.ErrNoResponse, io.ErrUnexpectedEOF} {
			require.ErrorIs(t, err, want)
		}
		require.ErrorContains(t, err, "do not create it again")
		assert.NotContains(t, err.Error(), "http")
		assert.Nil(t, got)
		assert.Equal(t, 1, s.sent)
	})
}

// A canceled context sends nothing. The error tells the cause, and that it is not the gateway's.
func TestCallsAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	why := errors.New("shutting down")
	canceled, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		s := &script{replies: []reply{{200, call.response, nil}}}
		got, err := g.do(canceled, t, i, s, io.Discard)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, why)
		assert.Nil(t, got)
		kind := map[bool]string{true: "not_sent", false: "canceled"}[call.kind == create]
		assert.Equal(t, kind, paygates.ErrorKind(err), err)
		assert.True(t, paygates.Retryable(err), err)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
		assert.Zero(t, s.sent)
	})
}

func TestWaitForPayment(t *testing.T) {
	t.Parallel()
	const page, rejected = "<html>", "rejected"
	tests := map[string]struct {
		replies []reply
		want    error
		text    string
		sent    int
		result  bool
	}{
		"until paid, through unexpected responses": {
			replies: []reply{{200, "unpaid", nil}, {200, page, nil}, {200, "unpaid", nil}, {200, "paid", nil}}, sent: 4, result: true,
		},
		"until it ended without a payment": {
			replies: []reply{{200, "ended", nil}}, want: paygates.ErrNotPaid, text: "order ended without a payment: ", sent: 1, result: true,
		},
		"until a rejection":               {replies: []reply{{401, rejected, nil}}, text: "no", sent: 1},
		"until a rejection with HTTP 200": {replies: []reply{{200, "unpaid", nil}, {200, rejected, nil}}, text: "no", sent: 2, result: true},
		// Of a wrong BaseURL.
		"until too many unexpected responses": {replies: []reply{{200, page, nil}}, want: paygates.ErrBadResponse, text: "check BaseURL", sent: 5},
		"until too many pages of an error":    {replies: []reply{{404, page, nil}}, want: paygates.ErrBadResponse, sent: 5},
		"until the context ends": {
			replies: []reply{{200, "unpaid", nil}}, want: context.Canceled, text: "wait for payment: ", sent: 1, result: true,
		},
	}
	eachCall(t, func(t *testing.T, g *descriptor, i int, call call) {
		if call.kind != wait {
			return
		}
		bodies := map[string]string{
			"paid": call.response, "unpaid": g.unpaid, "ended": g.ended, rejected: fmt.Sprintf(g.queryRejection, "no"), page: page,
		}
		for name, test := range tests {
			s := &script{}
			for _, reply := range test.replies {
				reply.body = bodies[reply.body]
				s.replies = append(s.replies, reply)
			}
			if s.replies[0].body == "" {
				continue // no order of this gateway ends so
			}
			ctx, cancel := context.WithCancel(context.Background())
			if errors.Is(test.want, context.Canceled) {
				s.read = cancel
			}
			var log strings.Builder
			got, err := g.do(ctx, t, i, s, &log)
			cancel()
			assert.Equal(t, test.result, got != nil, name)
			assert.Equal(t, test.sent, s.sent, name)
			if test.want == nil && test.text == "" {
				require.NoError(t, err, name)
				assert.Equal(t, 2, strings.Count(log.String(), "state="), "the states are logged once: %s", log.String())
				continue
			}
			require.Error(t, err, name)
			assert.ErrorContains(t, err, test.text, name)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want, name)
			}
		}
	})
}
