package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
)

func BenchmarkNotification(b *testing.B) {
	hc := cannedClient(ispayPaid)
	query := url.Values{"order_no": {"20191118123424"}, "amount": {"300.00"}, "state": {"9"}, "sign": {md5Hex("10001" + "20191118123424" + key)}}
	serving(b, "ispay", httptest.NewRequest(http.MethodGet, "/notify?"+query.Encode(), nil), "", notifyIspay(hc),
		ispayClient(b, hc, baseURL).NotificationHandler(func(context.Context, *ispay.Notification) error { return nil }))

	serving(b, "codepay", form(), codepayValues(b).Encode(), notifyCodepay(),
		codepayClient(b, nil).NotificationHandler(func(context.Context, *codepay.Notification) error { return nil }))

	hc = cannedClient(gatepayPaid)
	values := url.Values{
		"order_id": {"522"}, "out_order_id": {"ORDER-1"}, "price": {"1.88"}, "realprice": {"1.88"}, "type": {"alipay"},
		"paytime": {"1557056200"}, "extend": {"terry"},
		"sign": {md5Hex(md5Hex(appKey+"522"+"ORDER-1"+"1.88"+"1.88"+"alipay"+"1557056200"+"terry") + key)},
	}
	serving(b, "gatepay", form(), values.Encode(), notifyGatepay(hc),
		gatepayClient(b, hc).NotificationHandler(func(context.Context, *gatepay.Notification) error { return nil }))

	hc = cannedClient(kechengcangPaid)
	serving(b, "kechengcang", httptest.NewRequest(http.MethodPost, "/notify", nil), kechengcangResult, notifyKechengcang(hc),
		kechengcangClient(b, hc).NotificationHandler(func(context.Context, *kechengcang.Notification) error { return nil }))

	keys := newKeys(b)
	webhook := httptest.NewRequest(http.MethodPost, "/notify", nil)
	webhook.Header.Set(pingpp.SignatureHeader, keys.sign(b, []byte(pingppEvent)))
	serving(b, "pingpp", webhook, pingppEvent, notifyPingpp(keys),
		pingppClient(b, nil, keys.publicPEM).NotificationHandler(func(context.Context, *pingpp.Notification) error { return nil }))
}

func form() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/notify", nil)
	r.Header.Set("Content-Type", formType)
	return r
}

// serving serves the same request with each of the handlers.
func serving(b *testing.B, name string, r *http.Request, body string, floor, sdk http.Handler) {
	b.Helper()
	r.ContentLength = int64(len(body))
	serve := func(h http.Handler) func() error {
		return func() error {
			r.Body, r.Form, r.PostForm = io.NopCloser(strings.NewReader(body)), nil, nil
			w := httptest.NewRecorder()
			// net/http's server gives each request a context that it cancels.
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if h.ServeHTTP(w, r.WithContext(ctx)); w.Code != http.StatusOK {
				return fmt.Errorf("status %d: %s", w.Code, w.Body)
			}
			return nil
		}
	}
	beside(b, name, serve(floor), serve(sdk))
}
