package kechengcang_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

const (
	storeURL = base + "/api/web/pay-orders/store"
	sampleID = "YOw3MgLZ7RWGylz4"
	showURL  = base + "/api/web/pay-orders/show?id=" + sampleID
)

func request() kechengcang.CreateOrderRequest {
	return kechengcang.CreateOrderRequest{
		Subject: "标题",
		Fee:     kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		Remark:  "备注",
	}
}

// sampleOrder is the order of both documented samples, without Raw.
func sampleOrder() *kechengcang.Order {
	return &kechengcang.Order{
		OrderID:        sampleID,
		Subject:        "测试",
		Remark:         "xx",
		Fee:            kechengcang.Fee{Amount: money.Cents(2000), Currency: kechengcang.CurrencyUSD},
		PayFee:         kechengcang.PayFee{Amount: money.Cents(11111), Currency: kechengcang.PayCurrencyFTM},
		ReceiptAccount: "0xE4758EF12D49893581f71e6abdfB1ddA16a043ab",
		State:          kechengcang.StateWaiting,
		Status:         kechengcang.StatusOpen,
		CallbackStatus: kechengcang.CallbackOpen,
	}
}

// md5Hex and salted are the document's formula, written down a second time.
func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func salted(salt string) string { return md5Hex(md5Hex(salt) + md5Hex(secret)) }

func TestTheFormulaOfTheTestsIsTheDocumented(t *testing.T) {
	t.Parallel()
	// php -r '$salt="0123456789abcdef"; $secureKey="example-secret"; echo md5(md5($salt) . md5($secureKey));'
	// a=$(printf %s 0123456789abcdef | md5sum | cut -c-32); b=$(printf %s example-secret | md5sum | cut -c-32)
	// printf %s "$a$b" | md5sum
	const golden = "81e4aac4baccf7dc811347b42ecf4593"
	assert.Equal(t, golden, salted("0123456789abcdef"))
	digest, err := sign.MD5Salted(sign.NewSecret(secret), "0123456789abcdef")
	require.NoError(t, err)
	assert.Equal(t, golden, digest.String())
}

func TestStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[kechengcang.State]struct {
		text        string
		paid, final bool
	}{
		kechengcang.StateWaiting:   {"1 (waiting)", false, false},
		kechengcang.StateSubmitted: {"2 (submitted)", false, false},
		kechengcang.StateFinished:  {"3 (finished)", true, true},
		kechengcang.StateTimedOut:  {"4 (timed out)", false, true},
		5:                          {"5 (unknown)", false, false},
		0:                          {"0 (unknown)", false, false},
		-1:                         {"-1 (unknown)", false, false},
	} {
		assert.Equal(t, want.text, state.String())
		assert.Equal(t, want.paid, state.Paid(), want.text)
		assert.Equal(t, want.final, state.Final(), want.text)
	}
	assert.Equal(t, "1 (open) 2 (done) 3 (unknown)",
		fmt.Sprint(kechengcang.StatusOpen, kechengcang.StatusDone, kechengcang.Status(3)))
	assert.Equal(t, "1 (open) 2 (done) 3 (gave up) 4 (unknown)",
		fmt.Sprint(kechengcang.CallbackOpen, kechengcang.CallbackDone, kechengcang.CallbackGaveUp, kechengcang.CallbackStatus(4)))
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "USD CNY currency 3", fmt.Sprint(kechengcang.CurrencyUSD, kechengcang.CurrencyCNY, kechengcang.Currency(3)))
	assert.Equal(t, "pay currency 1 USDT-ERC20 USDT-TRC20 MATIC FTM pay currency 6", fmt.Sprint(
		kechengcang.PayCurrencyUnknown, kechengcang.PayCurrencyUSDTERC20, kechengcang.PayCurrencyUSDTTRC20,
		kechengcang.PayCurrencyMATIC, kechengcang.PayCurrencyFTM, kechengcang.PayCurrency(6)))
	var chains []string
	for c := range kechengcang.PayCurrency(7) {
		chains = append(chains, c.Chain())
	}
	assert.Equal(t, []string{"", "", "ERC20", "TRC20", "ERC20", "ERC20", ""}, chains)
	// The numbers on the wire.
	assert.EqualValues(t, 1, kechengcang.CurrencyUSD)
	assert.EqualValues(t, 2, kechengcang.CurrencyCNY)
	assert.EqualValues(t, 5, kechengcang.PayCurrencyFTM)
}

func TestWhatIsPrintedOfAnOrder(t *testing.T) {
	t.Parallel()
	const want = "kechengcang order YOw3MgLZ7RWGylz4: 20.00 USD, state 1 (waiting)"
	order := sampleOrder()
	assert.Equal(t, []string{want, want, want, "kechengcang order of 20.00 USD"},
		[]string{fmt.Sprintf("%+v", order), fmt.Sprintf("%#v", *order), order.LogValue().String(), fmt.Sprintf("%#v", request())})
}
