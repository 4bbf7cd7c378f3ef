package codepay_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/internal/samples"
	"github.com/paygates/paygates-go/money"
)

// The golden signatures of these tests come from two independent programs: md5sum over
// the joined text, shown at each, and the document's PHP, run over the same fields:
//
//	php -r 'foreach (array_slice($argv, 1) as $a) { [$k, $v] = explode("=", $a, 2); $data[$k] = $v; }
//	  ksort($data); reset($data); $sign = "";
//	  foreach ($data AS $key => $val) { if ($val == ""||$key == "sign") continue; if ($sign != "") { $sign .= "&"; } $sign .= "$key=$val"; }
//	  echo md5($sign ."example-key");' -- id=10041 pay_id=admin type=1 price=100.00 param= …
//
// For gb2312 the text was passed through iconv -t GBK first.

// minimal has what the document requires, and an amount of 100 yuan.
func minimal() codepay.CreateOrderRequest {
	return codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000)}
}

// full has every documented field.
func full() codepay.CreateOrderRequest {
	return codepay.CreateOrderRequest{
		OrderNo:        "admin",
		Amount:         money.Cents(10000),
		Channel:        codepay.ChannelWeChat,
		Attach:         "一本书 +1",
		NotifyURL:      "https://shop.example.com/notify?shop=7",
		ReturnURL:      "https://shop.example.com/paid",
		SettlementMode: codepay.SettleInstantly,
		Charset:        codepay.CharsetUTF8,
		Style:          2,
		Timeout:        5 * time.Minute,
		OfficialAlipay: true,
		QRCodeURL:      "qrcode.php",
	}
}

