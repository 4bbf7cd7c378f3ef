package bench

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// canned answers every request with the same JSON.
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

func (c canned) client() *http.Client { return &http.Client{Transport: c} }

const (
	ispayCreated = `{"success":true,"errorCode":0,"errorMsg":null,"order_id":"424843497502158848"}`
	// The reply of the codepay document.
	codepayCreated = `{"msg":"ok","qrcode":"//codepay.fateqq.com/qr/1/3/100/0.png","status":0,"chart":"utf-8","order_id":888888888,` +
		`"pay_id":"admin","type":1,"price":"100.00","money":"100.00","userID":1,"notiry_key":"codepay_notiry_key","tag":0,` +
		`"serverTime":1481453112,"endTime":1481453412}`
	// The cloudpay reply of the gatepay document, which carries no image.
	gatepayCreated = `{"code":100,"msg":"请求成功","time":"1556614084","data":{"pay_url":"https://cloud.gatepay.io\/pay\/api?id=5cc75a6a0b418&type=alipay",` +
		`"qrcode_url":"https://cloud.gatepay.io/qrcode\/buildsize=130&text=https://cloud.gatepay.io%2Fpay%2Fapi%3Fid%3D5cc75a6a0b418%26type%3Dalipay",` +
		`"params":{"appkey":"098f6bcd4621d373cade4e832627b4f6","price":"0.82","type":"alipay","out_order_id":"5cc75a6a0b418","custom":"test_user",` +
		`"sign":"45f46863f10965c0f0671fb738efb13e"}}}`
	gatepayPaid = `{"code":100,"msg":"请求成功","time":"1557056209","data":{"order_id":522,"order_name":"任意金额支付:1.88元",` +
		`"order_price":"1.88","order_type":"alipay","order_status":"paid"}}`
	// The reply of the kechengcang document.
	kechengcangCreated = `{"code":200,"message":"ok","result":{"id":"YOw3MgLZ7RWGylz4","title":"\u6d4b\u8bd5","remark":"xx","fee":2000,"currency":1,` +
		`"pay_fee":11111,"pay_currency":5,"pay_account":"","receipt_account":"0xE4758EF12D49893581f71e6abdfB1ddA16a043ab","callback_url":"",` +
		`"redirect_url":"","pay_status":1,"status":1,"callback_status":1,"callback_at":null,"callback_times":0,"pay_finish_at":null,` +
		`"pay_refresh_at":null,"pay_submit_at":null,"created_at":"","updated_at":"","deleted_at":null,"app_id":"","tv_url":""}}`
	// The charge of the pingpp document, its credential shortened.
	pingppCharge = `{"order_no":"12134676899915430002","extra":{},"app":"app_GuHu9Of9KaTG5GiT","livemode":true,"currency":"cny","time_settle":null,` +
		`"time_expire":1466236251,"id":"ch_WrHW58Ki5unLCSuf54OuHKCS","subject":1,"failure_msg":null,"channel":"alipay",` +
		`"metadata":{"order_id":1,"buyer":"15201052252","names":"collection的使用","order_no":"12134676899915430002","courses":"1"},` +
		`"body":"12134676899915430002","credential":{"alipay":{"orderInfo":"service=1"},"object":"credential"},"client_ip":"127.0.0.1",` +
		`"description":null,"amount_refunded":0,"refunded":false,"object":"charge","paid":false,"amount_settle":9900,"time_paid":null,` +
		`"failure_code":null,"refunds":{"url":"/v1/charges/ch_WrHW58Ki5unLCSuf54OuHKCS/refunds","has_more":false,"object":"list","data":[]},` +
		`"created":1466149851,"transaction_no":null,"amount":9900}`
	pingppCreated = `{"status":0,"message":"","ch":` + pingppCharge + `}`
	ispayPaid     = `{"success":true,"errorCode":0,"errorMsg":null,"order":{"sn":"20191118123424","state":9,"amount":300.00,` +
		`"qrcode":"","imgtext":"","notifyurl":"https://shop.example.com/notify","returnurl":"","returning":false,` +
		`"ip":"203.0.113.7","paytype":"P901","create_time":"2019-10-15 17:04:00"}}`
)

