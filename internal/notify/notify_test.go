package notify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
)

const urlencoded = "application/x-www-form-urlencoded"

func get(query string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "https://shop.example.com/notify?"+query, nil)
}

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://shop.example.com/notify?from=query&a=query", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// requireRejected asserts that err is a rejection with the given status and text.
func requireRejected(t *testing.T, err error, status int, why string) {
	t.Helper()
	require.ErrorIs(t, err, paygates.ErrInvalidNotification)
	require.ErrorContains(t, err, why)
	require.Equal(t, status, paygates.NotificationStatus(fmt.Errorf("ispay: %w", err)))
}

func TestQuery(t *testing.T) {
	t.Parallel()
	values, err := Query(get("a=1&b=%C4%E3"))
	require.NoError(t, err)
	assert.Equal(t, url.Values{"a": {"1"}, "b": {"\xc4\xe3"}}, values)

	_, err = Query(post(urlencoded, "a=1"))
	requireRejected(t, err, http.StatusMethodNotAllowed, "method must be GET")
	_, err = Query(get("a=1&a=2"))
	requireRejected(t, err, http.StatusBadRequest, "a field occurs more than once")
	_, err = Query(get("a=%zz"))
	requireRejected(t, err, http.StatusBadRequest, "invalid percent-encoding")
	_, err = Query(get("a=" + strings.Repeat("1", MaxBody)))
	requireRejected(t, err, http.StatusRequestEntityTooLarge, "longer than 1048576 bytes")
	_, err = Query(get(tenThousand()))
	requireRejected(t, err, http.StatusBadRequest, "too many fields")
}

func tenThousand() string {
	var b strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&b, "f%d=1&", i)
	}
	return b.String()
}

// The fields are those of the body of a POST, whatever a framework has done before and
// whatever the query holds.
func TestForm(t *testing.T) {
	t.Parallel()
	want := url.Values{"a": {"1"}, "b": {"你好"}}
	const body = "a=1&b=%E4%BD%A0%E5%A5%BD"
	tests := map[string]struct {
		request *http.Request
		before  func(*testing.T, *http.Request)
	}{
		"GET":                  {get(body), nil},
		"GET, form parsed":     {get(body), parseForm},
		"POST":                 {post(urlencoded, body), nil},
		"with a charset":       {post(urlencoded+"; charset=UTF-8", body), nil},
		"in capitals":          {post("Application/X-WWW-Form-URLEncoded;charset=gbk", body), nil},
		"no content type":      {post("", body), nil},
		"form parsed":          {post(urlencoded, body), parseForm},
		"multipart":            {post(multipartBody(t, want, nil)), nil},
		"multipart, ParseForm": {post(multipartBody(t, want, nil)), parseForm},
		"multipart parsed": {post(multipartBody(t, want, nil)), func(t *testing.T, r *http.Request) {
			require.NoError(t, r.ParseMultipartForm(1<<20))
		}},
		"body put back": {post(urlencoded, body), func(t *testing.T, r *http.Request) {
			read, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			r.Body = io.NopCloser(bytes.NewReader(read))
		}},
		"body changed by middleware": {post(urlencoded, "something=longer&than=before"), func(_ *testing.T, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(body))
		}},
		"body longer than announced": {post(urlencoded, "x"), func(_ *testing.T, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(body))
		}},
		"length not announced": {post(urlencoded, body), func(_ *testing.T, r *http.Request) { r.ContentLength = -1 }},
		"byte by byte": {post(urlencoded, body), func(_ *testing.T, r *http.Request) {
			r.Body = io.NopCloser(iotest.OneByteReader(r.Body))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.before != nil {
				test.before(t, test.request)
			}
			got, err := Form(test.request)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			again, err := Form(test.request)
			require.NoError(t, err, "a second time")
			assert.Equal(t, want, again)
		})
	}
}

func parseForm(t *testing.T, r *http.Request) {
	t.Helper()
	require.NoError(t, r.ParseForm())
}