func TestCashierURL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request codepay.CreateOrderRequest
		query   string
	}{
		// The order of the document's PHP sample; empty values are left out.
		// printf %s 'id=10041&pay_id=admin&price=100.00&return_url=http://codepay.fateqq.com/&type=1example-key' | md5sum
		"the document's sample": {
			codepay.CreateOrderRequest{OrderNo: "admin", Channel: codepay.ChannelAlipay, Amount: money.Cents(10000), ReturnURL: "http://codepay.fateqq.com/"},
			"id=10041&pay_id=admin&price=100.00&return_url=http%3A%2F%2Fcodepay.fateqq.com%2F&type=1&sign=1e842a4ef62ac87b29d97b7739c14b10",
		},
		// "0" is a value and is signed.
		// printf %s 'act=0&id=10041&param=0&pay_id=0&price=0.01&type=2example-key' | md5sum
		"zeros": {
			codepay.CreateOrderRequest{OrderNo: "0", Channel: codepay.ChannelQQ, Amount: codepay.MinAmount, Attach: "0", SettlementMode: codepay.SettleViaGateway},
			"act=0&id=10041&param=0&pay_id=0&price=0.01&type=2&sign=55e4afd57de32c28ae29e44bf87ca11b",
		},
		// printf %s 'chart=gb2312&id=10041&param=中文&pay_id=用户&price=99999.99&type=1example-key' | iconv -t GBK | md5sum
		"gb2312": {
			codepay.CreateOrderRequest{OrderNo: "用户", Amount: codepay.MaxAmount, Attach: "中文", Charset: codepay.CharsetGB2312},
			"chart=gb2312&id=10041&param=%D6%D0%CE%C4&pay_id=%D3%C3%BB%A7&price=99999.99&type=1&sign=86f89417d4100c201badc3fdee82c42d",
		},
		// printf %s 'id=10041&page=2&pay_id=admin&price=100.00&type=1example-key' | md5sum
		"page 2": {
			codepay.CreateOrderRequest{OrderNo: "admin", Amount: money.Cents(10000), Page: codepay.Page2},
			"id=10041&page=2&pay_id=admin&price=100.00&type=1&sign=643bbf1c94b58eb95c2f73c10b074554",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			page, err := client.CashierURL(test.request)
			require.NoError(t, err)
			assert.Equal(t, codepay.DefaultBaseURL+"/creat_order/?"+test.query, page)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestScriptURL(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	script, err := client.ScriptURL(minimal(), "callback")
	require.NoError(t, err)
	// printf %s 'call=callback&id=10041&page=3&pay_id=admin&price=100.00&type=1example-key' | md5sum
	assert.Equal(t, codepay.DefaultBaseURL+"/creat_order/?call=callback&id=10041&page=3&pay_id=admin&price=100.00&type=1"+
		"&sign=a01424215fc78763142fcb01d27bb9bb", script)

	for _, call := range []string{"a", "_", "$", "jQuery_123$", strings.Repeat("a", 64)} {
		_, err := client.ScriptURL(minimal(), call)
		assert.NoError(t, err, call)
	}
	for _, call := range []string{"", "1a", "a.b", "alert(1)//", "a b", "a&b", "回调", "a\x00", strings.Repeat("a", 65)} {
		_, err := client.ScriptURL(minimal(), call)
		require.ErrorIs(t, err, paygates.ErrInvalidRequest, "%q", call)
		assert.ErrorContains(t, err, "call must be a JavaScript identifier")
	}
}

// The document's sample with a token, field by field. The client writes the amount with
// two decimals.
func TestTokenURL(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	page, err := client.TokenURL(minimal())
	require.NoError(t, err)
	got, err := url.Parse(page)
	require.NoError(t, err)
	want, err := url.Parse(strings.TrimSpace(samples.Printed(t, "token_url.txt")))
	require.NoError(t, err)
	fields := want.Query()
	assert.Equal(t, "100", fields.Get("price"))
	fields.Set("price", "100.00")
	assert.Equal(t, fields, got.Query())
	assert.Equal(t, want.Path+"/", got.Path)

	bare, err := codepay.New(config())
	require.NoError(t, err)
	_, err = bare.TokenURL(minimal())
	require.EqualError(t, err, "codepay: invalid configuration: Token is required for this call")
	assert.ErrorIs(t, err, paygates.ErrInvalidConfig)
}

func TestBadInputIsRejectedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*codepay.CreateOrderRequest)
		field  string
	}{
		"no order number":       {func(r *codepay.CreateOrderRequest) { r.OrderNo = "" }, "pay_id"},
		"order number too long": {func(r *codepay.CreateOrderRequest) { r.OrderNo = strings.Repeat("1", 101) }, "pay_id"},
		"101 bytes in 34 runes": {func(r *codepay.CreateOrderRequest) { r.OrderNo = strings.Repeat("户", 33) + "12" }, "pay_id"},
		"order number with NUL": {func(r *codepay.CreateOrderRequest) { r.OrderNo = "a\x00b" }, "pay_id"},
		"order number with &":   {func(r *codepay.CreateOrderRequest) { r.OrderNo = "1&price=0.01" }, "pay_id"},
		"no amount":             {func(r *codepay.CreateOrderRequest) { r.Amount = 0 }, "price"},
		"negative amount":       {func(r *codepay.CreateOrderRequest) { r.Amount = -1 }, "price"},
		"amount over the limit": {func(r *codepay.CreateOrderRequest) { r.Amount = codepay.MaxAmount + 1 }, "price"},
		"unknown channel":       {func(r *codepay.CreateOrderRequest) { r.Channel = 4 }, "type"},
		"negative channel":      {func(r *codepay.CreateOrderRequest) { r.Channel = -1 }, "type"},
		"attach too long":       {func(r *codepay.CreateOrderRequest) { r.Attach = strings.Repeat("1", 101) }, "param"},
		"attach re-cut":         {func(r *codepay.CreateOrderRequest) { r.Attach = "1&pay_no=2&price=9999.00" }, "param"},
		"attach not UTF-8":      {func(r *codepay.CreateOrderRequest) { r.Attach = "\xd6\xd0" }, "param"},
		"attach not in gb2312":  {func(r *codepay.CreateOrderRequest) { r.Charset, r.Attach = codepay.CharsetGB2312, "🙂" }, "param"},
		"gb2312 too long": {func(r *codepay.CreateOrderRequest) {
			r.Charset, r.Attach = codepay.CharsetGB2312, strings.Repeat("中", 51)
		}, "param"},
		"notify URL too long": {func(r *codepay.CreateOrderRequest) {
			r.NotifyURL = "https://shop.example.com/" + strings.Repeat("1", 76)
		}, "notify_url"},
		"notify URL with a query":        {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/notify?id=7" }, "notify_url"},
		"notify URL with a rewrite rule": {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/?s=/notify" }, "notify_url"},
		"notify URL with two queries":    {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/?shop=7?a" }, "notify_url"},
		"notify URL with a fragment":     {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/?shop=7#a" }, "notify_url"},
		"notify URL with an empty query": {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/?" }, "notify_url"},
		"notify URL with a blank":        {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/a b" }, "notify_url"},
		"attach with a quote":            {func(r *codepay.CreateOrderRequest) { r.Attach = `a "b"` }, "param"},
		"attach with an apostrophe":      {func(r *codepay.CreateOrderRequest) { r.Attach = "it's" }, "param"},
		"attach with markup":             {func(r *codepay.CreateOrderRequest) { r.Attach = "<b>" }, "param"},
		"attach with a line break":       {func(r *codepay.CreateOrderRequest) { r.Attach = "a\nb" }, "param"},
		"attach with a backslash":        {func(r *codepay.CreateOrderRequest) { r.Attach = `a\b` }, "param"},
		"order number with a backslash":  {func(r *codepay.CreateOrderRequest) { r.OrderNo = `a\b` }, "pay_id"},
		"order number with a blank":      {func(r *codepay.CreateOrderRequest) { r.OrderNo = "a " }, "pay_id"},
		"attach with a blank":            {func(r *codepay.CreateOrderRequest) { r.Attach = "\u3000a" }, "param"},
		"order number with a quote":      {func(r *codepay.CreateOrderRequest) { r.OrderNo = `a"b` }, "pay_id"},
		"blank order number":             {func(r *codepay.CreateOrderRequest) { r.OrderNo = " \u3000" }, "pay_id"},
		"notify URL with &":              {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "https://shop.example.com/?a=1&b=2" }, "notify_url"},
		"relative notify URL":            {func(r *codepay.CreateOrderRequest) { r.NotifyURL = "/notify" }, "notify_url"},
		"return URL not http":            {func(r *codepay.CreateOrderRequest) { r.ReturnURL = "javascript:alert(1)" }, "return_url"},
		"unknown act":                    {func(r *codepay.CreateOrderRequest) { r.SettlementMode = "2" }, "act"},
		"unknown chart":                  {func(r *codepay.CreateOrderRequest) { r.Charset = "big5" }, "chart"},
		"unknown page":                   {func(r *codepay.CreateOrderRequest) { r.Page = 5 }, "page"},
		"negative page":                  {func(r *codepay.CreateOrderRequest) { r.Page = -1 }, "page"},
		"page of another call":           {func(r *codepay.CreateOrderRequest) { r.Page = codepay.PageScript }, "page"},
		"style too large":                {func(r *codepay.CreateOrderRequest) { r.Style = 10 }, "style"},
		"negative style":                 {func(r *codepay.CreateOrderRequest) { r.Style = -1 }, "style"},
		"negative timeout":               {func(r *codepay.CreateOrderRequest) { r.Timeout = -time.Second }, "outTime"},
		"timeout of 7 digits":            {func(r *codepay.CreateOrderRequest) { r.Timeout = 1000000 * time.Second }, "outTime"},
		"timeout of half a second":       {func(r *codepay.CreateOrderRequest) { r.Timeout = time.Second / 2 }, "outTime"},
		"QR code URL with &":             {func(r *codepay.CreateOrderRequest) { r.QRCodeURL = "qrcode.php?a=1&b=2" }, "qrcode_url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, mock := setup(t)
			bad := full()
			test.change(&bad)
			order, created := client.CreateOrder(t0(), bad)
			assert.Nil(t, order)
			_, cashier := client.CashierURL(bad)
			_, script := client.ScriptURL(bad, "callback")
			_, byToken := client.TokenURL(bad)
			if bad.Page == codepay.PageScript {
				require.NoError(t, script, "the page is that of this call")
				script = cashier
			}
			for _, err := range []error{created, cashier, script, byToken} {
				require.ErrorIs(t, err, paygates.ErrInvalidRequest)
				assert.ErrorContains(t, err, "("+test.field+")")
				assert.NotContains(t, err.Error(), "9999.00", "the value is not repeated")
			}
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestTheLimitsThemselvesAreTaken(t *testing.T) {
	t.Parallel()
	client, _ := setup(t)
	for _, change := range []func(*codepay.CreateOrderRequest){
		func(r *codepay.CreateOrderRequest) { r.OrderNo = strings.Repeat("1", 100) },
		func(r *codepay.CreateOrderRequest) { r.Attach = strings.Repeat("1", 100) },
		func(r *codepay.CreateOrderRequest) {
			r.Charset, r.Attach = codepay.CharsetGB2312, strings.Repeat("中", 50)
		},
		func(r *codepay.CreateOrderRequest) {
			r.NotifyURL = "https://shop.example.com/" + strings.Repeat("1", 75)
		},
		func(r *codepay.CreateOrderRequest) { r.Timeout = 999999 * time.Second },
		func(r *codepay.CreateOrderRequest) { r.Style = 9 },
		func(r *codepay.CreateOrderRequest) { r.Page = codepay.Page1 },
		func(r *codepay.CreateOrderRequest) { r.Attach = "a=b c;d" },
	} {
		good := full()
		change(&good)
		_, err := client.CashierURL(good)
		assert.NoError(t, err)
	}
}

func TestDecodeCreatedOrder(t *testing.T) {
	t.Parallel()
	sample := strings.TrimSpace(samples.Printed(t, "create_reply.json"))
	for name, text := range map[string]string{
		"JSON":             sample,
		"JSONP":            "callback(" + sample + ")",
		"JSONP, semicolon": "callback(" + sample + ");\n",
		"JSONP, spaces":    "\ufeff \n$cb_1 (" + sample + ") ; \n",
		"JSONP, two marks": "\ufeff\r\n\ufeffcallback(" + sample + ")",
		"JSON, mark":       "\ufeff" + sample,
		"JSON, two marks":  "\n\ufeff\ufeff" + sample,
		"JSON, warning":    "<br />\n<b>Notice</b>:  Undefined index: uid in <b>/www/pay.php</b> on line <b>12</b><br />\n" + sample,
		"JSONP, warning":   "\nNotice: Undefined index: uid in /www/pay.php on line 12\ncallback(" + sample + ")",
		"JSON, HTML":       sample + "\n<script>var a={}</script>\n",
		"JSON, zero bytes": sample + "\x00\x00",
		"JSONP, comment":   "/**/callback(" + sample + ")",
		"JSONP, comments":  "/* JSONP */ /**/ ;callback(" + sample + ");",
		"JSONP, typeof":    "/**/ typeof callback === 'function' && callback(" + sample + ");",
		"JSONP, typeof ==": `typeof $cb=="function"&&$cb(` + sample + ")",
		"JSONP, if set":    "callback && callback(" + sample + ")",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order, err := codepay.DecodeCreatedOrder([]byte(text))
			require.NoError(t, err)
			assert.Equal(t, "888888888", order.OrderID)
			assert.Equal(t, sample, string(order.Raw.Reveal()), "byte for byte")
		})
	}
	for name, text := range map[string]string{
		"empty":              "",
		"only a call":        "callback()",
		"no closing bracket": "callback(" + sample,
		"no opening bracket": "callback" + sample + ")",
		"a statement":        "alert(1);callback(" + sample + ")",
		"not an identifier":  "a.b(" + sample + ")",
		"two calls":          "callback(" + sample + ");callback(" + sample + ")",
		"HTML":               "<html>",
		"an open comment":    "/*callback(" + sample + ")",
		"another test":       "typeof callback && callback(" + sample + ")",
		"a word":             "ok",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order, err := codepay.DecodeCreatedOrder([]byte(text))
			require.ErrorIs(t, err, paygates.ErrBadResponse)
			assert.Nil(t, order)
			var failed *paygates.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, text, string(failed.Body.Reveal()))
		})
	}
	_, err := codepay.DecodeCreatedOrder([]byte(`callback({"status":-1,"msg":"creat fail"});`))
	require.EqualError(t, err, "codepay: decode order: code -1: creat fail")
	assert.NotErrorIs(t, err, paygates.ErrOutcomeUnknown)
}
