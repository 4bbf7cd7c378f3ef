package explain_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/paygates/paygates-go/sign"
	"github.com/paygates/paygates-go/sign/explain"
)

// Print an explanation if the gateway and your program compute different signatures.
// The secret is masked.
func ExampleMD5Concat() {
	fields := []sign.Field{{Name: "userid", Value: "10001"}, {Name: "order_no", Value: "20191118123424 "}}
	fmt.Print(explain.MD5Concat(sign.NewSecret("example-secret"), "63a5bf1f3500791f438c2829da45d037", fields))
	// Output:
	// signature = md5(userid + order_no + secret)
	//   1  "userid"    "10001"            5 bytes
	//   2  "order_no"  "20191118123424 "  15 bytes
	//                                     ! begins or ends with whitespace
	//   hashed: "1000120191118123424 [secret, 14 characters]"
	//   the signature DOES NOT match
	//   - Matches if every value is taken without the whitespace around it.
}

func ExampleMD5Nested() {
	fields := []sign.Field{{Name: "appkey", Value: "APPKEY"}, {Name: "price", Value: "300"}, {Name: "type", Value: "alipay"}, {Name: "out_order_id", Value: "ORDER1"}}
	e := explain.MD5Nested(sign.NewSecret("example-secret"), "888a1692ba64235dc01e9c2bc09c3747", fields)
	fmt.Println(e.Form)
	fmt.Println(e.Steps[0])
	fmt.Println(e.Hints[0])
	// Output:
	// md5(md5(appkey + price + type + out_order_id) + secret)
	// APPKEY300alipayORDER1
	// Matches if "price" is written 300.00: the sender signed the amount in another form than it sent.
}

func ExampleMD5Sorted() {
	fields := []sign.Field{{Name: "pay_id", Value: "admin"}, {Name: "money", Value: "100.00"}, {Name: "param", Value: ""}}
	e := explain.MD5Sorted(sign.NewSecret("example-secret"), "deb580d7130d10dea2691f0f4fb7b171", fields)
	fmt.Println(e.Matches, e.Steps)
	// Output:
	// true [money=100.00&pay_id=admin[secret, 14 characters]]
}

func ExampleMD5Salted() {
	e := explain.MD5Salted(sign.NewSecret("example-secret"), "5142e614a307d460f81447d266640bd8", "f3a1c09b")
	fmt.Println(e.Form, e.Matches)
	// Output:
	// md5(md5(salt) + md5(secret)) true
}

// In transit, each "+" in the base64 of the header became a space.
func ExampleRSA() {
	text, _ := os.ReadFile("../testdata/public_pkix.pem")
	message, _ := os.ReadFile("../testdata/message.json")
	signature, _ := os.ReadFile("../testdata/signature.txt")
	key, err := sign.ParsePublicKey(text)
	if err != nil {
		log.Fatal(err)
	}
	e := explain.RSA(key, strings.ReplaceAll(string(signature), "+", " "), message)
	fmt.Println(e.Matches, e.Hints)
	// Output:
	// false [Matches if the signature is read as standard base64: "+" became a space in transit, or the signature was URL-encoded.]
}
