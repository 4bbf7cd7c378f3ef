package sign_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/sign"
)

// A digest verifies itself in any case of its letters, and nothing else.
func FuzzDigestVerify(f *testing.F) {
	f.Add("10001", "20191118123424", "63a5bf1f3500791f438c2829da45d037")
	f.Add("", "", "")
	f.Add("订单", "\xff\x00", strings.Repeat("ｆ", 10)+"63")
	f.Add("a", "b", strings.Repeat("\x00", 32))
	f.Fuzz(func(t *testing.T, first, second, received string) {
		digest, err := sign.MD5Concat(secret, first, second)
		require.NoError(t, err)
		require.NoError(t, digest.Verify(digest.String()))
		require.NoError(t, digest.Verify(strings.ToUpper(digest.String())))
		err = digest.Verify(received)
		if isASCII(received) && strings.EqualFold(received, digest.String()) {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, sign.ErrMismatch)
		}
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

// A message or a signature with one changed byte is not verified.
func FuzzChangedBytesDoNotVerify(f *testing.F) {
	f.Add("1000120191118123424", uint16(3), byte(1))
	f.Add("金额 300.00", uint16(40), byte(0x80))
	f.Fuzz(func(t *testing.T, message string, at uint16, flip byte) {
		if flip == 0 || message == "" {
			t.Skip()
		}
		digest, err := sign.MD5Concat(secret, message)
		require.NoError(t, err)

		changed := []byte(message)
		changed[int(at)%len(changed)] ^= flip
		other, err := sign.MD5Concat(secret, string(changed))
		require.NoError(t, err)
		require.ErrorIs(t, other.Verify(digest.String()), sign.ErrMismatch)

		nested, err := sign.MD5Nested(secret, message)
		require.NoError(t, err)
		other, err = sign.MD5Nested(secret, string(changed))
		require.NoError(t, err)
		require.ErrorIs(t, other.Verify(nested.String()), sign.ErrMismatch)

		signature := []byte(digest.String())
		signature[int(at)%len(signature)] ^= flip
		if !strings.EqualFold(string(signature), digest.String()) {
			require.ErrorIs(t, digest.Verify(string(signature)), sign.ErrMismatch)
		}
	})
}

// Fields that MD5Sorted signs have one reading only: the signed text, cut at "&" and
// the first "=", gives the same fields.
func FuzzSortedHasOneReading(f *testing.F) {
	f.Add("pay_id", "admin", "param", "1", "money", "100.00")
	f.Add("param", "1&money=9999", "a", "b", "c", "d")
	f.Add("a=b", "c", "a", "b=c", "", "x")
	f.Add("sign", "x", "a", "", "a", "1")
	f.Add("a", "1", "a", "2", "\xff", "\x00")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, n3, v3 string) {
		fields := []sign.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}, {Name: n3, Value: v3}}
		digest, err := sign.MD5Sorted(secret, fields)
		if err != nil {
			require.ErrorIs(t, err, sign.ErrAmbiguous)
			return
		}
		signed, text := signedText(fields)
		same, err := sign.MD5Concat(secret, text)
		require.NoError(t, err)
		require.NoError(t, digest.Verify(same.String()))

		var again []sign.Field
		if text != "" {
			for _, pair := range strings.Split(text, "&") {
				name, value, _ := strings.Cut(pair, "=")
				again = append(again, sign.Field{Name: name, Value: value})
			}
		}
		require.Equal(t, signed, again)

		slices.Reverse(fields)
		reversed, err := sign.MD5Sorted(secret, fields)
		require.NoError(t, err)
		require.Equal(t, digest, reversed, "the order of the fields does not matter")
	})
}

// signedText returns the fields that are signed and the text that they give.
func signedText(fields []sign.Field) (signed []sign.Field, text string) {
	for _, field := range fields {
		if field.Name != "sign" && field.Value != "" {
			signed = append(signed, field)
		}
	}
	slices.SortFunc(signed, func(a, b sign.Field) int { return strings.Compare(a.Name, b.Name) })
	pairs := make([]string, len(signed))
	for i, field := range signed {
		pairs[i] = field.Name + "=" + field.Value
	}
	return signed, strings.Join(pairs, "&")
}

