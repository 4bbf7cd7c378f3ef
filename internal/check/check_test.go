package check

import (
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

func TestCheckerKeepsTheFirstViolation(t *testing.T) {
	t.Parallel()
	v := New("ispay", paygates.ErrInvalidConfig)
	v.Required("First", "value")
	require.NoError(t, v.Err())
	v.Required("Second", " ")
	v.Fail("Third", "is required")
	v.That(false, "Fourth", "is required")
	v.Required("Fifth", "value")
	require.ErrorIs(t, v.Err(), paygates.ErrInvalidConfig)
	assert.EqualError(t, v.Err(), "ispay: invalid configuration: Second is required")
	require.NotErrorIs(t, v.Err(), paygates.ErrInvalidRequest)
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
	for value, want := range map[string]string{"a": "", " a ": "", "": "is required", " \t\n": "is required", "\u3000": "is required"} {
		assert.Equal(t, want, rule(func(v *Checker) { v.Required("Field", value) }), "%q", value)
	}
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
}

func TestAlphanumeric(t *testing.T) {
	t.Parallel()
	const allowed = "must be 1 to 4 letters or digits"
	for value, want := range map[string]string{
		"aZ09": "", "": allowed, "12345": allowed, "a-b": allowed, "a_b": allowed, "a b": allowed, "é": allowed,
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.Alphanumeric("Field", value, 4) }), "%q", value)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	const around = "must not have blanks, quotes, line breaks or a byte order mark around it"
	for value, want := range map[string]string{
		"example-secret":            "",
		"example secret":            "", // a blank inside may belong to it
		`ex"ample`:                  "",
		"密钥":                        "",
		"":                          "is required",
		" \t":                       "is required",
		`""`:                        "is required",
		"\ufeff":                    "is required",
		" example-secret":           around,
		"example-secret ":           around,
		"example-secret\n":          around,
		"example-secret\r\n":        around,
		"\texample-secret":          around,
		`"example-secret"`:          around,
		`"example-secret`:           around,
		`example-secret"`:           around,
		"'example-secret'":          around,
		"`example-secret`":          around,
		"“example-secret”":          around,
		"‘example-secret’":          around,
		"\ufeffexample-secret":      around,
		"\u00a0example-secret":      around,
		"example-secret\u3000":      around,
		"example-secret\u2003":      around,
		"example-secret\u200b":      around,
		"\"example-secret\"\n":      around,
		"example\nsecret":           "must be UTF-8 without control characters",
		"example\x00secret":         "must be UTF-8 without control characters",
		"\xff\xfee\x00x\x00":        "must be UTF-8 without control characters",
		"-----BEGIN KEY-----\nAAAA": "must be UTF-8 without control characters",
		"[redacted]":                "is what a Secret prints, not a secret: read it from where it is kept",
	} {
		got := rule(func(v *Checker) { v.Secret("Field", sign.NewSecret(value)) })
		assert.Equal(t, want, got, "%q", value)
		assert.NotContains(t, got, "xample", "no part of the secret")
	}
	assert.Equal(t, "is required", rule(func(v *Checker) { v.Secret("Field", sign.Secret{}) }))
}

