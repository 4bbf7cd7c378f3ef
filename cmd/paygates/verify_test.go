package main

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/internal/gateway"
)

// printf %s '10001A1example-secret-of-ispay' | md5sum
const ispaySign = "3ff76a4e876465f5d85614196aa09119"

func TestVerifyForms(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "ispay")
	const query = "order_no=A1&amount=1.00&state=9&sign=" + ispaySign
	for name, input := range map[string]string{
		"query":         query,
		"question mark": "?" + query,
		"URL":           "https://example.com/notify?" + query,
		"path":          "/notify?" + query,
		"log line":      "GET /notify?" + query + " HTTP/1.1",
		"HTML":          strings.ReplaceAll(query, "&", "&amp;"),
		"BOM":           "\ufeff" + query,
		"CRLF":          query + "\r\n",
		"wrapped":       query[:20] + "\r\n" + query[20:] + "\r\n",
		"lines":         strings.ReplaceAll(query, "&", "\r\n"),
		"quotes":        "'" + query + "'",
		"semicolon":     "?note=a;b&" + query + "&more=c;",
		"appended":      "https://example.com/notify?shop=7&lang=zh?" + query,
		"own order_no":  "/notify?order_no=x?" + query,
		"access log":    `203.0.113.7 - - [26/Nov/2026:10:00:00 +0800] "GET /notify?` + query + ` HTTP/1.1" 200 7 "-" "curl/8"`,
		"request":       "GET /notify?" + query + " HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: x\r\n\r\n",
		"POST":          "POST /notify HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" + query + "\r\n",
		"no scheme":     "shop.example.com/notify?" + query,
		"fragment":      "https://example.com/notify?" + query + "#top",
		"JSON escapes":  strings.ReplaceAll(query, "&", `\u0026`),
		"encoded":       url.QueryEscape(query),
		"invisible":     "\u200b" + query + "\u00a0",
		"smart quotes":  "“" + query + "”",
		"backticks":     "`" + query + "`",
		"PHP array":     "Array\n(\n    [order_no] => A1\n    [amount] => 1.00\n    [state] => 9\n    [sign] => " + ispaySign + "\n)\n",
		"JSON":          `{"order_no":"A1","amount":1.00,"state":9,"sign":"` + ispaySign + `"}`,
		"UTF-16":        "\xff\xfe" + strings.Join(strings.Split(query, ""), "\x00") + "\x00",
		"UTF-16 BE":     "\xfe\xff\x00" + strings.Join(strings.Split(query, ""), "\x00"),
		"all":           "\ufeff\"https://example.com/?" + strings.ReplaceAll(query, "&", "&amp;") + "\"\r\n",
	} {
		file := filepath.Join(t.TempDir(), "notification.txt")
		require.NoError(t, os.WriteFile(file, []byte(input), 0o600))
		for how, r := range map[string]result{
			"argument": program(t, env, "", "verify", "ispay", input),
			"file":     program(t, env, "", "verify", "ispay", "@"+file),
			"stdin":    program(t, env, input, "verify", "ispay"),
			"dash":     program(t, env, input, "verify", "ispay", "-"),
		} {
			if how == "argument" && strings.HasPrefix(name, "UTF-16") {
				continue // an argument has no zero bytes
			}
			assert.Zero(t, r.code, "%s as %s: %s%s", name, how, r.stderr, r.stdout)
			assert.Contains(t, r.stdout, "the signature matches", name)
			assert.Contains(t, r.stdout, "the signature covers only order_no", name)
			assert.NotContains(t, r.stdout+r.stderr, ispaySign)
			if name != "query" && !strings.HasPrefix(name, "UTF-16") {
				assert.Contains(t, r.stderr, "Note: ignored ", name)
			}
		}
	}
	r := program(t, env, "", "verify", "ispay", strings.Replace(query, "A1", "A2", 1))
	assert.Equal(t, exitNotGenuine, r.code)
	assert.Contains(t, r.stdout, "DOES NOT match")
	code, events := programJSON(t, env, "verify", "ispay", query+"0")
	assert.Equal(t, exitNotGenuine, code)
	assert.Equal(t, "explanation", events[0]["event"])
	assert.Equal(t, "invalid_signature", events[1]["kind"])
	code, events = programJSON(t, env, "verify", "ispay", query+"&amount=2.00")
	assert.Equal(t, exitNotGenuine, code)
	assert.Equal(t, "invalid_notification", events[1]["kind"])
}

