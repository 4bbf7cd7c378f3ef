package transport

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/sign"
)

func response(status int, create bool) Response {
	return Response{Status: status, gateway: "ispay", op: "create order", create: create}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	require.Equal(t, paygates.ErrOutcomeUnknown, Unknown(nil))
	err := Unknown(paygates.ErrNoResponse)
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	require.ErrorIs(t, err, paygates.ErrNoResponse)
	require.EqualError(t, err, "outcome unknown: query the order, do not create it again (no response)")
	assert.Equal(t, err, Unknown(err), "once")
}

func TestErrorOfACreate(t *testing.T) {
	t.Parallel()
	bad := Bad("no order_id")
	tests := map[string]struct {
		status  int
		cause   error
		unknown bool
	}{
		"a rejection":              {200, nil, false},
		"a rejection with a cause": {200, paygates.ErrOrderNotFound, false},
		"an unreadable response":   {200, bad, true},
		"an unreadable 3xx":        {302, bad, true},
		"a 4xx":                    {400, nil, false},
		"an unreadable 4xx":        {404, bad, false},
		"a 429":                    {429, nil, false},
		"a timeout of a proxy":     {408, bad, true},
		"a rejection with a 408":   {408, nil, true},
		"no timeout":               {409, bad, false},
		"the last 4xx but one":     {498, bad, false},
		"a timeout of nginx":       {499, bad, true},
		"a rejection with a 5xx":   {500, nil, true},
		"an unreadable 5xx":        {502, bad, true},
	}
	for name, test := range tests {
		err := response(test.status, true).Error("1004", "message", test.cause)
		assert.Equal(t, test.unknown, errors.Is(err, paygates.ErrOutcomeUnknown), name)
		require.NotErrorIs(t, err, paygates.ErrUnavailable, name)
		require.NotErrorIs(t, err, paygates.ErrNotSent, name)
		if test.cause != nil {
			require.ErrorIs(t, err, test.cause, name)
		}
		assert.Equal(t, test.status, err.HTTPStatus)
		assert.Equal(t, "1004", err.Code)
		assert.Equal(t, "message", err.Message)

		rejected := response(test.status, true).Fail("1004", "message", test.cause)
		require.NotErrorIs(t, rejected, paygates.ErrOutcomeUnknown, name)
	}
}

func TestErrorOfAQuery(t *testing.T) {
	t.Parallel()
	bad := Bad("no state")
	tests := map[string]struct {
		status      int
		cause       error
		unavailable bool
	}{
		"a rejection":            {200, nil, false},
		"an unreadable response": {200, bad, false},
		"a 4xx":                  {404, bad, false},
		"a 429":                  {429, nil, true},
		"an unreadable 429":      {429, bad, true},
		"a timeout of a proxy":   {408, bad, true},
		"a timeout of nginx":     {499, bad, true},
		"a rejection with a 500": {500, nil, false}, // kechengcang rejects with it
		"an unreadable 500":      {500, bad, true},
		"a rejection with a 503": {503, nil, true},
		"an unreadable 502":      {502, bad, true},
	}
	for name, test := range tests {
		err := response(test.status, false).Error("", "", test.cause)
		assert.Equal(t, test.unavailable, errors.Is(err, paygates.ErrUnavailable), name)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown, name)
		if test.cause != nil {
			require.ErrorIs(t, err, test.cause, name)
		}
		var other *http.MaxBytesError
		assert.NotErrorAs(t, err, &other, "walking the tree does not panic")
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	kept := Kept("ispay", "decode order", []byte("x"))
	assert.True(t, kept.OK())
	assert.EqualError(t, kept.Bad("no state"), "ispay: decode order: unexpected response: no state")
}