// Among all fields that give the same signed text, and so have the same signature,
// VerifyMD5SortedValues accepts at most one set, and MD5Sorted signs at most the same
// one.
func FuzzVerifiedFieldsHaveOneReading(f *testing.F) {
	f.Add("tag", "A&B", "type", "1", "", "")
	f.Add("tag", "A&B&type=1", "", "x", "", "")
	f.Add("a", "1&b=2&c=3", "d", "=&=", "e", "&&")
	f.Add("a&b", "1", "a", "x=y&", "c=", "&d")
	f.Add("", "&", "=", "=", "&", "&")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, n3, v3 string) {
		_, text := signedText([]sign.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}, {Name: n3, Value: v3}})
		if strings.Count(text, "&")+strings.Count(text, "=") > 14 {
			t.Skip("too many readings")
		}
		assertOneReading(t, text)
	})
}

// The same for every text of up to eight of these characters.
func TestVerifiedFieldsHaveOneReading(t *testing.T) {
	t.Parallel()
	const longest = 8
	var extend func(text string)
	extend = func(text string) {
		assertOneReading(t, text)
		if len(text) < longest {
			for _, c := range "a&=" {
				extend(text + string(c))
			}
		}
	}
	extend("")
}

// assertOneReading tries all fields that give the signed text.
func assertOneReading(t *testing.T, text string) {
	t.Helper()
	if text == "" {
		return
	}
	signature, err := sign.MD5Concat(secret, text)
	require.NoError(t, err)
	var accepted, signed [][]sign.Field
	for _, fields := range readingsOf(text) {
		values := url.Values{"sign": {signature.String()}}
		for _, field := range fields {
			values.Add(field.Name, field.Value)
		}
		if sign.VerifyMD5SortedValues(secret, values) == nil {
			accepted = append(accepted, fields)
		}
		if got, err := sign.MD5Sorted(secret, fields); err == nil && got == signature {
			signed = append(signed, fields)
		}
	}
	require.LessOrEqual(t, len(accepted), 1, "%q has the readings %q", text, accepted)
	require.Subset(t, accepted, signed)

	// A reading whose values have no "=" behind an "&" is not rejected.
	if plain, ok := plainReading(text); ok {
		require.Equal(t, [][]sign.Field{plain}, accepted)
	} else {
		require.Empty(t, accepted)
	}
}

// readingsOf returns every way to cut the text into name=value pairs with "&" between
// them, with names and values of any kind and in any order.
func readingsOf(text string) (readings [][]sign.Field) {
	for end := 0; end <= len(text); end++ {
		if end < len(text) && text[end] != '&' {
			continue
		}
		var rest [][]sign.Field
		if end == len(text) {
			rest = [][]sign.Field{nil}
		} else {
			rest = readingsOf(text[end+1:])
		}
		for i := range end {
			if text[i] != '=' {
				continue
			}
			first := sign.Field{Name: text[:i], Value: text[i+1 : end]}
			for _, others := range rest {
				readings = append(readings, append([]sign.Field{first}, others...))
			}
		}
	}
	return readings
}

// plainReading cuts the text before every piece that has "=". It reports whether that
// gives fields as a gateway signs them: sorted, and none of them empty.
func plainReading(text string) (fields []sign.Field, ok bool) {
	for _, piece := range strings.Split(text, "&") {
		name, value, found := strings.Cut(piece, "=")
		switch {
		case found:
			fields = append(fields, sign.Field{Name: name, Value: value})
		case fields == nil:
			return nil, false
		default:
			fields[len(fields)-1].Value += "&" + piece
		}
	}
	for i, field := range fields {
		if field.Name == "sign" || field.Value == "" || i > 0 && field.Name <= fields[i-1].Name {
			return nil, false
		}
	}
	return fields, true
}

