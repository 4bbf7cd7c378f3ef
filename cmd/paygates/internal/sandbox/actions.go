package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

// fake is what the fake gateways have in common.
type fake interface {
	Order(number string) (gatewaytest.Order, bool)
	Orders() []gatewaytest.Order
	Deliveries() []gatewaytest.Delivery
	Pay(number string) (gatewaytest.Delivery, error)
	PaySilently(number string) error
	Expire(number string) error
	Redeliver(number string) (gatewaytest.Delivery, error)
	SendTampered(number string) (gatewaytest.Delivery, error)
	DelayCallbacks(delay time.Duration)
	Misbehave(fault gatewaytest.Fault)
	Close()
}

// gateway is one fake gateway of the sandbox.
type gateway struct {
	fake
	name, title, url string
	variables        []variable
	// payPage is where the payer pays an order, stateText what its state means.
	payPage   func(gatewaytest.Order) string
	stateText func(string) string
	// addOrder and setNotifyURL are nil where a gateway has no use for them.
	addOrder     func(orderNo string, amount money.Amount, subject string) error
	setNotifyURL func(string)

	mu        sync.Mutex
	delay     time.Duration
	notifyURL string
}

// variable is an environment variable of the program in examples/<gateway>.
type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A gateway joins the sandbox with one line here and one function.
var starters = []struct {
	name, title string
	start       func(gatewaytest.Option) *gateway
}{
	{"ispay", "ispay 就付", startIspay},
	{"codepay", "codepay 码支付", startCodepay},
	{"gatepay", "GatePay", startGatepay},
	{"kechengcang", "kechengcang", startKechengcang},
	{"pingpp", "pingpp 益安 / Ping++", startPingpp},
}

func startIspay(option gatewaytest.Option) *gateway {
	s := ispaytest.NewServer(option)
	return &gateway{
		fake: s, url: s.URL,
		variables: []variable{
			{"ISPAY_USER_ID", ispaytest.UserID},
			{"ISPAY_SECRET", ispaytest.Secret},
			{"ISPAY_BASE_URL", s.URL},
		},
		payPage:   func(o gatewaytest.Order) string { return s.URL + "/transfer/" + o.ID },
		stateText: numbered(func(n int) string { return ispay.State(n).String() }),
	}
}

func startCodepay(option gatewaytest.Option) *gateway {
	s := codepaytest.NewServer(option)
	return &gateway{
		fake: s, url: s.URL,
		variables: []variable{
			{"CODEPAY_USER_ID", codepaytest.UserID},
			{"CODEPAY_SECRET", codepaytest.Secret},
			{"CODEPAY_TOKEN", codepaytest.Token},
			{"CODEPAY_BASE_URL", s.URL},
		},
		payPage:   func(o gatewaytest.Order) string { return s.URL + "/cashier/" + o.ID },
		stateText: numbered(func(n int) string { return codepay.State(n).String() }),
	}
}

func startGatepay(option gatewaytest.Option) *gateway {
	s := gatepaytest.NewServer(option)
	return &gateway{
		fake: s, url: s.URL,
		variables: []variable{
			{"GATEPAY_APPKEY", gatepaytest.AppKey},
			{"GATEPAY_APPSECRET", gatepaytest.Secret},
			{"GATEPAY_BASE_URL", s.URL},
			{"GATEPAY_CLOUD_BASE_URL", s.URL},
		},
		payPage: func(o gatewaytest.Order) string {
			return s.URL + "/pay/api?id=" + url.QueryEscape(o.OrderNo) + "&type=" + o.Channel
		},
		stateText:    func(state string) string { return state },
		setNotifyURL: func(target string) { s.SetAccount(target, "") },
	}
}

func startKechengcang(option gatewaytest.Option) *gateway {
	s := kechengcangtest.NewServer(option)
	return &gateway{
		fake: s, url: s.URL,
		variables: []variable{
			{"KECHENGCANG_APP_ID", kechengcangtest.AppID},
			{"KECHENGCANG_SECRET", kechengcangtest.Secret},
			{"KECHENGCANG_BASE_URL", s.URL},
		},
		payPage:   func(o gatewaytest.Order) string { return s.URL + "/pay/" + o.ID },
		stateText: numbered(func(n int) string { return kechengcang.State(n).String() }),
	}
}

// The order of the document, so that there is one to begin with.
const firstPingppOrder = "12134676899915430002"

func startPingpp(option gatewaytest.Option) *gateway {
	s := pingpptest.NewServer(option)
	// It cannot exist yet.
	_ = s.AddOrder(firstPingppOrder, money.Cents(9900), "Example")
	return &gateway{
		fake: s, url: s.URL,
		variables: []variable{
			{"PINGPP_BASE_URL", s.URL},
			{"PINGPP_TOKEN", pingpptest.Token},
			{"PINGPP_API_KEY", pingpptest.APIKey},
			{"PINGPP_API_BASE_URL", s.URL},
			{"PINGPP_PUBLIC_KEY", strings.TrimSpace(s.PublicKeyPEM())},
		},
		payPage:      func(gatewaytest.Order) string { return "" },
		stateText:    func(state string) string { return state },
		addOrder:     s.AddOrder,
		setNotifyURL: s.SetWebhookURL,
	}
}

func numbered(text func(int) string) func(string) string {
	return func(state string) string {
		n, err := strconv.Atoi(state)
		if err != nil {
			return state
		}
		return text(n)
	}
}

// describe prints what a person needs to begin.
func (b *sandbox) describe(out io.Writer) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	say("Five fake payment gateways. No money moves. Ctrl-C ends them, and their orders with them.\n\n")
	say("  %-12s http://%s\n", "page", b.address)
	for _, g := range b.gateways {
		say("  %-12s %s\n", g.name, g.url)
	}
	say("\nThe configuration, to paste or to read by\n  eval \"$(curl -s http://%s/env)\"\n\n", b.address)
	b.writeVariables(out, "")
	say("\nThen, for instance:\n  go run ./examples/ispay create -wait   (and pay on the page)\n")
}

func (b *sandbox) writeVariables(out io.Writer, shell string) {
	format, quote := "export %s='%s'\n", `'\''`
	if shell == "powershell" {
		format, quote = "$env:%s = '%s'\n", `''`
	}
	for _, g := range b.gateways {
		for _, v := range g.variables {
			_, _ = fmt.Fprintf(out, format, v.Name, strings.ReplaceAll(v.Value, "'", quote))
		}
	}
}
