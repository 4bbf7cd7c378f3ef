package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

// broken makes a call once for each text of the request, with bad in its place.
func broken[R any](all map[string]error, name string, request R, bad string, call func(R) error) {
	for i := range reflect.TypeFor[R]().NumField() {
		changed := request
		field := reflect.ValueOf(&changed).Elem().Field(i)
		if field.Kind() == reflect.String {
			field.SetString(bad)
			all[name+" "+reflect.TypeFor[R]().Field(i).Name] = call(changed)
		}
	}
}

func TestRejectedArgumentsShowNothing(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		all := g.invalid(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}}, marker+"\x00&")
		require.Greater(t, len(all), 3, g.name)
		for name, err := range all {
			assert.ErrorIs(t, err, paygates.ErrInvalidRequest, "%s.%s", g.name, name)
			assert.Empty(t, inError(err), "%s.%s", g.name, name)
		}
	}
}

// The number of a query is in its URL: it cannot lead to another one.
func TestANumberIsNoPath(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, number := range []string{"", ".", "../1", "1/2", "1?a=b", "1&a=b", "1 2", "1.00", "课", "１", strings.Repeat("1", 65)} {
			all := g.invalid(t, setup{base: anyHost, http: &http.Client{Transport: roundTrip(unknownOrder)}, log: silent}, number)
			for name, err := range all {
				switch strings.Fields(name)[0] {
				case "QueryOrder", "QueryCharge", "QueryRefund", "QueryEvent", "WaitForPayment":
					assert.ErrorIs(t, err, paygates.ErrInvalidRequest, "%s.%s %q", g.name, name, number)
					assert.Regexp(t, "^"+g.name+": invalid request: [a-z]+(ID|No)( .[a-z_]+.)? must be ", err, "%s.%s %q", g.name, name, number)
				}
			}
		}
	}
}

// unknownOrder responds that no order is known, as each gateway says it.
func unknownOrder(r *http.Request) *http.Response {
	status := 200
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		status = 404
	}
	return respond(r, status, `{"success":false,"errorMsg":"订单不存在","code":201,"status":-1,"result":null,"error":{"type":"x"}}`)
}

// Each part of a genuine notification is broken in several ways.
func TestRejectedNotificationsShowNothing(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			s := setup{base: anyHost, http: &http.Client{Transport: roundTrip(unknownOrder)}, log: logger(&log)}
			for _, genuine := range g.notifications(t, s) {
				got, err := genuine.verify(genuine.fields, []byte(genuine.body), genuine.header)
				require.NoError(t, err, genuine.name)
				assert.NotNil(t, got, genuine.name)
				lookAt(t, "genuine "+genuine.name, genuine, &log)
				for name, broken := range brokenNotifications(genuine) {
					lookAt(t, name, broken, &log)
				}
			}
		})
	}
}

// lookAt verifies and handles a notification, and looks for what must not be shown.
func lookAt(t *testing.T, name string, n notification, log *strings.Builder) {
	t.Helper()
	private := []string{}
	if right := n.fields.Get("sign"); len(right) > 8 {
		private = append(private, right)
	}
	for _, values := range n.header {
		if len(values[0]) > 24 {
			private = append(private, values[0][:24])
		}
	}
	got, err := n.verify(n.fields, []byte(n.body), n.header)
	assert.Empty(t, inError(err, private...), name)
	assert.Empty(t, shown(printed(got), private...), name)
	if n.handler == nil {
		return
	}
	log.Reset()
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, n.request())
	assert.NotEqual(t, 200, w.Code, name)
	assert.Equal(t, "fail", w.Body.String(), name)
	assert.Contains(t, log.String(), "notification rejected", name)
	assert.Empty(t, shown(log.String(), private...), "%s: %s", name, log.String())
}

// brokenNotifications returns a notification with one part broken each.
func brokenNotifications(n notification) map[string]notification {
	all := map[string]notification{}
	for field := range n.fields {
		for what, values := range map[string][]string{
			"missing": nil, "empty": {""}, "another": {payer}, "not text": {marker + "\x00\xff&"},
			"twice": {n.fields.Get(field), payer}, "huge": {strings.Repeat(marker, 1000)},
		} {
			changed := n
			changed.fields = maps.Clone(n.fields)
			changed.fields[marker] = []string{payer}
			changed.fields[field] = values
			all[n.name+"."+field+" "+what] = changed
		}
	}
	if n.body == "" {
		return all
	}
	for _, body := range []string{
		n.body[:len(n.body)/2], strings.Replace(n.body, `"id"`, `"id":"`+payer+`","id"`, 1), `"` + marker + `"`, marker,
		`{"` + marker + `":1,"` + marker + `":2}`, "\xff" + marker, "{}", strings.Repeat(marker, 200_000), `{"id":{"` + marker + `":1}}`,
		strings.Replace(n.body, `"id":"`, `"id":"`+payer, 1),
	} {
		changed := n
		changed.body = body
		all[n.name+" "+body[:min(len(body), 60)]] = changed
	}
	for name := range n.header {
		for _, value := range []string{marker, "", strings.Repeat(marker, 100)} {
			changed := n
			changed.header = http.Header{name: {value}}
			all[n.name+"."+name+" "+value] = changed
		}
	}
	return all
}

