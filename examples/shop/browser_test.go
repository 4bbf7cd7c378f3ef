package main

import (
	"context"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay/ispaytest"
)

// A common phone.
const phoneWidth, phoneHeight = 390, 844

// browser is a Chromium as wide as a phone, with the errors of its pages.
type browser struct {
	ctx    context.Context //nolint:containedctx // it is the browser: chromedp keeps it there
	mu     sync.Mutex
	faults []string
}

// openBrowser skips the test where there is no Chromium, unless CI is "true".
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium on PATH, and CI is true")
		}
		t.Skip("SKIPPED: no chromium on PATH, so the pages are not tested in a browser")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...) // with a fresh profile
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits until it has ended
	b := &browser{ctx: ctx}
	console := chromedp.Console(ctx)
	go b.listen(console)
	b.do(t, "become a phone", chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile))
	return b
}

// listen collects errors of scripts and violations of the content policy. A shop that is
// closed is no error of the page, and neither is a page with an error status.
func (b *browser) listen(console iter.Seq2[chromedp.ConsoleMessage, error]) {
	for message, err := range console {
		if err != nil {
			return
		}
		bad := message.Type == chromedp.ConsoleException || message.Type == chromedp.ConsoleError
		if bad && !strings.Contains(message.Text, "net::ERR_") && !strings.Contains(message.Text, "responded with a status of 4") && !strings.HasSuffix(message.URL, "/favicon.ico") {
			b.mu.Lock()
			b.faults = append(b.faults, message.String())
			b.mu.Unlock()
		}
	}
}

func (b *browser) do(t *testing.T, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatalf("%s: %v\n%s", what, err, b.page())
	}
}

func (b *browser) page() string {
	page, _ := chromedp.Run(b.ctx, chromedp.OuterHTML("html"))
	return page
}

// wait polls an expression of JavaScript until it is true. A page that is being left is no
// error.
func (b *browser) wait(t *testing.T, what, expression string) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		if yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && yes {
			return
		}
	}
	t.Fatalf("it never became true: %s: %s\n%s", what, expression, b.page())
}

// text reads by JavaScript: chromedp may hold a node of a page that was replaced.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	read := "document.querySelector(" + strconv.Quote(selector) + ").innerText"
	b.wait(t, selector+" is there", "document.querySelector("+strconv.Quote(selector)+") !== null")
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		if text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](read)); err == nil {
			return strings.TrimSpace(text)
		}
	}
	t.Fatalf("it cannot be read: %s\n%s", selector, b.page())
	return ""
}

const fits = `document.documentElement.scrollWidth <= innerWidth && innerWidth === 390`

// choose fills in the form, goes to the order and returns its number.
func (b *browser) choose(t *testing.T, url, language, method string) string {
	t.Helper()
	b.do(t, "open the shop", chromedp.Navigate(url+"/?lang="+language))
	b.wait(t, "the form fits a phone", fits)
	b.do(t, "choose", chromedp.Click(`input[name="method"][value="`+method+`"]`), chromedp.Click(`[data-amount="66.00"]`))
	b.wait(t, "the amount is filled in", `document.getElementById("amount").value === "66.00"`)
	b.do(t, "pay", chromedp.Click("#pay"))
	b.wait(t, "the code is there", `document.getElementById("qr")?.complete && document.getElementById("qr").naturalWidth > 20`)
	b.wait(t, "the time is counted", `/^0[45]:[0-5][0-9]$/.test(document.getElementById("left").textContent)`)
	b.wait(t, "the page fits a phone", fits)
	address, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(t, err)
	no := filepath.Base(address)
	assert.Contains(t, b.text(t, "main"), no)
	return no
}

func (b *browser) seeReceipt(t *testing.T, language string) {
	t.Helper()
	b.wait(t, "the receipt is there", `document.getElementById("receipt") !== null`)
	b.wait(t, "the receipt fits a phone", fits)
	thanks := map[string]string{"zh": "付款成功", "en": "Thank you"}[language]
	assert.Contains(t, b.text(t, "#receipt"), thanks)
	b.wait(t, "the title says so", `document.title.includes("`+thanks+`")`)
	assert.Contains(t, b.text(t, "main"), "66.00")
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.faults)
}