// What a notify URL may hold depends on what the gateway does with its query.
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
	const allowed = "must be 1 to 8 letters, digits, \"-\" or \"_\""
	for value, want := range map[string]string{
		"a":         "",
		"azAZ09-_":  "",
		"-":         "",
		"":          allowed,
		"123456789": allowed,
		"a b":       allowed,
		"a.b":       allowed,
		"a/b":       allowed,
		"a&b":       allowed,
		"a=b":       allowed,
		"a%":        allowed,
		"a\n":       allowed,
		"a\x00":     allowed,
		"é":         allowed,
		"订单":        allowed,
		"１":         allowed,
		"\xff":      allowed,
		"@":         allowed, // before A
		"[":         allowed, // after Z
		"`":         allowed, // before a
		"{":         allowed, // after z
		":":         allowed, // after 9
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.ID("Field", value, 8) }), "%q", value)
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	const allowed = "must be 1 to 4 digits"
	for value, want := range map[string]string{
		"0":     "",
		"1234":  "",
		"0000":  "",
		"":      allowed,
		"12345": allowed,
		"-1":    allowed,
		"+1":    allowed,
		"1.0":   allowed,
		"1 ":    allowed,
		"1a":    allowed,
		"１":     allowed,
		"\xff":  allowed,
		"/":     allowed,
		":":     allowed,
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.Digits("Field", value, 4) }), "%q", value)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	const long, control = "must be at most 6 bytes long", "must be UTF-8 without control characters"
	for value, want := range map[string]string{
		"":         "",
		"a b&c=":   "",
		"订单":       "",
		"😀":        "",
		"订单号":      long,
		"1234567":  long,
		"a\n":      control,
		"\t":       control,
		"\x00":     control,
		"\x1f":     control,
		"\x7f":     control,
		"\u0085":   control,
		"\xff":     control,
		"\xc4\xe3": control, // GBK
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.Text("Field", value, 6) }), "%q", value)
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	const allowed, control = "must be an absolute http or https URL without blanks and credentials", "must be UTF-8 without control characters"
	for value, want := range map[string]string{
		"":                                     "",
		"https://shop.example.com":             "",
		"https://shop.example.com/n?a=1&b=2#c": "",
		"http://203.0.113.7:8080/n":            "",
		"http://[2001:db8::1]/n":               "",
		"https://例子.example.com/支付":            "",
		"shop.example.com":                     allowed,
		"//shop.example.com/n":                 allowed,
		"/n":                                   allowed,
		"?a=1":                                 allowed,
		"https:":                               allowed,
		"https://":                             allowed,
		"https://:443/n":                       allowed,
		"https:shop.example.com":               allowed,
		"ftp://shop.example.com":               allowed,
		"javascript:alert(1)":                  allowed,
		"https://user:pass@shop.example.com":   allowed,
		"https://user@shop.example.com":        allowed,
		"https://shop.example.com:port":        "", // the gateway reads the rest
		"https://shop.example.com/%zz":         "",
		"https://shop.example.com?a@b":         "",
		"HTTPS://shop.example.com":             allowed,
		"https:///n":                           allowed,
		"https://?a=1":                         allowed,
		"https://#a":                           allowed,
		"https://shop.example.com\\@evil.example.com": allowed,
		"https://a@b?c":                      allowed,
		"https://shop .example.com":          allowed,
		"https://shop.example.com/\n":        control,
		"https://shop.example.com/\xff":      control,
		"https://" + strings.Repeat("a", 93): "must be at most 100 bytes long",
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.URL("Field", value, 100) }), "%q", value)
	}
	assert.Empty(t, rule(func(v *Checker) { v.URL("Field", "https://"+strings.Repeat("a", 92), 100) }))
}

func TestIP(t *testing.T) {
	t.Parallel()
	const allowed = "must be an IPv4 or IPv6 address"
	for value, want := range map[string]string{
		"203.0.113.7":        "",
		"2001:db8::1":        "",
		"::ffff:203.0.113.7": "",
		"":                   allowed,
		"fe80::1%eth0":       allowed,
		"203.0.113.7:80":     allowed,
		"[2001:db8::1]":      allowed,
		"203.0.113":          allowed,
		"203.0.113.256":      allowed,
		"203.0.113.07":       allowed,
		" 203.0.113.7":       allowed,
		"203.0.113.0/24":     allowed,
		"shop.example.com":   allowed,
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.IP("Field", value) }), "%q", value)
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	const allowed = "must be 0.01 to 99999.99"
	for value, want := range map[money.Amount]string{
		1:             "",
		9999999:       "",
		0:             allowed,
		-1:            allowed,
		10000000:      allowed,
		math.MaxInt64: allowed,
		math.MinInt64: allowed,
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.Amount("Field", value, 1, 9999999) }), "%s", value)
	}
}

func TestPathSegment(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"a":           "",
		"a/b":         "", // the caller escapes it
		"...":         "",
		"订单":          "",
		"":            "is required",
		".":           "is required",
		"..":          "is required",
		"a\n":         "must be UTF-8 without control characters",
		"12345678901": "must be at most 10 bytes long",
	} {
		assert.Equal(t, want, rule(func(v *Checker) { v.PathSegment("Field", value, 10) }), "%q", value)
	}
}
