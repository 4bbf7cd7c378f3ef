package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
)

const urlencoded = "application/x-www-form-urlencoded"

// postOf is a POST with a body and a Content-Type.
func postOf(target, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

// queries are the ways in which a form comes in a query. A gateway may append its fields
// to a notify URL that has a query, whose names may be its own.
func queries(n notification) map[string]string {
	all := n.fields.Encode()
	ways := map[string]string{
		"alone":            all,
		"behind a ?":       "?" + all,
		"behind a query":   "shop=7?" + all,
		"behind & and ?":   "shop=7&lang=zh?" + all,
		"behind two":       "a=b?c=d?" + all,
		"%20 for a blank":  strings.ReplaceAll(all, "+", "%20"),
		"empty pairs":      "&" + strings.ReplaceAll(all, "&", "&&") + "&",
		"in another order": strings.Join(reversed(strings.Split(all, "&")), "&"),
	}
	if _, err := n.verify(n.with("back", "/shop"), nil, nil); err == nil { // not every parameter is signed
		ways["beside a query with two ?"] = "back=/shop?id=7&" + all
		ways["before a query with two ?"] = all + "&back=/shop?id=7"
		first, rest, _ := strings.Cut(all, "&")
		ways["around a query with two ?"] = first + "&back=/shop?id=7&" + rest
	}
	for name := range n.fields {
		ways["behind its own "+name] = name + "=x?" + all
		ways["behind "+name+", reversed"] = name + "=x?" + ways["in another order"]
	}
	return ways
}

func reversed(all []string) []string {
	slices.Reverse(all)
	return all
}

// forms are requests with the same fields in the body.
func forms(t *testing.T, n notification) map[string]*http.Request {
	t.Helper()
	body := n.fields.Encode()
	post := func(change func(*http.Request)) *http.Request {
		r := postOf("/notify?shop=7", urlencoded, body)
		change(r)
		return r
	}
	contentType, parts := multipartOf(t, n.fields)
	return map[string]*http.Request{
		"untouched":        post(func(*http.Request) {}),
		"ParseForm":        post(func(r *http.Request) { _ = r.ParseForm() }),
		"a bytes.Reader":   post(func(r *http.Request) { r.Body = io.NopCloser(bytes.NewReader([]byte(body))) }),
		"chunked":          post(func(r *http.Request) { r.ContentLength, r.TransferEncoding = -1, []string{"chunked"} }),
		"byte by byte":     post(func(r *http.Request) { r.Body = io.NopCloser(iotest.OneByteReader(r.Body)) }),
		"MaxBytesReader":   post(func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, int64(len(body))) }),
		"100-continue":     post(func(r *http.Request) { r.Header.Set("Expect", "100-continue") }),
		"method override":  post(func(r *http.Request) { r.Header.Set("X-HTTP-Method-Override", "GET") }),
		"identity":         post(func(r *http.Request) { r.Header.Set("Content-Encoding", "identity") }),
		"was decompressed": post(func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }),
		"HTTP/2":           post(func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor, r.ContentLength = "HTTP/2.0", 2, 0, -1 }),
		"line break":       postOf("/notify", urlencoded, body+"\r\n"),
		"parsed, with one": parsedOf(body + "\r\n"),
		"parsed, with BOM": parsedOf("\ufeff" + body + "\x00"),
		"byte order mark":  postOf("/notify", urlencoded, "\ufeff"+body),
		"text/plain":       postOf("/notify", "text/plain;charset=UTF-8", body),
		"multipart":        postOf("/notify?shop=7", contentType, parts),
		"multipart parsed": func() *http.Request {
			r := postOf("/notify?shop=7", contentType, parts)
			require.NoError(t, r.ParseMultipartForm(1<<20))
			return r
		}(),
	}
}

func parsedOf(body string) *http.Request {
	r := postOf("/notify", urlencoded, body)
	_ = r.ParseForm()
	return r
}

func multipartOf(t *testing.T, values url.Values) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		require.NoError(t, w.WriteField(name, values.Get(name)))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