func multipartBody(t *testing.T, values url.Values, files map[string]string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, all := range values {
		for _, value := range all {
			require.NoError(t, w.WriteField(name, value))
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name+".txt")
		require.NoError(t, err)
		_, err = io.WriteString(part, content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

func TestFormRejects(t *testing.T) {
	t.Parallel()
	one := url.Values{"a": {"1"}}
	file, fileBody := multipartBody(t, one, map[string]string{"b": "content"})
	twice, twiceBody := multipartBody(t, url.Values{"a": {"1", "2"}}, nil)
	cut, cutBody := multipartBody(t, one, nil)
	parsed := post(urlencoded, "a=1&a=2")
	parseForm(t, parsed)
	parsedMany := post(urlencoded, "")
	parsedMany.PostForm = url.Values{}
	for i := range MaxFields + 1 {
		parsedMany.PostForm.Set(fmt.Sprint(i), "1")
	}
	read := post(urlencoded, "a=1")
	_, _ = io.Copy(io.Discard, read.Body)

	tests := map[string]struct {
		request *http.Request
		status  int
		why     string
	}{
		"repeated":            {post(urlencoded, "a=1&b=2&a=1"), 400, "a field occurs more than once"},
		"repeated, escaped":   {post(urlencoded, "a=1&%61=2"), 400, "a field occurs more than once"},
		"repeated, parsed":    {parsed, 400, "a field occurs more than once"},
		"repeated, multipart": {post(twice, twiceBody), 400, "a field occurs more than once"},
		"repeated in a GET":   {get("a=1&a=1"), 400, "a field occurs more than once"},
		"wrong escape":        {post(urlencoded, "a=%"), 400, "invalid percent-encoding"},
		"ten thousand":        {post(urlencoded, tenThousand()), 400, "too many fields"},
		"many parsed":         {parsedMany, 400, "too many fields"},
		"a file":              {post(file, fileBody), 400, "multipart form holds a file"},
		"multipart cut":       {post(cut, cutBody[:len(cutBody)/2]), 400, "multipart form is malformed or truncated"},
		"no boundary":         {post("multipart/form-data", cutBody), 400, "multipart form is malformed or truncated"},
		"another boundary":    {post("multipart/form-data; boundary=x", cutBody), 400, "multipart form is malformed or truncated"},
		"JSON":                {post("application/json", `{"a":1}`), 415, "unsupported Content-Type \"application/json\": expected a form"},
		"JSON, capitals":      {post("Application/JSON; charset=utf-8", `{"a":1}`), 415, "unsupported Content-Type \"application/json\": expected a form"},
		"XML":                 {post("text/xml", "<a>1</a>"), 415, "unsupported Content-Type \"text/xml\": expected a form"},
		"read before":         {read, 400, "body was already read: put it back, or pass what was read to VerifyNotification"},
		"one byte too long":   {post(urlencoded, "a="+strings.Repeat("1", MaxBody-1)), 413, "longer than 1048576 bytes"},
		"far too long":        {post(urlencoded, strings.Repeat("a", 10*MaxBody)), 413, "longer than 1048576 bytes"},
		"too long, multipart": {post(cut, cutBody+strings.Repeat("a", MaxBody)), 413, "longer than 1048576 bytes"},
		"HEAD":                {httptest.NewRequest(http.MethodHead, "/notify?a=1", nil), 405, "method must be GET or POST"},
		"PUT":                 {httptest.NewRequest(http.MethodPut, "/notify?a=1", strings.NewReader("a=1")), 405, "method must be GET or POST"},
		"an unknown method":   {httptest.NewRequest("PAY", "/notify?a=1", strings.NewReader("a=1")), 405, "method must be GET or POST"},
		"lower-case post":     {httptest.NewRequest("post", "/notify?a=1", strings.NewReader("a=1")), 405, "method must be GET or POST"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := Form(test.request)
			requireRejected(t, err, test.status, test.why)
			assert.Nil(t, values)
		})
	}
}

// The boundary is found whatever the other parameters of the Content-Type are.
func TestMultipartWithOtherParameters(t *testing.T) {
	t.Parallel()
	contentType, body := multipartBody(t, url.Values{"a": {"1"}, "b": {"2"}}, nil)
	boundary, ok := strings.CutPrefix(contentType, "multipart/form-data; boundary=")
	require.True(t, ok)
	for _, parameters := range []string{
		`; boundary="` + boundary + `"`,
		`;charset=utf-8;charset=gbk;boundary=` + boundary,
		`; charset; boundary=` + boundary,
		`; charset: utf-8; Boundary="` + boundary + `"; =`,
		`; boundary=` + boundary + `, text/html`,
		`; boundary=` + boundary + ` ; charset="utf-8`,
		`; Ⱥ=Ⱥ; boundary=` + boundary, // longer in lower case
	} {
		got, err := Form(post("multipart/form-data"+parameters, body))
		require.NoError(t, err, parameters)
		assert.Equal(t, url.Values{"a": {"1"}, "b": {"2"}}, got, parameters)
	}
	for _, parameters := range []string{"; charset", "; charset; boundary", "; charset; boundary=", `; charset; boundary="`} {
		_, err := Form(post("multipart/form-data"+parameters, body))
		requireRejected(t, err, 400, "multipart form is malformed or truncated")
	}
}

func TestTruncatedMultipart(t *testing.T) {
	t.Parallel()
	contentType, body := multipartBody(t, url.Values{"a": {"1"}, "sign": {"2"}}, nil)
	whole := strings.TrimSuffix(body, "\r\n")
	for n := 1; n < len(whole); n++ {
		values, err := Form(post(contentType, whole[:n]))
		requireRejected(t, err, http.StatusBadRequest, "multipart form is malformed or truncated")
		require.Nil(t, values)
	}
	values, err := Form(post(contentType, whole))
	require.NoError(t, err)
	assert.Equal(t, url.Values{"a": {"1"}, "sign": {"2"}}, values)
}

func TestBodyIsReadableAgain(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"a=1", `{"a":1}`, strings.Repeat("x", 600), strings.Repeat("x", MaxBody)} {
		closed := 0
		r := post("", body)
		r.Body = closeCounter{r.Body, &closed}
		got, err := Body(r)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
		again, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, body, string(again))
		require.NoError(t, r.Body.Close())
		assert.Equal(t, 1, closed, "closing it closes the server's body")
	}
}

