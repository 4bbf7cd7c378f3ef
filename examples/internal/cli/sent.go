package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/paygates/paygates-go/sign"
)

// HTTPClient returns the client to send requests by: nil, for the default one,
// or with create -explain one that explains each request before it is sent.
// explain reports false for what is not worth explaining.
func (c *Call) HTTPClient(explain func(*http.Request, []byte) (sign.Explanation, bool)) *http.Client {
	if !c.explain || c.command != "create" {
		return nil
	}
	return &http.Client{Transport: explainer{call: c, explain: explain}}
}

type explainer struct {
	call    *Call
	explain func(*http.Request, []byte) (sign.Explanation, bool)
}

// RoundTrip implements http.RoundTripper.
func (e explainer) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if explanation, ok := e.explain(r, body); ok {
		e.call.Explain(explanation)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Fetch returns the image at a URL that the gateway gave.
func Fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("the URL of the image is not valid")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, errors.New("the image cannot be fetched")
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the image cannot be fetched: HTTP %d", response.StatusCode)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxBody))
}
