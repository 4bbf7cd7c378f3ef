package trust

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// needles are the ways in which the marker, and what else is a payer's, may show.
var needles = func() []string {
	all := []string{payerIP, "买家"}
	m := []byte(marker)
	all = append(all, marker, hex.EncodeToString(m), strings.ToUpper(hex.EncodeToString(m)))
	// A list of bytes, as fmt writes it.
	all = append(all, strings.Trim(fmt.Sprint(m), "[]"), strings.Trim(fmt.Sprintf("% x", m), "[]"))
	list := fmt.Sprintf("%#v", m)
	all = append(all, list[strings.Index(list, "{")+1:len(list)-1])
	// Base64 looks different at each of three places in what is encoded; the
	// characters at both ends depend on what stands beside.
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString(append(make([]byte, before), m...))
		encoded = strings.TrimRight(encoded, "=")
		all = append(all, encoded[(before*8+5)/6:len(encoded)-2])
	}
	return all
}()

// shown returns what a text shows of what it must not, or "".
func shown(text string, more ...string) string {
	for _, needle := range append(more, needles...) {
		if strings.Contains(text, needle) {
			return needle
		}
	}
	return ""
}

// The search itself finds what it is to find.
func TestShown(t *testing.T) {
	t.Parallel()
	in := "a=1&secret=" + secret + "&b=2"
	for _, text := range []string{
		in, url.QueryEscape(in), fmt.Sprintf("%q", in), fmt.Sprintf("%x", in), fmt.Sprintf("%X", in), fmt.Sprintf("% x", in),
		fmt.Sprint([]byte(in)), fmt.Sprintf("%#v", []byte(in)), fmt.Sprintf("%v", struct{ Raw json.RawMessage }{[]byte(in)}),
		base64.StdEncoding.EncodeToString([]byte(in)), base64.StdEncoding.EncodeToString([]byte("1" + in)),
		base64.RawURLEncoding.EncodeToString([]byte("12" + in)), "from " + payerIP + ":80", "name: 买家",
	} {
		assert.NotEmpty(t, shown(text), text)
	}
	assert.Empty(t, shown("ispay: query order: order "+orderNo+" not found [redacted]"))
	assert.Equal(t, "0123", shown("abc0123", "0123"))
}

// logger writes at every level, as text and as JSON.
func logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug - 100}
	return slog.New(both{slog.NewTextHandler(w, options), slog.NewJSONHandler(w, options)})
}

type both []slog.Handler

func (b both) Enabled(context.Context, slog.Level) bool { return true }

func (b both) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b[0].Handle(ctx, r.Clone()), b[1].Handle(ctx, r.Clone()))
}

func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(attrs), b[1].WithAttrs(attrs)}
}

func (b both) WithGroup(name string) slog.Handler {
	return both{b[0].WithGroup(name), b[1].WithGroup(name)}
}

// printed returns everything that fmt and slog make of a value.
func printed(value any) string {
	var b strings.Builder
	if value == nil {
		return ""
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		_, _ = fmt.Fprintf(&b, verb+"\n", value)
		_, _ = fmt.Fprintf(&b, verb+"\n", []any{value})
		_, _ = fmt.Fprintf(&b, verb+"\n", struct{ Value any }{value})
	}
	logger(&b).Info("printed", "value", value, slog.Group("group", "value", value))
	return b.String()
}

// everyWay is printed for a pointer and for what it points to.
func everyWay(pointer any) string {
	return printed(pointer) + printed(reflect.ValueOf(pointer).Elem().Interface())
}

