package main

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/cmd/paygates/internal/screen"
	"github.com/paygates/paygates-go/internal/gateway"
)

var commands = []string{"", "sandbox", "create", "query", "wait", "listen", "trigger", "verify", "sign", "doctor"}

// with returns an environment with more variables.
func with(env gateway.Env, more gateway.Env) gateway.Env {
	all := gateway.Env{}
	for _, from := range []gateway.Env{env, more} {
		for name, value := range from {
			all[name] = value
		}
	}
	return all
}

// Only a line with a command, a URL or another word without blanks is wider than the screen.
func TestHelpFitsTheScreen(t *testing.T) {
	t.Parallel()
	for columns, width := range map[string]int{"40": 40, "80": 80, "200": 100} {
		for _, language := range []string{"C", "zh_CN.UTF-8"} {
			for _, command := range commands {
				r := program(t, gateway.Env{"COLUMNS": columns, "LANG": language}, "", append(strings.Fields(command), "--help")...)
				require.Zero(t, r.code)
				for _, line := range strings.Split(r.stdout, "\n") {
					words := strings.Fields(line)
					isLong := strings.HasPrefix(line, "    ") && (len(words) < 3 || strings.Contains(line, "paygates ") || strings.Contains(line, "curl "))
					assert.True(t, screen.Width(line) <= width || isLong, "%s %s: %s", columns, command, line)
				}
			}
		}
	}
}

var chineseEnv = gateway.Env{"LANG": "zh_CN.UTF-8"}

func isChinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestHelpIsChinese(t *testing.T) {
	t.Parallel()
	english := regexp.MustCompile(`\b(?:the|with|your|gateway's|of)\b`)
	for _, command := range commands {
		help := program(t, chineseEnv, "", append(strings.Fields(command), "--help")...).stdout
		assert.Contains(t, help, "用法：paygates ")
		assert.NotRegexp(t, english, help, command)
		assert.NotContains(t, help, "{")
		english := program(t, nil, "", append(strings.Fields(command), "--help")...).stdout
		assert.False(t, isChinese(english), english)
		assert.NotContains(t, english, "{")
	}
}

func TestMistakesInChinese(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env        gateway.Env
		args, want string
	}{
		{nil, "creat ispay", `多余的参数 creat，是否指 "create"？（见 paygates --help）`},
		{nil, "create", "缺少参数 <gateway>（见 paygates create --help）"},
		{nil, "create isspay", `未知网关 "isspay"，是否指 ispay？`},
		{nil, "create ispay --amonut 1", `未知选项 --amonut，是否指 "--amount"？`},
		{nil, "create ispay --amount 1.234", "--amount 应为金额，例如 9.90，最多两位小数"},
		{nil, "create codepay --expires 1", `--expires 应为时长，例如 30s、5m，而不是 "1"`},
		{nil, "trigger ispay --fake", "缺少选项 --to=URL"},
		{nil, "trigger ispay --fake --to http://x --set amout=1", `未知字段 "amout"，是否指 "amount"？`},
		{nil, "verify ispay order_no=1", "ispay：配置无效：没有凭据：请设置 ISPAY_USER_ID 和 ISPAY_SECRET，或用 --fake 使用模拟网关"},
		{gateway.Env{"ISPAY_USER_ID": "1"}, "create ispay", "已设置 ISPAY_USER_ID，缺少 ISPAY_SECRET"},
		{gateway.Env{"ISPAY_SECRT": "1"}, "create ispay", "未知变量 ISPAY_SECRT，是否指 ISPAY_SECRET？"},
		{nil, "query ispay A/1 --fake", "paygates：请求无效：ispay: "}, // an error of the SDK
		{nil, "verify ispay --fake hello", "输入不是表单"},
		{nil, "doctor", "没有设置任何网关的变量"},
	} {
		env := with(test.env, chineseEnv)
		r := program(t, env, "", strings.Fields(test.args)...)
		assert.Equal(t, exitUsage, r.code, test.args)
		assert.Contains(t, r.stderr, test.want, test.args)
		assert.True(t, strings.HasPrefix(r.stderr[strings.LastIndex(r.stderr[:len(r.stderr)-1], "\n")+1:], "paygates："), r.stderr)

		// Programs read the same in every language.
		inChinese := program(t, env, "", append(strings.Fields(test.args), "--json")...)
		english := program(t, test.env, "", append(strings.Fields(test.args), "--json")...)
		assert.Equal(t, english.stdout, inChinese.stdout, test.args)
		assert.False(t, isChinese(inChinese.stderr), inChinese.stderr)
	}
}

