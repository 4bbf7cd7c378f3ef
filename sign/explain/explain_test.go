package explain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

var secret = sign.NewSecret("example-secret")

// read returns a file of package sign. Its README.md says how each was made.
func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", file))
	require.NoError(t, err)
	return text
}

func publicKey(t *testing.T, file string) sign.PublicKey {
	t.Helper()
	key, err := sign.ParsePublicKey(read(t, file))
	require.NoError(t, err)
	return key
}

// explanations returns one explanation of each MD5 form. The tests of package sign
// say how the signatures were made.
func explanations(received func(string) string) map[string]explain.Explanation {
	return map[string]explain.Explanation{
		"concat": explain.MD5Concat(secret, received("63a5bf1f3500791f438c2829da45d037"), []sign.Field{
			{Name: "userid", Value: "10001"}, {Name: "order_no", Value: "20191118123424"},
		}),
		"nested": explain.MD5Nested(secret, received("888a1692ba64235dc01e9c2bc09c3747"), []sign.Field{
			{Name: "appkey", Value: "APPKEY"}, {Name: "price", Value: "300.00"}, {Name: "type", Value: "alipay"},
			{Name: "out_order_id", Value: "ORDER1"}, {Name: "custom", Value: ""},
		}),
		"sorted": explain.MD5Sorted(secret, received("deb580d7130d10dea2691f0f4fb7b171"), []sign.Field{
			{Name: "pay_id", Value: "admin"}, {Name: "money", Value: "100.00"}, {Name: "param", Value: ""},
			{Name: "sign", Value: "deb580d7130d10dea2691f0f4fb7b171"},
		}),
		"salted": explain.MD5Salted(secret, received("5142e614a307d460f81447d266640bd8"), "f3a1c09b"),
	}
}

func TestExplanationsMatchWhatIsSigned(t *testing.T) {
	t.Parallel()
	for name, e := range explanations(strings.ToUpper) {
		assert.True(t, e.Received, name)
		assert.True(t, e.Matches, name)
		assert.Empty(t, e.Hints, name)
		assert.Contains(t, e.String(), "the signature matches", name)
	}
	for name, e := range explanations(func(string) string { return "" }) {
		assert.False(t, e.Received, name)
		assert.False(t, e.Matches, name)
		assert.Contains(t, e.String(), "no signature to compare with", name)
	}
}

func TestExplanationsShowEachField(t *testing.T) {
	t.Parallel()
	all := explanations(func(right string) string { return right })
	assert.Equal(t, `signature = md5(name=value&… + secret), sorted by name
  1  "money"   "100.00"       6 bytes
  2  "pay_id"  "admin"        5 bytes
  -  "param"   ""             skipped: it is empty
  -  "sign"    "[signature]"  skipped: it is the signature
  hashed: "money=100.00&pay_id=admin[secret, 14 characters]"
  the signature matches
`, all["sorted"].String())
	assert.Equal(t, "md5(userid + order_no + secret)", all["concat"].Form)
	assert.Equal(t, []string{"1000120191118123424[secret, 14 characters]"}, all["concat"].Steps)
	assert.Equal(t, []string{
		"APPKEY300.00alipayORDER1",
		// printf %s APPKEY300.00alipayORDER1 | md5sum
		"09b37cf8c7fca2085252f03b0781b38e[secret, 14 characters]",
	}, all["nested"].Steps)
	assert.Equal(t, "md5(md5(appkey + price + type + out_order_id + custom) + secret)", all["nested"].Form)
	assert.Equal(t, []string{
		"f3a1c09b",
		// printf %s f3a1c09b | md5sum
		"870ebba43f923a579872047159a4fb96[md5 of secret, 14 characters]",
	}, all["salted"].Steps)
}

