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

func TestConcat(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parts []string
		want  string
	}{
		// printf %s '1000120191118123424example-secret' | md5sum
		// php -r 'echo md5("10001"."20191118123424"."example-secret");'
		"ispay callback": {[]string{"10001", "20191118123424"}, "63a5bf1f3500791f438c2829da45d037"},
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
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sign.MD5Concat(secret, test.parts...)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
		})
	}
}

func TestNested(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parts []string
		want  string
	}{
		// printf %s "$(printf %s 'APPKEY300.00alipayORDER1' | md5sum | cut -c1-32)example-secret" | md5sum
		// php -r 'echo md5(md5("APPKEY"."300.00"."alipay"."ORDER1"."")."example-secret");'
		"gatepay create": {[]string{"APPKEY", "300.00", "alipay", "ORDER1", ""}, "888a1692ba64235dc01e9c2bc09c3747"},
		// php -r 'echo md5(md5("")."example-secret");'
		"no parts": {nil, "4ff948726aecb230ae1e15204d15024b"},
		// php -r 'echo md5(md5(str_repeat("0123456789", 100))."example-secret");'
		"1000 bytes": {slices.Repeat([]string{"0123456789"}, 100), "07e98db3d39b7082bf36916b86552448"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sign.MD5Nested(secret, test.parts...)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
		})
	}
}

func TestSalted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ salt, want string }{
		// printf %s "$(printf %s f3a1c09b | md5sum | cut -c1-32)$(printf %s example-secret | md5sum | cut -c1-32)" | md5sum
		// php -r 'echo md5(md5("f3a1c09b").md5("example-secret"));'
		"kechengcang": {"f3a1c09b", "5142e614a307d460f81447d266640bd8"},
		// php -r 'echo md5(md5("").md5("example-secret"));'
		"no salt": {"", "9e0f1bb1d2fb27d892cd169ea1393957"},
		// php -r 'echo md5(md5(str_repeat("0123456789", 100)).md5("example-secret"));'
		"1000 bytes": {strings.Repeat("0123456789", 100), "f7f4120c5da85bb837490e13ec7cfbf1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sign.MD5Salted(secret, test.salt)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
		})
	}
}

// The document's own loop, with the fields in $d and SORT_STRING where names
// differ in case:
//
//	ksort($d); $s = "";
//	foreach ($d as $k => $v) { if ($v == "" || $k == "sign") continue; if ($s != "") $s .= "&"; $s .= "$k=$v"; }
//	echo md5($s."example-secret");
var sortedTests = map[string]struct {
	fields []sign.Field
	want   string
}{
	// printf %s 'chart=utf-8&money=100.00&pay_id=admin&pay_no=20170217200040022100010042408995&pay_time=1487597795&status=2&tag=0&type=1example-secret' | md5sum
	// php -r '$d = ["type"=>"1", "chart"=>"utf-8", "money"=>"100.00", "pay_id"=>"admin", "pay_no"=>"20170217200040022100010042408995",
	//   "pay_time"=>"1487597795", "status"=>"2", "tag"=>"0", "param"=>"", "sign"=>"x"]; …'
	"codepay callback": {
		[]sign.Field{
			{Name: "type", Value: "1"}, {Name: "chart", Value: "utf-8"}, {Name: "money", Value: "100.00"},
			{Name: "pay_id", Value: "admin"}, {Name: "pay_no", Value: "20170217200040022100010042408995"},
			{Name: "pay_time", Value: "1487597795"}, {Name: "status", Value: "2"}, {Name: "tag", Value: "0"},
			{Name: "param", Value: ""}, {Name: "sign", Value: "x"},
		},
		"874653f88292b86964a14e601006a7ce",
	},
	// php -r '$d = ["B"=>"2", "a"=>"1", "Z"=>"26", "_"=>"u", "a1"=>"x=y", "param"=>"你好 100%"]; ksort($d, SORT_STRING); …'
	"byte order, = and % in a value": {
		[]sign.Field{
			{Name: "param", Value: "你好 100%"}, {Name: "a1", Value: "x=y"}, {Name: "_", Value: "u"},
			{Name: "Z", Value: "26"}, {Name: "a", Value: "1"}, {Name: "B", Value: "2"},
		},
		"d83cf6beeacd74e970b218d58fb00d1b",
	},
	// php -r '$d = ["param"=>"\xc4\xe3\xba\xc3", "pay_id"=>"admin"]; …'
	"GBK": {
		[]sign.Field{{Name: "pay_id", Value: "admin"}, {Name: "param", Value: "\xc4\xe3\xba\xc3"}},
		"ac3765fc08c45e7721cab5291c93725f",
	},
	// printf %s 'example-secret' | md5sum
	"nothing to sign": {[]sign.Field{{Name: "sign", Value: "x"}, {Name: "param", Value: ""}}, "8d831e08450fa0e7e84309a0d4bc644e"},
	// php -r '$d = ["notify_urls"=>"5", "notify_ur"=>"2", "notify_urk"=>"3", "notify_u"=>"1", "notify_url"=>"4"]; ksort($d, SORT_STRING); …'
	"names that begin alike": {
		[]sign.Field{
			{Name: "notify_urls", Value: "5"}, {Name: "notify_ur", Value: "2"}, {Name: "notify_urk", Value: "3"},
			{Name: "notify_u", Value: "1"}, {Name: "notify_url", Value: "4"},
		},
		"39453e11f91f9535e648ba8a6895a024",
	},
	// printf %s 'a=1&b=2&c=3example-secret' | md5sum
	"descending": {[]sign.Field{{Name: "c", Value: "3"}, {Name: "b", Value: "2"}, {Name: "a", Value: "1"}}, "0411e4d61f9830fad249ba961e7622e2"},
	// php -r 'for ($i = 0; $i < 1000; $i++) $d[sprintf("f%03d", $i)] = "v$i"; …'
	"1000 fields": {thousandFields(), "eba88abdd690021831b5af30151a057b"},
}

