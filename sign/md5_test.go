package sign_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

var secret = sign.NewSecret("example-secret")

type form func(secret sign.Secret, parts ...string) (sign.Digest, error)

// signs asserts what a form makes of the parts.
func signs(t *testing.T, sign form, tests map[string]signedParts) {
	t.Helper()
	for name, test := range tests {
		got, err := sign(secret, test.parts...)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, got.String(), name)
	}
}

type signedParts struct {
	parts []string
	want  string
}

func TestMD5Concat(t *testing.T) {
	t.Parallel()
	signs(t, sign.MD5Concat, map[string]signedParts{
		// printf %s '1000120191118123424example-secret' | md5sum
		// php -r 'echo md5("10001"."20191118123424"."example-secret");'
		"ispay notification": {[]string{"10001", "20191118123424"}, "63a5bf1f3500791f438c2829da45d037"},
		// php -r 'echo md5("10001"."20191118123424"."P901"."300.00"."https://shop.example.com/return?a=1&b=2"."example-secret");'
		"ispay create": {
			[]string{"10001", "20191118123424", "P901", "300.00", "https://shop.example.com/return?a=1&b=2"},
			"9e95ac51b14c64a88a523dbaf68f750a",
		},
		// printf %s 'example-secret' | md5sum
		"no parts":    {nil, "8d831e08450fa0e7e84309a0d4bc644e"},
		"empty parts": {[]string{"", ""}, "8d831e08450fa0e7e84309a0d4bc644e"},
		// php -r 'echo md5("订单"."充值"."example-secret");'
		"UTF-8": {[]string{"订单", "充值"}, "68bcac5cce67a24ba184af4866d10557"},
		// php -r 'echo md5("1\0\xff2example-secret");'
		"bytes of any kind": {[]string{"1\x00", "\xff2"}, "934f85629e3c67d450ec42f477375282"},
		// php -r 'foreach ([511, 512, 513] as $n) echo md5(str_repeat("a", $n - 14)."example-secret"), "\n";'
		"511 bytes in all": {[]string{strings.Repeat("a", 497)}, "8d7c50ec479c22076ce66c9ce844c2e7"},
		"512 bytes in all": {[]string{strings.Repeat("a", 498)}, "01ca517b5fb959cfe0163625ad0c4e60"},
		"513 bytes in all": {[]string{strings.Repeat("a", 499)}, "65f954e1ed1a4d7fdd0034fee1a18d8b"},
		// php -r 'echo md5(str_repeat("0123456789", 100)."example-secret");'
		"1000 bytes": {slices.Repeat([]string{"0123456789"}, 100), "d4c0b5678f747896cacfbd6c9c6a5644"},
	})
}

func TestMD5Nested(t *testing.T) {
	t.Parallel()
	signs(t, sign.MD5Nested, map[string]signedParts{
		// printf %s "$(printf %s 'APPKEY300.00alipayORDER1' | md5sum | cut -c1-32)example-secret" | md5sum
		// php -r 'echo md5(md5("APPKEY"."300.00"."alipay"."ORDER1"."")."example-secret");'
		"gatepay create": {[]string{"APPKEY", "300.00", "alipay", "ORDER1", ""}, "888a1692ba64235dc01e9c2bc09c3747"},
		// php -r 'echo md5(md5("")."example-secret");'
		"no parts": {nil, "4ff948726aecb230ae1e15204d15024b"},
		// php -r 'echo md5(md5(str_repeat("0123456789", 100))."example-secret");'
		"1000 bytes": {slices.Repeat([]string{"0123456789"}, 100), "07e98db3d39b7082bf36916b86552448"},
	})
}

func TestMD5Salted(t *testing.T) {
	t.Parallel()
	salted := func(secret sign.Secret, parts ...string) (sign.Digest, error) {
		return sign.MD5Salted(secret, parts[0])
	}
	signs(t, salted, map[string]signedParts{
		// printf %s "$(printf %s f3a1c09b | md5sum | cut -c1-32)$(printf %s example-secret | md5sum | cut -c1-32)" | md5sum
		// php -r 'echo md5(md5("f3a1c09b").md5("example-secret"));'
		"kechengcang": {[]string{"f3a1c09b"}, "5142e614a307d460f81447d266640bd8"},
		// php -r 'echo md5(md5("").md5("example-secret"));'
		"no salt": {[]string{""}, "9e0f1bb1d2fb27d892cd169ea1393957"},
		// php -r 'echo md5(md5(str_repeat("0123456789", 100)).md5("example-secret"));'
		"1000 bytes": {[]string{strings.Repeat("0123456789", 100)}, "f7f4120c5da85bb837490e13ec7cfbf1"},
	})
}

