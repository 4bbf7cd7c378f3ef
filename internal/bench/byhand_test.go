package bench

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
)

// What a merchant writes without an SDK. It checks no request, reads no status, and
// takes every response to be the documented one.

// exchange sends the request of the SDK and decodes the response, within the same timeout.
func exchange[T any](ctx context.Context, hc *http.Client, method, target, contentType, body string, set func(*http.Request)) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "paygates-go/"+paygates.Version)
	request.Header.Set("Accept", "application/json")
	if body != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if set != nil {
		set(request)
	}
	response, err := hc.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var decoded T
	return &decoded, json.Unmarshal(raw, &decoded)
}

func get[T any](ctx context.Context, hc *http.Client, target string) (*T, error) {
	return exchange[T](ctx, hc, http.MethodGet, target, "", "", nil)
}

func postForm[T any](ctx context.Context, hc *http.Client, target string, form url.Values) (*T, error) {
	return exchange[T](ctx, hc, http.MethodPost, target, formType, form.Encode(), nil)
}

const formType = "application/x-www-form-urlencoded"

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// signValues returns the signature of codepay.
func signValues(values url.Values) string {
	names := make([]string, 0, len(values))
	for name := range values {
		if name != "sign" && values.Get(name) != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var text strings.Builder
	for i, name := range names {
		if i > 0 {
			text.WriteByte('&')
		}
		text.WriteString(name + "=" + values.Get(name))
	}
	return md5Hex(text.String() + key)
}

var errByHand = errors.New("not verified, not the order, or not paid")

// check turns a comparison into an error.
func check(err error, ok func() bool) error {
	if err == nil && !ok() {
		return errByHand
	}
	return err
}

func createIspay(ctx context.Context, hc *http.Client, baseURL string) error {
	order, err := postForm[ispayHead](ctx, hc, baseURL+"/gateway", url.Values{
		"userid": {"10001"}, "subject": {"Example book"}, "order_no": {"20191118123424"}, "order_type": {"P901"}, "amount": {"300.00"},
		"notify_url": {"https://shop.example.com/notify"}, "return_url": {"https://shop.example.com/paid"}, "ip": {"203.0.113.7"},
		"sign": {md5Hex("10001" + "20191118123424" + "P901" + "300.00" + "https://shop.example.com/paid" + key)},
	})
	return check(err, func() bool { return order.Success && order.OrderID != "" })
}

func queryIspay(ctx context.Context, hc *http.Client) error {
	const orderNo = "20191118123424"
	order, err := get[ispayOrder](ctx, hc, baseURL+"/order/10001/"+orderNo+"/"+md5Hex("10001"+orderNo+key))
	return check(err, func() bool { return order.Success && order.Order.SN == orderNo && order.Order.State == 9 })
}

func notifyIspay(hc *http.Client) http.Handler {
	return handler(func(r *http.Request) error {
		values, err := url.ParseQuery(r.URL.RawQuery)
		if err = check(err, func() bool { return values.Get("sign") == md5Hex("10001"+values.Get("order_no")+key) }); err != nil {
			return err
		}
		return queryIspay(r.Context(), hc)
	})
}

func createCodepay(ctx context.Context, hc *http.Client) error {
	form := url.Values{"id": {"10041"}, "pay_id": {"admin"}, "price": {"100.00"}, "type": {"1"}, "page": {"4"}}
	form.Set("sign", signValues(form))
	order, err := get[codepayOrder](ctx, hc, baseURL+"/creat_order/?"+form.Encode())
	return check(err, func() bool { return order.Status == 0 && order.PayID == "admin" })
}

func queryCodepay(ctx context.Context, hc *http.Client) error {
	order, err := get[codepayState](ctx, hc, baseURL+"/ispay?"+url.Values{"id": {"10041"}, "order_id": {"888888888"}, "token": {token}}.Encode())
	return check(err, func() bool { return order.Status == 1 && order.OrderID == 888888888 })
}

func notifyCodepay() http.Handler {
	return handler(func(r *http.Request) error {
		err := r.ParseForm()
		return check(err, func() bool { return r.PostForm.Get("sign") == signValues(r.PostForm) })
	})
}

func createGatepay(ctx context.Context, hc *http.Client) error {
	const orderNo = "5cc75a6a0b418"
	order, err := postForm[gatepayOrder](ctx, hc, baseURL+"/api/anypay/create", url.Values{
		"appkey": {appKey}, "price": {"0.82"}, "type": {"alipay"}, "out_order_id": {orderNo}, "custom": {"test_user"},
		"sign": {md5Hex(md5Hex(appKey+"0.82"+"alipay"+orderNo+"test_user") + key)},
	})
	return check(err, func() bool { return order.Code == 100 && order.Data.Params["out_order_id"] == orderNo })
}

func queryGatepay(ctx context.Context, hc *http.Client) error {
	const orderNo = "ORDER-1"
	order, err := get[gatepayState](ctx, hc, baseURL+"/api/order/check?"+url.Values{
		"appkey": {appKey}, "out_order_id": {orderNo}, "sign": {md5Hex(md5Hex(appKey+orderNo) + key)},
	}.Encode())
	return check(err, func() bool { return order.Code == 100 && order.Data.OrderStatus == "paid" })
}

func notifyGatepay(hc *http.Client) http.Handler {
	return handler(func(r *http.Request) error {
		err := r.ParseForm()
		if err = check(err, func() bool {
			text := appKey
			for _, name := range []string{"order_id", "out_order_id", "price", "realprice", "type", "paytime", "extend"} {
				text += r.PostForm.Get(name)
			}
			return r.PostForm.Get("sign") == md5Hex(md5Hex(text)+key)
		}); err != nil {
			return err
		}
		return queryGatepay(r.Context(), hc)
	})
}

func createKechengcang(ctx context.Context, hc *http.Client) error {
	var random [16]byte
	_, _ = rand.Read(random[:])
	salt := hex.EncodeToString(random[:])
	body, err := json.Marshal(map[string]any{
		"title": "测试", "fee": 2000, "remark": "", "app_id": "example", "currency": 1,
		"salt": salt, "sign": md5Hex(md5Hex(salt) + md5Hex(key)),
	})
	if err != nil {
		return err
	}
	order, err := exchange[kechengcangOrder](ctx, hc, http.MethodPost, baseURL+"/api/web/pay-orders/store", "application/json", string(body), nil)
	return check(err, func() bool { return order.Code == 200 && order.Result.Fee == 2000 })
}

func queryKechengcang(ctx context.Context, hc *http.Client) error {
	const orderID = "YOw3MgLZ7RWGylz4"
	order, err := exchange[kechengcangOrder](ctx, hc, http.MethodPost, baseURL+"/api/web/pay-orders/show?id="+orderID, "", "", nil)
	return check(err, func() bool { return order.Code == 200 && order.Result.ID == orderID && order.Result.PayStatus == 3 })
}

func notifyKechengcang(hc *http.Client) http.Handler {
	return handler(func(r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		var claim struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(body, &claim); err != nil {
			return err
		}
		return queryKechengcang(r.Context(), hc)
	})
}

func createPingpp(ctx context.Context, hc *http.Client) error {
	form := url.Values{"order_no": {"12134676899915430002"}, "channel": {"alipay"}}
	order, err := exchange[pingppOrder](ctx, hc, http.MethodPut, baseURL+"/pay/pay_for_order/", formType, form.Encode(),
		func(r *http.Request) { r.Header.Set("Authorization", "Token "+key) })
	return check(err, func() bool { return order.Status == 0 && order.Charge.LiveMode })
}

func queryPingpp(ctx context.Context, hc *http.Client) error {
	charge, err := exchange[pingppCharge](ctx, hc, http.MethodGet, baseURL+"/v1/charges/"+chargeID, "", "",
		func(r *http.Request) { r.SetBasicAuth(apiKey, "") })
	return check(err, func() bool { return charge.ID == chargeID && charge.LiveMode && charge.Paid })
}

func notifyPingpp(keys keys) http.Handler {
	return handler(func(r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		if err := keys.verify(body, r.Header.Get("X-Pingplusplus-Signature")); err != nil {
			return err
		}
		var event pingppNotification
		err = json.Unmarshal(body, &event)
		return check(err, func() bool { return event.Type == "charge.succeeded" && event.LiveMode && event.Data.Object.Paid })
	})
}

// handler responds as the gateways expect it.
func handler(process func(*http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := process(r); err != nil {
			http.Error(w, "fail", http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, "success")
	})
}