// What is hidden is named in the user's language, the columns after it stay where they are,
// and on a narrow screen hints are wrapped.
func TestExplanationForPeople(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "codepay")
	env["COLUMNS"] = "40"
	const input = "a=example-key-of-codepay&b=12&sign=x"
	r := program(t, env, "", "verify", "codepay", input)
	assert.Contains(t, r.stdout, "  - The received signature has 1\n    character instead of 32 hex digits.\n    It is cut off or of another kind.\n")
	env["LANG"] = "zh_CN.UTF-8"
	r = program(t, env, "", "verify", "codepay", input)
	const want = `签名 = md5(name=value&… + secret)，按字段名排序
  1  "a"     "[密钥，22 个字符]"        22 字节
  2  "b"     "12"                       2 字节
  -  "sign"  "[签名]"                   跳过：签名本身
  签名串："a=[密钥，22 个字符]&b=12[密钥，22 个字符]"
  签名不一致
  - 字段 "a" 含有密钥。切勿发送密钥。
  - 收到的签名有 1 个字符，应为 32 位十
    六进制：被截断，或是其他签名方式。
`
	assert.Equal(t, want, r.stdout)
}

// The notifications of the fakes, which sign with their own code.
func TestVerifyEveryGateway(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		fake, env := startFake(t, name)
		client, err := gateway.Find(name).Open(gateway.Settings{Env: env})
		require.NoError(t, err)
		if client.Verify == nil {
			continue
		}
		received := make(chan gateway.Received, 1)
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			buffer := make([]byte, 64<<10)
			n, _ := r.Body.Read(buffer)
			for n < int(r.ContentLength) {
				more, _ := r.Body.Read(buffer[n:])
				n += more
			}
			received <- gateway.Received{
				Values: url.Values{"query": {r.URL.RawQuery}}, Body: buffer[:n], Signature: r.Header.Get("X-Pingplusplus-Signature"),
			}
			w.WriteHeader(http.StatusOK)
		})
		args := []string{"create", name, "--notify-url", server.URL, "--order-no", "A1"}
		if known := gateway.Find(name).KnownOrder; known != "" {
			fake.SetNotifyURL(server.URL)
			args = createArgs(name)
		}
		r := program(t, env, "", args...)
		require.Zero(t, r.code, r.stderr)
		_, err = fake.Pay(args[len(args)-1])
		require.NoError(t, err)
		in := <-received
		input := string(in.Body)
		if input == "" {
			input = in.Values.Get("query")
		}
		args = []string{"verify", name, input}
		if in.Signature != "" {
			args = append(args, "--signature", in.Signature)
		}
		code, events := programJSON(t, env, args...)
		require.Zero(t, code, events)
		assert.Equal(t, true, events[0]["matches"], name)
		r = program(t, rotated(t, name, env), "", args...)
		assert.Zero(t, r.code, "%s: %s", name, r.stderr)
		assert.Contains(t, r.stdout, "[1], not with the current one.")
		r = program(t, with(rotated(t, name, env), chineseEnv), "", args...)
		assert.Contains(t, r.stdout, "[1] 时一致，用当前密钥不一致。")
		assert.Equal(t, "verified", events[1]["event"], name)
		assert.Equal(t, true, events[1]["paid"], name)
	}
}