// An explanation contains neither the secret, nor a hash of it, nor a signature.
func TestExplanationsRevealNothing(t *testing.T) {
	t.Parallel()
	hidden := []string{
		"example-secret",
		"8d831e08450fa0e7e84309a0d4bc644e", // printf %s example-secret | md5sum
		"63a5bf1f3500791f438c2829da45d037", "888a1692ba64235dc01e9c2bc09c3747",
		"deb580d7130d10dea2691f0f4fb7b171", "5142e614a307d460f81447d266640bd8",
		strings.Repeat("0", 32),
	}
	for _, received := range []func(string) string{
		func(right string) string { return right },
		func(string) string { return strings.Repeat("0", 32) },
		func(string) string { return "" },
	} {
		for name, e := range explanations(received) {
			text, err := json.Marshal(e)
			require.NoError(t, err)
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("explained", "signature", e)
			shown := e.String() + string(text) + fmt.Sprintf("%v %+v %#v", e, e, e) + log.String()
			for _, each := range hidden {
				assert.NotContains(t, shown, each, name)
			}
		}
	}
}

func TestAnExplanationLogsItsVerdictAlone(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := explain.MD5Concat(secret, strings.Repeat("0", 32), []sign.Field{{Name: "order_no", Value: "20191118123424"}})
	slog.New(slog.NewTextHandler(&log, nil)).Info("explained", "signature", e)
	assert.Contains(t, log.String(), "DOES NOT match")
	assert.NotContains(t, log.String(), "20191118123424")
}

func TestAnExplanationMasksTheSecretInAValue(t *testing.T) {
	t.Parallel()
	e := explain.MD5Concat(secret, "", []sign.Field{{Name: "custom", Value: "key=example-secret!"}}).
		NotSigned(sign.Field{Name: "secure_key", Value: "example-secret"}, sign.Field{Name: "sign", Value: "00"})
	assert.Equal(t, "key=[secret, 14 characters]!", e.Fields[0].Value)
	assert.Equal(t, "[secret, 14 characters]", e.Fields[1].Value)
	assert.Equal(t, "[signature]", e.Fields[2].Value)
	assert.NotContains(t, e.String(), "example-secret")
	assert.Contains(t, strings.Join(e.Hints, "\n"), `"custom" contains the secret`)

	// The gaps in a known value would reveal a short secret.
	e = explain.MD5Concat(sign.NewSecret("300"), "", []sign.Field{{Name: "amount", Value: "300.00"}})
	assert.Equal(t, "300.00", e.Fields[0].Value)
}

func TestNotSigned(t *testing.T) {
	t.Parallel()
	before := explain.MD5Salted(secret, "", "f3a1c09b")
	after := before.NotSigned(sign.Field{Name: "fee", Value: "2000"})
	assert.Len(t, before.Fields, 1)
	require.Len(t, after.Fields, 2)
	assert.Equal(t, explain.Field{
		Name: "fee", Value: "2000", Bytes: 4, Skipped: "not covered by the signature",
	}, after.Fields[1])
	assert.Contains(t, after.String(), `-  "fee"   "2000"      skipped: not covered by the signature`)
}