func TestAnEmptySecretSignsNothing(t *testing.T) {
	t.Parallel()
	fields := []sign.Field{{Name: "a", Value: "1"}}
	forms := map[string]func(sign.Secret) (sign.Digest, error){
		"MD5Concat":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Concat(s, "1") },
		"MD5Nested":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Nested(s, "1") },
		"MD5Salted":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Salted(s, "1") },
		"MD5Sorted":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Sorted(s, fields) },
		"MD5SortedValues": func(s sign.Secret) (sign.Digest, error) { return sign.MD5SortedValues(s, url.Values{"a": {"1"}}) },
	}
	for name, form := range forms {
		for _, empty := range []sign.Secret{{}, sign.NewSecret(""), sign.NewSecret(" "), sign.NewSecret(" \t\r\n\u3000")} {
			t.Run(fmt.Sprintf("%s %q", name, empty.Reveal()), func(t *testing.T) {
				t.Parallel()
				got, err := form(empty)
				require.ErrorIs(t, err, sign.ErrEmptySecret)
				require.Zero(t, got)
				// The Digest that comes with the error verifies nothing, not even itself.
				require.ErrorIs(t, got.Verify(got.String()), sign.ErrMismatch)
				// printf %s 1 | md5sum; printf %s a=1 | md5sum
				require.ErrorIs(t, got.Verify("c4ca4238a0b923820dcc509a6f75849b"), sign.ErrMismatch)
				require.ErrorIs(t, got.Verify("3872c9ae3f427af0be0ead09d07ae2cf"), sign.ErrMismatch)
			})
		}
	}
}

func TestDigestVerify(t *testing.T) {
	t.Parallel()
	digest, err := sign.MD5Concat(secret, "10001", "20191118123424")
	require.NoError(t, err)
	const right = "63a5bf1f3500791f438c2829da45d037" // see TestMD5Concat
	const upper = "63A5BF1F3500791F438C2829DA45D037"
	for _, received := range []string{right, upper, "63a5BF1f3500791F438c2829Da45d037"} {
		require.NoError(t, digest.Verify(received), received)
	}
	wrong := map[string]string{
		"empty":             "",
		"short":             right[:31],
		"long":              right + "0",
		"twice":             right + right,
		"blank before":      " " + right,
		"blank after":       right + "\n",
		"32 with a blank":   " " + right[:31],
		"not hex":           strings.Replace(right, "f", "g", 1),
		"NUL":               strings.Repeat("\x00", 32),
		"non-ASCII":         strings.Repeat("ｆ", 10) + "63",
		"full-width digit":  "６" + right[3:],
		"not UTF-8":         strings.Repeat("\xff", 32),
		"bit 0x20 cleared":  strings.Replace(right, "6", "\x16", 1),
		"bit 0x20 of digit": strings.ToUpper(strings.Replace(right, "3", "\x13", 1)),
		"bit 0x80 set":      string(right[0]|0x80) + right[1:],
		"another signature": "9e95ac51b14c64a88a523dbaf68f750a",
	}
	for i := range len(right) {
		changed := []byte(right)
		changed[i] ^= 1
		wrong[fmt.Sprintf("byte %d changed", i)] = string(changed)
	}
	for name, received := range wrong {
		require.ErrorIs(t, digest.Verify(received), sign.ErrMismatch, name)
	}
	require.ErrorIs(t, sign.Digest{}.Verify(strings.Repeat("\x00", 32)), sign.ErrMismatch, "the zero Digest matches nothing")
	require.ErrorIs(t, sign.Digest{}.Verify(""), sign.ErrMismatch)
}

// Whitespace in a secret is part of it.
func TestSecretIsTakenExactly(t *testing.T) {
	t.Parallel()
	got, err := sign.MD5Concat(sign.NewSecret("example-secret "))
	require.NoError(t, err)
	// printf %s 'example-secret ' | md5sum
	assert.Equal(t, "9865aafec9331c040a8d70858e43e053", got.String())
}

var sink sign.Digest

//nolint:paralleltest // AllocsPerRun counts the allocations of the whole process
func TestSigningAllocatesNothing(t *testing.T) {
	fields := sortedTests["codepay notification"].fields
	values := url.Values{}
	for _, field := range fields {
		values.Set(field.Name, field.Value)
	}
	digest, err := sign.MD5Concat(secret, "10001")
	require.NoError(t, err)
	received := strings.ToUpper(digest.String())
	signed := maps.Clone(values)
	signed.Set("sign", sortedTests["codepay notification"].want)
	tests := map[string]func(){
		"MD5Concat":       func() { sink, _ = sign.MD5Concat(secret, "10001", "20191118123424", "P901", "300.00") },
		"MD5Nested":       func() { sink, _ = sign.MD5Nested(secret, "APPKEY", "300.00", "alipay", "ORDER1", "") },
		"MD5Salted":       func() { sink, _ = sign.MD5Salted(secret, "f3a1c09b") },
		"MD5Sorted":       func() { sink, _ = sign.MD5Sorted(secret, fields) },
		"MD5SortedValues": func() { sink, _ = sign.MD5SortedValues(secret, values) },
		"Digest.Verify": func() {
			if digest.Verify(received) != nil {
				panic("the signature does not match")
			}
		},
		"VerifyMD5SortedValues": func() {
			if sign.VerifyMD5SortedValues(secret, signed) != nil {
				panic("the signature does not match")
			}
		},
	}
	for name, run := range tests {
		assert.Zero(t, testing.AllocsPerRun(100, run), name)
	}
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() { _ = make([]byte, escaping()) }), "AllocsPerRun counts")
}

//go:noinline
func escaping() int { return 1 << 17 }