func ispayClient(b *testing.B, hc *http.Client, baseURL string) *ispay.Client {
	b.Helper()
	client, err := ispay.New(ispay.Config{UserID: "10001", Secret: sign.NewSecret(key), BaseURL: baseURL, HTTPClient: hc})
	return must(b, client, err)
}

func ispayRequest() ispay.CreateOrderRequest {
	return ispay.CreateOrderRequest{
		OrderNo: "20191118123424", Channel: ispay.ChannelAlipay, Amount: money.Cents(30000), PayerIP: "203.0.113.7",
		Subject: "Example book", NotifyURL: "https://shop.example.com/notify", ReturnURL: "https://shop.example.com/paid",
	}
}

// byHand is what a merchant would write for the ispay call with net/http alone,
// without signing and without checking anything.
func byHand(ctx context.Context, hc *http.Client, target string) error {
	form := url.Values{}
	form.Set("userid", "10001")
	form.Set("subject", "Example book")
	form.Set("order_no", "20191118123424")
	form.Set("order_type", "P901")
	form.Set("amount", "300.00")
	form.Set("notify_url", "https://shop.example.com/notify")
	form.Set("return_url", "https://shop.example.com/paid")
	form.Set("ip", "203.0.113.7")
	form.Set("sign", key)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := hc.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var reply struct {
		Success   bool    `json:"success"`
		ErrorCode int     `json:"errorCode"`
		ErrorMsg  *string `json:"errorMsg"`
		OrderID   string  `json:"order_id"`
	}
	return json.Unmarshal(body, &reply)
}

// withTimeout is byHand with the bound on its time that a merchant had better add,
// and that every call of the SDK has.
func withTimeout(ctx context.Context, hc *http.Client, target string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return byHand(ctx, hc, target)
}

func calls(b *testing.B, name string, call func(context.Context) error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		ctx := context.Background()
		b.ReportAllocs()
		for range b.N {
			if err := call(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	hc := canned(ispayCreated).client()
	const target = "https://pay.ispay.in/gateway"
	calls(b, "nethttp", func(ctx context.Context) error { return byHand(ctx, hc, target) })
	calls(b, "nethttp-timeout", func(ctx context.Context) error { return withTimeout(ctx, hc, target) })
	ispayClient := ispayClient(b, hc, "")
	calls(b, "ispay", func(ctx context.Context) error {
		_, err := ispayClient.CreateOrder(ctx, ispayRequest())
		return err
	})
	codepayClient := codepayClient(b, canned(codepayCreated).client())
	calls(b, "codepay", func(ctx context.Context) error {
		_, err := codepayClient.CreateOrder(ctx, codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)})
		return err
	})
	gatepayClient := gatepayClient(b, canned(gatepayCreated).client())
	calls(b, "gatepay", func(ctx context.Context) error {
		_, err := gatepayClient.CreateOrder(ctx, gatepay.CreateOrderRequest{
			OrderNo: "5cc75a6a0b418", Channel: gatepay.ChannelAlipay, Amount: money.Cents(82), Attach: "test_user",
		})
		return err
	})
	kechengcangClient, err := kechengcang.New(kechengcang.Config{
		AppID: "example", Secret: sign.NewSecret(key), BaseURL: "https://pay.example.com", HTTPClient: canned(kechengcangCreated).client(),
	})
	must(b, kechengcangClient, err)
	calls(b, "kechengcang", func(ctx context.Context) error {
		_, err := kechengcangClient.CreateOrder(ctx, kechengcang.CreateOrderRequest{
			Subject: "测试", Fee: kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		})
		return err
	})
	pingppClient, err := pingpp.New(pingpp.Config{
		BaseURL: "https://shop.example.com", Token: sign.NewSecret(key), HTTPClient: canned(pingppCreated).client(),
	})
	must(b, pingppClient, err)
	calls(b, "pingpp", func(ctx context.Context) error {
		_, err := pingppClient.CreateOrder(ctx, pingpp.CreateOrderRequest{OrderNo: "12134676899915430002", Channel: pingpp.ChannelAlipay})
		return err
	})
}