func TestUnreadableNamesHTML(t *testing.T) {
	t.Parallel()
	const other = "ispay: create order: unexpected response: not JSON at byte 1"
	for body, tag := range map[string]string{
		"<html><head>":                     "<html>",
		"\xef\xbb\xbf\r\n <!DOCTYPE html>": "<!doctype>",
		"\n\xef\xbb\xbf\xef\xbb\xbf<br />": "<br>",
		"<h1>502</h1>":                     "<h", // the digit ends it
		"<body onload=\"private()\">":      "<body>",
		"<":                                "",
		"<?xml version=\"1.0\"?>":          "<",
		"":                                 "",
		"{\"html\":\"<html>\"":             "",
		"<" + strings.Repeat("private", 10) + ">": "<",
		"<订单>": "<",
	} {
		r := response(200, false)
		r.Body = []byte(body)
		text := r.Unreadable(errors.New("not JSON at byte 1")).Error()
		switch {
		case tag == "":
			assert.Equal(t, other, text, body)
		default:
			assert.Contains(t, text, fmt.Sprintf("not JSON (starts with \"%s", tag), body)
			assert.Contains(t, text, "check BaseURL", body)
		}
		assert.NotContains(t, text, "private")
	}
}

// The server of net/http responds "404 page not found" to a path that it does not know.
func TestUnreadable404NamesBaseURL(t *testing.T) {
	t.Parallel()
	r := response(404, false)
	r.Body = []byte("404 page not found\n")
	assert.EqualError(t, r.Unreadable(errors.New("not JSON at byte 5")),
		"ispay: create order: HTTP 404: unexpected response: not JSON at byte 5; check BaseURL")
}

func TestNotSuccess(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, response(502, false).NotSuccess(),
		"ispay: create order: HTTP 502: gateway unavailable: unexpected response: response reports success with HTTP status 502")
}

// A gateway may repeat a secret in any text that it sends.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	const secret, user, token, short, quoted = "example-secret+1", "sk_test_example1", "login-token-1", "login", `"se\cret"`
	var body string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	c := New(Options{Gateway: "ispay", Secrets: []sign.Secret{sign.NewSecret(secret), sign.NewSecret(short), sign.NewSecret(quoted), sign.NewSecret("key/1&2"), {}}})
	call := query(s.URL)
	call.BasicAuth, call.Header = sign.NewSecret(user), map[string]string{"Authorization": "Token " + token}
	response, err := c.Do(context.Background(), call)
	require.NoError(t, err)
	for _, text := range []string{
		secret, "example-secret%2B1", user, token, "Token " + token, "login", quoted, `\"se\\cret\"`,
		"ZXhhbXBsZS1zZWNyZXQrMQ==",                                   // printf %s 'example-secret+1' | base64
		"c2tfdGVzdF9leGFtcGxlMTo=",                                   // printf %s 'sk_test_example1:' | base64
		"63a5bf1f3500791f438c2829da45d037",                           // a signature
		"EXAMPLE-SECRET+1", "example-secret%2b1", "SK_Test_Example1", // in another case
		`&quot;se\cret&quot;`, // php -r 'echo htmlspecialchars("\"se\\cret\"", ENT_QUOTES);'
		`key\/1&amp;2`,        // php -r 'echo htmlspecialchars(json_encode("key/1&2"));' without its quotes
		"key/1&amp;2", `key\/1&2`,
	} {
		for name, err := range map[string]error{
			"code":    response.Error(text, "", nil),
			"message": response.Error("", "wrong: "+text+"!", nil),
			"reason":  response.Bad("response is about order " + text),
			"other":   errors.New(response.Other("id", text, "1")),
			"cause":   response.Unreadable(errors.New(text)),
			"text":    errors.New(response.Mask(text)),
		} {
			assert.NotContains(t, err.Error(), text, name)
			assert.Contains(t, err.Error(), "[redacted]", name)
			assert.NotContains(t, err.Error(), "-token-1", "%s: masked as a whole", name)
		}
	}
	assert.Equal(t, "sign [redacted]", response.Error("", "sign 63a5bf1f3500791f438c2829da45d037", nil).Message)
	assert.Equal(t, "[redacted]", response.Error("63a5bf1f3500791f438c2829da45d037", "", nil).Code)
	assert.Equal(t, "key [redacted] ??", c.Mask("key "+secret+" \r\n"))
	assert.Equal(t, "订单创建失败!", c.Mask("订单创建失败!"))
	assert.Equal(t, "Ⱥ[redacted]Ⱥ[redacted]", c.Mask("ȺExample-Secret+1ȺLOGIN"), "letters that are longer in lower case")
	assert.Equal(t, "?[redacted]?", c.Mask("\xffLOGIN\xff"), "bytes that are no UTF-8")
}