// Each received signature is the one that a sender with this mistake makes.
func TestHintsNameTheMistake(t *testing.T) {
	t.Parallel()
	fields := func(param string) []sign.Field {
		return []sign.Field{{Name: "pay_id", Value: "admin"}, {Name: "money", Value: "100.00"}, {Name: "param", Value: param}}
	}
	tests := map[string]struct {
		secret   string
		fields   []sign.Field
		received string
		want     string
	}{
		// printf %s 'money=100.00&pay_id=adminexample-secret' | md5sum
		"a space after the secret": {"example-secret ", fields(""), "deb580d7130d10dea2691f0f4fb7b171", "Matches after trimming whitespace or quotes from the secret."},
		"a line break after the secret": {
			"example-secret\r\n", fields(""), "deb580d7130d10dea2691f0f4fb7b171", "Matches after trimming whitespace or quotes from the secret.",
		},
		"the secret in quotes": {` "example-secret"`, fields(""), "deb580d7130d10dea2691f0f4fb7b171", "Matches after trimming whitespace or quotes from the secret."},
		"a byte order mark before the secret": {
			"\ufeffexample-secret", fields(""), "deb580d7130d10dea2691f0f4fb7b171", "Matches after trimming whitespace or quotes from the secret.",
		},
		"an added field": {"example-secret", fields("x"), "deb580d7130d10dea2691f0f4fb7b171", `Matches without "param"`},
		// printf %s 'money=100.00&param=&pay_id=adminexample-secret' | md5sum
		"empty values signed": {"example-secret", fields(""), "8d8e41325351ca7fe1a2584206f51d35", "Matches if empty values are signed"},
		// printf %s 'money=100&pay_id=adminexample-secret' | md5sum
		"an amount without decimals": {"example-secret", fields(""), "fb3fd3e9a18eb1ad66188b7a5813a6fe", `Matches if "money" is written 100:`},
		// printf %s 'money=100.00&param=a%20b&pay_id=adminexample-secret' | md5sum
		"signed URL-encoded": {"example-secret", fields("a b"), "9f461684bc39899f1c11e0e8d89485fb", "Matches if every value is URL-encoded with %20 for spaces"},
		// printf %s 'money=100.00&param=a b&pay_id=adminexample-secret' | md5sum
		"not decoded": {"example-secret", fields("a%20b"), "e2ab90d42f983a4dc62376151407abbe", "Matches if every value is decoded once more"},
		// printf %s 'money=100.00&param=a+b&pay_id=adminexample-secret' | md5sum
		"decoded twice": {"example-secret", fields("a b"), "7362258343d0c605092454fa4b427552", "Matches if every value is URL-encoded"},
		// php -r 'echo md5("money=100.00&param=".iconv("UTF-8","GBK","订单")."&pay_id=adminexample-secret");'
		"signed in GBK":               {"example-secret", fields("订单"), "a31fbb39f6de92b3b02eeb9efec795dd", `Does the sender sign "param" in another encoding, such as GBK`},
		"another secret":              {"another-secret", fields(""), "deb580d7130d10dea2691f0f4fb7b171", "Does the secret belong to this merchant"},
		"cut off":                     {"example-secret", fields(""), "deb580d7130d10dea2691f0f", "has 24 characters instead of 32 hex digits"},
		"one character":               {"example-secret", fields(""), "d", "The received signature has 1 character instead"},
		"a space after the signature": {"example-secret", fields(""), "deb580d7130d10dea2691f0f4fb7b171 ", "The received signature has whitespace or quotes around it"},
		"a repeated field": {
			"example-secret", append(fields(""), sign.Field{Name: "money", Value: "1.00"}), "deb580d7130d10dea2691f0f4fb7b171", "Nothing can be signed: ambiguous field",
		},
		"no secret": {"", fields(""), "deb580d7130d10dea2691f0f4fb7b171", "Nothing can be signed: secret is empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := explain.MD5Sorted(sign.NewSecret(test.secret), test.received, test.fields)
			assert.False(t, e.Matches)
			assert.Contains(t, strings.Join(e.Hints, "\n"), test.want)
			if test.secret != "" {
				assert.NotContains(t, e.String(), strings.TrimSpace(test.secret))
			}
		})
	}
}

func TestHintsOfTheOtherForms(t *testing.T) {
	t.Parallel()
	// printf %s 10001example-secret | md5sum
	e := explain.MD5Concat(secret, "b57dab4f5b56229e922e7a926e9c61f4", []sign.Field{
		{Name: "userid", Value: "10001"}, {Name: "order_no", Value: "20191118123424"},
	})
	assert.Contains(t, e.Hints, `Matches without "order_no": the sender did not sign this field.`)
	e = explain.MD5Salted(sign.NewSecret("'example-secret'"), "5142e614a307d460f81447d266640bd8", "f3a1c09b")
	assert.Contains(t, strings.Join(e.Hints, "\n"), "Matches after trimming whitespace or quotes from the secret.")
}