// The functions for fields and for url.Values agree on every query.
func FuzzSortedValuesAgreesWithSorted(f *testing.F) {
	f.Add("a=1&b=2&sign=x")
	f.Add("a=1&a=2")
	f.Add("a=%26&b=%3D&=x")
	f.Add("tag=A%26B&type=1")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		var fields []sign.Field
		for name, all := range values {
			if len(all) > 1 {
				_, err := sign.MD5SortedValues(secret, values)
				require.ErrorIs(t, err, sign.ErrAmbiguous)
				require.ErrorIs(t, sign.VerifyMD5SortedValues(secret, values), sign.ErrAmbiguous)
				return
			}
			fields = append(fields, sign.Field{Name: name, Value: all[0]})
		}
		want, wantErr := sign.MD5Sorted(secret, fields)
		got, gotErr := sign.MD5SortedValues(secret, values)
		require.Equal(t, want, got)
		require.Equal(t, errors.Is(wantErr, sign.ErrAmbiguous), errors.Is(gotErr, sign.ErrAmbiguous))
		require.Equal(t, wantErr == nil, gotErr == nil)
		if wantErr == nil { // what is signed is verified
			require.ErrorIs(t, sign.VerifyMD5SortedValues(secret, values), want.Verify(values.Get("sign")))
			values.Set("sign", want.String())
			require.NoError(t, sign.VerifyMD5SortedValues(secret, values))
		}
	})
}

// Only the one signature of the one message is verified, and nothing panics.
func FuzzPublicKeyVerify(f *testing.F) {
	key, message, signature := publicKey(f, "public_pkix.pem"), read(f, "message.json"), string(read(f, "signature.txt"))
	genuine, err := base64.StdEncoding.DecodeString(signature)
	require.NoError(f, err)
	f.Add(message, signature)
	f.Add(message, signature[:len(signature)-1])
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, body []byte, received string) {
		raw, err := base64.StdEncoding.DecodeString(received)
		isGenuine := err == nil && string(raw) == string(genuine) && string(body) == string(message)
		verified := key.Verify(body, received) == nil
		assert.False(t, verified && !isGenuine)
	})
}

// A text that is read as a key holds an RSA key of at least 2048 bits, according to
// encoding/pem and crypto/x509 where these can read it, and the key works.
func FuzzParseKeys(f *testing.F) {
	for _, file := range []string{
		"public_pkix.pem", "public_pkcs1.pem", "public_ec.pem", "public_1024.pem", "public_openssh.pub", "certificate.pem",
		"private_pkcs8.pem", "private_pkcs1.pem", "private_ec.pem", "private_encrypted.pem", "private_1024.pem",
	} {
		f.Add(read(f, file))
	}
	f.Add([]byte("/etc/shop/key.pem"))
	message, signature := read(f, "message.json"), string(read(f, "signature.txt"))
	f.Fuzz(func(t *testing.T, text []byte) {
		public, err := sign.ParsePublicKey(text)
		require.Equal(t, err != nil, public.IsZero())
		private, privateErr := sign.ParsePrivateKey(sign.NewSecret(string(text)))
		require.Equal(t, privateErr != nil, private.IsZero())
		require.False(t, err == nil && privateErr == nil, "no text is both")
		block, _ := pem.Decode(text)
		if err == nil {
			require.ErrorIs(t, public.Verify(append(message, ' '), signature), sign.ErrMismatch)
			if block != nil {
				require.GreaterOrEqual(t, bits(t, block.Bytes), 2048)
			}
		} else {
			require.ErrorIs(t, err, sign.ErrInvalidKey)
			require.NotContains(t, err.Error(), "MII")
		}
		if privateErr == nil {
			made, err := private.Sign(message)
			require.NoError(t, err)
			require.GreaterOrEqual(t, base64.StdEncoding.DecodedLen(len(made)), 2048/8)
			if block != nil {
				require.GreaterOrEqual(t, bits(t, block.Bytes), 2048)
			}
		} else {
			require.ErrorIs(t, privateErr, sign.ErrInvalidKey)
			require.NotContains(t, privateErr.Error(), "MII")
		}
	})
}

// bits returns the length of the key, read by crypto/x509.
func bits(t *testing.T, der []byte) int {
	t.Helper()
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key.N.BitLen()
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key.N.BitLen()
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key.(*rsa.PublicKey).N.BitLen()
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	require.NoError(t, err)
	return key.(*rsa.PrivateKey).N.BitLen()
}
