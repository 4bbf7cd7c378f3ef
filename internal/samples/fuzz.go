package samples

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
)

// Gateway is a transport that sends the same response to every request. It is for fuzz
// targets, and so not safe for concurrent use.
type Gateway struct {
	Status int
	Body   []byte
}

// statuses are those after which no request is retried.
var statuses = [...]int{http.StatusOK, 201, 302, 400, 404, 405, 422}

// Respond sets the body, and one of the statuses after which no request is retried.
func (g *Gateway) Respond(status uint8, body []byte) {
	g.Status, g.Body = statuses[int(status)%len(statuses)], body
}

// RoundTrip implements http.RoundTripper.
func (g *Gateway) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: g.Status, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(g.Body)), ContentLength: int64(len(g.Body)),
	}, nil
}

// RequireError returns err, which must be a *paygates.Error that keeps the response and
// prints as one line, shorter than longest.
func (g *Gateway) RequireError(t *testing.T, err error, longest int) *paygates.Error {
	t.Helper()
	var failed *paygates.Error
	switch {
	case !errors.As(err, &failed):
		t.Fatalf("not a *paygates.Error: %v", err)
	case !bytes.Equal(g.Body, failed.Body.Reveal()):
		t.Fatalf("the error keeps %q", failed.Body.Reveal())
	case strings.ContainsFunc(err.Error(), unicode.IsControl), len(err.Error()) >= longest:
		t.Fatalf("not one short line: %q", err.Error())
	}
	return failed
}

// IsUnclear reports whether the error of a create is for a response after which the order
// may exist: an unreadable one without HTTP 4xx, or one that reports success.
func IsUnclear(failed *paygates.Error) bool {
	return errors.Is(failed, paygates.ErrBadResponse) &&
		(failed.HTTPStatus < 400 || strings.Contains(failed.Error(), "response reports success with HTTP status"))
}

// Read decodes a response as encoding/json alone does, with numbers as they were sent. It
// skips the test for one with an object in a string, which encoding/json does not read.
func Read(t *testing.T, response []byte, into any) {
	t.Helper()
	err := Decoder(response).Decode(into)
	var other *json.UnmarshalTypeError
	switch {
	case errors.As(err, &other) && other.Value == "string":
		t.Skip("an object in a string")
	case err != nil:
		t.Fatal(err)
	}
}

// Decoder returns a decoder of the first object in a response, which may be in a string.
// What stands before it must have been dropped for a reason.
func Decoder(response []byte) *json.Decoder {
	response = response[max(0, bytes.IndexAny(response, `{"[`)):]
	var encoded string
	if json.NewDecoder(bytes.NewReader(response)).Decode(&encoded) == nil {
		response = []byte(encoded)
	}
	decoder := json.NewDecoder(bytes.NewReader(response))
	decoder.UseNumber()
	return decoder
}

// Hundredths returns a number of yuan in cents, or -1 for another text. It calculates
// with fractions, and so without package money.
func Hundredths(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return big.NewRat(-1, 1)
	}
	return value.Mul(value, big.NewRat(100, 1))
}

// IsCents reports whether text stands for the amount.
func IsCents(amount money.Amount, text string) bool {
	return Hundredths(text).Cmp(new(big.Rat).SetInt64(amount.Cents())) == 0
}
