package notify

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

func TestEncodeKeepsTheOrderAndLeavesOutEmptyValues(t *testing.T) {
	t.Parallel()
	got := Encode([]sign.Field{
		{Name: "z", Value: "1"}, {Name: "none", Value: ""}, {Name: "a", Value: "2"}, {Name: "0", Value: "0"}, {Name: "last", Value: ""},
	})
	assert.Equal(t, "z=1&a=2&0=0", got)
	assert.Empty(t, Encode(nil))
	assert.Empty(t, Encode([]sign.Field{{Name: "a", Value: ""}}))
	assert.Equal(t, "b=1", Encode([]sign.Field{{Name: "a", Value: ""}, {Name: "b", Value: "1"}}))
}

func TestEncodeEscapesAsNetURL(t *testing.T) {
	t.Parallel()
	for b := range 256 {
		text := string([]byte{'a', byte(b), 'z'})
		assert.Equal(t, url.QueryEscape(text)+"="+url.QueryEscape(text), Encode([]sign.Field{{Name: text, Value: text}}))
	}
	// php -r 'echo http_build_query(["param" => "你好 100%&a=b+c*", "notify_url" => "https://shop.example.com/n?a=1"]);'
	assert.Equal(t,
		"param=%E4%BD%A0%E5%A5%BD+100%25%26a%3Db%2Bc%2A&notify_url=https%3A%2F%2Fshop.example.com%2Fn%3Fa%3D1",
		Encode([]sign.Field{{Name: "param", Value: "你好 100%&a=b+c*"}, {Name: "notify_url", Value: "https://shop.example.com/n?a=1"}}))
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]url.Values{
		"":                         {},
		"&":                        {},
		"a=1":                      {"a": {"1"}},
		"a=1&b=2":                  {"a": {"1"}, "b": {"2"}},
		"&a=1&&b=2&":               {"a": {"1"}, "b": {"2"}},
		"a":                        {"a": {""}},
		"a=":                       {"a": {""}},
		"=1":                       {"": {"1"}},
		"a=b=c":                    {"a": {"b=c"}},
		"a=%26%3D%25":              {"a": {"&=%"}},
		"a+b=c+d":                  {"a b": {"c d"}},
		"a%2Bb=c%2bd":              {"a+b": {"c+d"}},
		"A=1&a=2":                  {"A": {"1"}, "a": {"2"}},
		"param=%C4%E3%BA%C3":       {"param": {"\xc4\xe3\xba\xc3"}}, // GBK
		"param=\xc4\xe3":           {"param": {"\xc4\xe3"}},
		"param=%E4%BD%A0%E5%A5%BD": {"param": {"你好"}},
		"a=%00":                    {"a": {"\x00"}},
		"a=1;b=2":                  {"a": {"1;b=2"}}, // an ordinary character in PHP and in the HTML standard
	}
	for text, want := range tests {
		got, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestParseRejects(t *testing.T) {
	t.Parallel()
	for want, texts := range map[error][]string{
		errRepeated: {"a=1&a=1", "a=1&a=2", "a&a", "a=1&%61=2", numbered(MaxFields-1) + "&f0=repeated"},
		errEscape:   {"a=%", "a=%4", "a=%zz", "%zz=1", "a=1&b=%"},
		errMany: {
			strings.Repeat("&", MaxFields), strings.Repeat("a=1&", MaxFields), strings.Repeat("a=1&", 10000), numbered(MaxFields + 1),
		},
	} {
		for _, text := range texts {
			values, err := Parse(text)
			require.ErrorIs(t, err, want, "%.60s", text)
			assert.Nil(t, values)
		}
	}
	values, err := Parse(numbered(MaxFields))
	require.NoError(t, err)
	assert.Len(t, values, MaxFields)
}

// numbered returns n fields with different names.
func numbered(n int) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf("f%d=%d", i, i)
	}
	return strings.Join(fields, "&")
}