// Each program escapes other characters, and some escape what was escaped.
func TestASecretIsMaskedHoweverItIsEscaped(t *testing.T) {
	t.Parallel()
	const secret = `k!y(1)/2+3&4=5 <6>~'x"*`
	c := New(Options{Gateway: "ispay", Secrets: []sign.Secret{sign.NewSecret("another"), sign.NewSecret(secret)}})
	for program, text := range map[string]string{
		"php urlencode":        `k%21y%281%29%2F2%2B3%264%3D5+%3C6%3E%7E%27x%22%2A`,
		"php rawurlencode":     `k%21y%281%29%2F2%2B3%264%3D5%20%3C6%3E~%27x%22%2A`,
		"php urlencode, twice": `k%2521y%25281%2529%252F2%252B3%25264%253D5%2B%253C6%253E%257E%2527x%2522%252A`,
		"node":                 `k!y(1)%2F2%2B3%264%3D5%20%3C6%3E~'x%22*`, // encodeURIComponent
		"python quote":         `k%21y%281%29/2%2B3%264%3D5%20%3C6%3E~%27x%22%2A`,
		"php ENT_HTML5":        `k!y(1)/2+3&amp;4=5 &lt;6&gt;~&apos;x&quot;*`, // htmlspecialchars
		"python html.escape":   `k!y(1)/2+3&amp;4=5 &lt;6&gt;~&#x27;x&quot;*`,
		"go html/template":     `k!y(1)/2&#43;3&amp;4=5 &lt;6&gt;~&#39;x&#34;*`,
		"php htmlentities":     `k!y(1)\/2+3&amp;4=5 &lt;6&gt;~&#039;x\&quot;*`, // of json_encode
		"php JSON_HEX_AMP":     `k!y(1)\/2+3\u00264=5 \u003C6\u003E~\u0027x\u0022*`,
		"node, twice":          `k!y(1)/2+3&4=5 <6>~'x\\\"*`, // JSON.stringify
		"php var_export":       `k!y(1)/2+3&4=5 <6>~\'x"*`,
		"javascript":           `k!y(1)/2+3\x264=5 <6>~'x\x22*`,
		"upper case":           `K!Y(1)/2+3&4=5 <6>~'X"*`,
		"php bin2hex":          "6b21792831292f322b3326343d35203c363e7e2778222a",
		"base64":               "ayF5KDEpLzIrMyY0PTUgPDY+fid4Iio=",
		"base64url":            "ayF5KDEpLzIrMyY0PTUgPDY-fid4Iio", // node -e 'Buffer.from(…).toString("base64url")'
		"base64, in quotes":    "ayF5KDEpLzIrMyY0PTUgPDY%2bfid4Iio%3d",
	} {
		assert.Regexp(t, `^"?\[redacted\]"?$`, c.Mask(text), program)
		assert.Regexp(t, `^«"?\[redacted\]"?»$`, c.Mask("«"+text+"»"), program)
	}
	short := New(Options{Gateway: "ispay", Secrets: []sign.Secret{sign.NewSecret("key???-1"), sign.NewSecret("key???"), sign.NewSecret("key?!")}})
	for _, text := range []string{
		"key???-1", "a2V5Pz8/", "a2V5Pz8_", "a2V5PyE=", "a2V5PyE", // php -r 'echo base64_encode("key???");'
		"key%3F%21", "key%253F%2521", "key%25253F%252521", // php -r 'echo urlencode(urlencode(urlencode("key?!")));'
	} {
		assert.Equal(t, "a [redacted] b", short.Mask("a "+text+" b"))
	}
	// php -r 'echo base64_encode("key=".$secret."&x");'
	for text, want := range map[string]string{
		"a2V5PWsheSgxKS8yKzMmND01IDw2Pn4neCIqJng=": "a2V5PW[redacted]qJng=", // "key=…&x"
		"a2U9ayF5KDEpLzIrMyY0PTUgPDY+fid4Iio=":     "a2U9[redacted]",        // "ke=…"
		"az1rIXkoMSkvMiszJjQ9NSA8Nj5+J3giKg==":     "az1[redacted]g==",      // "k=…"
	} {
		assert.Equal(t, want, c.Mask(text))
	}
}