// thousandFields returns f999=v999 to f000=v0.
func thousandFields() []sign.Field {
	fields := make([]sign.Field, 0, 1000)
	for i := 999; i >= 0; i-- {
		fields = append(fields, sign.Field{Name: fmt.Sprintf("f%03d", i), Value: fmt.Sprintf("v%d", i)})
	}
	return fields
}

func TestSorted(t *testing.T) {
	t.Parallel()
	for name, test := range sortedTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(test.fields)
			got, err := sign.MD5Sorted(secret, test.fields)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
			assert.Equal(t, before, test.fields, "the slice is left as it is")
		})
	}
}

func TestSortedValues(t *testing.T) {
	t.Parallel()
	for name, test := range sortedTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := url.Values{"none": nil}
			for _, field := range test.fields {
				values.Add(field.Name, field.Value)
			}
			got, err := sign.MD5SortedValues(secret, values)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
		})
	}
}

// Names change nothing but the time: those that are known, too few of them, and
// some that did not come.
func TestNamesVerify(t *testing.T) {
	t.Parallel()
	for name, test := range sortedTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := url.Values{"sign": {strings.ToUpper(test.want)}}
			var names []string
			for _, field := range test.fields {
				if field.Name != "sign" {
					values.Set(field.Name, field.Value)
					names = append(names, field.Name)
				}
			}
			for which, names := range namesAround(names) {
				known := sign.NewNames(names...)
				require.NoError(t, known.Verify(secret, values), which)

				more := maps.Clone(values)
				more.Set("price9999", "1")
				require.ErrorIs(t, known.Verify(secret, more), sign.ErrMismatch, "%s: one parameter more", which)

				for _, field := range test.fields {
					changed := maps.Clone(values)
					changed.Set(field.Name, field.Value+"0")
					require.ErrorIs(t, known.Verify(secret, changed), sign.ErrMismatch, "%s: %s changed", which, field.Name)
				}
			}
		})
	}
}

// namesAround returns lists that hold the names, some of them, and others.
func namesAround(names []string) map[string][]string {
	slices.Sort(names)
	half := names[:len(names)/2]
	backwards := slices.Clone(names)
	slices.Reverse(backwards)
	return map[string][]string{
		"none": nil, "all": names, "some": half, "backwards": backwards,
		"all and more":  append([]string{"", "0", "zzz", "sign", "a=b", "a&b"}, names...),
		"some and more": append([]string{"0", "zzz"}, half...),
		"twice":         append(slices.Clone(names), names...),
		"some twice":    append(slices.Clone(names), half...),
	}
}

