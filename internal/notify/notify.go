// Package notify reads notifications, whatever a framework has done to the request
// before, and writes the forms that are sent.
package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

// MaxBody is the length of the longest notification that is read.
const MaxBody = 1 << 20

// rejection is an ErrInvalidNotification with the status of the response.
type rejection struct {
	status int
	why    string
	allow  string // the methods, for a 405
}

func (e *rejection) Error() string           { return paygates.ErrInvalidNotification.Error() + ": " + e.why }
func (e *rejection) Unwrap() error           { return paygates.ErrInvalidNotification }
func (e *rejection) NotificationStatus() int { return e.status }

// AllowedMethods returns the value of the header Allow for the error of a request
// with another method, or "".
func AllowedMethods(err error) string {
	var e *rejection
	if !errors.As(err, &e) {
		return ""
	}
	return e.allow
}

var (
	errEmpty    = reject(http.StatusBadRequest, "body is empty, or was already read")
	errConsumed = reject(http.StatusBadRequest, "body was already read: put it back, or pass what was read to VerifyNotification")
	errTooLong  = reject(http.StatusRequestEntityTooLarge, fmt.Sprintf("longer than %d bytes", MaxBody))
)

func reject(status int, why string) error { return &rejection{status: status, why: why} }

func rejectMethod(allow string) error {
	rule := "method must be " + strings.ReplaceAll(allow, ", ", " or ")
	return &rejection{http.StatusMethodNotAllowed, rule, allow}
}

// Query returns the fields of a notification by GET.
func Query(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodGet {
		return nil, rejectMethod("GET")
	}
	return parseQuery(r.URL.RawQuery)
}

// Read passes the fields of a request, which are those that fields returns, to read. If
// that rejects them, and the gateway may have appended "?…" to a notify URL that has a
// query already, it passes what was appended: what follows the last "?" before the field
// with the given name. The signature tells which of both is meant.
func Read[N any](
	r *http.Request, gateway, name string,
	fields func(*http.Request) (url.Values, error), read func(context.Context, url.Values) (*N, error),
) (*N, error) {
	values, err := fields(r)
	if err != nil {
		err = fmt.Errorf("%s: %w", gateway, err)
	} else {
		var n *N
		if n, err = read(r.Context(), values); err == nil {
			return n, nil
		}
	}
	if AllowedMethods(err) != "" {
		return nil, err
	}
	if len(r.PostForm) > 0 {
		return trimmed(r.Context(), values, err, read)
	}
	if values = appended(r, name); values != nil {
		n, otherErr := read(r.Context(), values)
		if otherErr == nil || errors.Is(otherErr, paygates.ErrInvalidSignature) {
			return n, otherErr
		}
	}
	return nil, err
}

// Verify passes a copy of values that the caller parsed to read, a method of client: see
// [Single]. A bound method would be allocated.
func Verify[C, N any](
	client C, gateway string, values url.Values, read func(C, context.Context, url.Values) (*N, error),
) (*N, error) {
	values, err := Single(values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gateway, err)
	}
	n, err := read(client, context.Background(), values)
	if err == nil {
		return n, nil
	}
	return trimmed(context.Background(), values, err, func(ctx context.Context, values url.Values) (*N, error) {
		return read(client, ctx, values)
	})
}

// trimmed passes values that read rejected with err to it again, without what surrounds a
// form: it is in the first and the last field if a middleware parsed the body.
func trimmed[N any](
	ctx context.Context, values url.Values, err error, read func(context.Context, url.Values) (*N, error),
) (*N, error) {
	others, changed := make(url.Values, len(values)), false
	for name, all := range values {
		shorter, value := strings.TrimLeft(name, before), strings.TrimRight(values.Get(name), behind)
		changed = changed || shorter != name || value != values.Get(name)
		if len(all) > 0 {
			others[shorter] = append(others[shorter], value)
		}
	}
	if !changed {
		return nil, err
	}
	if others, otherErr := single(others); otherErr == nil {
		if n, otherErr := read(ctx, others); otherErr == nil {
			return n, nil
		}
	}
	return nil, err
}