// Whatever the way of a genuine notification, it is the same as that of VerifyNotification
// with its fields.
func TestFormsComeInManyWays(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, n notification, _ string) {
		want, err := n.verify(n.fields, nil, nil)
		require.NoError(t, err)
		same := func(way string, r *http.Request) {
			got, err := n.parse(r)
			require.NoError(t, err, way)
			assert.Equal(t, jsonOf(t, want), jsonOf(t, got), way) // Raw may hold the merchant's parameters too
		}
		for way, query := range queries(n) {
			same("GET, "+way, httptest.NewRequest(http.MethodGet, "/notify?"+query, nil))
			parsed := httptest.NewRequest(http.MethodGet, "/notify?"+query, nil)
			_ = parsed.ParseForm()
			same("GET, parsed, "+way, parsed)
		}
		if !n.byPOST() {
			return
		}
		for way, query := range queries(n) {
			same("POST without a body, "+way, httptest.NewRequest(http.MethodPost, "/notify?"+query, nil))
			chunked := postOf("/notify?"+query, urlencoded, "")
			chunked.ContentLength = -1
			same("POST of an empty chunk, "+way, chunked)
			same("POST of a line break, "+way, postOf("/notify?"+query, urlencoded, "\r\n"))
		}
		parsed, err := n.verify(parsedOf("\ufeff"+n.fields.Encode()+"\r\n").PostForm, nil, nil)
		require.NoError(t, err)
		assert.Equal(t, want, parsed)
		for way, r := range forms(t, n) {
			same("POST, "+way, r)
			same("POST, again, "+way, r)
		}
	})
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// byPOST reports whether the form may come by POST too.
func (n notification) byPOST() bool {
	_, err := n.parse(httptest.NewRequest(http.MethodPost, "/notify?"+n.fields.Encode(), nil))
	return paygates.NotificationStatus(err) != http.StatusMethodNotAllowed
}

// What a middleware, a proxy or a probe made unreadable is rejected with its cause, not as
// a wrong signature or a missing field.
func TestRejectionsNameTheirCause(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		for _, n := range g.notifications(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}, log: logger(io.Discard)}) {
			contentType, body := "application/json", n.body
			if body == "" {
				contentType, body = urlencoded, n.fields.Encode()
			}
			post := func(body string, change func(*http.Request)) *http.Request {
				r := postOf("/notify?shop=7", contentType, body)
				for name, values := range n.header {
					r.Header[name] = values
				}
				change(r)
				return r
			}
			if n.body == "" && !n.byPOST() {
				continue
			}
			const used = "body is empty, or was already read"
			for way, test := range map[string]struct {
				r    *http.Request
				want string
			}{
				"nothing sent":      {post("", func(*http.Request) {}), used},
				"an empty chunk":    {post("", func(r *http.Request) { r.ContentLength = -1 }), used},
				"consumed":          {post(body, drain), "body was already read: put it back"},
				"consumed, chunked": {post(body, func(r *http.Request) { drain(r); r.ContentLength = -1 }), used},
				"gzip":              {post(zipped(t, body), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }), `body is compressed: unsupported Content-Encoding "gzip"`},
				"PUT":               {post(body, func(r *http.Request) { r.Method = http.MethodPut }), "method must be"},
				"OPTIONS":           {post(body, func(r *http.Request) { r.Method = http.MethodOptions }), "method must be"},
				"HEAD":              {post(body, func(r *http.Request) { r.Method = http.MethodHead }), "method must be"},
				"too long":          {post(body, func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 9) }), "longer than the server allows"},
			} {
				got, err := n.parse(test.r)
				require.ErrorIs(t, err, paygates.ErrInvalidNotification, "%s %s %s", g.name, n.name, way)
				assert.ErrorContains(t, err, test.want, "%s %s %s", g.name, n.name, way)
				assert.Nil(t, got)
			}
		}
	}
}

func drain(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// The log line of a wrong signature says which order claims it, and what is odd about the
// signature, but neither the signature nor another value.
func TestTheLogOfAWrongSignature(t *testing.T) {
	t.Parallel()
	for _, g := range descriptors {
		var log strings.Builder
		for _, n := range g.notifications(t, setup{base: anyHost, http: &http.Client{Transport: nowhere{}}, log: logger(&log)}) {
			if n.handler == nil || n.fields == nil {
				continue
			}
			number := orderNo
			if paymentNo := n.fields.Get("pay_no"); paymentNo != "" {
				number = paymentNo
			}
			for wrong, want := range map[string]string{
				strings.Repeat("0", 32):  "invalid signature",
				"":                       "invalid signature: no sign was sent",
				n.fields.Get("sign")[1:]: "invalid signature: sign is not 32 hexadecimal digits",
			} {
				log.Reset()
				w := httptest.NewRecorder()
				n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/notify?"+n.with("sign", wrong).Encode(), nil))
				assert.Equal(t, http.StatusForbidden, w.Code, g.name)
				assert.Contains(t, log.String(), "="+number+" status=403 reason=", g.name)
				assert.Contains(t, log.String(), g.name+": "+want, g.name)
				assert.Empty(t, shown(log.String(), n.fields.Get("sign")[1:]), g.name)
			}
		}
	}
}