// Every line for people begins in Chinese, and JSON does not have any.
func TestResultsAreChinese(t *testing.T) {
	t.Parallel()
	for _, name := range gateway.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{
				{"create", name, "--fake", "--wait", "--pay-after", "1ms"},
				{"query", name, "A1", "--fake"},
				{"listen", name, "--fake", "--address", "127.0.0.1:0", "--pay-after", "1ms", "--explain"},
				{"doctor", name, "--fake"},
			} {
				r := program(t, chineseEnv, "", args...)
				require.Zero(t, r.code, r.stderr)
				for _, line := range strings.Split(strings.TrimSpace(r.stdout+r.stderr), "\n") {
					assert.True(t, isChinese(line) || isValue.MatchString(line), "%v: %s", args, line)
				}
				r = program(t, chineseEnv, "", append(args, "--json")...)
				require.Zero(t, r.code, r.stderr)
				for _, text := range []string{r.stdout, r.stderr} {
					for _, program := range []string{"网关", "订单", "付款", "通知", "签名"} {
						assert.NotContains(t, text, program, args)
					}
				}
			}
		})
	}
}

// isValue matches a line without a text of the program: a QR code, a field of an explanation.
var isValue = regexp.MustCompile(`^[█▀▄ ]+$|^ +[0-9]+ +"|^    http`)

// An error has its kind in Chinese once.
func TestFailuresInChinese(t *testing.T) {
	t.Parallel()
	_, env := startFake(t, "ispay")
	env = with(env, chineseEnv)
	for _, test := range []struct {
		want string
		args []string
	}{
		{"paygates：127.0.0.1:", []string{"trigger", "ispay", "--to", refused}},
		{"paygates：订单不存在：ispay: ", []string{"query", "ispay", "A1"}},
		{"paygates：验签失败：ispay: invalid signature", []string{"verify", "ispay", "order_no=A1&amount=1.00&state=9&sign=" + strings.Repeat("0", 32)}},
		{"paygates：ispay：签名不一致", []string{"sign", "ispay", "order_no=A1&sign=" + strings.Repeat("0", 32)}},
	} {
		r := program(t, env, "", test.args...)
		assert.NotZero(t, r.code)
		assert.Contains(t, r.stderr, test.want)
	}
	r := program(t, env, "", "verify", "ispay", "?order_no=A1&amp;amount=1.00&state=9&sign=x")
	assert.Contains(t, r.stderr, "提示：已忽略HTML 转义 &amp;、查询串前的「?」\n")
	assert.Contains(t, r.stdout, "  签名不一致\n  - 收到的签名有 1 个字符，应为 32 位十六进制")
}

func TestSandboxInChinese(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stdout, stderr buffer
	stdout.each = func(string) { cancel() }
	code := run(ctx, []string{"sandbox", "--port", "0", "--host", "0.0.0.0"}, environ(chineseEnv), streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	assert.Zero(t, code)
	assert.Contains(t, stdout.String(), "沙箱：模拟网关，不涉及真实资金。\n  页面         http://127.0.0.1:")
	assert.Contains(t, stdout.String(), "\n  ispay        http://127.0.0.1:")
	assert.Contains(t, stderr.String(), "警告：")
}