func TestNewNamesLeavesTheListAsItIs(t *testing.T) {
	t.Parallel()
	names := []string{"b", "a", "b", "sign"}
	_ = sign.NewNames(names...)
	assert.Equal(t, []string{"b", "a", "b", "sign"}, names)
}

func TestNamesVerifyRefuses(t *testing.T) {
	t.Parallel()
	// printf %s 'a=1&b=2example-secret' | md5sum
	const right = "c14299d95af37b52bb9ac9b656d3ff4a"
	for which, names := range namesAround([]string{"a", "b"}) {
		known := sign.NewNames(names...)
		require.NoError(t, known.Verify(secret, url.Values{"a": {"1"}, "b": {"2"}, "c": {""}, "sign": {right}}), which)
		tests := map[string]struct {
			secret sign.Secret
			values url.Values
			want   error
		}{
			"no signature":        {secret, url.Values{"a": {"1"}, "b": {"2"}}, sign.ErrMismatch},
			"an empty signature":  {secret, url.Values{"a": {"1"}, "b": {"2"}, "sign": {""}}, sign.ErrMismatch},
			"no value of it":      {secret, url.Values{"a": {"1"}, "b": {"2"}, "sign": {}}, sign.ErrMismatch},
			"two signatures":      {secret, url.Values{"a": {"1"}, "b": {"2"}, "sign": {right, right}}, sign.ErrAmbiguous},
			"a value twice":       {secret, url.Values{"a": {"1", "1"}, "b": {"2"}, "sign": {right}}, sign.ErrAmbiguous},
			"cut otherwise":       {secret, url.Values{"a": {"1&b=2"}, "sign": {right}}, sign.ErrAmbiguous},
			"cut otherwise, rest": {secret, url.Values{"a": {"1&b=2"}, "b": {""}, "sign": {right}}, sign.ErrAmbiguous},
			"in a name":           {secret, url.Values{"a=1&b": {"2"}, "sign": {right}}, sign.ErrAmbiguous},
			"nothing at all":      {secret, nil, sign.ErrMismatch},
			"an empty secret":     {sign.Secret{}, url.Values{"a": {"1"}, "b": {"2"}, "sign": {right}}, sign.ErrEmptySecret},
		}
		for name, test := range tests {
			require.ErrorIs(t, known.Verify(test.secret, test.values), test.want, "%s, %s known", name, which)
		}
	}
}