type closeCounter struct {
	io.ReadCloser
	closed *int
}

func (c closeCounter) Close() error { *c.closed++; return c.ReadCloser.Close() }

func TestBodyRespectsTheServersOwnLimit(t *testing.T) {
	t.Parallel()
	r := post("", strings.Repeat("x", 1000))
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 999)
	_, err := Body(r)
	requireRejected(t, err, http.StatusRequestEntityTooLarge, "longer than the server allows")
}

func TestTruncatedBody(t *testing.T) {
	t.Parallel()
	r := post("", "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("a=1"), iotest.ErrReader(errors.New("203.0.113.7:443: reset"))))
	_, err := Body(r)
	requireRejected(t, err, http.StatusBadRequest, "body is truncated")
	assert.NotContains(t, err.Error(), "203.0.113.7")
}

// serve serves on a real port. It responds with the status of what Form returns.
func serve(t *testing.T, before func(*http.Request)) (address string, errs <-chan error) {
	t.Helper()
	results := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil {
			before(r)
		}
		_, err := Form(r)
		results <- err
		w.WriteHeader(paygates.NotificationStatus(err))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), results
}

// raw sends text byte for byte, ends its side of the connection and returns the
// status of the response.
func raw(t *testing.T, address, text string) int {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	require.NoError(t, connection.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(connection, text)
	require.NoError(t, err)
	require.NoError(t, connection.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

func TestOverARealConnection(t *testing.T) {
	t.Parallel()
	const head = "POST /notify HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: " + urlencoded + "\r\n"
	long := "a=" + strings.Repeat("1", MaxBody-1)
	tests := map[string]struct {
		text   string
		status int
		why    string
	}{
		"as announced":          {head + "Content-Length: 3\r\n\r\na=1", 200, ""},
		"in chunks":             {head + "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n", 200, ""},
		"less than announced":   {head + "Content-Length: 300\r\n\r\na=1", 400, "body is truncated"},
		"nothing of it":         {head + "Content-Length: 300\r\n\r\n", 400, "body is truncated"},
		"a gibibyte announced":  {head + "Content-Length: 1073741824\r\n\r\na=1", 400, "body is truncated"},
		"last chunk missing":    {head + "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n", 400, "body is truncated"},
		"nothing announced":     {head + "\r\n", 400, "body is empty"},
		"one byte too long":     {head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(long)) + long, 413, "longer than 1048576 bytes"},
		"the same in one chunk": {head + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", len(long)) + long + "\r\n0\r\n\r\n", 413, "longer than 1048576 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, errs := serve(t, nil)
			assert.Equal(t, test.status, raw(t, address, test.text))
			err := <-errs
			if test.why == "" {
				require.NoError(t, err)
				return
			}
			requireRejected(t, err, test.status, test.why)
		})
	}
}

// A framework may have read and closed the body.
func TestBodyReadAndClosedByAFramework(t *testing.T) {
	t.Parallel()
	address, errs := serve(t, func(r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	})
	assert.Equal(t, 400, raw(t, address, "POST / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: 3\r\n\r\na=1"))
	requireRejected(t, <-errs, 400, "body was already read: put it back, or pass what was read to VerifyNotification")
}

// What a sender puts into a notification does not get into the error, which is logged.
func TestErrorsHoldNothingPrivate(t *testing.T) {
	t.Parallel()
	const secret = "63a5bf1f3500791f438c2829da45d037"
	for _, r := range []*http.Request{
		get("sign=" + secret + "&sign=" + secret),
		get("sign=" + secret + "&a=%zz" + secret),
		get(secret + "=1&" + secret + "=2"),
		post(urlencoded, "sign="+secret+"&sign="+secret),
		post("multipart/form-data; boundary="+secret, "sign="+secret),
		post(urlencoded, "sign="+secret+strings.Repeat("&", 300)),
		httptest.NewRequest("X"+secret, "/notify?sign="+secret, nil),
	} {
		_, err := Form(r)
		require.ErrorIs(t, err, paygates.ErrInvalidNotification)
		assert.NotContains(t, err.Error(), secret)
	}
}

// Form does not panic, whatever arrives, and what it returns has one value a name.
func FuzzForm(f *testing.F) {
	f.Add(true, urlencoded, []byte("a=1&b=2"))
	f.Add(true, "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"))
	f.Add(false, "", []byte("a=1&a=2"))
	f.Fuzz(func(t *testing.T, isPost bool, contentType string, body []byte) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: string(body)}, Header: http.Header{}}
		if isPost {
			r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Type", contentType)
		}
		values, err := Form(r)
		if err != nil {
			require.ErrorIs(t, err, paygates.ErrInvalidNotification)
			require.GreaterOrEqual(t, paygates.NotificationStatus(err), 400)
			return
		}
		require.NoError(t, checked(values))
		if isPost {
			again, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, body, again)
		}
	})
}

