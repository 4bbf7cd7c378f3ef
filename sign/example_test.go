package sign_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"

	"github.com/paygates/paygates-go/sign"
)

// printf %s '1000120191118123424example-secret' | md5sum
func ExampleMD5Concat() {
	signature, err := sign.MD5Concat(sign.NewSecret("example-secret"), "10001", "20191118123424")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: 63a5bf1f3500791f438c2829da45d037
}

// printf %s "$(printf %s 'APPKEY300.00alipayORDER1' | md5sum | cut -c1-32)example-secret" | md5sum
func ExampleMD5Nested() {
	signature, err := sign.MD5Nested(sign.NewSecret("example-secret"), "APPKEY", "300.00", "alipay", "ORDER1", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: 888a1692ba64235dc01e9c2bc09c3747
}

// printf %s "$(printf %s f3a1c09b | md5sum | cut -c1-32)$(printf %s example-secret | md5sum | cut -c1-32)" | md5sum
func ExampleMD5Salted() {
	// Use a new random salt for each request, not a constant as here.
	signature, err := sign.MD5Salted(sign.NewSecret("example-secret"), "f3a1c09b")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: 5142e614a307d460f81447d266640bd8
}

// printf %s 'money=100.00&pay_id=adminexample-secret' | md5sum
func ExampleMD5Sorted() {
	secret := sign.NewSecret("example-secret")
	signature, err := sign.MD5Sorted(secret, []sign.Field{
		{Name: "pay_id", Value: "admin"},
		{Name: "money", Value: "100.00"},
		{Name: "param", Value: ""}, // empty values are not signed
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)

	// This value could be read as another field with the same signature.
	_, err = sign.MD5Sorted(secret, []sign.Field{{Name: "param", Value: "1&money=9999.00"}})
	fmt.Println(errors.Is(err, sign.ErrAmbiguous))
	// Output:
	// deb580d7130d10dea2691f0f4fb7b171
	// true
}

func ExampleMD5SortedValues() {
	order := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "sign_type": {"MD5"}}
	signature, err := sign.MD5SortedValues(sign.NewSecret("example-secret"), order, "sign_type")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: deb580d7130d10dea2691f0f4fb7b171
}

func ExampleVerifyMD5SortedValues() {
	secret := sign.NewSecret("example-secret")
	notification := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "sign": {"DEB580D7130D10DEA2691F0F4FB7B171"}}
	fmt.Println(sign.VerifyMD5SortedValues(secret, notification))

	notification.Set("money", "9999.00")
	fmt.Println(sign.VerifyMD5SortedValues(secret, notification))
	// Output:
	// <nil>
	// invalid signature
}

// The signature was made by OpenSSL: see testdata/README.md.
func ExampleParsePublicKey() {
	text, _ := os.ReadFile("testdata/public_pkix.pem")
	message, _ := os.ReadFile("testdata/message.json")
	signature, _ := os.ReadFile("testdata/signature.txt")

	key, err := sign.ParsePublicKey(text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Verify(message, string(signature)))
	fmt.Println(key.Verify(append(message, '\n'), string(signature)))
	// Output:
	// <nil>
	// invalid signature
}

func ExampleParsePrivateKey() {
	text, _ := os.ReadFile("testdata/private_pkcs8.pem")
	message, _ := os.ReadFile("testdata/message.json")
	signature, _ := os.ReadFile("testdata/signature.txt")

	key, err := sign.ParsePrivateKey(sign.NewSecret(string(text)))
	if err != nil {
		log.Fatal(err)
	}
	made, err := key.Sign(message)
	fmt.Println(made == string(signature), err)
	fmt.Println(key)

	_, err = sign.ParsePrivateKey(sign.NewSecret("not a key"))
	fmt.Println(errors.Is(err, sign.ErrInvalidKey))
	// Output:
	// true <nil>
	// [redacted]
	// true
}

func ExampleSecret() {
	config := struct {
		UserID string
		Secret sign.Secret
	}{"10001", sign.NewSecret("example-secret")}
	fmt.Printf("%+v\n", config)
	text, err := json.Marshal(config)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	fmt.Println(len(config.Secret.Reveal()))
	// Output:
	// {UserID:10001 Secret:[redacted]}
	// {"UserID":"10001","Secret":"[redacted]"}
	// 14
}

// A key in a hardware module or a key management service signs as crypto.Signer.
func ExampleNewPrivateKey() {
	inMemory, _ := rsa.GenerateKey(rand.Reader, 2048) // stands for the signer of your service
	key, err := sign.NewPrivateKey(inMemory)
	fmt.Println(key, err)
	// Output:
	// [redacted] <nil>
}