// What looks escaped in a secret is a part of it.
func TestASecretThatLooksEscapedIsMasked(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"k%41&amp;-1\\", "%41%42%43%44", `a\nb\tc\\`, "&amp;&amp;", "100%2525", "a\tb\tc"} {
		c := New(Options{Gateway: "ispay", Secrets: []sign.Secret{sign.NewSecret(secret)}})
		for _, text := range []string{secret, strings.ToUpper(secret), url.QueryEscape(secret), html.EscapeString(secret), strings.Trim(strconv.Quote(secret), `"`)} {
			assert.Equal(t, "a<[redacted]>b", c.Mask("a<"+text+">b"), secret)
		}
		assert.Equal(t, "a && b, 100 %", c.Mask("a && b, 100 %"), secret)
	}
	tooShort := New(Options{Gateway: "ispay", Secrets: []sign.Secret{sign.NewSecret("abc")}})
	assert.Equal(t, "abc YWJj", tooShort.Mask("abc YWJj"))
}

// php -d zend.exception_ignore_args=0 -r 'function pay($key) { throw new Exception; } pay("example-secret-of-32-characters!");'
func TestAPieceOfASecretIsMasked(t *testing.T) {
	t.Parallel()
	c := New(Options{Gateway: "ispay", Secrets: []sign.Secret{sign.NewSecret("example-secret-of-32-characters!"), sign.NewSecret("short")}})
	assert.Equal(t, "#0 pay.php(1): pay('[redacted]...') #1 {main}", c.Mask("#0 pay.php(1): pay('example-secret-...') #1 {main}"))
	assert.Equal(t, "[redacted] and ([redacted]", c.Mask("example-secret- and (32-characters!"))
	assert.Equal(t, "an example is shor", c.Mask("an example is shor"), "words of the secret")
	pem := New(Options{Gateway: "pingpp", Secrets: []sign.Secret{sign.NewSecret("-----BEGIN PRIVATE KEY-----\r\nMIIE\r\n-----END PRIVATE KEY-----")}})
	assert.Equal(t, "no private key", pem.Mask("no private key"))
	assert.Equal(t, "[redacted]", pem.Mask(`-----BEGIN PRIVATE KEY-----\r\nMIIE\r\n-----END PRIVATE KEY-----`))
}

// What a request carries is masked as a whole: a piece of an address is that of other addresses.
func TestPrivateTextsOfARequestAreMasked(t *testing.T) {
	t.Parallel()
	var body string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	call := query(s.URL)
	call.Private = []string{"203.0.113.7", "https://shop.example.com/notify/example", "买家", "", "vip"}
	response, err := New(Options{Gateway: "ispay"}).Do(context.Background(), call)
	require.NoError(t, err)
	require.EqualError(t, response.Error("1", "vip 203.0.113.7: https:\\/\\/shop.example.com\\/notify\\/example", nil),
		"ispay: query order: code 1: vip [redacted]: [redacted]")
	require.EqualError(t, response.Error("买家", "https://shop.example.com", nil), "ispay: query order: code [redacted]: https://shop.example.com")
}