// tree returns an error and all that errors.Is and errors.As can reach from it.
func tree(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	switch wrapper := err.(type) { //nolint:errorlint // each node of the tree itself
	case interface{ Unwrap() error }:
		all = append(all, tree(wrapper.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			all = append(all, tree(inner)...)
		}
	}
	return all
}

// inError returns what an error shows, in any form of it and of those below it.
func inError(err error, more ...string) string {
	for _, e := range tree(err) {
		if found := shown(e.Error(), more...); found != "" {
			return fmt.Sprintf("%q in a %T: %v", found, e, e)
		}
	}
	if found := shown(printed(err), more...); found != "" {
		return fmt.Sprintf("%q, printed: %s", found, printed(err))
	}
	return ""
}

const modulePath = "github.com/paygates/paygates-go"

// showNothing looks at what came of the faults.
func showNothing(t *testing.T, cells []*cell) {
	t.Helper()
	done := map[string]bool{}
	for _, c := range cells {
		for _, e := range tree(c.err) {
			assert.Empty(t, shown(e.Error(), c.signatures...), "%s: %T: %v", c, e, e)
		}
		assert.Empty(t, shown(c.log.String(), c.signatures...), "%s: log: %s", c, c.log.String())
		assert.Empty(t, shown(printed(c.got), c.signatures...), "%s: result", c)
		// One error of a kind is printed in every way: that takes longest.
		if once := c.gateway.name + c.fault.name; !done[once] && c.err != nil {
			done[once] = true
			assert.Empty(t, inError(c.err, c.signatures...), "%s", c)
		}
	}
}

var signature = regexp.MustCompile(`[0-9a-f]{32}`)

// signaturesIn returns what stands in a request that is as good as a secret.
func signaturesIn(r *http.Request, body string) []string {
	found := append(signature.FindAllString(r.RequestURI, -1), signature.FindAllString(body, -1)...)
	if header := r.Header.Get("Pingplusplus-Signature"); header != "" {
		found = append(found, header[:24])
	}
	return found
}

// The types of each package, with those that print as they are.
var exported = map[string][]any{
	"ispay": {
		&ispay.Config{}, &ispay.Client{}, &ispay.CreateOrderRequest{}, &ispay.CreatedOrder{}, &ispay.PaymentCode{},
		&ispay.OrderState{}, &ispay.Order{}, &ispay.Notification{}, &ispay.Error{},
	},
	"codepay": {
		&codepay.Config{}, &codepay.Client{}, &codepay.CreateOrderRequest{}, &codepay.CreatedOrder{}, &codepay.Order{},
		&codepay.Notification{}, &codepay.Error{},
	},
	"gatepay": {
		&gatepay.Config{}, &gatepay.Client{}, &gatepay.CreateOrderRequest{}, &gatepay.CreateCloudOrderRequest{},
		&gatepay.CreateGroupOrderRequest{}, &gatepay.CreateProductOrderRequest{}, &gatepay.CreatedOrder{}, &gatepay.PaymentPage{},
		&gatepay.Order{}, &gatepay.Notification{}, &gatepay.Return{}, &gatepay.QuickPayRequest{}, &gatepay.Error{},
		&gatepay.BasketItem{},
	},
	"kechengcang": {
		&kechengcang.Config{}, &kechengcang.Client{}, &kechengcang.CreateOrderRequest{}, &kechengcang.Order{},
		&kechengcang.Notification{}, &kechengcang.Error{}, &kechengcang.Fee{}, &kechengcang.PayFee{},
	},
	"pingpp": {
		&pingpp.Config{}, &pingpp.Client{}, &pingpp.CreateOrderRequest{}, &pingpp.CreatedOrder{}, &pingpp.Charge{},
		&pingpp.RefundList{}, &pingpp.Refund{}, &pingpp.AlipayCredential{}, &pingpp.WeChatCredential{},
		&pingpp.Notification{}, &pingpp.Error{},
	},
}

// open are the fields that may be shown: numbers of orders and of the parties,
// the kind of a thing, the gateway's words, addresses of the merchant's settings.
var open = map[string]bool{
	"OrderNo": true, "OrderID": true, "ID": true, "PayNo": true, "ProductID": true, "ChargeID": true, "Op": true, "Message": true,
	"Fields": true, "Type": true, "APICode": true, "Param": true, "Currency": true, "Status": true,
	"Config.UserID": true, "Config.AppID": true, "Config.AppKey": true, "Config.BaseURL": true, "Config.CloudBaseURL": true,
	"Config.APIBaseURL": true, "Config.WebhookPublicKey": true,
}

// fill puts the marker into all fields of a struct that are not open.
func fill(v reflect.Value, name string) {
	switch {
	case v.Type() == reflect.TypeFor[sign.Secret]():
		v.Set(reflect.ValueOf(sign.NewSecret(secret)))
	case v.Type() == reflect.TypeFor[string]() && !open[name] && !open[name[strings.LastIndex(name, ".")+1:]]:
		v.SetString(payer)
	case v.Kind() == reflect.String:
		v.SetString("word")
	case v.Type() == reflect.TypeFor[json.RawMessage](), v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte(`{"buyer":"` + payer + `"}`))
	case v.Type() == reflect.TypeFor[time.Time](), !v.CanSet():
	case v.Type() == reflect.TypeFor[url.Values]():
		v.Set(reflect.ValueOf(url.Values{"buyer": {payer}, "sign": {marker}}))
	case v.Type() == reflect.TypeFor[map[string]string]():
		v.Set(reflect.ValueOf(map[string]string{"buyer": payer}))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case v.Kind() == reflect.Pointer && strings.HasPrefix(v.Type().Elem().PkgPath(), modulePath):
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				fill(v.Field(i), v.Type().Name()+"."+field.Name)
			}
		}
	}
}