// A gateway that leaves out more than "sign", such as "sign_type".
func TestMD5SortedSkipsFields(t *testing.T) {
	t.Parallel()
	fields := []sign.Field{{Name: "b", Value: "2"}, {Name: "sign_type", Value: "MD5"}, {Name: "a", Value: "1"}, {Name: "note", Value: "example-secret"}}
	// printf %s 'a=1&b=2example-secret' | md5sum
	e := explain.MD5Sorted(secret, "c14299d95af37b52bb9ac9b656d3ff4a", fields, "sign_type", "note")
	assert.True(t, e.Matches)
	assert.Equal(t, `signature = md5(name=value&… + secret), sorted by name
  1  "a"          "1"                        1 byte
  2  "b"          "2"                        1 byte
  -  "sign_type"  "MD5"                      skipped: not covered by the signature
  -  "note"       "[secret, 14 characters]"  skipped: not covered by the signature
  hashed: "a=1&b=2[secret, 14 characters]"
  the signature matches
`, e.String())

	// printf %s 'a=1&b=example-secret' | md5sum
	fields = []sign.Field{{Name: "a", Value: "1"}, {Name: "b", Value: ""}, {Name: "sign_type", Value: "MD5"}}
	e = explain.MD5Sorted(secret, "1d8a0300db6e18b6b039607e1ac508a9", fields, "sign_type")
	assert.Contains(t, strings.Join(e.Hints, "\n"), "Matches if empty values are signed")
}

// An explanation accepts what sign.VerifyMD5SortedValues accepts.
func TestMD5SortedAcceptsAnAmpersandInAValue(t *testing.T) {
	t.Parallel()
	// printf %s 'tag=A&B&type=1example-secret' | md5sum
	e := explain.MD5Sorted(secret, "9720cbf324fa8e604503472271f1a32e", []sign.Field{{Name: "type", Value: "1"}, {Name: "tag", Value: "A&B"}})
	assert.True(t, e.Matches)
	e = explain.MD5Sorted(secret, "9720cbf324fa8e604503472271f1a32e", []sign.Field{{Name: "tag", Value: "A&B&type=1"}})
	assert.False(t, e.Matches)
	assert.Contains(t, strings.Join(e.Hints, "\n"), "Nothing can be signed: ambiguous field")
	e = explain.MD5Sorted(secret, "9720cbf324fa8e604503472271f1a32e", []sign.Field{
		{Name: "type", Value: "1"}, {Name: "tag", Value: "A&B"}, {Name: "sign", Value: "9720cbf324fa8e604503472271f1a32e"}, {Name: "sign", Value: "9720cbf324fa8e604503472271f1a32e"},
	})
	assert.False(t, e.Matches, "two signatures")
}

func TestOddValuesAreNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, value, want string }{
		"space":           {"param", "a ", "begins or ends with whitespace"},
		"wide space":      {"param", "\u3000a", "begins or ends with whitespace"},
		"line break":      {"param", "a\nb", "control character"},
		"byte order mark": {"param", "\ufeffa", "invisible character"},
		"direction mark":  {"param", "\u202aa", "invisible character"},
		"full width":      {"param", "１００", "full-width"},
		"encoded":         {"param", "a%20b", "looks URL-encoded"},
		"HTML":            {"param", "a&amp;b", "escaped for HTML"},
		"GBK":             {"param", "\xb6\xa9", "not UTF-8"},
		"lost bytes":      {"param", "a\ufffd", "U+FFFD"},
		"Chinese":         {"param", "订单", "not ASCII"},
		"quotes":          {"param", `"a"`, "begins or ends with a quote"},
		"null":            {"param", "null", "missing value"},
		"amount":          {"amount", "300", "not written with exactly two decimals"},
		"price":           {"price", "3e2", "not written with exactly two decimals"},
	}
	for name, test := range tests {
		e := explain.MD5Concat(secret, "", []sign.Field{{Name: test.name, Value: test.value}})
		assert.Contains(t, strings.Join(e.Fields[0].Odd, "\n"), test.want, name)
		assert.Contains(t, e.String(), "! "+e.Fields[0].Odd[0], name)
	}
	for _, usual := range []sign.Field{
		{Name: "amount", Value: "300.00"}, {Name: "order_no", Value: "20191118123424"}, {Name: "param", Value: ""},
		{Name: "param", Value: "100% of it"}, {Name: "return_url", Value: "https://shop.example.com/a?b=1&c=2"},
	} {
		assert.Empty(t, explain.MD5Concat(secret, "", []sign.Field{usual}).Fields[0].Odd, usual.Value)
	}
}