// A response of 2 MiB may hold nothing but secrets, or escapes.
func TestMaskingIsLinear(t *testing.T) { //nolint:paralleltest // it counts allocations
	const secrets = 1000
	w := wordsOfSecrets([]sign.Secret{sign.NewSecret("sECRET-1"), sign.NewSecret("example-secret-of-32-characters!")})
	assert.Equal(t, strings.Repeat("[redacted],", secrets), hide(strings.Repeat("Secret-1,", secrets), w))
	assert.Equal(t, "[redacted]", hide(strings.Repeat("Secret-1", secrets), w))
	for _, text := range []string{"Secret-1,", "%53", `\u0053`, "&#83;"} {
		text = strings.Repeat(text, secrets)
		assert.Less(t, testing.AllocsPerRun(10, func() { hide(text, w) }), float64(4*secrets), text[:9])
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"":           0,
		"0":          0,
		"1":          time.Second,
		"120":        2 * time.Minute,
		"-5":         0,
		"1000000000": time.Hour,
		"soon":       0,
		"1.5":        1500 * time.Millisecond,
		"0.05":       50 * time.Millisecond,
		"-0.5":       0,
		"30s":        0,
		"NaN":        0,
		// More than an int64.
		"99999999999999999999": time.Hour,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):      0,
		time.Now().Add(100 * time.Hour).UTC().Format(http.TimeFormat): time.Hour,
	} {
		for _, status := range []int{200, 302, 404, 429, 500, 503, 522} {
			got := retryAfter(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {value}}})
			if status == 429 || status >= 500 {
				assert.Equal(t, want, got, value)
			} else {
				assert.Zero(t, got)
			}
		}
	}
	soon := retryAfter(&http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)}}})
	assert.InDelta(t, 30*time.Second, soon, float64(2*time.Second))

	// A clock that is hours before or behind the server's.
	for _, date := range []string{"Tue, 15 Oct 2019 09:04:00 GMT", "Sat, 15 Oct 2089 09:04:00 GMT"} {
		header := http.Header{"Date": {date}, "Retry-After": {strings.Replace(date, "09:04:00", "09:04:05", 1)}}
		assert.Equal(t, 5*time.Second, retryAfter(&http.Response{StatusCode: 503, Header: header}), date)
	}

	r := response(503, false)
	r.retryAfter = time.Minute
	assert.Equal(t, time.Minute, RetryAfter(fmt.Errorf("wrapped: %w", r.Error("", "", nil))))
	assert.Zero(t, RetryAfter(errors.New("other")))
	assert.Zero(t, RetryAfter(nil))
}

// A query waits as long as the gateway requests, unless that is too long for a call or
// passes the deadline.
func TestRetriesHonorRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		retryAfter string
		deadline   time.Duration
		attempts   int
		least      time.Duration
	}{
		"one second":            {"1", time.Minute, 3, 2 * time.Second},
		"too long":              {"3", time.Minute, 1, 0},
		"an hour":               {"3600", time.Minute, 1, 0},
		"beyond the deadline":   {"1", 500 * time.Millisecond, 1, 0},
		"nonsense, own backoff": {"soon", time.Minute, 3, 100 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.retryAfter)
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			ctx, cancel := context.WithTimeout(context.Background(), test.deadline)
			defer cancel()
			begin := time.Now()
			response, err := client(t, 0).Do(ctx, query(s.URL))
			require.NoError(t, err)
			assert.Equal(t, 503, response.Status)
			assert.EqualValues(t, test.attempts, s.hits.Load())
			assert.GreaterOrEqual(t, time.Since(begin), test.least)
			if test.attempts == 1 {
				assert.Less(t, time.Since(begin), 400*time.Millisecond)
			}
		})
	}
}