func codepayClient(b *testing.B, hc *http.Client) *codepay.Client {
	b.Helper()
	client, err := codepay.New(codepay.Config{UserID: "10041", Secret: sign.NewSecret(key), HTTPClient: hc})
	return must(b, client, err)
}

func gatepayClient(b *testing.B, hc *http.Client) *gatepay.Client {
	b.Helper()
	client, err := gatepay.New(gatepay.Config{AppKey: "098f6bcd4621d373cade4e832627b4f6", Secret: sign.NewSecret(key), HTTPClient: hc})
	return must(b, client, err)
}

func BenchmarkCreateParallel(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, ispayCreated)
	}))
	defer server.Close()
	parallel := func(name string, call func(context.Context) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(16 / min(runtime.GOMAXPROCS(0), 16))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(context.Background()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	hc := &http.Client{Transport: transport}
	parallel("nethttp", func(ctx context.Context) error { return byHand(ctx, hc, server.URL+"/gateway") })
	parallel("nethttp-timeout", func(ctx context.Context) error { return withTimeout(ctx, hc, server.URL+"/gateway") })
	client := ispayClient(b, nil, server.URL)
	parallel("ispay", func(ctx context.Context) error {
		_, err := client.CreateOrder(ctx, ispayRequest())
		return err
	})
}

// handler serves the same request again and again.
func handler(b *testing.B, name string, h http.Handler, method, target, contentType, body string, header ...string) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		request := httptest.NewRequest(method, target, nil)
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		request.ContentLength = int64(len(body))
		b.ReportAllocs()
		for range b.N {
			request.Body, request.Form, request.PostForm = io.NopCloser(strings.NewReader(body)), nil, nil
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request)
			if w.Code != http.StatusOK {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
}

const formType = "application/x-www-form-urlencoded"

func BenchmarkCallback(b *testing.B) {
	secret := sign.NewSecret(key)
	signature, err := sign.MD5Sorted(secret, callback())
	codepayBody := joined() + "&sign=" + must(b, signature, err).String()
	handler(b, "bare", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, _ = io.WriteString(w, "success")
	}), http.MethodPost, "/notify", formType, codepayBody)

	handler(b, "codepay", codepayClient(b, nil).NotificationHandler(
		func(context.Context, *codepay.Notification) error { return nil }), http.MethodPost, "/notify", formType, codepayBody)

	signature, err = sign.MD5Concat(secret, "10001", "20191118123424")
	query := "order_no=20191118123424&amount=300.00&state=9&sign=" + must(b, signature, err).String()
	handler(b, "ispay", ispayClient(b, canned(ispayPaid).client(), "").NotificationHandler(
		func(context.Context, *ispay.Notification) error { return nil }), http.MethodGet, "/notify?"+query, "", "")

	signature, err = sign.MD5Nested(secret, "098f6bcd4621d373cade4e832627b4f6", "522", "ORDER-1", "1.88", "1.88", "alipay", "1557056200", "terry")
	body := "order_id=522&out_order_id=ORDER-1&price=1.88&realprice=1.88&type=alipay&paytime=1557056200&extend=terry&sign=" +
		must(b, signature, err).String()
	handler(b, "gatepay", gatepayClient(b, canned(gatepayPaid).client()).NotificationHandler(
		func(context.Context, *gatepay.Notification) error { return nil }), http.MethodPost, "/notify", formType, body)

	event := `{"id":"evt_1","created":1434368075,"livemode":true,"type":"charge.succeeded","data":{"object":` +
		strings.Replace(pingppCharge, `"paid":false`, `"paid":true`, 1) + `},"object":"event","pending_webhooks":0,"request":"iar_1"}`
	keys := newKeys(b)
	pingppClient, err := pingpp.New(pingpp.Config{WebhookPublicKey: string(keys.publicPEM)})
	handler(b, "pingpp", must(b, pingppClient, err).NotificationHandler(
		func(context.Context, *pingpp.Notification) error { return nil }), http.MethodPost, "/notify", "application/json",
		event, pingpp.SignatureHeader, keys.sign(b, []byte(event)))
}