func TestNoTypeShowsWhatItHolds(t *testing.T) {
	t.Parallel()
	for name, pointers := range exported {
		for _, pointer := range pointers {
			value := reflect.New(reflect.TypeOf(pointer).Elem())
			fill(value.Elem(), "")
			assert.Empty(t, shown(everyWay(value.Interface())), "%T:\n%s", pointer, everyWay(value.Interface()))
			assert.NotPanics(t, func() { _ = everyWay(pointer) }, "%T that is empty", pointer)
			assert.NotPanics(t, func() { _ = printed(reflect.Zero(reflect.TypeOf(pointer)).Interface()) }, "%T that is nil", pointer)
		}
		assert.ElementsMatch(t, structs(t, name), typeNames(pointers), "the types of %s", name)
	}
	s := setup{base: "https://gateway.example.com", http: &http.Client{}, log: logger(io.Discard)}
	// The key that is no secret, and that a client shows if it is printed.
	gatepayClient, err := gatepay.New(gatepay.Config{AppKey: "appkey", Secret: sign.NewSecret(secret), Logger: s.log})
	require.NoError(t, err)
	for _, client := range []any{ispayClient(t, s), codepayClient(t, s), gatepayClient, kechengcangClient(t, s), pingppClient(t, s)} {
		assert.Empty(t, shown(everyWay(client)), "%T", client)
	}
}

func typeNames(pointers []any) []string {
	names := make([]string, len(pointers))
	for i, pointer := range pointers {
		names[i] = reflect.TypeOf(pointer).Elem().Name()
	}
	return names
}

