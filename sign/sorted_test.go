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

// The expected values come from the PHP code in the gateway's document, with the
// fields in $d and with SORT_STRING where names differ in case:
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
	"codepay notification": {
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

func TestMD5Sorted(t *testing.T) {
	t.Parallel()
	for name, test := range sortedTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, values := slices.Clone(test.fields), url.Values{"none": nil}
			for _, field := range test.fields {
				values.Add(field.Name, field.Value)
			}
			got, err := sign.MD5Sorted(secret, test.fields)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
			assert.Equal(t, before, test.fields, "the slice is unchanged")
			got, err = sign.MD5SortedValues(secret, values)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
		})
	}
}

func TestVerifyMD5SortedValues(t *testing.T) {
	t.Parallel()
	for name, test := range sortedTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := url.Values{}
			for _, field := range test.fields {
				values.Set(field.Name, field.Value)
			}
			for _, received := range []string{test.want, strings.ToUpper(test.want)} {
				values.Set("sign", received)
				require.NoError(t, sign.VerifyMD5SortedValues(secret, values))
			}

			more := maps.Clone(values)
			more.Set("price9999", "1")
			require.ErrorIs(t, sign.VerifyMD5SortedValues(secret, more), sign.ErrMismatch, "one parameter more")
			for name := range values {
				changed := maps.Clone(values)
				changed.Set(name, values.Get(name)+"0")
				require.ErrorIs(t, sign.VerifyMD5SortedValues(secret, changed), sign.ErrMismatch, "%s changed", name)
			}
		})
	}
}

func TestVerifyMD5SortedValuesRefuses(t *testing.T) {
	t.Parallel()
	// printf %s 'a=1&b=2example-secret' | md5sum
	const right = "c14299d95af37b52bb9ac9b656d3ff4a"
	require.NoError(t, sign.VerifyMD5SortedValues(secret, url.Values{"a": {"1"}, "b": {"2"}, "c": {""}, "d": {}, "sign": {right}}))
	tests := map[string]struct {
		secret sign.Secret
		values url.Values
		want   error
	}{
		"no signature":                {secret, url.Values{"a": {"1"}, "b": {"2"}}, sign.ErrMismatch},
		"an empty signature":          {secret, url.Values{"a": {"1"}, "b": {"2"}, "sign": {""}}, sign.ErrMismatch},
		"no value of the signature":   {secret, url.Values{"a": {"1"}, "b": {"2"}, "sign": {}}, sign.ErrMismatch},
		"two signatures":              {secret, url.Values{"a": {"1"}, "b": {"2"}, "sign": {right, right}}, sign.ErrAmbiguous},
		"a value twice":               {secret, url.Values{"a": {"1", "1"}, "b": {"2"}, "sign": {right}}, sign.ErrAmbiguous},
		"b moved into a":              {secret, url.Values{"a": {"1&b=2"}, "sign": {right}}, sign.ErrAmbiguous},
		"b moved into a and left":     {secret, url.Values{"a": {"1&b=2"}, "b": {""}, "sign": {right}}, sign.ErrAmbiguous},
		"b moved into the name":       {secret, url.Values{"a=1&b": {"2"}, "sign": {right}}, sign.ErrAmbiguous},
		"a value moved into the name": {secret, url.Values{"a=1": {"2"}, "sign": {right}}, sign.ErrAmbiguous},
		"nothing at all":              {secret, nil, sign.ErrMismatch},
		"an empty secret":             {sign.Secret{}, url.Values{"a": {"1"}, "b": {"2"}, "sign": {right}}, sign.ErrEmptySecret},
	}
	for name, test := range tests {
		require.ErrorIs(t, sign.VerifyMD5SortedValues(test.secret, test.values), test.want, name)
	}
}