func TestRSA(t *testing.T) {
	t.Parallel()
	key, other := publicKey(t, "public_pkix.pem"), publicKey(t, "public_other.pem")
	message, signature := read(t, "message.json"), strings.TrimSpace(string(read(t, "signature.txt")))
	assert.True(t, explain.RSA(key, signature, message).Matches)
	hints := func(key sign.PublicKey, received string, message []byte) string {
		e := explain.RSA(key, received, message)
		assert.False(t, e.Matches)
		assert.NotContains(t, e.String(), signature)
		return strings.Join(e.Hints, "\n")
	}
	require.Contains(t, signature, "+")
	assert.Contains(t, hints(key, strings.ReplaceAll(signature, "+", " "), message), "read as standard base64")
	assert.Contains(t, hints(key, strings.ReplaceAll(signature, "+", "%2B"), message), "read as standard base64")
	assert.Contains(t, hints(key, signature, append([]byte("\ufeff"), message...)), "byte order mark")
	assert.Contains(t, hints(key, signature, append(append([]byte{}, message...), '\n')), "Matches after trimming whitespace or a byte order mark from the body")
	assert.Contains(t, hints(other, signature, message), "Is the public key the one that the gateway shows for this account?")
	assert.Contains(t, hints(key, "!", message), "not base64")
	assert.Contains(t, hints(sign.PublicKey{}, signature, message), "no public key")
	assert.Empty(t, hints(key, "", message))
}

// The largest notification has 1 MiB in 256 fields. Trying the common mistakes with
// it would take many seconds.
func TestALongMessageIsNotTriedOut(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]bool{8 << 10: true, 16 << 10: false} {
		fields := []sign.Field{{Name: "amount", Value: "300.00"}, {Name: "param", Value: strings.Repeat("a", length)}}
		right, err := sign.MD5Sorted(secret, []sign.Field{{Name: "amount", Value: "300"}, fields[1]})
		require.NoError(t, err)
		hints := strings.Join(explain.MD5Sorted(secret, right.String(), fields).Hints, "\n")
		assert.Equal(t, want, strings.Contains(hints, "Matches"), hints)
		assert.NotEmpty(t, hints)
	}
}

// A secret that was used before is masked too, wherever a sender put it.
func TestHide(t *testing.T) {
	t.Parallel()
	const old = "example-old-secret-xx"
	current := sign.NewSecret("example-secret")
	e := explain.MD5Concat(current, "", []sign.Field{{Name: "order_no", Value: "A-" + old}}).
		NotSigned(sign.Field{Name: "note", Value: old + "!"})
	require.Contains(t, e.String(), old)
	hidden := e.Hide(current, sign.NewSecret(old))
	assert.NotContains(t, hidden.String(), old)
	assert.Equal(t, "A-[secret, 21 characters]", hidden.Fields[0].Value)
	assert.Equal(t, "[secret, 21 characters]!", hidden.Fields[1].Value)
	assert.Equal(t, []string{"A-[secret, 21 characters][secret, 14 characters]"}, hidden.Steps)
	assert.Contains(t, e.String(), old, "the original is unchanged")
}