// structs returns the names of the exported structs of a package.
func structs(t *testing.T, name string) []string {
	t.Helper()
	packages, err := parser.ParseDir(gotoken.NewFileSet(), "../../"+name, nil, 0)
	require.NoError(t, err)
	var names []string
	for path, file := range packages[name].Files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if _, ok := spec.Type.(*ast.StructType); ok {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	return names
}

// refusals makes every call with each text of its request or argument broken.
func refusals(t *testing.T) map[string]error {
	t.Helper()
	s := setup{base: "https://gateway.example.com", http: &http.Client{Transport: nowhere{}}, log: logger(io.Discard)}
	is, co, ga, ke, pi := ispayClient(t, s), codepayClient(t, s), gatepayClient(t, s), kechengcangClient(t, s), pingppClient(t, s)
	ctx := context.Background()
	all := map[string]error{}
	bad := marker + "\x00&\xff/"
	for name, call := range map[string]func(string) error{
		"ispay.QueryOrder":           func(v string) error { _, err := is.QueryOrder(ctx, v); return err },
		"ispay.QueryState":           func(v string) error { _, err := is.QueryState(ctx, v); return err },
		"ispay.QueryQRCode":          func(v string) error { _, err := is.QueryQRCode(ctx, v); return err },
		"ispay.PayPageURL":           func(v string) error { _, err := is.PayPageURL(v); return err },
		"ispay.WaitForPayment":       func(v string) error { _, err := is.WaitForPayment(ctx, v, every); return err },
		"codepay.QueryOrder":         func(v string) error { _, err := co.QueryOrder(ctx, v); return err },
		"codepay.WaitForPayment":     func(v string) error { _, err := co.WaitForPayment(ctx, v, every); return err },
		"codepay.ScriptURL":          func(v string) error { _, err := co.ScriptURL(codepayRequest(), v); return err },
		"codepay.ParseReply":         func(v string) error { _, err := codepay.ParseReply([]byte(v)); return err },
		"gatepay.QueryOrder":         func(v string) error { _, err := ga.QueryOrder(ctx, v); return err },
		"gatepay.PaymentPage":        func(v string) error { _, err := ga.PaymentPage(ctx, v); return err },
		"gatepay.PaymentPage host":   func(v string) error { _, err := ga.PaymentPage(ctx, "https://"+marker+".example.com/"); return err },
		"gatepay.WaitForPayment":     func(v string) error { _, err := ga.WaitForPayment(ctx, v, every); return err },
		"kechengcang.QueryOrder":     func(v string) error { _, err := ke.QueryOrder(ctx, v); return err },
		"kechengcang.WaitForPayment": func(v string) error { _, err := ke.WaitForPayment(ctx, v, every); return err },
		"pingpp.QueryCharge":         func(v string) error { _, err := pi.QueryCharge(ctx, v); return err },
		"pingpp.WaitForPayment":      func(v string) error { _, err := pi.WaitForPayment(ctx, v, every); return err },
	} {
		all[name] = call(bad)
	}
	broken(all, "ispay.CreateOrder", ispayRequest(), bad, func(r ispay.CreateOrderRequest) error { _, err := is.CreateOrder(ctx, r); return err })
	broken(all, "codepay.CreateOrder", codepayRequest(), bad, func(r codepay.CreateOrderRequest) error { _, err := co.CreateOrder(ctx, r); return err })
	broken(all, "codepay.CashierURL", codepayRequest(), bad, func(r codepay.CreateOrderRequest) error { _, err := co.CashierURL(r); return err })
	broken(all, "codepay.TokenURL", codepayRequest(), bad, func(r codepay.CreateOrderRequest) error { _, err := co.TokenURL(r); return err })
	g := gatepayRequest()
	broken(all, "gatepay.CreateOrder", g, bad, func(r gatepay.CreateOrderRequest) error { _, err := ga.CreateOrder(ctx, r); return err })
	broken(all, "gatepay.CreateCloudOrder", gatepay.CreateCloudOrderRequest{OrderNo: g.OrderNo, Channel: g.Channel, Amount: g.Amount, Custom: g.Custom}, bad,
		func(r gatepay.CreateCloudOrderRequest) error { _, err := ga.CreateCloudOrder(ctx, r); return err })
	broken(all, "gatepay.CreateGroupOrder",
		gatepay.CreateGroupOrderRequest{OrderNo: g.OrderNo, Channel: g.Channel, Custom: g.Custom, Basket: []gatepay.BasketItem{{ProductID: "8", Count: 1}}}, bad,
		func(r gatepay.CreateGroupOrderRequest) error { _, err := ga.CreateGroupOrder(ctx, r); return err })
	broken(all, "gatepay.CreateProductOrder", gatepay.CreateProductOrderRequest{OrderNo: g.OrderNo, Channel: g.Channel, Custom: g.Custom, ProductID: "8"}, bad,
		func(r gatepay.CreateProductOrderRequest) error { _, err := ga.CreateProductOrder(ctx, r); return err })
	broken(all, "gatepay.QuickPayURL", gatepay.QuickPayRequest{Token: "token"}, bad, func(r gatepay.QuickPayRequest) error { _, err := ga.QuickPayURL(r); return err })
	broken(all, "kechengcang.CreateOrder", kechengcangRequest(), bad, func(r kechengcang.CreateOrderRequest) error { _, err := ke.CreateOrder(ctx, r); return err })
	broken(all, "pingpp.CreateOrder", pingpp.CreateOrderRequest{OrderNo: orderNo, Channel: pingpp.ChannelAlipay}, bad,
		func(r pingpp.CreateOrderRequest) error { _, err := pi.CreateOrder(ctx, r); return err })
	return all
}

// broken makes a call once for each text of the request, with bad in its place.
func broken[R any](all map[string]error, name string, request R, bad string, call func(R) error) {
	for i := range reflect.TypeFor[R]().NumField() {
		changed := request
		field := reflect.ValueOf(&changed).Elem().Field(i)
		if field.Kind() == reflect.String {
			field.SetString(bad)
			all[name+" "+reflect.TypeFor[R]().Field(i).Name] = call(changed)
		}
	}
}

// nowhere is for calls that must send nothing.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	panic("a request was sent")
}