func TestSortedRefusesWhatCouldBeCutOtherwise(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fields []sign.Field
		why    string
	}{
		"& in a value":         {[]sign.Field{{Name: "param", Value: "1&price=9999.00"}}, `"param" has "&" in its value`},
		"& alone":              {[]sign.Field{{Name: "param", Value: "&"}}, `"param" has "&" in its value`},
		"& in a name":          {[]sign.Field{{Name: "a&b", Value: "1"}}, `"a&b" has "&" or "=" in its name`},
		"= in a name":          {[]sign.Field{{Name: "a=b", Value: "1"}}, `"a=b" has "&" or "=" in its name`},
		"& in the last value":  {[]sign.Field{{Name: "a", Value: "1"}, {Name: "b", Value: "2&c=3"}}, `"b" has "&" in its value`},
		"& in an unsorted one": {[]sign.Field{{Name: "b", Value: "1"}, {Name: "a", Value: "2&c=3"}}, `"a" has "&" in its value`},
		"an empty name twice":  {[]sign.Field{{Name: "", Value: "1"}, {Name: "", Value: "2"}}, `"" occurs more than once`},
		"a name twice in many": {append(thousandFields(), sign.Field{Name: "f500", Value: "1"}), `"f500" occurs more than once`},
		"a name twice":         {[]sign.Field{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}}, `"a" occurs more than once`},
		"the same twice":       {[]sign.Field{{Name: "a", Value: "1"}, {Name: "a", Value: "1"}}, `"a" occurs more than once`},
		"line break in a name": {[]sign.Field{{Name: "a\n=", Value: "1"}}, `"a\n=" has`},
		"long name":            {[]sign.Field{{Name: strings.Repeat("=", 1000), Value: "1"}}, `"` + strings.Repeat("=", 40) + `" has`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sign.MD5Sorted(secret, test.fields)
			require.ErrorIs(t, err, sign.ErrAmbiguous)
			require.ErrorContains(t, err, test.why)
			assert.NotContains(t, err.Error(), "9999", "the value stays out of the error")
			assert.Zero(t, got)

			values := url.Values{}
			for _, field := range test.fields {
				values.Add(field.Name, field.Value)
			}
			got, err = sign.MD5SortedValues(secret, values)
			require.ErrorIs(t, err, sign.ErrAmbiguous)
			require.ErrorContains(t, err, test.why)
			assert.Zero(t, got)
		})
	}
	// What is not signed may hold anything.
	_, err := sign.MD5Sorted(secret, []sign.Field{{Name: "sign", Value: "a&b=c"}, {Name: "x&y=", Value: ""}, {Name: "a", Value: ""}, {Name: "a", Value: "1"}})
	require.NoError(t, err)

	_, err = sign.MD5SortedValues(secret, url.Values{"a": {"", ""}})
	require.ErrorIs(t, err, sign.ErrAmbiguous, "also where none of the values would be signed")
	_, err = sign.MD5SortedValues(secret, url.Values{"sign": {"1", "2"}})
	require.ErrorIs(t, err, sign.ErrAmbiguous, "also the signature itself")
}

func TestAnEmptySecretSignsNothing(t *testing.T) {
	t.Parallel()
	fields := []sign.Field{{Name: "a", Value: "1"}}
	forms := map[string]func(sign.Secret) (sign.Digest, error){
		"Concat":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Concat(s, "1") },
		"Nested":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Nested(s, "1") },
		"Salted":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Salted(s, "1") },
		"Sorted":       func(s sign.Secret) (sign.Digest, error) { return sign.MD5Sorted(s, fields) },
		"SortedValues": func(s sign.Secret) (sign.Digest, error) { return sign.MD5SortedValues(s, url.Values{"a": {"1"}}) },
	}
	for name, form := range forms {
		for _, empty := range []sign.Secret{{}, sign.NewSecret(""), sign.NewSecret(" "), sign.NewSecret(" \t\r\n\u3000")} {
			t.Run(fmt.Sprintf("%s %q", name, empty.Reveal()), func(t *testing.T) {
				t.Parallel()
				got, err := form(empty)
				require.ErrorIs(t, err, sign.ErrEmptySecret)
				require.Zero(t, got)
				// What it returns beside the error verifies nothing, not even itself.
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
	const right = "63a5bf1f3500791f438c2829da45d037" // see TestConcat
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

// A blank that belongs to the secret is part of it.
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
	fields := sortedTests["codepay callback"].fields
	values := url.Values{}
	for _, field := range fields {
		values.Set(field.Name, field.Value)
	}
	digest, err := sign.MD5Concat(secret, "10001")
	require.NoError(t, err)
	received := strings.ToUpper(digest.String())
	signed := maps.Clone(values)
	signed.Set("sign", sortedTests["codepay callback"].want)
	known := sign.NewNames(slices.Collect(maps.Keys(values))...)
	tests := map[string]func(){
		"Concat":       func() { sink, _ = sign.MD5Concat(secret, "10001", "20191118123424", "P901", "300.00") },
		"Nested":       func() { sink, _ = sign.MD5Nested(secret, "APPKEY", "300.00", "alipay", "ORDER1", "") },
		"Salted":       func() { sink, _ = sign.MD5Salted(secret, "f3a1c09b") },
		"Sorted":       func() { sink, _ = sign.MD5Sorted(secret, fields) },
		"SortedValues": func() { sink, _ = sign.MD5SortedValues(secret, values) },
		"Verify": func() {
			if digest.Verify(received) != nil {
				panic("the signature does not match")
			}
		},
		"Names": func() {
			if known.Verify(secret, signed) != nil {
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