// fiber's adaptor passes on a query in memory that the next request overwrites.
func TestTheQueryIsCopied(t *testing.T) {
	t.Parallel()
	memory := []byte("order_no=20191118123424&state=9")
	r := httptest.NewRequest(http.MethodGet, "/notify", nil)
	r.URL.RawQuery = unsafe.String(&memory[0], len(memory))
	values, err := Form(r)
	require.NoError(t, err)
	copy(memory, bytes.Repeat([]byte("x"), len(memory)))
	assert.Equal(t, url.Values{"order_no": {"20191118123424"}, "state": {"9"}}, values)
}

// Senders write parameters of the Content-Type that mime.ParseMediaType does not
// accept. What comes before them decides.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	want := url.Values{"a": {"1"}, "b": {"2"}}
	for _, contentType := range []string{
		"",
		urlencoded,
		"APPLICATION/X-WWW-FORM-URLENCODED",
		urlencoded + ";",
		urlencoded + "; charset=UTF-8",
		urlencoded + ";charset=utf-8;charset=gbk",
		urlencoded + "; charset",
		urlencoded + "; charset: utf-8",
		urlencoded + "; =",
		urlencoded + "; text/html; charset=UTF-8",
		urlencoded + ", text/html",
		urlencoded + "," + urlencoded,
		urlencoded + " ; charset=\"utf-8",
		" " + urlencoded + "\t",
		urlencoded + " charset=UTF-8",
		urlencoded + "\tcharset=UTF-8;",
		"text/plain utf-8",
		"text/plain",
		"text/plain; charset=UTF-8",
		"text/html;charset=utf-8",
		"application/octet-stream",
	} {
		for _, body := range []string{"a=1&b=2", "a=1&b=2\r\n", "a=1&b=2\n", "\xef\xbb\xbfa=1&b=2", "\xef\xbb\xbf\r\n\xef\xbb\xbfa=1&b=2\r\n", "a=1&b=2\x00", "a=1&b=2\r\n\x00\x00"} {
			r := post("", body)
			r.Header["Content-Type"] = []string{contentType}
			if contentType == "" {
				r.Header.Del("Content-Type")
			}
			got, err := Form(r)
			require.NoError(t, err, contentType)
			assert.Equal(t, want, got, "%q %q", contentType, body)
		}
	}
	for _, contentType := range []string{
		"application/json", "application/json; " + urlencoded, "text/xml", "image/png", ";" + urlencoded + "x", "application", urlencoded + "x", "*/*",
	} {
		_, err := Form(post(contentType, "a=1"))
		if strings.HasPrefix(contentType, ";") {
			require.NoError(t, err, "no type at all")
			continue
		}
		requireRejected(t, err, 415, "unsupported Content-Type")
	}
	_, err := Form(post(strings.Repeat("x", 1000), "a=1"))
	requireRejected(t, err, 415, "unsupported Content-Type")
	assert.Less(t, len(err.Error()), 200)
}