func TestRefusedArgumentsShowNothing(t *testing.T) {
	t.Parallel()
	all := refusals(t)
	require.Greater(t, len(all), 60)
	for name, err := range all {
		if !strings.HasPrefix(name, "codepay.ParseReply") {
			assert.ErrorIs(t, err, failure.ErrInvalidRequest, name)
		}
		assert.Error(t, err, name)
		assert.Empty(t, inError(err), name)
	}
}

// forms are genuine callbacks as values, with what verifies them.
func forms(t *testing.T, s setup) map[string]struct {
	values url.Values
	verify func(url.Values) (any, error)
	handle http.Handler
} {
	t.Helper()
	is, co, ga := ispayClient(t, s), codepayClient(t, s), gatepayClient(t, s)
	refuse := errors.New("not today")
	type form = struct {
		values url.Values
		verify func(url.Values) (any, error)
		handle http.Handler
	}
	return map[string]form{
		"ispay": {
			ispayCallback(), func(v url.Values) (any, error) { return result(is.VerifyNotification(v)) },
			is.NotificationHandler(func(context.Context, *ispay.Notification) error { return refuse }),
		},
		"codepay": {
			codepayCallback(), func(v url.Values) (any, error) { return result(co.VerifyNotification(v)) },
			co.NotificationHandler(func(context.Context, *codepay.Notification) error { return refuse }),
		},
		"gatepay": {
			gatepayCallback(), func(v url.Values) (any, error) { return result(ga.VerifyNotification(v)) },
			ga.NotificationHandler(func(context.Context, *gatepay.Notification) error { return refuse }),
		},
		"gatepay return": {
			url.Values{
				"price": {"1.88"}, "type": {"wechat"}, "product_id": {""}, "order_id": {"1001"}, "out_order_id": {orderNo},
				"sign": {md5Hex(md5Hex(appKey, "1.88", "wechat", "1001", orderNo), secret)}, "buyer": {payer},
			},
			func(v url.Values) (any, error) { return result(ga.VerifyReturn(v)) }, nil,
		},
	}
}

