package money_test

import (
	"fmt"

	"github.com/paygates/paygates-go/money"
)

func ExampleParse() {
	for _, text := range []string{"300", "0.29", "1e3", "9.999"} {
		amount, err := money.Parse(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(amount, amount.Cents())
	}
	// Output:
	// 300.00 30000
	// 0.29 29
	// money: not an amount: only digits and one point are allowed
	// money: not an amount: more than two decimals
}

func ExampleAmount() {
	price := money.Cents(1990)
	fmt.Println(3 * price)
	// Output: 59.70
}
