package callback

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/form"
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

// requireRefused asserts that err is a refusal with the given status and words.
func requireRefused(t *testing.T, err error, status int, why string) {
	t.Helper()
	require.ErrorIs(t, err, failure.ErrInvalidNotification)
	require.ErrorContains(t, err, why)
	require.Equal(t, status, Status(fmt.Errorf("ispay: %w", err)))
}

func TestQuery(t *testing.T) {
	t.Parallel()
	values, err := Query(get("a=1&b=%C4%E3"))
	require.NoError(t, err)
	assert.Equal(t, url.Values{"a": {"1"}, "b": {"\xc4\xe3"}}, values)

	_, err = Query(post(urlencoded, "a=1"))
	requireRefused(t, err, http.StatusMethodNotAllowed, "want the method GET")
	_, err = Query(get("a=1&a=2"))
	requireRefused(t, err, http.StatusBadRequest, "a field occurs more than once")
	_, err = Query(get("a=%zz"))
	requireRefused(t, err, http.StatusBadRequest, "invalid percent-encoding")
	_, err = Query(get("a=" + strings.Repeat("1", MaxBody)))
	requireRefused(t, err, http.StatusRequestEntityTooLarge, "too long")
	_, err = Query(get(tenThousand()))
	requireRefused(t, err, http.StatusBadRequest, "too many fields")
}

func tenThousand() string {
	var b strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&b, "f%d=1&", i)
	}
	return b.String()
}

// The fields of a POST are those of its body, whatever its query says.
func TestValuesHoweverTheFrameworkGotThereFirst(t *testing.T) {
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
			got, err := Values(test.request)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			again, err := Values(test.request)
			require.NoError(t, err, "and once more")
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

func TestValuesRefuses(t *testing.T) {
	t.Parallel()
	one := url.Values{"a": {"1"}}
	file, fileBody := multipartBody(t, one, map[string]string{"b": "content"})
	twice, twiceBody := multipartBody(t, url.Values{"a": {"1", "2"}}, nil)
	cut, cutBody := multipartBody(t, one, nil)
	closed := post(urlencoded, "")
	closed.Body = nil
	parsed := post(urlencoded, "a=1&a=2")
	parseForm(t, parsed)
	parsedMany := post(urlencoded, "")
	parsedMany.PostForm = url.Values{}
	for i := range form.MaxFields + 1 {
		parsedMany.PostForm.Set(fmt.Sprint(i), "1")
	}
	read := post(urlencoded, "a=1")
	_, _ = io.Copy(io.Discard, read.Body)
	readUnannounced := post(urlencoded, "a=1")
	readUnannounced.ContentLength = -1
	_, _ = io.Copy(io.Discard, readUnannounced.Body)

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
		"a file":              {post(file, fileBody), 400, "it holds a file"},
		"multipart cut":       {post(cut, cutBody[:len(cutBody)/2]), 400, "its multipart form cannot be read"},
		"no boundary":         {post("multipart/form-data", cutBody), 400, "its multipart form cannot be read"},
		"another boundary":    {post("multipart/form-data; boundary=x", cutBody), 400, "its multipart form cannot be read"},
		"JSON":                {post("application/json", `{"a":1}`), 415, "want a form as its content type"},
		"text":                {post("text/plain", "a=1"), 415, "want a form as its content type"},
		"broken content type": {post("application/x-www-form-urlencoded; charset", "a=1"), 415, "want a form as its content type"},
		"an empty body":       {post(urlencoded, ""), 400, "its body is empty, or was already read"},
		"no body":             {closed, 400, "its body is empty, or was already read"},
		"read before":         {read, 400, "its body was already read: put it back, or pass what was read to VerifyNotification"},
		"read, not announced": {readUnannounced, 400, "its body is empty, or was already read"},
		"one byte too long":   {post(urlencoded, "a="+strings.Repeat("1", MaxBody-1)), 413, "longer than 1048576 bytes"},
		"far too long":        {post(urlencoded, strings.Repeat("a", 10*MaxBody)), 413, "longer than 1048576 bytes"},
		"too long, multipart": {post(cut, cutBody+strings.Repeat("a", MaxBody)), 413, "longer than 1048576 bytes"},
		"HEAD":                {httptest.NewRequest(http.MethodHead, "/notify?a=1", nil), 405, "want the method GET, POST"},
		"PUT":                 {httptest.NewRequest(http.MethodPut, "/notify?a=1", strings.NewReader("a=1")), 405, "want the method GET, POST"},
		"a method of its own": {httptest.NewRequest("PAY", "/notify?a=1", strings.NewReader("a=1")), 405, "want the method GET, POST"},
		"lower-case post":     {httptest.NewRequest("post", "/notify?a=1", strings.NewReader("a=1")), 405, "want the method GET, POST"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := Values(test.request)
			requireRefused(t, err, test.status, test.why)
			assert.Nil(t, values)
		})
	}
}