// Each field of a genuine callback is broken in several ways.
func TestRefusedCallbacksShowNothing(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	// The gateway knows nothing of any order.
	unknown := roundTrip(func(r *http.Request) *http.Response {
		return answer(r, 200, `{"success":false,"errorMsg":"订单不存在","code":201,"status":-1}`)
	})
	s := setup{base: "https://gateway.example.com", http: &http.Client{Transport: unknown}, log: logger(&log)}
	look := func(name string, verify func(url.Values) (any, error), handler http.Handler, values url.Values) {
		n, err := verify(values)
		right := values.Get("sign")
		assert.Empty(t, inError(err, right), name)
		assert.Empty(t, shown(printed(n), right), name)
		if handler == nil {
			return
		}
		log.Reset()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, get(values))
		assert.NotEqual(t, 200, w.Code, name)
		assert.Equal(t, "fail", w.Body.String(), name)
		assert.Contains(t, log.String(), "callback not accepted", name)
		assert.Empty(t, shown(log.String(), right), name+": "+log.String())
	}
	for name, form := range forms(t, s) {
		_, err := form.verify(form.values)
		require.NoError(t, err, name)
		look(name, form.verify, form.handle, form.values)
		for field := range form.values {
			for what, values := range map[string][]string{
				"missing": nil, "empty": {""}, "another": {payer}, "not text": {marker + "\x00\xff&"}, "twice": {form.values.Get(field), payer},
				"huge": {strings.Repeat(marker, 1000)},
			} {
				changed := url.Values{marker: {payer}}
				for other, value := range form.values {
					changed[other] = value
				}
				changed[field] = values
				look(name+"."+field+" "+what, form.verify, form.handle, changed)
			}
		}
	}
}

func TestRefusedBodiesShowNothing(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	unknown := roundTrip(func(r *http.Request) *http.Response {
		return answer(r, 404, `{"code":200,"result":null,"error":{"type":"x"}}`)
	})
	s := setup{base: "https://gateway.example.com", http: &http.Client{Transport: unknown}, log: logger(&log)}
	ke, pi := kechengcangClient(t, s), pingppClient(t, s)
	kechengcangHandler := ke.NotificationHandler(func(context.Context, *kechengcang.Notification) error { return nil })
	pingppHandler := pi.NotificationHandler(func(context.Context, *pingpp.Notification) error { return nil })
	event := pingppEvent(`"livemode":false`)
	for _, body := range []string{
		kechengcangCallback(), strings.ReplaceAll(kechengcangCallback(), kechengcangID, payer), event, event[:200],
		strings.Replace(event, `"id"`, `"id":"`+payer+`","id"`, 1), `"` + marker + `"`, marker, `{"` + marker + `":1,"` + marker + `":2}`,
		"\xff" + marker, "{}", strings.Repeat(marker, 200_000), `{"id":{"` + marker + `":1}}`,
	} {
		name := body[:min(len(body), 60)]
		log.Reset()
		for _, signature := range []string{marker, pingppSignature(body), ""} {
			r := httptest.NewRequest(http.MethodPost, "/notify?"+marker, strings.NewReader(body))
			r.Header.Set(pingpp.SignatureHeader, signature)
			w := httptest.NewRecorder()
			pingppHandler.ServeHTTP(w, r)
			assert.NotEqual(t, 200, w.Code, name)
			n, err := pi.VerifyNotification([]byte(body), signature)
			assert.Nil(t, n, name)
			assert.Empty(t, inError(err, pingppSignature(body)[:24]), name)
		}
		w := httptest.NewRecorder()
		kechengcangHandler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/notify", strings.NewReader(body)))
		assert.NotEqual(t, 200, w.Code, name)
		n, err := ke.VerifyNotification([]byte(body))
		assert.Empty(t, inError(err), name)
		assert.Empty(t, shown(printed(n)), name)
		assert.Empty(t, shown(log.String(), pingppSignature(body)[:24]), log.String())
	}
}

// roundTrip answers without a network.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return f(r), nil
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {typeJSON}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// A RoundTripper of the merchant's own may put all it knows into its error. The
// error itself stays reachable, so only the texts of those above it count.
func TestErrorsOfARoundTripperShowNothing(t *testing.T) {
	t.Parallel()
	for _, g := range gateways {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			var sent []string
			own := &talkative{sent: &sent}
			for _, call := range g.calls(t, setup{base: "https://gateway.example.com", http: &http.Client{Transport: own}, log: logger(&log)}) {
				sent = nil
				log.Reset()
				ctx, cancel := context.WithTimeout(context.Background(), waiting)
				_, err := call.do(ctx)
				cancel()
				require.NotEmpty(t, own.text, call.name)
				for _, e := range tree(err) {
					if e.Error() != own.text {
						assert.Empty(t, shown(e.Error(), sent...), "%s: %v", call.name, e)
					}
				}
				assert.Empty(t, shown(printed(err), sent...), call.name)
				assert.Empty(t, shown(log.String(), sent...), "%s: %s", call.name, log.String())
			}
		})
	}
}

