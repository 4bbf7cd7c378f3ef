package otelpaygates_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// recorder collects every value that goes over the wire: none of them belongs into a
// trace.
type recorder struct {
	mu      sync.Mutex
	values  []string
	queries int // requests to the gateway
}

// shortest is the length of the shortest value that is searched. A shorter one, such as
// a state, occurs everywhere.
const shortest = 6

// documented are values of responses that are words of Ping++'s document.
var documented = []string{"charge", "refund", "/v1/charges"}

func (r *recorder) add(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range values {
		if !slices.Contains(documented, value) && len(value) >= shortest && !slices.Contains(r.values, value) {
			r.values = append(r.values, value)
		}
	}
}

// client returns a client that records requests and responses.
func (r *recorder) client() *http.Client { return &http.Client{Transport: r} }

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.request(request)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	r.body(body)
	return response, err
}

// received records the notifications that handler gets.
func (r *recorder) received(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.request(request)
		handler.ServeHTTP(w, request)
	})
}

func (r *recorder) request(request *http.Request) {
	r.mu.Lock()
	r.queries++
	r.mu.Unlock()
	r.add(request.URL.String(), request.URL.RawQuery)
	if uri := request.URL.RequestURI(); strings.ContainsAny(uri, "?0123456789") { // more than the documented path
		r.add(uri)
	}
	for _, values := range request.URL.Query() {
		r.add(values...)
	}
	for _, segment := range strings.Split(request.URL.Path, "/") {
		if strings.ContainsAny(segment, "0123456789") { // not a word of the documented path
			r.add(segment)
		}
	}
	if user, _, ok := request.BasicAuth(); ok {
		r.add(user)
	}
	for name, values := range request.Header {
		if name != "Content-Type" && name != "Accept" {
			r.add(values...)
		}
	}
	if request.Body == nil {
		return
	}
	body, _ := io.ReadAll(request.Body)
	_ = request.Body.Close()
	request.Body = io.NopCloser(bytes.NewReader(body))
	r.body(body)
}

// body records the values of a form or of JSON.
func (r *recorder) body(body []byte) {
	r.add(string(body))
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&value) == nil {
		r.json(value)
		return
	}
	form, _ := url.ParseQuery(string(body))
	for _, values := range form {
		r.add(values...)
	}
}

func (r *recorder) json(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, inner := range value {
			r.json(inner)
		}
	case []any:
		for _, inner := range value {
			r.json(inner)
		}
	default:
		r.add(fmt.Sprint(value))
	}
}

// shown returns the values that a text shows.
func (r *recorder) shown(text string) (found []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range r.values {
		if strings.Contains(text, value) || strings.Contains(text, url.QueryEscape(value)) {
			found = append(found, value)
		}
	}
	return found
}