// What an editor, a shell or a program in C adds to a form.
const (
	before = "\ufeff\r\n"
	behind = "\r\n\x00"
)

// Appended returns what follows the last "?" before the field with the given name, "" if
// there is none: what a gateway may have appended to a query.
func Appended(query, name string) string {
	field := max(strings.LastIndex(query, "&"+name+"="), strings.LastIndex(query, "?"+name+"="))
	if begin := strings.LastIndexByte(query[:field+1], '?') + 1; begin > 0 {
		return query[begin:]
	}
	return ""
}

// appended returns the fields of Appended, nil if the fields are those of a body.
func appended(r *http.Request, name string) url.Values {
	query := Appended(r.URL.RawQuery, name)
	if query == "" || !isQueryRead(r) {
		return nil
	}
	values, err := parseQuery(query)
	if err != nil {
		return nil
	}
	return values
}

// isQueryRead reports whether the fields are those of the query: see Form.
func isQueryRead(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return r.Method == http.MethodGet
	}
	_, err := formBody(r)
	return len(r.PostForm) == 0 && errors.Is(err, errEmpty)
}

func parseQuery(query string) (url.Values, error) {
	// A copy: fiber's adaptor passes on memory that the next request overwrites.
	return parse(strings.Clone(query))
}

// Form returns the fields of a notification by POST or GET: those of the body of a
// POST, or of the query of a GET or of a POST with an empty body and a signed query. They
// are never merged, because the notify URL may have a query.
func Form(r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		return Query(r)
	}
	if r.Method != http.MethodPost {
		return nil, rejectMethod("GET, POST")
	}
	// A framework has parsed the form, and so consumed the body.
	if len(r.PostForm) > 0 {
		return single(r.PostForm)
	}
	body, err := formBody(r)
	switch {
	case errors.Is(err, errEmpty) && r.URL.RawQuery != "":
		values, queryErr := parseQuery(r.URL.RawQuery)
		if queryErr == nil && !values.Has(sign.FieldName) {
			return nil, err // the query is that of the notify URL
		}
		return values, queryErr
	case err != nil:
		return nil, err
	}
	switch mediaType := mediaType(r.Header); mediaType {
	case "multipart/form-data":
		return multipartForm(body, r.Header.Get("Content-Type"))
	case "", transport.ContentTypeForm, "text/plain", "text/html", "application/octet-stream":
		return parse(string(body))
	default:
		return nil, reject(http.StatusUnsupportedMediaType, fmt.Sprintf("unsupported Content-Type %q: expected a form", clip(mediaType)))
	}
}

// formBody returns the body without the byte order marks and line breaks that an editor or
// a shell adds, and the zero byte at the end of a text in C. It is errEmpty if nothing is
// left.
func formBody(r *http.Request) ([]byte, error) {
	body, err := Body(r)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimRight(bytes.TrimLeft(body, before), behind)
	if len(body) == 0 {
		return nil, errEmpty
	}
	return body, nil
}

// mediaType returns what stands before the parameters of the Content-Type. Senders
// write parameters that mime.ParseMediaType does not accept.
func mediaType(header http.Header) string {
	value := strings.TrimSpace(header.Get("Content-Type"))
	if end := strings.IndexAny(value, ";, \t"); end >= 0 {
		value = value[:end]
	}
	return strings.ToLower(value)
}

func clip(text string) string { return text[:min(len(text), 40)] }

func parse(text string) (url.Values, error) {
	if len(text) > MaxBody {
		return nil, errTooLong
	}
	values, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return some(values)
}

func some(values url.Values) (url.Values, error) {
	if len(values) == 0 {
		return nil, reject(http.StatusBadRequest, "no fields were sent, or the body was already read")
	}
	return values, nil
}

