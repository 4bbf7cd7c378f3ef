package bench

import (
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/paygates/paygates-go/sign"
)

// callback returns the 8 signed parameters of the notification in the codepay
// document.
func callback() []sign.Field {
	return []sign.Field{
		{Name: "chart", Value: "utf-8"},
		{Name: "money", Value: "100.00"},
		{Name: "pay_id", Value: "admin"},
		{Name: "pay_no", Value: "20170217200040022100010042408995"},
		{Name: "pay_time", Value: "1487597795"},
		{Name: "status", Value: "2"},
		{Name: "tag", Value: "0"},
		{Name: "type", Value: "1"},
	}
}

const key = "0123456789abcdef0123456789abcdef"

// joined is the signed text of callback, 119 bytes.
func joined() string {
	parts := make([]string, 0, 8)
	for _, field := range callback() {
		parts = append(parts, field.Name+"="+field.Value)
	}
	return strings.Join(parts, "&")
}

func must[T any](b *testing.B, value T, err error) T {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return value
}

// sink keeps the compiler from removing what is measured.
var sink byte

func floor(b *testing.B, message []byte) {
	b.ReportAllocs()
	for range b.N {
		var signature [32]byte
		sum := md5.Sum(message)
		hex.Encode(signature[:], sum[:])
		sink = signature[0]
	}
}

// encode does what the floor does too: it writes the signature into a stack buffer.
func encode(signature sign.Digest) byte {
	var text [32]byte
	hex.Encode(text[:], signature[:])
	return text[0]
}

func BenchmarkSign(b *testing.B) {
	secret := sign.NewSecret(key)
	fields := callback()
	text := joined()
	b.Run("floor", func(b *testing.B) { floor(b, []byte(text+key)) })
	b.Run("sorted", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			signature, _ := sign.MD5Sorted(secret, fields)
			sink = encode(signature)
		}
	})
	b.Run("concat", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			signature, _ := sign.MD5Concat(secret, text)
			sink = encode(signature)
		}
	})
}

func BenchmarkSignNested(b *testing.B) {
	// gatepay's anypay sample: appkey, price, type, out_order_id, custom.
	parts := []string{"098f6bcd4621d373cade4e832627b4f6", "0.82", "wechat", "5cc75a6a0b418", "terry"}
	text := []byte(strings.Join(parts, ""))
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		second := make([]byte, 64)
		copy(second[32:], key)
		for range b.N {
			var signature [32]byte
			inner := md5.Sum(text)
			hex.Encode(second, inner[:])
			outer := md5.Sum(second)
			hex.Encode(signature[:], outer[:])
			sink = signature[0]
		}
	})
	secret := sign.NewSecret(key)
	b.Run("nested", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			signature, _ := sign.MD5Nested(secret, parts...)
			sink = encode(signature)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	secret := sign.NewSecret(key)
	values := url.Values{}
	for _, field := range callback() {
		values.Set(field.Name, field.Value)
	}
	signature, err := sign.MD5Sorted(secret, callback())
	values.Set("sign", must(b, signature, err).String())
	b.Run("floor", func(b *testing.B) { floor(b, []byte(joined()+key)) })
	verify := func(name string, skip ...string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if sign.VerifyMD5SortedValues(secret, values, skip...) != nil {
					b.Fatal("not verified")
				}
			}
		})
	}
	verify("values")
	verify("values-skip", "sign_type")
}

// BenchmarkParameters measures more parameters than a documented notification has.
func BenchmarkParameters(b *testing.B) {
	secret := sign.NewSecret(key)
	for _, n := range []int{10, 100, 1000} {
		fields := make([]sign.Field, n)
		var text strings.Builder
		for i := range fields {
			// Not sorted.
			fields[i] = sign.Field{Name: "p" + strconv.Itoa(i*7919%n), Value: "0123456789"}
			text.WriteString("&" + fields[i].Name + "=0123456789")
		}
		b.Run("floor-"+strconv.Itoa(n), func(b *testing.B) { floor(b, []byte(text.String()[1:]+key)) })
		b.Run("sorted-"+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				signature, _ := sign.MD5Sorted(secret, fields)
				sink = encode(signature)
			}
		})
	}
}

// keys are those of Ping++.
type keys struct {
	private   *rsa.PrivateKey
	publicPEM []byte
}

func newKeys(b *testing.B) keys {
	b.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	must(b, private, err)
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	return keys{private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(b, der, err)})}
}

func (k keys) sign(b *testing.B, body []byte) string {
	b.Helper()
	sum := sha256.Sum256(body)
	raw, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	return base64.StdEncoding.EncodeToString(must(b, raw, err))
}

func BenchmarkRSA(b *testing.B) {
	keys := newKeys(b)
	body := []byte(strings.Repeat("a webhook of 1 KiB. ", 52)[:1024])
	signature := keys.sign(b, body)
	public, err := sign.ParsePublicKey(keys.publicPEM)
	must(b, public, err)

	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sum := sha256.Sum256(body)
			raw, err := base64.StdEncoding.DecodeString(signature)
			if err != nil || rsa.VerifyPKCS1v15(&keys.private.PublicKey, crypto.SHA256, sum[:], raw) != nil {
				b.Fatal("not verified")
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if public.Verify(body, signature) != nil {
				b.Fatal("not verified")
			}
		}
	})
}
