package check

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

// rule returns the rule that a check records, "" for none.
func rule(check func(*Checker)) string {
	v := New("ispay", paygates.ErrInvalidRequest)
	check(v)
	if v.Err() == nil {
		return ""
	}
	text, _ := strings.CutPrefix(v.Err().Error(), "ispay: invalid request: Field ")
	return text
}

// breaks asserts that each value breaks the rule want, or none if want is "".
func breaks[T any](t *testing.T, want string, check func(*Checker, T), values ...T) {
	t.Helper()
	for _, value := range values {
		assert.Equal(t, want, rule(func(v *Checker) { check(v, value) }), "%q", value)
	}
}

func TestCheckerKeepsTheFirstViolation(t *testing.T) {
	t.Parallel()
	v := New("ispay", paygates.ErrInvalidConfig)
	v.Required("First", "value")
	require.NoError(t, v.Err())
	v.Required("Second", " ")
	v.Fail("Third", "is required")
	v.That(false, "Fourth", "is required")
	v.NoError("Fifth", io.EOF)
	v.Required("Sixth", "value")
	require.ErrorIs(t, v.Err(), paygates.ErrInvalidConfig)
	assert.EqualError(t, v.Err(), "ispay: invalid configuration: Second is required")
	require.NotErrorIs(t, v.Err(), paygates.ErrInvalidRequest)
}

func TestNoError(t *testing.T) {
	t.Parallel()
	v := New("ispay", paygates.ErrInvalidConfig)
	v.NoError("First", nil)
	require.NoError(t, v.Err())
	v.NoError("Second", io.EOF)
	require.ErrorIs(t, v.Err(), io.EOF)
	require.ErrorIs(t, v.Err(), paygates.ErrInvalidConfig)
	assert.EqualError(t, v.Err(), "ispay: invalid configuration: Second: EOF")
}

func TestThat(t *testing.T) {
	t.Parallel()
	assert.Empty(t, rule(func(v *Checker) { v.That(true, "Field", "is wrong") }))
	assert.Equal(t, "is wrong", rule(func(v *Checker) { v.That(false, "Field", "is wrong") }))
}

func TestOneOf(t *testing.T) {
	t.Parallel()
	assert.Empty(t, rule(func(v *Checker) { OneOf(v, "Field", "b", "a", "b") }))
	assert.Equal(t, "must be a, b or c", rule(func(v *Checker) { OneOf(v, "Field", "", "a", "b", "c") }))
	assert.Equal(t, "must be 1 or 2", rule(func(v *Checker) { OneOf(v, "Field", 3, 1, 2) }))
}

func TestRequired(t *testing.T) {
	t.Parallel()
	required := func(v *Checker, value string) { v.Required("Field", value) }
	breaks(t, "", required, "a", " a ")
	breaks(t, "is required", required, "", " \t\n", "\u3000")
}

func TestSignedText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "a=b": "", "订单": "",
		"a&b": `must not contain "&", which separates the fields that are signed`,
		"&":   `must not contain "&", which separates the fields that are signed`,
		"a\n": "must be UTF-8 without control characters", "1234567": "must be at most 6 bytes long",
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.SignedText("Field", value, 6) }), "%q", value)
	}
}