// Single returns a copy of values that the caller parsed, who may use their memory again,
// as fiber does. They must have one value for each name, and be within the limits of a
// form. The error is ErrInvalidNotification.
func Single(values url.Values) (url.Values, error) {
	if _, err := single(values); err != nil {
		return nil, err
	}
	var memory strings.Builder // of all names and values
	memory.Grow(512)
	own := func(text string) string {
		begin := memory.Len()
		memory.WriteString(text)
		return memory.String()[begin:]
	}
	copied, array := make(url.Values, len(values)), make([]string, 0, len(values))
	for name, all := range values {
		begin := len(array)
		for _, value := range all { // one at most
			array = append(array, own(value))
		}
		copied[own(name)] = array[begin:len(array):len(array)]
	}
	return copied, nil
}

func single(values url.Values) (url.Values, error) {
	if len(values) > MaxFields {
		return nil, errMany
	}
	size := 0
	for name, all := range values {
		if len(all) > 1 {
			return nil, errRepeated
		}
		size += len(name) + len(values.Get(name))
	}
	if size > MaxBody {
		return nil, errTooLong
	}
	return some(values)
}

// PHP's curl sends an array of fields as multipart/form-data.
func multipartForm(body []byte, contentType string) (url.Values, error) {
	bad := reject(http.StatusBadRequest, "multipart form is malformed or truncated")
	delimiter := boundaryOf(contentType)
	parsed, err := multipart.NewReader(bytes.NewReader(body), delimiter).ReadForm(MaxBody)
	// The reader accepts a form that is truncated in the head of a part.
	if err != nil || !bytes.Contains(body, []byte("--"+delimiter+"--")) {
		return nil, bad
	}
	defer func() { _ = parsed.RemoveAll() }()
	if len(parsed.File) > 0 {
		return nil, reject(http.StatusBadRequest, "multipart form holds a file")
	}
	return single(url.Values(parsed.Value))
}

// boundaryOf returns the parameter boundary of a Content-Type. Senders write other
// parameters that mime.ParseMediaType does not accept.
func boundaryOf(contentType string) string {
	if _, parameters, err := mime.ParseMediaType(contentType); err == nil {
		return parameters["boundary"]
	}
	found := boundary.FindStringSubmatch(contentType)
	if found == nil {
		return ""
	}
	return strings.Trim(found[1], `"`)
}

var boundary = regexp.MustCompile(`(?i)\bboundary=("[^"]*"|[^;, \t]*)`)

// Body returns the body of a notification by POST, of at most [MaxBody] bytes, and
// leaves it to be read again.
func Body(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, rejectMethod("POST")
	}
	if r.Body == nil {
		return nil, noBody(r)
	}
	body, err := transport.ReadAll(r.Body, r.ContentLength, MaxBody)
	switch {
	case len(body) > MaxBody:
		return nil, errTooLong
	case errors.Is(err, http.ErrBodyReadAfterClose):
		return nil, noBody(r)
	case err != nil:
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, reject(http.StatusRequestEntityTooLarge, "longer than the server allows")
		}
		return nil, reject(http.StatusBadRequest, "body is truncated")
	case len(body) == 0:
		return nil, noBody(r)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && bytes.ContainsFunc(body, isBinary) {
		return nil, reject(http.StatusUnsupportedMediaType, fmt.Sprintf("body is compressed: unsupported Content-Encoding %q", clip(encoding)))
	}
	again := &replay{Closer: r.Body}
	again.Reset(body)
	r.Body = again
	return body, nil
}

// isBinary reports whether r is in compressed data and in no form and no JSON. A middleware
// that decompresses a body may leave its Content-Encoding.
func isBinary(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }

type replay struct {
	bytes.Reader
	io.Closer
}

// CheckBody requires a body of 1 to [MaxBody] bytes.
func CheckBody(v *check.Checker, body []byte) {
	v.That(len(body) > 0, "body", "is empty, or was already read")
	if len(body) > MaxBody {
		v.Fail("body", fmt.Sprintf("must be at most %d bytes long", MaxBody))
	}
}

// noBody is the rejection for a request without a body.
func noBody(r *http.Request) error {
	if r.ContentLength > 0 {
		return errConsumed
	}
	return errEmpty
}