// A RoundTripper of the merchant's may put all it knows into its error. The
// error itself stays reachable, so only the texts of those above it count.
func TestErrorsOfARoundTripperShowNothing(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			var sent []string
			own := &talkative{sent: &sent}
			for _, call := range g.calls(t, setup{base: anyHost, http: &http.Client{Transport: own}, log: logger(&log)}) {
				sent, own.texts = nil, nil
				log.Reset()
				// Only a wait needs an end: a confirmation that is shared would go on after it.
				ctx, cancel := context.WithCancel(context.Background())
				if call.kind == wait {
					ctx, cancel = context.WithTimeout(ctx, waiting)
				}
				_, err := call.do(ctx)
				cancel()
				require.NotEmpty(t, own.texts, call.name)
				for _, e := range tree(err) {
					if !slices.Contains(own.texts, e.Error()) {
						assert.Empty(t, shown(e.Error(), sent...), "%s: %v", call.name, e)
					}
				}
				assert.Empty(t, shown(printed(err), sent...), call.name)
				assert.Empty(t, shown(log.String(), sent...), "%s: %s", call.name, log.String())
			}
		})
	}
}

type talkative struct {
	sent  *[]string
	texts []string // of every attempt: a wait may end with an earlier one's
}

func (o *talkative) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		read, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		body = string(read)
	}
	r.RequestURI = r.URL.RequestURI()
	*o.sent = append(*o.sent, signaturesIn(r, body)...)
	unescaped, _ := url.QueryUnescape(body)
	text := fmt.Sprintf("cannot send %s with %v and %s, which is %q", r.URL, r.Header, body, unescaped)
	o.texts = append(o.texts, text)
	return nil, errors.New(text)
}

// A gateway may repeat in its messages and codes what it was sent. They are shown, but
// not the secrets, payer data and URLs in them.
func TestMessagesOfGatewaysShowNoSecrets(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		var log strings.Builder
		var which int
		var value string
		repeated := map[string]bool{}
		parrot := roundTripper(func(r *http.Request) (*http.Response, error) {
			values := valuesOf(r)
			value = ""
			if which < len(values) {
				value = values[which]
			}
			message := "bad: " + g.previous + " " + value
			if r.Method == http.MethodGet {
				return respond(r, 401, fmt.Sprintf(g.queryRejection, message)), nil
			}
			return respond(r, 200, fmt.Sprintf(g.rejection, message)), nil
		})
		for _, call := range g.calls(t, setup{base: anyHost, http: &http.Client{Transport: parrot}, log: logger(&log)}) {
			for which = 0; which == 0 || value != ""; which++ {
				log.Reset()
				_, err := call.do(context.Background())
				text := log.String() + printed(err)
				repeated[value] = true
				if signature.MatchString(value) {
					assert.NotContains(t, text, value, "%s.%s", g.name, call.name)
				}
				for _, private := range []string{secret, previous, token, apiKey, payer, payerIP, notifyURL, returnURL} {
					assert.NotContains(t, text, private, "%s.%s", g.name, call.name)
				}
			}
		}
		assert.Subset(t, slices.Collect(maps.Keys(repeated)), g.reveals, g.name)
	}
}

var value = regexp.MustCompile(`:("[^"]*"|-?[0-9.]+)`)

// A response may hold the secret in any of its fields.
func TestResponsesThatEchoASecretShowNone(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			var body string
			echo := roundTrip(func(r *http.Request) *http.Response { return respond(r, 200, body) })
			for _, call := range g.calls(t, setup{base: anyHost, http: &http.Client{Transport: echo}, log: logger(&log), interval: time.Millisecond}) {
				for _, at := range value.FindAllStringIndex(call.response, -1) {
					for _, secret := range g.secrets {
						body = call.response[:at[0]] + `:"` + secret + `"` + call.response[at[1]:]
						log.Reset()
						ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
						_, err := call.do(ctx)
						cancel()
						assert.NotContains(t, log.String()+printed(err), secret, "%s.%s: %s", g.name, call.name, body)
					}
				}
			}
		})
	}
}

// valuesOf returns all that a request tells the gateway.
func valuesOf(r *http.Request) []string {
	var values []string
	body := []byte{}
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	form, _ := url.ParseQuery(string(body))
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		form = url.Values{}
		for name, value := range object {
			form[name] = []string{fmt.Sprint(value)}
		}
	}
	for _, all := range []url.Values{r.URL.Query(), form, url.Values(r.Header)} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			values = append(values, all[name]...)
		}
	}
	if user, _, ok := r.BasicAuth(); ok {
		values = append(values, user)
	}
	values = append(values, strings.FieldsFunc(r.URL.Path, func(r rune) bool { return r == '/' })...)
	return append(values, signature.FindAllString(string(body), -1)...)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