// The provider's demos fall back to the query if nothing was posted. Query and body
// are never merged.
func TestAPostWithAnEmptyBody(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"empty":                  func(*http.Request) {},
		"none":                   func(r *http.Request) { r.Body = nil },
		"chunked":                func(r *http.Request) { r.ContentLength = -1 },
		"with a type":            func(r *http.Request) { r.Header.Set("Content-Type", urlencoded) },
		"a line break":           func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("\r\n")) },
		"a byte order mark":      func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("\ufeff\n")) },
		"parsed by a middleware": func(r *http.Request) { _ = r.ParseForm() },
	} {
		r := httptest.NewRequest(http.MethodPost, "/notify?a=query&sign=query", strings.NewReader(""))
		change(r)
		got, err := Form(r)
		require.NoError(t, err, name)
		assert.Equal(t, url.Values{"a": {"query"}, "sign": {"query"}}, got, name)
		r = post("", "")
		change(r)
		_, err = Form(r)
		requireRejected(t, err, 400, "body is empty, or was already read")
	}
	got, err := Form(post(urlencoded, "b=1"))
	require.NoError(t, err)
	assert.Equal(t, url.Values{"b": {"1"}}, got)

	r := httptest.NewRequest(http.MethodPost, "/notify?a=1&a=2", nil)
	_, err = Form(r)
	requireRejected(t, err, 400, "a field occurs more than once")
	r = httptest.NewRequest(http.MethodPost, "/notify", nil)
	_, err = Form(r)
	requireRejected(t, err, 400, "body is empty")
	_, err = Form(post(urlencoded, "\r\n"))
	requireRejected(t, err, 400, "body is empty")
}