// The values share one array: appending to one must not change the next.
func TestValuesAreIndependent(t *testing.T) {
	t.Parallel()
	values, err := Parse("a=1&b=2&c=3")
	require.NoError(t, err)
	values.Add("a", "added")
	assert.Equal(t, url.Values{"a": {"1", "added"}, "b": {"2"}, "c": {"3"}}, values)

	values, err = Single(url.Values{"a": {"1"}, "b": {"2"}, "c": {"3"}})
	require.NoError(t, err)
	for _, name := range []string{"a", "b", "c"} {
		values.Add(name, "added")
	}
	assert.Equal(t, url.Values{"a": {"1", "added"}, "b": {"2", "added"}, "c": {"3", "added"}}, values)
}

func checked(values url.Values) error {
	_, err := Single(values)
	return err
}

// A framework may use the memory of what it parsed again.
func TestSingleCopies(t *testing.T) {
	t.Parallel()
	memory := []byte("order_no=A1")
	text := unsafe.String(&memory[0], len(memory))
	values := url.Values{text[:8]: {text[9:]}, "empty": {}}
	got, err := Single(values)
	require.NoError(t, err)
	copy(memory, "xxxxxxxxxxx")
	clear(values)
	assert.Equal(t, url.Values{"order_no": {"A1"}, "empty": {}}, got)
}

func TestSingle(t *testing.T) {
	t.Parallel()
	require.NoError(t, checked(url.Values{"a": {"1"}, "b": {}, "c": nil}))
	requireRejected(t, checked(nil), 400, "no fields were sent, or the body was already read")
	requireRejected(t, checked(url.Values{"a": {"1"}, "b": {"1", "1"}}), 400, errRepeated.Error())
	requireRejected(t, checked(url.Values{"a": {"", ""}}), 400, errRepeated.Error())
	many := url.Values{}
	for i := range MaxFields {
		many.Set(fmt.Sprint(i), "")
	}
	require.NoError(t, checked(many))
	many.Set("one more", "")
	requireRejected(t, checked(many), 400, errMany.Error())
	require.NoError(t, checked(url.Values{"a": {strings.Repeat("1", MaxBody-1)}}))
	requireRejected(t, checked(url.Values{"a": {strings.Repeat("1", MaxBody)}}), 413, "longer than 1048576 bytes")
	requireRejected(t, checked(url.Values{strings.Repeat("a", MaxBody+1): nil}), 413, "longer than 1048576 bytes")
}

// Parse agrees with net/url on what it accepts, except for ";", which net/url rejects.
func FuzzParseAgreesWithNetURL(f *testing.F) {
	for _, text := range []string{"a=1&b=2", "a=1&a=2", "a=%zz", "&&a=b=c&", "a;b=1", "%C4%E3=\xff", "+=+"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			require.Nil(t, got)
			return
		}
		want, err := url.ParseQuery(strings.ReplaceAll(text, ";", "%3B"))
		require.NoError(t, err)
		require.Equal(t, want, got)
		if len(got) > 0 {
			require.NoError(t, checked(got))
		}
	})
}

// Parse undoes Encode.
func FuzzParseUndoesEncode(f *testing.F) {
	f.Add("a", "1", "b", "2")
	f.Add("param", "\xc4\xe3&=%+ ;", "", "x")
	f.Add("a", "", "a", "1")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		fields := []sign.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}
		text := Encode(fields)
		values, err := Parse(text)
		if n1 == n2 && v1 != "" && v2 != "" {
			require.ErrorIs(t, err, errRepeated)
			return
		}
		require.NoError(t, err)
		for _, field := range slices.DeleteFunc(fields, func(f sign.Field) bool { return f.Value == "" }) {
			require.Equal(t, []string{field.Value}, values[field.Name])
			delete(values, field.Name)
		}
		require.Empty(t, values)
	})
}

func TestNumbersAndTimesThatAreZeroAreLeftOut(t *testing.T) {
	t.Parallel()
	assert.Empty(t, Number(0))
	assert.Equal(t, "100", Number(100))
	assert.Empty(t, Seconds(time.Time{}))
	assert.Equal(t, "1574051664", Seconds(time.Unix(1574051664, 999)))
}