func TestNoMarkup(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "a b;c/d": "", "手机 128GB": "",
		`a"b`: `"`, "it's": "'", "a<b": "<", "b>a": ">", `<a href="x">`: "<", "a&b": "&", `a\b`: `\`,
	} {
		if want != "" {
			want = "must not contain " + want + ", which deployments of the gateway return escaped"
		}
		assert.Equal(t, want, rule(func(v *Checker) { v.NoMarkup("Field", value) }), "%q", value)
	}
	breaks(t, "must not begin or end with a blank, which deployments of the gateway cut off",
		func(v *Checker, value string) { v.NoMarkup("Field", value) }, " a", "a ", "\u3000a", "a\u00a0", " ")
}

func TestAlphanumeric(t *testing.T) {
	t.Parallel()
	check := func(v *Checker, value string) { v.Alphanumeric("Field", value, 4) }
	breaks(t, "", check, "aZ09")
	breaks(t, "must be 1 to 4 letters or digits", check, "", "12345", "a-b", "a_b", "a b", "é", "../a")
}

func TestSecret(t *testing.T) {
	t.Parallel()
	secret := func(v *Checker, value string) {
		v.Secret("Field", sign.NewSecret(value))
		assert.NotContains(t, fmt.Sprint(v.Err()), "xample", "no part of the secret")
	}
	breaks(t, "", secret, "example-secret", "example secret", `ex"ample`, "密钥") // what is inside may belong to it
	breaks(t, "is required", secret, "", " \t", `""`, "\ufeff")
	breaks(t, "is what a Secret prints, not a secret: read it from where it is kept", secret, "[redacted]")
	breaks(t, "must not have blanks, quotes, line breaks or invisible characters around it", secret,
		" example-secret", "example-secret ", "example-secret\n", "example-secret\r\n", "\texample-secret", `"example-secret"`,
		`"example-secret`, `example-secret"`, "'example-secret'", "`example-secret`", "“example-secret”", "‘example-secret’",
		"\ufeffexample-secret", "\u00a0example-secret", "example-secret\u3000", "example-secret\u2003", "example-secret\u200b",
		"\"example-secret\"\n", "\u202aexample-secret", "example-secret\u200e", "example-secret\u2060", "\u00adexample-secret",
		"「example-secret」", "＂example-secret＂")
	breaks(t, "must be UTF-8 without control characters", secret,
		"example\nsecret", "example\x00secret", "\xff\xfee\x00x\x00", "-----BEGIN KEY-----\nAAAA")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	secrets := func(values ...string) []sign.Secret {
		all := make([]sign.Secret, len(values))
		for i, value := range values {
			all[i] = sign.NewSecret(value)
		}
		return all
	}
	v := New("test", paygates.ErrInvalidConfig)
	assert.Len(t, v.Secrets(sign.NewSecret("current"), secrets("a", "b", "c", "d")), 5)
	require.NoError(t, v.Err())
	for want, all := range map[string][]string{
		"Secret is required":                                     {""},
		"PreviousSecrets[0] is required":                         {"current", " "},
		"PreviousSecrets[1] is required":                         {"current", "a", ""},
		"PreviousSecrets[1] must not have blanks":                {"current", "a", "b\n"},
		"PreviousSecrets[0] must differ from Secret":             {"current", "current"},
		"PreviousSecrets[2] must differ from PreviousSecrets[0]": {"current", "a", "b", "a"},
		"PreviousSecrets must hold at most 4":                    {"current", "a", "b", "c", "d", "e"},
	} {
		v := New("test", paygates.ErrInvalidConfig)
		v.Secrets(sign.NewSecret(all[0]), secrets(all[1:]...))
		require.ErrorIs(t, v.Err(), paygates.ErrInvalidConfig, want)
		assert.ErrorContains(t, v.Err(), want)
	}
}

