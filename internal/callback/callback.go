// Package callback is what the callback handlers of the five gateways share:
// reading a request whatever a framework has done to it before, and answering
// so that the gateway and the merchant's monitoring both understand.
package callback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go/internal/bounded"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/form"
)

// MaxBody is the longest callback body that is read.
const MaxBody = 1 << 20

// refusal is an ErrInvalidNotification with the status to answer it with.
type refusal struct {
	status int
	why    string
	allow  string // the methods, for a 405
}

func (e *refusal) Error() string { return failure.ErrInvalidNotification.Error() + ": " + e.why }
func (e *refusal) Unwrap() error { return failure.ErrInvalidNotification }

func refuse(status int, why string) error { return &refusal{status: status, why: why} }

func refuseMethod(allow string) error {
	return &refusal{http.StatusMethodNotAllowed, "want the method " + allow, allow}
}

// Query returns the fields of a callback by GET: those of its query.
func Query(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodGet {
		return nil, refuseMethod("GET")
	}
	// A copy: fiber's adaptor passes on memory that the next request overwrites.
	return parse(strings.Clone(r.URL.RawQuery))
}

// Values returns the fields of a callback by POST or GET: those of the body of
// a POST and those of the query of a GET, never both, because the notify URL
// may carry a query of its own.
func Values(r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		return Query(r)
	}
	if r.Method != http.MethodPost {
		return nil, refuseMethod("GET, POST")
	}
	// A framework has parsed the form, and so consumed the body.
	if len(r.PostForm) > 0 {
		return single(r.PostForm)
	}
	body, err := Body(r)
	if err != nil {
		return nil, err
	}
	mediaType, params, err := mediaType(r.Header)
	switch {
	case err == nil && mediaType == "multipart/form-data":
		return multipartValues(body, params["boundary"])
	case err == nil && (mediaType == "" || mediaType == "application/x-www-form-urlencoded"):
		return parse(string(body))
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "want a form as its content type")
	}
}

func mediaType(header http.Header) (string, map[string]string, error) {
	value := header.Get("Content-Type")
	// The usual value needs no parsing.
	if value == "" || value == "application/x-www-form-urlencoded" {
		return value, nil, nil
	}
	return mime.ParseMediaType(value)
}

func parse(text string) (url.Values, error) {
	if len(text) > MaxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, "too long")
	}
	values, err := form.Parse(text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	return some(values)
}

func some(values url.Values) (url.Values, error) {
	if len(values) == 0 {
		return nil, refuse(http.StatusBadRequest, "it has no fields: they were not sent, or the body was already read")
	}
	return values, nil
}

// Single checks values that somebody else parsed: an error is ErrInvalidNotification.
func Single(values url.Values) error {
	_, err := single(values)
	return err
}

func single(values url.Values) (url.Values, error) {
	if err := form.Single(values); err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	return some(values)
}

// PHP's curl sends an array of fields as multipart/form-data.
func multipartValues(body []byte, boundary string) (url.Values, error) {
	parsed, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(MaxBody)
	// The reader takes a form that is cut in the head of a part as if it ended there.
	if err != nil || !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return nil, refuse(http.StatusBadRequest, "its multipart form cannot be read")
	}
	defer func() { _ = parsed.RemoveAll() }()
	if len(parsed.File) > 0 {
		return nil, refuse(http.StatusBadRequest, "it holds a file")
	}
	return single(url.Values(parsed.Value))
}

// Body returns the body of a callback by POST, of at most [MaxBody] bytes, and
// leaves it to be read again.
func Body(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, refuseMethod("POST")
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, errNoBody(r)
	}
	body, err := bounded.Read(r.Body, r.ContentLength, MaxBody)
	switch {
	case len(body) > MaxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("longer than %d bytes", MaxBody))
	case errors.Is(err, http.ErrBodyReadAfterClose):
		return nil, errNoBody(r)
	case err != nil:
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, refuse(http.StatusRequestEntityTooLarge, "longer than the server allows")
		}
		return nil, refuse(http.StatusBadRequest, "its body broke off")
	case len(body) == 0:
		return nil, errNoBody(r)
	}
	r.Body = again{bytes.NewReader(body), r.Body}
	return body, nil
}

type again struct {
	*bytes.Reader
	io.Closer
}

func errNoBody(r *http.Request) error {
	if r.ContentLength > 0 {
		return refuse(http.StatusBadRequest, "its body was already read: put it back, or pass what was read to VerifyNotification")
	}
	return refuse(http.StatusBadRequest, "its body is empty, or was already read")
}

// Reply is how a gateway is answered.
type Reply struct {
	Gateway         string // stands in log lines
	Accepted, Again string // the bodies: done, and call again
	Log             *slog.Logger
}

// Serve calls handle and answers by the error that it returns.
func (p Reply) Serve(w http.ResponseWriter, r *http.Request, handle func() error) {
	err := handle()
	header := w.Header()
	header["Content-Type"] = plainText
	if err == nil {
		// Said, because a router's fallback handler may have set 404 before.
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, p.Accepted)
		return
	}
	status := Status(err)
	p.Log.LogAttrs(r.Context(), slog.LevelWarn, p.Gateway+": callback not accepted",
		slog.Int("status", status), slog.String("reason", err.Error()))
	var refused *refusal
	if status == http.StatusMethodNotAllowed && errors.As(err, &refused) {
		header.Set("Allow", refused.allow)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, p.Again)
}

var plainText = []string{"text/plain; charset=utf-8"}

// merchantError marks an error of the merchant's own function.
type merchantError struct{ err error }

func (e *merchantError) Error() string { return "the merchant's function: " + e.err.Error() }
func (e *merchantError) Unwrap() error { return e.err }

// RequireAccept panics if a handler is made without the merchant's function, as
// net/http does for a nil handler: when the program starts, not at the first
// callback.
func RequireAccept[N any](gateway string, accept func(context.Context, N) error) {
	if accept == nil {
		panic(gateway + ": NotificationHandler needs a function that accepts notifications")
	}
}

// Accept passes a notification to the merchant's function and marks the error
// it returns as its own.
func Accept[N any](ctx context.Context, accept func(context.Context, N) error, notification N) error {
	if err := accept(ctx, notification); err != nil {
		return &merchantError{err}
	}
	return nil
}

// Status returns the HTTP status that tells monitoring who has to act: 4xx for
// a callback that is not genuine, 409 for one that the gateway does not
// confirm, 500 for the merchant's own function, 502 for a gateway that cannot
// be asked.
func Status(err error) int {
	var own *merchantError
	var refused *refusal
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &own):
		return http.StatusInternalServerError
	case errors.As(err, &refused):
		return refused.status
	case errors.Is(err, failure.ErrInvalidSignature):
		return http.StatusForbidden
	case errors.Is(err, failure.ErrInvalidNotification):
		return http.StatusBadRequest
	case errors.Is(err, failure.ErrNotConfirmed), errors.Is(err, failure.ErrOrderNotFound):
		return http.StatusConflict
	default:
		return http.StatusBadGateway
	}
}
