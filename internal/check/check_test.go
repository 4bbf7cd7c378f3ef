package check

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go/money"
)

func TestName(t *testing.T) {
	t.Parallel()
	const allowed = "must be 1 to 8 letters, digits, - or _"
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
		assert.Equal(t, want, Name(value, 8), "%q", value)
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
		assert.Equal(t, want, Digits(value, 4), "%q", value)
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
		assert.Equal(t, want, Text(value, 6), "%q", value)
	}
}

func TestOptionalURL(t *testing.T) {
	t.Parallel()
	const allowed, control = "must be an absolute http or https URL", "must be UTF-8 without control characters"
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
		assert.Equal(t, want, OptionalURL(value, 100), "%q", value)
	}
	assert.Empty(t, OptionalURL("https://"+strings.Repeat("a", 92), 100))
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
		assert.Equal(t, want, IP(value), "%q", value)
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
		assert.Equal(t, want, Amount(value, 1, 9999999), "%s", value)
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
		assert.Equal(t, want, PathSegment(value, 10), "%q", value)
	}
}