// The gateway joins the values of its notification without escaping them. A note of
// the payer can contain "&". It is accepted unless it could be read as another field.
func TestVerifyMD5SortedValuesWithAnAmpersand(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values   url.Values
		accepted bool
		signed   string
		sum      string // printf '%sexample-secret' "$signed" | md5sum
	}{
		"the last value":            {url.Values{"tag": {"A&B"}}, true, "tag=A&B", "8f331317eba87412e0c6b4f29ae987fc"},
		"before another field":      {url.Values{"tag": {"A&B"}, "type": {"1"}}, true, "tag=A&B&type=1", "9720cbf324fa8e604503472271f1a32e"},
		"nothing behind it":         {url.Values{"tag": {"A&"}, "type": {"1"}}, true, "tag=A&&type=1", "a6f0bc5d465cbecd7f3c3ea3ed9d394c"},
		"nothing before it":         {url.Values{"tag": {"&B"}, "type": {"1"}}, true, "tag=&B&type=1", "b3c16c2b15d6818d2717bd6bc17d42e1"},
		"nothing but &":             {url.Values{"tag": {"&&&"}, "type": {"1"}}, true, "tag=&&&&type=1", "0a189554c52909127fdc7bcfa224468b"},
		"a name of a field":         {url.Values{"tag": {"A&type"}, "type": {"1"}}, true, "tag=A&type&type=1", "878c9de657560f1ff555660be063541f"},
		"= before it":               {url.Values{"tag": {"a=b&c"}, "type": {"1"}}, true, "tag=a=b&c&type=1", "6e3957751fee87e48b784548e392be53"},
		"in two values":             {url.Values{"param": {"x&y"}, "tag": {"A&B"}}, true, "param=x&y&tag=A&B", "b6f82bd3c39a0d474ad7ef7d4a4fc3ed"},
		"a field behind it":         {url.Values{"tag": {"A&type=1"}}, false, "tag=A&type=1", "0005f0fee886b13e9381bdd413488188"},
		"an empty field behind it":  {url.Values{"tag": {"A&type="}}, false, "tag=A&type=", "1b4c615995177387f98b9fd82422f780"},
		"an empty name behind it":   {url.Values{"tag": {"A&=1"}}, false, "tag=A&=1", "d6f6ee4109a094990fd9509a89f4dafe"},
		"a field behind the second": {url.Values{"tag": {"A&B&type=1"}}, false, "tag=A&B&type=1", "9720cbf324fa8e604503472271f1a32e"},
		"= far behind it":           {url.Values{"tag": {"A&B&&C&x y="}, "type": {"1"}}, false, "tag=A&B&&C&x y=&type=1", "1fca621ffbfcd0e2e23541ccdce27ee0"},
		"in a name":                 {url.Values{"a&b": {"1"}}, false, "a&b=1", "9b79af137933d10aca76fd71828715d7"},
		"in a name behind a field":  {url.Values{"a": {"1"}, "a&b": {"1"}}, false, "a=1&a&b=1", "adf7e066fa707d6bdb446413f4e45457"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same, err := sign.MD5Concat(secret, test.signed)
			require.NoError(t, err)
			require.Equal(t, test.sum, same.String())

			values := maps.Clone(test.values)
			values.Set("sign", test.sum)
			err = sign.VerifyMD5SortedValues(secret, values)
			if test.accepted {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, sign.ErrAmbiguous)
			}
			// Signing rejects every "&".
			_, err = sign.MD5SortedValues(secret, test.values)
			require.ErrorIs(t, err, sign.ErrAmbiguous)
		})
	}
}

// Some gateways leave out more than "sign".
func TestSkippedFields(t *testing.T) {
	t.Parallel()
	// printf %s 'a=1&b=2example-secret' | md5sum
	const want = "c14299d95af37b52bb9ac9b656d3ff4a"
	fields := []sign.Field{{Name: "sign_type", Value: "MD5"}, {Name: "b", Value: "2"}, {Name: "&=", Value: "&"}, {Name: "a", Value: "1"}, {Name: "sign", Value: want}}
	values := url.Values{}
	for _, field := range fields {
		values.Set(field.Name, field.Value)
	}
	skip := []string{"sign_type", "&="}
	got, err := sign.MD5Sorted(secret, fields, skip...)
	require.NoError(t, err)
	assert.Equal(t, want, got.String())
	got, err = sign.MD5SortedValues(secret, values, skip...)
	require.NoError(t, err)
	assert.Equal(t, want, got.String())
	require.NoError(t, sign.VerifyMD5SortedValues(secret, values, skip...))
	require.Error(t, sign.VerifyMD5SortedValues(secret, values), "no name to leave out")

	values.Set("sign_type", "RSA2")
	require.NoError(t, sign.VerifyMD5SortedValues(secret, values, skip...), "a field that is left out can change")
	values.Add("sign_type", "MD5")
	require.ErrorIs(t, sign.VerifyMD5SortedValues(secret, values, skip...), sign.ErrAmbiguous, "it occurs twice")
}

func TestMD5SortedRefusesWhatIsAmbiguous(t *testing.T) {
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
	// Fields that are not signed can have any name and value.
	_, err := sign.MD5Sorted(secret, []sign.Field{{Name: "sign", Value: "a&b=c"}, {Name: "x&y=", Value: ""}, {Name: "a", Value: ""}, {Name: "a", Value: "1"}})
	require.NoError(t, err)

	_, err = sign.MD5SortedValues(secret, url.Values{"a": {"", ""}})
	require.ErrorIs(t, err, sign.ErrAmbiguous, "also where none of the values would be signed")
	_, err = sign.MD5SortedValues(secret, url.Values{"sign": {"1", "2"}})
	require.ErrorIs(t, err, sign.ErrAmbiguous, "also the signature itself")
}
