package sign_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"

	"github.com/paygates/paygates-go/sign"
)

func ExampleConcat() {
	signature, err := sign.Concat(sign.NewSecret("example-secret"), "10001", "20191118123424")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: 63a5bf1f3500791f438c2829da45d037
}

func ExampleNested() {
	signature, err := sign.Nested(sign.NewSecret("example-secret"), "APPKEY", "300.00", "alipay", "ORDER1", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: 888a1692ba64235dc01e9c2bc09c3747
}

func ExampleSalted() {
	// The salt is to be random and fresh for every request; this one is neither.
	signature, err := sign.Salted(sign.NewSecret("example-secret"), "f3a1c09b")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)
	// Output: 5142e614a307d460f81447d266640bd8
}

// printf %s 'money=100.00&pay_id=adminexample-secret' | md5sum
func ExampleSorted() {
	secret := sign.NewSecret("example-secret")
	signature, err := sign.Sorted(secret, []sign.Field{
		{Name: "pay_id", Value: "admin"},
		{Name: "money", Value: "100.00"},
		{Name: "param", Value: ""}, // empty: takes no part
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature)

	// This value would read as another field under the same signature.
	_, err = sign.Sorted(secret, []sign.Field{{Name: "param", Value: "1&money=9999.00"}})
	fmt.Println(errors.Is(err, sign.ErrAmbiguous))
	// Output:
	// deb580d7130d10dea2691f0f4fb7b171
	// true
}

func ExampleSortedValues() {
	values := url.Values{"pay_id": {"admin"}, "money": {"100.00"}, "sign": {"DEB580D7130D10DEA2691F0F4FB7B171"}}
	signature, err := sign.SortedValues(sign.NewSecret("example-secret"), values)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature.Verify(values.Get("sign")))
	values.Set("money", "9999.00")
	signature, err = sign.SortedValues(sign.NewSecret("example-secret"), values)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signature.Verify(values.Get("sign")))
	// Output:
	// <nil>
	// sign: the signature does not match
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
