package gatepay_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/sign"
)

// canned responds to every request with one body: the benchmarks measure this module and
// resty, not the network.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(c)), ContentLength: int64(len(c)),
	}, nil
}

func benchmarkClient(b *testing.B, body string) *gatepay.Client {
	b.Helper()
	client, err := gatepay.New(gatepay.Config{
		AppKey: appKey, Secret: sign.NewSecret(secret), HTTPClient: &http.Client{Transport: canned(body)},
	})
	require.NoError(b, err)
	return client
}

func BenchmarkCreateOrder(b *testing.B) {
	client, r := benchmarkClient(b, samples.JSON(b, "anypay.json")), request()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := client.CreateOrder(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQueryOrder(b *testing.B) {
	client := benchmarkClient(b, samples.JSON(b, "order_check.json"))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := client.QueryOrder(context.Background(), "5cc75a6a0b418"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyNotification(b *testing.B) {
	client := benchmarkClient(b, "")
	values, err := url.ParseQuery(notifyForm)
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := client.VerifyNotification(values); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNotificationHandler(b *testing.B) {
	client := benchmarkClient(b, checkResponse("522", "1.88", "paid"))
	handler := client.NotificationHandler(func(context.Context, *gatepay.Notification) error { return nil })
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, post(notifyForm)); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