func TestMultipartCutAnywhere(t *testing.T) {
	t.Parallel()
	contentType, body := multipartBody(t, url.Values{"a": {"1"}, "sign": {"2"}}, nil)
	whole := strings.TrimSuffix(body, "\r\n")
	for n := 1; n < len(whole); n++ {
		values, err := Values(post(contentType, whole[:n]))
		requireRefused(t, err, http.StatusBadRequest, "its multipart form cannot be read")
		require.Nil(t, values)
	}
	values, err := Values(post(contentType, whole))
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
		assert.Equal(t, 1, closed, "closing it closes what the server gave")
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
	requireRefused(t, err, http.StatusRequestEntityTooLarge, "longer than the server allows")
}

func TestBodyThatBrokeOff(t *testing.T) {
	t.Parallel()
	r := post("", "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("a=1"), iotest.ErrReader(errors.New("203.0.113.7:443: reset"))))
	_, err := Body(r)
	requireRefused(t, err, http.StatusBadRequest, "its body broke off")
	assert.NotContains(t, err.Error(), "203.0.113.7")
}

// serve answers on a real port with what Values says of each request.
func serve(t *testing.T, before func(*http.Request)) (address string, errs <-chan error) {
	t.Helper()
	results := make(chan error, 1)
	reply := Reply{Gateway: "ispay", Accepted: "success", Again: "fail", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil {
			before(r)
		}
		reply.Serve(w, r, func() error {
			_, err := Values(r)
			results <- err
			return err
		})
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), results
}

// raw sends text as it is, ends its side of the connection and returns the
// status of the answer.
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
		"less than announced":   {head + "Content-Length: 300\r\n\r\na=1", 400, "its body broke off"},
		"nothing of it":         {head + "Content-Length: 300\r\n\r\n", 400, "its body broke off"},
		"a gibibyte announced":  {head + "Content-Length: 1073741824\r\n\r\na=1", 400, "its body broke off"},
		"last chunk missing":    {head + "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n", 400, "its body broke off"},
		"nothing announced":     {head + "\r\n", 400, "its body is empty"},
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
			requireRefused(t, err, test.status, test.why)
		})
	}
}

// A framework that has read the body of a real server has mostly closed it too.
func TestBodyReadAndClosedByAFramework(t *testing.T) {
	t.Parallel()
	address, errs := serve(t, func(r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	})
	assert.Equal(t, 400, raw(t, address, "POST / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: 3\r\n\r\na=1"))
	requireRefused(t, <-errs, 400, "its body was already read: put it back, or pass what was read to VerifyNotification")
}

func TestSingle(t *testing.T) {
	t.Parallel()
	require.NoError(t, Single(url.Values{"a": {"1"}}))
	requireRefused(t, Single(url.Values{"a": {"1", "1"}}), http.StatusBadRequest, "a field occurs more than once")
}

