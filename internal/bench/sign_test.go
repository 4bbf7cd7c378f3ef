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

// fields are the signed parameters of the notification in the codepay document.
func fields() []sign.Field {
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

func join(fields []sign.Field) string {
	parts := make([]string, len(fields))
	for i, field := range fields {
		parts[i] = field.Name + "=" + field.Value
	}
	return strings.Join(parts, "&")
}

// digest is the floor of a signature: the MD5 of a text that is ready, in hex on the
// stack.
func digest(text []byte) {
	sum := md5.Sum(text)
	encode(sum)
}

func encode(sum [md5.Size]byte) {
	var signature [32]byte
	hex.Encode(signature[:], sum[:])
	sink = signature[0]
}

func BenchmarkSign(b *testing.B) {
	secret := sign.NewSecret(key)
	signing := func(name, text string, signed func() (sign.Digest, error)) {
		message := []byte(text)
		beside(b, name, func() error { digest(message); return nil }, func() error {
			signature, err := signed()
			encode(signature)
			return err
		})
	}
	fields := fields()
	text := join(fields)
	signing("concat", text+key, func() (sign.Digest, error) { return sign.MD5Concat(secret, text) })
	signing("sorted", text+key, func() (sign.Digest, error) { return sign.MD5Sorted(secret, fields) })

	// gatepay's create: appkey, price, type, out_order_id, custom.
	parts := []string{appKey, "0.82", "wechat", "5cc75a6a0b418", "terry"}
	inner, outer := []byte(strings.Join(parts, "")), []byte(strings.Repeat("0", 32)+key)
	beside(b, "nested", func() error { digest(inner); digest(outer); return nil }, func() error {
		signature, err := sign.MD5Nested(secret, parts...)
		encode(signature)
		return err
	})
	for _, n := range []int{16, 100, 1000} {
		fields := make([]sign.Field, n)
		for i := range fields { // not in order
			fields[i] = sign.Field{Name: "p" + strconv.Itoa(i*7919%n), Value: "0123456789"}
		}
		signing("sorted-"+strconv.Itoa(n), join(fields)+key, func() (sign.Digest, error) { return sign.MD5Sorted(secret, fields) })
	}
}

func BenchmarkVerify(b *testing.B) {
	secret := sign.NewSecret(key)
	message := []byte(join(fields()) + key)
	values := codepayValues(b)
	verify := func(name string, skip ...string) {
		beside(b, name, func() error { digest(message); return nil },
			func() error { return sign.VerifyMD5SortedValues(secret, values, skip...) })
	}
	verify("sorted")
	verify("sorted-skip", "sign_type")

	keys := newKeys(b)
	body := []byte(strings.Repeat("a webhook of 1 KiB. ", 52)[:1024])
	signature := keys.sign(b, body)
	public, err := sign.ParsePublicKey(keys.publicPEM)
	must(b, public, err)
	beside(b, "rsa", func() error { return keys.verify(body, signature) },
		func() error { return public.Verify(body, signature) })
}

// codepayValues are the parameters of the notification with their signature.
func codepayValues(b *testing.B) url.Values {
	b.Helper()
	values := url.Values{}
	for _, field := range fields() {
		values.Set(field.Name, field.Value)
	}
	signature, err := sign.MD5Sorted(sign.NewSecret(key), fields())
	values.Set("sign", must(b, signature, err).String())
	return values
}

// keys are those of a Ping++ account.
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

func (k keys) verify(body []byte, signature string) error {
	sum := sha256.Sum256(body)
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	return rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, sum[:], raw)
}