// A raw ";" is an ordinary character, in a query and in a body.
func TestSemicolons(t *testing.T) {
	t.Parallel()
	want := url.Values{"a": {"1;b=2"}, "c": {"3"}}
	for _, r := range []*http.Request{get("a=1;b=2&c=3"), post(urlencoded, "a=1;b=2&c=3"), post("text/plain", "a=1;b=2&c=3")} {
		got, err := Form(r)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// The limits hold also for a form that a middleware has parsed.
func TestLimitsOfAParsedForm(t *testing.T) {
	t.Parallel()
	for body, status := range map[string]int{
		numbered(MaxFields + 1):                   400,
		"a=1&a=2":                                 400,
		"a=" + strings.Repeat("1", MaxBody):       413,
		strings.Repeat("a", MaxBody+1) + "=1":     413,
		"a=1&b=" + strings.Repeat("%41", MaxBody): 413,
	} {
		r := post(urlencoded, body)
		parseForm(t, r)
		_, err := Form(r)
		require.Equal(t, status, paygates.NotificationStatus(err), "%.40s", body)
	}
}

// A gateway may append "?…" to a notify URL that has a query.
func TestRead(t *testing.T) {
	t.Parallel()
	// read accepts a=1 that is signed with 2.
	read := func(_ context.Context, values url.Values) (*url.Values, error) {
		switch {
		case values.Get("a") != "1" && values.Get("a") != "/shop?id=7" || len(values) != 2:
			return nil, errMany
		case values.Get("sign") != "2":
			return nil, paygates.ErrInvalidSignature
		}
		return &values, nil
	}
	form := func(r *http.Request) (*url.Values, error) { return Read(r, "example", "sign", Form, read) }
	empty := func(query string) *http.Request {
		return httptest.NewRequest(http.MethodPost, "/notify?"+query, nil)
	}
	for _, query := range []string{
		"a=1&sign=2", "sign=2&a=1", "shop=7?a=1&sign=2", "shop=7?sign=2&a=1", "?a=1&sign=2", "a=b?c=d?a=1&sign=2", "a=7?a=1&sign=2",
		"a=b&sign=c?a=1&sign=2", "%zz?a=1&sign=2", "?a?sign=2&a=1",
	} {
		for _, r := range []*http.Request{get(query), empty(query)} {
			got, err := form(r)
			require.NoError(t, err, query)
			assert.Equal(t, &url.Values{"a": {"1"}, "sign": {"2"}}, got, query)
		}
	}
	got, err := form(get("a=/shop?id=7&sign=2"))
	require.NoError(t, err)
	assert.Equal(t, "/shop?id=7", got.Get("a"))

	for query, want := range map[string]error{
		"a=1&sign=3":            paygates.ErrInvalidSignature,
		"shop=7?a=1&sign=3":     paygates.ErrInvalidSignature,
		"a=1&sign=3?a=1&sign=4": paygates.ErrInvalidSignature,
		"shop=7?a=1":            errMany,
		"shop=7?b=1&sign=2":     errMany,
		"a=1&a=2?a=1&b=1":       errRepeated,
		"b=1?a=%zz&sign=2":      errEscape,
	} {
		got, err := form(get(query))
		require.ErrorIs(t, err, want, query)
		assert.Nil(t, got)
	}
	_, err = form(get("a=1&a=2"))
	require.EqualError(t, err, "example: "+errRepeated.Error())
}

// The query of a POST that has a body is not read.
func TestReadLeavesTheQueryOfAPOST(t *testing.T) {
	t.Parallel()
	read := func(_ context.Context, values url.Values) (*url.Values, error) {
		require.False(t, values.Has("sign"))
		return nil, paygates.ErrInvalidSignature
	}
	const target = "/notify?shop=7?a=1&sign=2"
	plain := httptest.NewRequest(http.MethodPost, target, strings.NewReader("b=1"))
	parsed := httptest.NewRequest(http.MethodPost, target, strings.NewReader("b=1"))
	parsed.Header.Set("Content-Type", urlencoded)
	parseForm(t, parsed)
	consumed := httptest.NewRequest(http.MethodPost, target, strings.NewReader("b=1"))
	_, _ = io.Copy(io.Discard, consumed.Body)
	for name, r := range map[string]*http.Request{
		"plain": plain, "parsed": parsed, "consumed": consumed, "PUT": httptest.NewRequest(http.MethodPut, target, nil),
	} {
		_, err := Read(r, "example", "sign", Form, read)
		require.Error(t, err, name)
	}
	_, err := Read(httptest.NewRequest(http.MethodPost, target, nil), "example", "sign", Query, read)
	requireRejected(t, err, 405, "method must be GET")
}

// A middleware that decompresses a body may leave its Content-Encoding.
func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	for encoding, body := range map[string]string{
		"gzip": "\x1f\x8b\x08\x00", "GZIP": "\x1f\x8b", "deflate": "x\x9c\x01\x02", "zstd": "\x28\xb5\x2f\xfd\x04", strings.Repeat("x", 99): "\x00",
	} {
		r := post(urlencoded, body)
		r.Header.Set("Content-Encoding", encoding)
		_, err := Form(r)
		requireRejected(t, err, 415, "body is compressed: unsupported Content-Encoding ")
		assert.Less(t, len(err.Error()), 150)
	}
	for _, encoding := range []string{"", "gzip", "identity"} {
		for _, body := range []string{"a=1\r\n", "a=\xc4\xe3", "{\n\t\"a\": 1}"} {
			r := post(urlencoded, body)
			r.Header.Set("Content-Encoding", encoding)
			got, err := Body(r)
			require.NoError(t, err)
			assert.Equal(t, body, string(got))
		}
	}
}

func TestAllowedMethods(t *testing.T) {
	t.Parallel()
	_, err := Form(httptest.NewRequest(http.MethodPut, "/", nil))
	assert.Equal(t, "GET, POST", AllowedMethods(fmt.Errorf("ispay: %w", err)))
	_, err = Query(post(urlencoded, "a=1"))
	assert.Equal(t, "GET", AllowedMethods(err))
	_, err = Body(get("a=1"))
	assert.Equal(t, "POST", AllowedMethods(err))
	assert.Empty(t, AllowedMethods(errors.New("other")))
	_, err = Body(post("", ""))
	assert.Empty(t, AllowedMethods(err))
}

func TestCheckBody(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{
		0: "body is empty, or was already read", 1: "", MaxBody: "", MaxBody + 1: "body must be at most 1048576 bytes long",
	} {
		v := check.New("pingpp", paygates.ErrInvalidNotification)
		CheckBody(v, make([]byte, length))
		if want == "" {
			require.NoError(t, v.Err(), length)
			continue
		}
		require.EqualError(t, v.Err(), "pingpp: invalid notification: "+want)
	}
}
