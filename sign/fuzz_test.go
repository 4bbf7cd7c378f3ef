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

// A digest verifies itself in either case, and nothing that differs from it by
// more than the case of its letters.
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

// One changed byte of what is signed, or of the signature, does not verify.
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

// What Sorted accepts can be read in one way only: its canonical text, cut at
// "&" and the first "=", gives the fields back; and Sorted signs that text.
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
		var signed []sign.Field
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
		canonical := strings.Join(pairs, "&")

		same, err := sign.MD5Concat(secret, canonical)
		require.NoError(t, err)
		require.NoError(t, digest.Verify(same.String()))

		var again []sign.Field
		if canonical != "" {
			for _, pair := range strings.Split(canonical, "&") {
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

// Both forms of Sorted agree on every query.
func FuzzSortedValuesAgreesWithSorted(f *testing.F) {
	f.Add("a=1&b=2&sign=x")
	f.Add("a=1&a=2")
	f.Add("a=%26&b=%3D&=x")
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
				return
			}
			fields = append(fields, sign.Field{Name: name, Value: all[0]})
		}
		want, wantErr := sign.MD5Sorted(secret, fields)
		got, gotErr := sign.MD5SortedValues(secret, values)
		require.Equal(t, want, got)
		require.Equal(t, errors.Is(wantErr, sign.ErrAmbiguous), errors.Is(gotErr, sign.ErrAmbiguous))
		require.Equal(t, wantErr == nil, gotErr == nil)
	})
}

// Whatever names are known, the verdict is that of SortedValues.
func FuzzNamesVerify(f *testing.F) {
	f.Add("a=1&b=2&sign=x", "a,b")
	f.Add("a=1&a=2&sign=x", "a,sign,a")
	f.Add("a=%26&b=%3D&=x&sign=", ",a,c")
	f.Add("a%3D1=2&sign=x", "a=1,a")
	f.Fuzz(func(t *testing.T, query, names string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		known := sign.NewNames(strings.Split(names, ",")...)
		agree := func() {
			expected, want := sign.MD5SortedValues(secret, values)
			if want == nil {
				want = expected.Verify(values.Get("sign"))
			}
			got := known.Verify(secret, values)
			require.Equal(t, want == nil, got == nil)
			require.Equal(t, errors.Is(want, sign.ErrAmbiguous), errors.Is(got, sign.ErrAmbiguous))
		}
		agree()
		if expected, err := sign.MD5SortedValues(secret, values); err == nil {
			values.Set("sign", expected.String())
			agree()
			require.NoError(t, known.Verify(secret, values))
		}
	})
}

// Nothing but the one signature of the one message verifies, and nothing panics.
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

// What is taken for a key is an RSA key of at least 2048 bits as crypto/x509 reads
// it, and it does its work; nothing panics.
func FuzzParseKeys(f *testing.F) {
	for _, file := range []string{
		"public_pkix.pem", "public_pkcs1.pem", "public_ec.pem", "public_1024.pem",
		"private_pkcs8.pem", "private_pkcs1.pem", "private_ec.pem", "private_encrypted.pem", "private_1024.pem",
	} {
		f.Add(read(f, file))
	}
	message, signature := read(f, "message.json"), string(read(f, "signature.txt"))
	f.Fuzz(func(t *testing.T, text []byte) {
		public, err := sign.ParsePublicKey(text)
		require.Equal(t, err != nil, public.IsZero())
		private, privateErr := sign.ParsePrivateKey(sign.NewSecret(string(text)))
		require.Equal(t, privateErr != nil, private.IsZero())
		require.False(t, err == nil && privateErr == nil, "no text is both")
		if err == nil {
			require.GreaterOrEqual(t, publicBits(t, text), 2048)
			require.ErrorIs(t, public.Verify(append(message, ' '), signature), sign.ErrMismatch)
		} else {
			require.ErrorIs(t, err, sign.ErrInvalidKey)
		}
		if privateErr == nil {
			require.GreaterOrEqual(t, privateBits(t, text), 2048)
			made, err := private.Sign(message)
			require.NoError(t, err)
			require.NotEmpty(t, made)
		} else {
			require.ErrorIs(t, privateErr, sign.ErrInvalidKey)
			require.NotContains(t, privateErr.Error(), "MII")
		}
	})
}

func publicBits(t *testing.T, text []byte) int {
	t.Helper()
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return key.N.BitLen()
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	return key.(*rsa.PublicKey).N.BitLen()
}

func privateBits(t *testing.T, text []byte) int {
	t.Helper()
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key.N.BitLen()
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return key.(*rsa.PrivateKey).N.BitLen()
}

// An explanation agrees with the signature that it explains, and shows neither
// that signature nor the secret.
func FuzzExplain(f *testing.F) {
	f.Add("order_no", "20191118123424", "amount", "300.00", "63a5bf1f3500791f438c2829da45d037")
	f.Add("param", "a%20b+c&amp;", "sign", "00", strings.Repeat("0", 32))
	f.Add("a", "1&b=2", "a", "\xff\u3000\ufeff", " \"")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, received string) {
		fields := []sign.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}
		concat, err := sign.MD5Concat(secret, v1, v2)
		require.NoError(t, err)
		nested, err := sign.MD5Nested(secret, v1, v2)
		require.NoError(t, err)
		sorted, _ := sign.MD5Sorted(secret, fields)
		for _, form := range []struct {
			explain func(sign.Secret, string, []sign.Field) sign.Explanation
			right   sign.Digest
		}{{sign.ExplainConcat, concat}, {sign.ExplainNested, nested}, {sign.ExplainSorted, sorted}} {
			for _, received := range []string{received, form.right.String()} {
				e := form.explain(secret, received, fields)
				require.Equal(t, received != "", e.Received)
				require.Equal(t, form.right.Verify(received) == nil, e.Matches)
				require.GreaterOrEqual(t, len(e.Fields), len(fields))
				shown := e.String()
				require.NotContains(t, shown, secret.Reveal())
				if e.Matches {
					require.NotContains(t, shown, received)
				}
			}
		}
	})
}