// What a notify URL may hold depends on what the gateway does with its query.
func TestNotifyURL(t *testing.T) {
	t.Parallel()
	const (
		shop     = "https://shop.example.com/notify"
		absolute = "must be an absolute http or https URL without blanks and credentials"
		fragment = "must not have a fragment: it is not sent"
	)
	for value, want := range map[string]map[NotifyQuery]string{
		"":                   {QueryKept: "", QueryBroken: "", QuerySigned: ""},
		shop:                 {QueryKept: "", QueryBroken: "", QuerySigned: ""},
		shop + "/a&b=c;d":    {QueryKept: "", QueryBroken: "", QuerySigned: ""},
		shop + "?":           {QueryKept: "", QueryBroken: string(QueryBroken), QuerySigned: string(QuerySigned)},
		shop + "?shop=7":     {QueryKept: "", QueryBroken: string(QueryBroken), QuerySigned: string(QuerySigned)},
		shop + "#":           {QueryKept: fragment, QueryBroken: string(QueryBroken), QuerySigned: string(QuerySigned)},
		shop + "#paid":       {QueryKept: fragment, QueryBroken: string(QueryBroken), QuerySigned: string(QuerySigned)},
		shop + " ":           {QueryKept: absolute, QueryBroken: absolute, QuerySigned: absolute},
		shop + "?a=1 2":      {QueryKept: absolute, QueryBroken: absolute, QuerySigned: absolute},
		shop + "\u3000":      {QueryKept: absolute, QueryBroken: absolute, QuerySigned: absolute},
		"shop.example.com/n": {QueryKept: absolute, QueryBroken: absolute, QuerySigned: absolute},
	} {
		for query, want := range want {
			assert.Equal(t, want, rule(func(v *Checker) { v.NotifyURL("Field", value, 100, query) }), "%q %q", value, query)
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	id := func(v *Checker, value string) { v.ID("Field", value, 8) }
	breaks(t, "", id, "a", "azAZ09-_", "-")
	breaks(t, "must be 1 to 8 letters, digits, \"-\" or \"_\"", id,
		"", "123456789", "a b", "a.b", "a/b", "../a", "a&b", "a=b", "a%", "a\n", "a\x00", "é", "订单", "１", "\xff",
		"@", "[", "`", "{", ":") // beside A, Z, a, z and 9
}

func TestDigits(t *testing.T) {
	t.Parallel()
	digits := func(v *Checker, value string) { v.Digits("Field", value, 4) }
	breaks(t, "", digits, "0", "1234", "0000")
	breaks(t, "must be 1 to 4 digits", digits, "", "12345", "-1", "+1", "1.0", "1 ", "1a", "１", "\xff", "/", ":")
}

func TestText(t *testing.T) {
	t.Parallel()
	text := func(v *Checker, value string) { v.Text("Field", value, 6) }
	breaks(t, "", text, "", "a b&c=", "订单", "😀")
	breaks(t, "must be at most 6 bytes long", text, "订单号", "1234567")
	breaks(t, "must be UTF-8 without control characters", text, "a\n", "\t", "\x00", "\x1f", "\x7f", "\u0085", "\xff", "\xc4\xe3")
}

func TestURL(t *testing.T) {
	t.Parallel()
	check := func(v *Checker, value string) { v.URL("Field", value, 100) }
	// The gateway reads what follows the host.
	breaks(t, "", check, "", "https://shop.example.com", "https://shop.example.com/n?a=1&b=2#c", "http://203.0.113.7:8080/n",
		"http://[2001:db8::1]/n", "https://例子.example.com/支付", "https://shop.example.com:port", "https://shop.example.com/%zz",
		"https://shop.example.com?a@b", "https://"+strings.Repeat("a", 92))
	breaks(t, "must be an absolute http or https URL without blanks and credentials", check,
		"shop.example.com", "//shop.example.com/n", "/n", "?a=1", "https:", "https://", "https://:443/n", "https:shop.example.com",
		"ftp://shop.example.com", "javascript:alert(1)", "https://user:pass@shop.example.com", "https://user@shop.example.com",
		"HTTPS://shop.example.com", "https:///n", "https://?a=1", "https://#a", "https://shop.example.com\\@evil.example.com",
		"https://a@b?c", "https://shop .example.com")
	breaks(t, "must be UTF-8 without control characters", check, "https://shop.example.com/\n", "https://shop.example.com/\xff")
	breaks(t, "must be at most 100 bytes long", check, "https://"+strings.Repeat("a", 93))
	breaks(t, "must not contain blanks, quotes, angle brackets or invisible characters", check,
		"https://shop.example.com/n\u200b", "https://shop.example.com/n\ufeff", "https://shop.example.com/n\u200e",
		"https://shop.example.com/n\u2060", "https://shop\u00ad.example.com/n", `https://shop.example.com/n"`,
		"https://shop.example.com/n>", "https://shop.example.com/n`", "https://shop.example.com/n”", "https://shop.example.com/n’")
}

func TestIP(t *testing.T) {
	t.Parallel()
	ip := func(v *Checker, value string) { v.IP("Field", value) }
	breaks(t, "", ip, "203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7")
	breaks(t, "must be an IPv4 or IPv6 address", ip, "", "fe80::1%eth0", "203.0.113.7:80", "[2001:db8::1]", "203.0.113",
		"203.0.113.256", "203.0.113.07", " 203.0.113.7", "203.0.113.0/24", "shop.example.com")
}

func TestAmount(t *testing.T) {
	t.Parallel()
	amount := func(v *Checker, value money.Amount) { v.Amount("Field", value, 1, 9999999) }
	breaks(t, "", amount, 1, 9999999)
	breaks(t, "must be 0.01 to 99999.99", amount, 0, -1, 10000000, math.MaxInt64, math.MinInt64)
}

func TestPathSegment(t *testing.T) {
	t.Parallel()
	segment := func(v *Checker, value string) { v.PathSegment("Field", value, 10) }
	breaks(t, "", segment, "a", "a/b", "...", "订单") // the caller escapes it
	breaks(t, "is required", segment, "", ".", "..")
	breaks(t, "must be UTF-8 without control characters", segment, "a\n")
	breaks(t, "must be at most 10 bytes long", segment, "12345678901")
}

func TestAppInfo(t *testing.T) {
	t.Parallel()
	const name = `must be 1 to 64 letters, digits, ".", "-" or "_"`
	const version = `must be at most 64 letters, digits, ".", "-", "_" or "+"`
	for app, want := range map[paygates.AppInfo]string{
		{}:                     "",
		{Name: "example-shop"}: "",
		{Name: "Example_Shop.de", Version: "v2.3-rc.1+build"}: "",
		{Name: strings.Repeat("a", 64)}:                       "",
		{Name: strings.Repeat("a", 65)}:                       name,
		{Version: "1"}:                                        name,
		{Name: "a b"}:                                         name,
		{Name: "a/1"}:                                         name,
		{Name: "a\r\nX-Own: 1"}:                               name,
		{Name: "商店"}:                                          name,
		{Name: "a", Version: "1 2"}:                           version,
		{Name: "a", Version: "1\n"}:                           version,
		{Name: "a", Version: strings.Repeat("1", 65)}:         version,
	} {
		v := New("ispay", paygates.ErrInvalidConfig)
		Settings(v, app, 0, 0)
		if want == "" {
			assert.NoError(t, v.Err(), "%q", app)
			continue
		}
		assert.ErrorIs(t, v.Err(), paygates.ErrInvalidConfig, "%q", app)
		assert.ErrorContains(t, v.Err(), want, "%q", app)
	}
}
