package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/money"
)

// rewriting is a client whose requests with a body are sent in another form.
type rewriting struct {
	rewrite func(url.Values) (contentType string, body []byte)
	done    int
}

func (c *rewriting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fields, _ := url.ParseQuery(string(body))
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		fields = url.Values{}
		for name, value := range object {
			fields.Set(name, fmt.Sprint(value))
		}
	}
	contentType, changed := c.rewrite(fields)
	r = r.Clone(r.Context())
	r.Header.Set("Content-Type", contentType)
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(changed)), int64(len(changed)), nil
	c.done++
	return http.DefaultTransport.RoundTrip(r)
}

// Merchants' programs send forms in these shapes, which the frameworks of the gateways read:
// PHP's curl sends a multipart form for an array.
func TestFakesReadEveryForm(t *testing.T) {
	t.Parallel()
	form := func(contentType, add string) func(url.Values) (string, []byte) {
		return func(fields url.Values) (string, []byte) { return contentType, []byte(fields.Encode() + add) }
	}
	const urlencoded = "application/x-www-form-urlencoded"
	for name, rewrite := range map[string]func(url.Values) (string, []byte){
		"multipart": func(fields url.Values) (string, []byte) {
			var body bytes.Buffer
			w := multipart.NewWriter(&body)
			for name := range fields {
				_ = w.WriteField(name, fields.Get(name))
			}
			_ = w.Close()
			return w.FormDataContentType(), body.Bytes()
		},
		"charset":           form(urlencoded+";charset=UTF-8", ""),
		"malformed charset": form("Application/X-WWW-Form-Urlencoded; charset", ""),
		"trailing &":        form(urlencoded, "&"),
	} {
		for _, g := range All() {
			fake := g.Fake("")
			defer fake.Close()
			sending := &rewriting{rewrite: rewrite}
			client, err := g.Open(Settings{Env: fake.Environment(), HTTPClient: &http.Client{Transport: sending}})
			require.NoError(t, err)
			orderNo := "S1E"
			if g.KnownOrder != "" {
				orderNo = g.KnownOrder
			}
			_, err = client.Create(context.Background(), Order{
				OrderNo: orderNo, Channel: g.Channels[0], Amount: money.Cents(100), Subject: "Example", Attach: "x", PayerIP: "203.0.113.7",
			})
			require.NoError(t, err, "%s: %s", g.Name, name)
			assert.True(t, sending.done == 1 || g.Name == "codepay", "%s creates by GET", g.Name)
		}
	}
}