// start runs a shop as main does. It returns what ends it.
func start(t *testing.T, env environment, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args, env, io.Discard) }()
	stop = sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	eventually(t, func() bool {
		response, err := noRedirect.Get("http://" + args[1] + "/healthz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, "the shop opens")
	return stop
}

// freeAddress returns an address that stays free while the shop is closed: its port is
// below those that the system gives to outgoing connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20000+mathrand.IntN(10000)))
		if err == nil {
			require.NoError(t, listener.Close())
			return listener.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// From the form to the receipt by clicks, with the gateways of -demo.
func TestInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	for _, test := range []struct{ language, gateways, method string }{
		{"zh", "ispay,codepay,kechengcang", "unionpay"}, {"zh", "gatepay", "wechat"}, {"zh", "codepay", "qq"},
		{"en", "ispay,kechengcang", "crypto"}, {"en", "pingpp", "alipay"},
	} {
		address := freeAddress(t)
		stop := start(t, nil, "-addr", address, "-demo", "-gateways", test.gateways)
		b.choose(t, "http://"+address, test.language, test.method)
		b.wait(t, "the time passes", `document.getElementById("left").textContent !== "`+b.text(t, "#left")+`"`)
		b.do(t, "go to the gateway", chromedp.Click("#demo-pay"))
		b.wait(t, "the gateway's page is there", `!document.getElementById("order") && document.querySelector("form[method=post] button") !== null`)
		b.do(t, "pay", chromedp.Click("form[method=post] button"))
		b.seeReceipt(t, test.language)
		stop()
	}
}

// An app that shows the page may lack what newer browsers have, and forbid to copy.
func TestInTheBrowserOfAnOldApp(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	b.do(t, "make the browser older", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		const source = `delete AbortSignal.timeout;
			Object.defineProperty(navigator, "clipboard", {value: {writeText: () => Promise.reject(new Error("forbidden"))}});
			const later = setTimeout;
			window.setTimeout = (f, ms) => later(f, ms === 20000 ? 0 : ms);`
		return target.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": source}, &struct{}{})
	}))
	address := freeAddress(t)
	start(t, nil, "-addr", address, "-demo", "-gateways", "ispay,kechengcang")
	b.do(t, "open the shop", chromedp.Navigate("http://"+address+"/?lang=en"))
	b.wait(t, "the sign is that of the method", `document.getElementById("checkout").dataset.currency === "CNY"`)
	b.do(t, "choose", chromedp.Click(`input[value="crypto"]`))
	b.wait(t, "the sign is that of the method", `document.getElementById("checkout").dataset.currency === "USD"`)
	b.do(t, "send, and stop the browser", chromedp.Evaluate[chromedp.Void](
		`document.getElementById("checkout").addEventListener("submit", (event) => event.preventDefault(), {once: true});
		document.getElementById("pay").click();
		document.title = document.getElementById("pay").textContent`))
	b.wait(t, "it says that it is sent", `document.title === "One moment"`)
	b.wait(t, "it can be sent again", `!document.getElementById("pay").disabled && document.getElementById("pay").textContent === "Continue"`)
	b.do(t, "send", chromedp.Click("#pay"))
	b.wait(t, "it can be paid", `document.querySelectorAll("[data-copy]:not([hidden])").length === 2`)
	b.wait(t, "the time passes", `document.getElementById("left").textContent !== "`+b.text(t, "#left")+`"`)
	b.wait(t, "the shop was reached", `performance.getEntriesByType("resource").filter((r) => r.name.endsWith("/status")).length > 2`)
	assert.Equal(t, "Waiting for payment", b.text(t, "#live"))
	for i := range 2 {
		button := "dd:has(button):nth-of-type(" + strconv.Itoa(2+i) + ") button"
		b.do(t, "copy", chromedp.Click(button))
		b.wait(t, "it says so", `document.querySelector("`+button+` span").textContent === "Copied"`)
	}
	b.wait(t, "of the last one only", `document.querySelector("dd button span").textContent === "Copy"`)
}

// The payer changes the method, and the receipt comes without a reload.
func TestInTheBrowserTheReceiptComesByItself(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	fake := gatepaytest.NewServer()
	t.Cleanup(fake.Close)
	config := fake.Config()
	address := freeAddress(t)
	start(t, environment{
		"GATEPAY_APP_KEY": config.AppKey, "GATEPAY_SECRET": config.Secret.Reveal(), "GATEPAY_BASE_URL": config.BaseURL,
	}, "-addr", address, "-db", filepath.Join(t.TempDir(), "shop.db"))
	no := b.choose(t, "http://"+address, "en", "wechat")
	b.do(t, "change", chromedp.Click("#change"))
	b.wait(t, "the amount is fixed", `document.querySelector(".fixed")?.innerText === "¥66.00"`)
	b.do(t, "choose another", chromedp.Click(`input[value="alipay"]`), chromedp.Click("#pay"))
	b.wait(t, "it is the other method", `document.querySelector("h1.alipay") !== null`)
	orders := fake.Orders()
	require.Len(t, orders, 2)
	assert.Equal(t, no+"_B", orders[1].OrderNo)
	delivery, err := fake.Pay(orders[1].ID)
	require.NoError(t, err)
	require.True(t, delivery.Accepted)
	b.seeReceipt(t, "en")
}

// The payer pays while the shop is closed, and the notification is lost. The receipt comes
// when the shop is open again.
func TestInTheBrowserWhileTheShopIsClosed(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	fake := ispaytest.NewServer(gatewaytest.WithRetryDelays())
	t.Cleanup(fake.Close)
	config := fake.Config()
	env := environment{"ISPAY_USER_ID": config.UserID, "ISPAY_SECRET": config.Secret.Reveal(), "ISPAY_BASE_URL": config.BaseURL}
	args := []string{"-addr", freeAddress(t), "-db", filepath.Join(t.TempDir(), "shop.db")}
	stop := start(t, env, args...)
	no := b.choose(t, "http://"+args[1], "zh", "wechat")
	stop()
	b.wait(t, "the page says that the shop is away", `document.querySelector("#live.offline") !== null`)
	delivery, err := fake.Pay(no)
	require.NoError(t, err)
	require.NotEmpty(t, delivery.Err)
	start(t, env, args...)
	b.seeReceipt(t, "zh")
}