func TestServe(t *testing.T) {
	t.Parallel()
	own := func(err error) error {
		return Accept(context.Background(), func(context.Context, int) error { return err }, 1)
	}
	tests := map[string]struct {
		err    error
		status int
	}{
		"accepted":                             {nil, 200},
		"a refusal":                            {refuse(413, "too long"), 413},
		"a wrong method":                       {refuseMethod("GET, POST"), 405},
		"a wrong signature":                    {failure.ErrInvalidSignature, 403},
		"a wrong shape":                        {failure.ErrInvalidNotification, 400},
		"not confirmed":                        {failure.ErrNotConfirmed, 409},
		"an unknown order":                     {failure.ErrOrderNotFound, 409},
		"not confirmed, being unknown":         {fmt.Errorf("%w: %w", failure.ErrNotConfirmed, failure.ErrOrderNotFound), 409},
		"no answer":                            {failure.ErrNoAnswer, 502},
		"a bad answer":                         {failure.ErrBadAnswer, 502},
		"anything else":                        {errors.New("anything"), 502},
		"the merchant's function":              {own(errors.New("the database is away")), 500},
		"the merchant's, not found":            {own(failure.ErrOrderNotFound), 500},
		"the merchant's, a refusal":            {own(refuseMethod("GET, POST")), 500},
		"the merchant's, of a wrong signature": {own(failure.ErrInvalidSignature), 500},
		"the merchant accepts":                 {own(nil), 200},
	}
	for name, test := range tests {
		for _, wrapped := range []bool{false, true} {
			err := test.err
			if wrapped && err != nil {
				err = fmt.Errorf("ispay: %w", err)
			}
			var log bytes.Buffer
			reply := Reply{Gateway: "ispay", Accepted: "success", Again: "fail", Log: slog.New(slog.NewTextHandler(&log, nil))}
			w := httptest.NewRecorder()
			reply.Serve(w, get("sign=63a5bf1f3500791f438c2829da45d037&order_no=20191118123424"), func() error { return err })
			assert.Equal(t, test.status, w.Code, name)
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"), name)
			allow := ""
			if test.status == http.StatusMethodNotAllowed {
				allow = "GET, POST"
			}
			assert.Equal(t, allow, w.Header().Get("Allow"), name)
			if test.status == http.StatusOK {
				assert.Equal(t, "success", w.Body.String(), name)
				assert.Empty(t, log.String(), name)
				continue
			}
			assert.Equal(t, "fail", w.Body.String(), name)
			assert.Contains(t, log.String(), fmt.Sprintf(`level=WARN msg="ispay: callback not accepted" status=%d reason=`, test.status), name)
			assert.Contains(t, log.String(), err.Error(), name)
			assert.NotContains(t, log.String(), "63a5bf1f", name)
			assert.NotContains(t, log.String(), "20191118123424", name)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, "value")
	why := errors.New("the database is away")
	err := Accept(ctx, func(ctx context.Context, n string) error {
		assert.Equal(t, "notification", n)
		assert.Equal(t, "value", ctx.Value(key{}))
		return why
	}, "notification")
	require.ErrorIs(t, err, why)
	assert.EqualError(t, err, "the merchant's function: the database is away")
}

// What a stranger puts into a callback does not reach the log.
func TestLogHasNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = "63a5bf1f3500791f438c2829da45d037"
	bodies := []*http.Request{
		get("sign=" + secret + "&sign=" + secret),
		get("sign=" + secret + "&a=%zz" + secret),
		get(secret + "=1&" + secret + "=2"),
		post(urlencoded, "sign="+secret+"&sign="+secret),
		post("text/"+secret, "sign="+secret),
		post("multipart/form-data; boundary="+secret, "sign="+secret),
		post(urlencoded, "sign="+secret+strings.Repeat("&", 300)),
		httptest.NewRequest("X"+secret, "/notify?sign="+secret, nil),
	}
	for _, r := range bodies {
		var log bytes.Buffer
		reply := Reply{Gateway: "ispay", Accepted: "success", Again: "fail", Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		w := httptest.NewRecorder()
		reply.Serve(w, r, func() error { _, err := Values(r); return err })
		assert.GreaterOrEqual(t, w.Code, 400)
		assert.NotEmpty(t, log.String())
		assert.NotContains(t, log.String(), secret)
	}
}

// Whatever arrives, Values does not panic, and what it returns has one value a
// name.
func FuzzValues(f *testing.F) {
	f.Add(true, urlencoded, []byte("a=1&b=2"))
	f.Add(true, "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"))
	f.Add(false, "", []byte("a=1&a=2"))
	f.Fuzz(func(t *testing.T, isPost bool, contentType string, body []byte) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: string(body)}, Header: http.Header{}}
		if isPost {
			r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Type", contentType)
		}
		values, err := Values(r)
		if err != nil {
			require.ErrorIs(t, err, failure.ErrInvalidNotification)
			require.GreaterOrEqual(t, Status(err), 400)
			return
		}
		require.NoError(t, Single(values))
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
	values, err := Values(r)
	require.NoError(t, err)
	copy(memory, bytes.Repeat([]byte("x"), len(memory)))
	assert.Equal(t, url.Values{"order_no": {"20191118123424"}, "state": {"9"}}, values)
}

// A router's fallback handler has set 404 before ours runs.
func TestServeSaysThatItIsDone(t *testing.T) {
	t.Parallel()
	w := &fallback{header: http.Header{}, status: http.StatusNotFound}
	Reply{Gateway: "ispay", Accepted: "success"}.Serve(w, httptest.NewRequest(http.MethodGet, "/", nil), func() error { return nil })
	assert.Equal(t, http.StatusOK, w.status)
}

type fallback struct {
	header http.Header
	status int
}

func (f *fallback) Header() http.Header         { return f.header }
func (f *fallback) WriteHeader(status int)      { f.status = status }
func (f *fallback) Write(p []byte) (int, error) { return len(p), nil }