// The expected signatures are made by md5sum.
func TestSign(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ gateway, input, want, formula string }{
		// printf %s '10001A1P9011.00example-secret-of-ispay' | md5sum
		{"ispay", "order_no=A1&order_type=P901&amount=1.00", "96420a62632ecb201c1971d50971c844", "userid + order_no + order_type + amount + return_url"},
		{"ispay", "order_no=A1", ispaySign, "md5(userid + order_no + secret)"},
		// printf %s 'id=10041&pay_id=A1&price=1.00&type=1example-key-of-codepay' | md5sum
		{"codepay", "type=1&price=1.00&pay_id=A1&id=10041&token=", "2c07951c11e73bbd24b7a5f4472b1e0a", "sorted by name"},
		// m() { printf %s "$1" | md5sum | cut -d' ' -f1; }; m "$(m "$appkey"1.00alipayA1x)$appsecret"
		{"gatepay", "price=1.00&type=alipay&out_order_id=A1&custom=x", "22bc99a3d2bfd1401224770cba65c1af", "md5(md5(appkey + price + type + out_order_id + custom) + secret)"},
		{"gatepay", "fields=8:1&type=alipay&out_order_id=A1&custom=x", "8143dca39cd58bc0e4284161f63a08fc", "appkey + fields + type"},
		{"gatepay", "product_id=8&type=alipay&out_order_id=A1&custom=x", "66a8489f8dece09efa47aada06be157a", "appkey + product_id + type"},
		{"gatepay", "out_order_id=A1", "fc976733a1e75d6d56cd905a0a333c6f", "md5(md5(appkey + out_order_id) + secret)"},
		// m "$(m abc)$(m "$secure_key")"
		{"kechengcang", "salt=abc", "9dc1d1ae33ee21ecda2a350c12705023", "md5(md5(salt) + md5(secret))"},
		{"kechengcang", `{"salt":"abc","title":"x"}`, "9dc1d1ae33ee21ecda2a350c12705023", "md5(md5(salt) + md5(secret))"},
	} {
		_, env := startFake(t, test.gateway)
		r := program(t, env, "", "sign", test.gateway, test.input)
		require.Zero(t, r.code, r.stderr)
		assert.Contains(t, r.stdout, test.formula)
		assert.Contains(t, r.stdout, "no signature to compare with")
		assert.NotRegexp(t, `signature\s+[0-9a-f]{32}`, r.stdout)

		code, events := programJSON(t, env, "sign", test.gateway, test.input, "--show-signature")
		require.Zero(t, code, events)
		assert.Equal(t, test.want, events[1]["signature"], "%s %s", test.gateway, test.input)

		if strings.HasPrefix(test.input, "{") {
			continue
		}
		r = program(t, env, "", "sign", test.gateway, test.input+"&sign="+test.want)
		assert.Zero(t, r.code, r.stdout)
		assert.Contains(t, r.stdout, "the signature matches")
		r = program(t, env, "", "sign", test.gateway, test.input+"&sign="+strings.Repeat("0", 32))
		assert.Equal(t, exitNotGenuine, r.code)
		assert.Contains(t, r.stderr, "the signature does not match")
	}
	env := keyPair(t)
	r := program(t, env, "", "sign", "pingpp", "{}", "--show-signature", "--json")
	assert.Zero(t, r.code, r.stderr)
	signature := strings.TrimSuffix(strings.Split(r.stdout, `"signature":"`)[1], "\"}\n")
	r = program(t, env, "", "sign", "pingpp", "{}", "--signature", signature)
	assert.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "the signature matches")
	r = program(t, gateway.Env{"PINGPP_PRIVATE_KEY": "x"}, "", "sign", "pingpp", "{}")
	assert.Equal(t, exitUsage, r.code)
	_, env = startFake(t, "kechengcang")
	r = program(t, env, "", "sign", "kechengcang", "title=x")
	assert.Equal(t, exitUsage, r.code)
	assert.Equal(t, "paygates: kechengcang: invalid request: no field salt, the only one that is signed\n", r.stderr)
}

// rotated returns the environment of a merchant whose key is the second previous one now.
func rotated(t *testing.T, name string, env gateway.Env) gateway.Env {
	t.Helper()
	env = maps.Clone(env)
	if name == "pingpp" {
		const variable = "PINGPP_WEBHOOK_PUBLIC_KEY"
		old := env[variable]
		env[variable] = keyPair(t)[variable]
		env["PINGPP_PREVIOUS_WEBHOOK_PUBLIC_KEYS"] = keyPair(t)[variable] + old
		return env
	}
	prefix := strings.ToUpper(name)
	env[prefix+"_PREVIOUS_SECRETS"] = "example-secret-before " + env[prefix+"_SECRET"]
	env[prefix+"_SECRET"] = "example-secret-after"
	return env
}
