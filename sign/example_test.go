package sign_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

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
	// The salt is to be random and fresh for every request; this one is neither.
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
		{Name: "param", Value: ""}, // empty: takes no part
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)

	// This value would read as another field under the same signature.
	_, err = sign.MD5Sorted(secret, []sign.Field{{Name: "param", Value: "1&money=9999.00"}})
	fmt.Println(errors.Is(err, sign.ErrAmbiguous))
	// Output:
	// deb580d7130d10dea2691f0f4fb7b171
	// true
}

func ExampleSortedValues() {
	values := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "sign": {"DEB580D7130D10DEA2691F0F4FB7B171"}}
	signature, err := sign.MD5SortedValues(sign.NewSecret("example-secret"), values)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature.Verify(values.Get("sign")))
	values.Set("money", "9999.00")
	signature, err = sign.MD5SortedValues(sign.NewSecret("example-secret"), values)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature.Verify(values.Get("sign")))
	// Output:
	// <nil>
	// sign: the signature does not match
}

// A callback whose parameters are mostly the same.
func ExampleNewNames() {
	callback := sign.NewNames("money", "pay_id", "pay_no")
	secret := sign.NewSecret("example-secret")
	values := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "sign": {"DEB580D7130D10DEA2691F0F4FB7B171"}}
	fmt.Println(callback.Verify(secret, values))

	values.Set("injected", "1") // not among the names, and signed all the same
	fmt.Println(callback.Verify(secret, values))
	// Output:
	// <nil>
	// sign: the signature does not match
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
	// sign: the signature does not match
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

// A merchant who cannot find out why two sides sign differently prints this, with
// the secret masked.
func ExampleExplainConcat() {
	fields := []sign.Field{{Name: "userid", Value: "10001"}, {Name: "order_no", Value: "20191118123424 "}}
	fmt.Print(sign.ExplainConcat(sign.NewSecret("example-secret"), "63a5bf1f3500791f438c2829da45d037", fields))
	// Output:
	// signature = md5(userid + order_no + secret)
	//   1  "userid"    "10001"            5 bytes
	//   2  "order_no"  "20191118123424 "  15 bytes
	//                                     ! begins or ends with a blank or a line break
	//   hashed: "1000120191118123424 [secret, 14 characters]"
	//   the signature DOES NOT match
	//   - It matches if every value is taken without the blanks around it.
}

func ExampleExplainNested() {
	fields := []sign.Field{{Name: "appkey", Value: "APPKEY"}, {Name: "price", Value: "300"}, {Name: "type", Value: "alipay"}, {Name: "out_order_id", Value: "ORDER1"}}
	e := sign.ExplainNested(sign.NewSecret("example-secret"), "888a1692ba64235dc01e9c2bc09c3747", fields)
	fmt.Println(e.Form)
	fmt.Println(e.Steps[0])
	fmt.Println(e.Hints[0])
	// Output:
	// md5(md5(appkey + price + type + out_order_id) + secret)
	// APPKEY300alipayORDER1
	// It matches if "price" is written 300.00: the sender signed the amount in another form than it sent.
}

func ExampleExplainSorted() {
	fields := []sign.Field{{Name: "pay_id", Value: "admin"}, {Name: "money", Value: "100.00"}, {Name: "param", Value: ""}}
	e := sign.ExplainSorted(sign.NewSecret("example-secret"), "deb580d7130d10dea2691f0f4fb7b171", fields)
	fmt.Println(e.Matches, e.Steps)
	// Output:
	// true [money=100.00&pay_id=admin[secret, 14 characters]]
}

func ExampleExplainSalted() {
	e := sign.ExplainSalted(sign.NewSecret("example-secret"), "5142e614a307d460f81447d266640bd8", "f3a1c09b")
	fmt.Println(e.Form, e.Matches)
	// Output:
	// md5(md5(salt) + md5(secret)) true
}

// The base64 of a header lost its "+" on the way.
func ExampleExplainMessage() {
	text, _ := os.ReadFile("testdata/public_pkix.pem")
	message, _ := os.ReadFile("testdata/message.json")
	signature, _ := os.ReadFile("testdata/signature.txt")
	key, err := sign.ParsePublicKey(text)
	if err != nil {
		log.Fatal(err)
	}
	e := sign.ExplainMessage(key, strings.ReplaceAll(string(signature), "+", " "), message)
	fmt.Println(e.Matches, e.Hints)
	// Output:
	// false [It matches if the signature is read as standard base64: it was altered on the way (+ became a blank, or it was URL-encoded).]
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