type talkative struct {
	sent *[]string
	text string
}

func (o *talkative) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		read, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		body = string(read)
	}
	r.RequestURI = r.URL.RequestURI()
	*o.sent = append(*o.sent, signaturesIn(r, body)...)
	unescaped, _ := url.QueryUnescape(body)
	o.text = fmt.Sprintf("cannot send %s with %v and %s, which is %q", r.URL, r.Header, body, unescaped)
	return nil, errors.New(o.text)
}

// A gateway may repeat in its words what it was sent. They are shown, but not the
// secrets in them.
func TestTheGatewaysWordsShowNoSecrets(t *testing.T) {
	t.Parallel()
	no := map[string]string{
		"ispay": `{"success":false,"errorCode":1004,"errorMsg":%q}`, "codepay": `{"status":-2,"msg":%q}`,
		"gatepay": `{"code":105,"msg":%q}`, "kechengcang": `{"code":422,"message":%q}`, "pingpp": `{"status":-4,"message":%q}`,
	}
	repeated := map[string]bool{}
	for _, g := range gateways {
		var log strings.Builder
		var which int
		var value string
		parrot := roundTripper(func(r *http.Request) (*http.Response, error) {
			values := valuesOf(r)
			value = ""
			if which < len(values) {
				value = values[which]
			}
			if g.name == "pingpp" && r.Method == http.MethodGet {
				return answer(r, 401, fmt.Sprintf(`{"error":{"type":"invalid_request_error","message":%q}}`, "bad: "+value)), nil
			}
			return answer(r, 200, fmt.Sprintf(no[g.name], "bad: "+value)), nil
		})
		for _, call := range g.calls(t, setup{base: "https://gateway.example.com", http: &http.Client{Transport: parrot}, log: logger(&log)}) {
			for which = 0; which == 0 || value != ""; which++ {
				log.Reset()
				_, err := call.do(context.Background())
				text := log.String() + printed(err)
				repeated[value] = true
				if signature.MatchString(value) {
					assert.NotContains(t, text, value, "%s.%s", g.name, call.name)
				}
				for _, secret := range []string{secret, token, apiKey} {
					assert.NotContains(t, text, secret, "%s.%s", g.name, call.name)
				}
			}
		}
	}
	assert.Subset(t, slices.Collect(maps.Keys(repeated)), []string{token, "Token " + token, apiKey, md5Hex("10001", orderNo, secret)})
}

// valuesOf returns all that a request tells the gateway.
func valuesOf(r *http.Request) []string {
	var values []string
	body := []byte{}
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	form, _ := url.ParseQuery(string(body))
	for _, all := range []url.Values{r.URL.Query(), form, url.Values(r.Header)} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			values = append(values, all[name]...)
		}
	}
	if user, _, ok := r.BasicAuth(); ok {
		values = append(values, user)
	}
	values = append(values, strings.FieldsFunc(r.URL.Path, func(r rune) bool { return r == '/' })...)
	return append(values, signature.FindAllString(string(body), -1)...)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func pingppEvent(change string) string {
	return `{"id":"evt_example","object":"event","type":"charge.succeeded","livemode":true,"created":1466149900,"data":{"object":` +
		strings.Replace(pingppPaid, `"livemode":true`, change, 1) + `},"pending_webhooks":0,"request":"iar_example"}`
}

func pingppSignature(body string) string {
	key, err := sign.ParsePrivateKey(sign.NewSecret(privatePEM()))
	if err != nil {
		panic(err)
	}
	s, err := key.Sign([]byte(body))
	if err != nil {
		panic(err)
	}
	return s
}
