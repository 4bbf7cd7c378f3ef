package bench

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// canned responds to every request with the same JSON.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode:    http.StatusOK,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(string(c))),
		ContentLength: int64(len(c)),
		Request:       r,
	}, nil
}

// cannedClient returns a client with net/http's own transport: the SDK guards the bodies
// of any other one, which costs it some allocations.
func cannedClient(response string) *http.Client {
	transport := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // no HTTP/2
	transport.RegisterProtocol("https", canned(response))
	return &http.Client{Transport: transport}
}

const (
	baseURL  = "https://pay.example.com"
	appKey   = "098f6bcd4621d373cade4e832627b4f6"
	token    = "token-of-10041"
	apiKey   = "sk_live_0123456789"
	chargeID = "ch_WrHW58Ki5unLCSuf54OuHKCS"
)

func ispayClient(tb testing.TB, hc *http.Client, baseURL string) *ispay.Client {
	tb.Helper()
	client, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret(key), BaseURL: baseURL, HTTPClient: hc})
	return must(tb, client, err)
}

func codepayClient(tb testing.TB, hc *http.Client) *codepay.Client {
	tb.Helper()
	client, err := codepay.New(codepay.Config{
		UserID: "10041", Secret: sign.NewSecret(key), Token: sign.NewSecret(token), BaseURL: baseURL, HTTPClient: hc,
	})
	return must(tb, client, err)
}

func gatepayClient(tb testing.TB, hc *http.Client) *gatepay.Client {
	tb.Helper()
	client, err := gatepay.New(gatepay.Config{AppKey: appKey, Secret: sign.NewSecret(key), BaseURL: baseURL, HTTPClient: hc})
	return must(tb, client, err)
}

func kechengcangClient(tb testing.TB, hc *http.Client) *kechengcang.Client {
	tb.Helper()
	client, err := kechengcang.New(kechengcang.Config{AppID: "example", Secret: sign.NewSecret(key), BaseURL: baseURL, HTTPClient: hc})
	return must(tb, client, err)
}

func pingppClient(tb testing.TB, hc *http.Client, publicPEM []byte) *pingpp.Client {
	tb.Helper()
	client, err := pingpp.New(pingpp.Config{
		BaseURL: baseURL, Token: sign.NewSecret(key), APIKey: sign.NewSecret(apiKey), APIBaseURL: baseURL,
		WebhookPublicKey: string(publicPEM), HTTPClient: hc,
	})
	return must(tb, client, err)
}

func ispayRequest() ispay.CreateOrderRequest {
	return ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
		Subject: "Example book", NotifyURL: "https://shop.example.com/notify", ReturnURL: "https://shop.example.com/paid",
	}
}

func BenchmarkCreate(b *testing.B) {
	creates(b, cannedClient, func(name string, floor, sdk func() error) { beside(b, name, floor, sdk) })
}

func BenchmarkQuery(b *testing.B) {
	queries(b, cannedClient, func(name string, floor, sdk func() error) { beside(b, name, floor, sdk) })
}

// creates passes the creates by hand and with the SDK to beside. client returns the
// client of both, which responds with response.
func creates(tb testing.TB, client func(response string) *http.Client, beside func(name string, floor, sdk func() error)) {
	tb.Helper()
	ctx := context.Background()

	hc := client(ispayCreated)
	ispayClient := ispayClient(tb, hc, baseURL)
	beside("ispay", func() error { return createIspay(context.Background(), hc, baseURL) },
		func() error { _, err := ispayClient.CreateOrder(ctx, ispayRequest()); return err })

	hc = client(codepayCreated)
	codepayClient := codepayClient(tb, hc)
	beside("codepay", func() error { return createCodepay(context.Background(), hc) }, func() error {
		_, err := codepayClient.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
		return err
	})

	hc = client(gatepayCreated)
	gatepayClient := gatepayClient(tb, hc)
	beside("gatepay", func() error { return createGatepay(context.Background(), hc) }, func() error {
		_, err := gatepayClient.CreateOrder(ctx, gatepay.CreateOrderRequest{
			OrderNo: "5cc75a6a0b418", Channel: gatepay.ChannelAlipay, Amount: money.Cents(82), Attach: "test_user",
		})
		return err
	})

	hc = client(kechengcangPaid)
	kechengcangClient := kechengcangClient(tb, hc)
	beside("kechengcang", func() error { return createKechengcang(context.Background(), hc) }, func() error {
		_, err := kechengcangClient.CreateOrder(ctx, kechengcang.CreateOrderRequest{
			Subject: "测试", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		})
		return err
	})

	hc = client(pingppCreated)
	pingppClient := pingppClient(tb, hc, nil)
	beside("pingpp", func() error { return createPingpp(context.Background(), hc) }, func() error {
		_, err := pingppClient.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay})
		return err
	})
}

// queries is creates for queries.
func queries(tb testing.TB, client func(response string) *http.Client, beside func(name string, floor, sdk func() error)) {
	tb.Helper()
	ctx := context.Background()

	hc := client(ispayPaid)
	ispayClient := ispayClient(tb, hc, baseURL)
	beside("ispay", func() error { return queryIspay(context.Background(), hc) },
		func() error { _, err := ispayClient.QueryOrder(ctx, "20191118123424"); return err })

	hc = client(codepayPaid)
	codepayClient := codepayClient(tb, hc)
	beside("codepay", func() error { return queryCodepay(context.Background(), hc) },
		func() error { _, err := codepayClient.QueryOrder(ctx, "888888888"); return err })

	hc = client(gatepayPaid)
	gatepayClient := gatepayClient(tb, hc)
	beside("gatepay", func() error { return queryGatepay(context.Background(), hc) },
		func() error { _, err := gatepayClient.QueryOrder(ctx, "ORDER-1"); return err })

	hc = client(kechengcangPaid)
	kechengcangClient := kechengcangClient(tb, hc)
	beside("kechengcang", func() error { return queryKechengcang(context.Background(), hc) },
		func() error { _, err := kechengcangClient.QueryOrder(ctx, "YOw3MgLZ7RWGylz4"); return err })

	hc = client(pingppPaid)
	pingppClient := pingppClient(tb, hc, nil)
	beside("pingpp", func() error { return queryPingpp(context.Background(), hc) },
		func() error { _, err := pingppClient.QueryCharge(ctx, chargeID); return err })
}

// BenchmarkCreateParallel sends 16 requests at once over loopback to a server in the same
// process.
func BenchmarkCreateParallel(b *testing.B) {
	// Each has a separate server, whose end closes the connections: idle ones cost time.
	parallel := func(name string, newCall func(url string) func() error) {
		b.Run("ispay/"+name, func(b *testing.B) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, ispayCreated)
			}))
			defer server.Close()
			call := newCall(server.URL)
			b.ReportAllocs()
			b.SetParallelism(16 / min(runtime.GOMAXPROCS(0), 16))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	parallel("floor", func(url string) func() error {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 64
		hc := &http.Client{Transport: transport}
		return func() error { return createIspay(context.Background(), hc, url) }
	})
	parallel("sdk", func(url string) func() error {
		client := ispayClient(b, nil, url)
		return func() error { _, err := client.CreateOrder(context.Background(), ispayRequest()); return err }
	})
}
