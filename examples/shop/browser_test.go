package main

import (
	"context"
	"iter"
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
)

// A common phone.
const phoneWidth, phoneHeight = 390, 844

// browser is a Chromium as wide as a phone, with what went wrong in its pages.
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
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...) // with a profile of its own
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits until it has ended
	b := &browser{ctx: ctx}
	console := chromedp.Console(ctx)
	go b.listen(console)
	b.do(t, "become a phone", chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile))
	return b
}

// listen collects errors of scripts, and what the content policy refused. That
// the shop is away for a while is no fault of the page, and the fakes' own pages
// have no icon.
func (b *browser) listen(console iter.Seq2[chromedp.ConsoleMessage, error]) {
	for message, err := range console {
		if err != nil {
			return
		}
		bad := message.Type == chromedp.ConsoleException || message.Type == chromedp.ConsoleError
		if bad && !strings.Contains(message.Text, "net::ERR_") && !strings.HasSuffix(message.URL, "/favicon.ico") {
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

// wait polls an expression of JavaScript until it is true. A page that is just
// being left is no error.
func (b *browser) wait(t *testing.T, what, expression string) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		if yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && yes {
			return
		}
	}
	t.Fatalf("it never came true: %s: %s\n%s", what, expression, b.page())
}

// text reads by JavaScript, in one go: of a page that is just being replaced
// chromedp may hold a node that is not there any more.
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

// choose fills in the form, goes to the cashier and returns the number of the
// order.
func (b *browser) choose(t *testing.T, url, language, gateway, channel string) string {
	t.Helper()
	b.do(t, "open the shop", chromedp.Navigate(url+"/?lang="+language))
	b.wait(t, "the form fits a phone", fits)
	b.do(t, "choose", chromedp.Click(`input[name="gateway"][value="`+gateway+`"]`),
		chromedp.Click(`input[name="channel_`+gateway+`"][value="`+channel+`"] + span`), chromedp.Click(`[data-amount="66.00"]`))
	b.wait(t, "the amount is filled in", `document.getElementById("amount").value === "66.00"`)
	b.do(t, "pay", chromedp.Click("#pay"))
	b.wait(t, "the code is there", `document.getElementById("qr")?.complete && document.getElementById("qr").naturalWidth > 20`)
	b.wait(t, "the time is counted", `/^0[45]:[0-5][0-9]$/.test(document.getElementById("left").textContent)`)
	b.wait(t, "the cashier fits a phone", fits)
	address, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(t, err)
	return filepath.Base(address)
}

func (b *browser) seeReceipt(t *testing.T, thanks string) {
	t.Helper()
	b.wait(t, "the receipt is there", `document.getElementById("receipt") !== null`)
	b.wait(t, "the receipt fits a phone", fits)
	assert.Contains(t, b.text(t, "#receipt"), thanks)
	assert.Contains(t, b.text(t, "main"), "66.00")
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.faults)
}

var thanksIn = map[string]string{"zh": "付款成功", "en": "Thank you"}

// From choosing to the receipt by nothing but clicks, with the fakes that the
// shop starts itself.
func TestInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	shop := startProcess(t, filepath.Join(t.TempDir(), "shop.db"))
	for language, gateways := range map[string][]string{
		"zh": {"ispay", "codepay", "pingpp"}, "en": {"gatepay", "kechengcang", "ispay"},
	} {
		for _, gateway := range gateways {
			b.choose(t, shop.url, language, gateway, channelOf[gateway])
			b.wait(t, "the time passes", `document.getElementById("left").textContent !== "`+b.text(t, "#left")+`"`)
			b.do(t, "go to the gateway", chromedp.Click("#test-pay"))
			b.wait(t, "the gateway's page is there", `!document.getElementById("order") && document.querySelector("form[method=post] button") !== null`)
			b.do(t, "pay", chromedp.Click("form[method=post] button"))
			b.seeReceipt(t, thanksIn[language])
		}
	}
}

// The payer looks at the code; the shop is killed, he pays, and nobody is there
// to be called back. When the shop is there again the receipt comes by itself.
func TestInTheBrowserWhileTheShopIsKilled(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		b := openBrowser(t)
		fakes, env := outsideFakes(t)
		shop := startProcess(t, database, env...)
		books := testStore(t, database)
		for _, language := range languages {
			no := b.choose(t, shop.url, language, "ispay", "P902")
			shop.kill()
			b.wait(t, "the page says that the shop is away", `document.querySelector("#live.offline") !== null`)
			delivery, err := fakes.ispay.Pay(no)
			require.NoError(t, err)
			require.NotEmpty(t, delivery.Err)
			shop.start(t)

			b.seeReceipt(t, thanksIn[language])
			assert.Equal(t, 1, credits(t, books, no))
		}
	})
}

// The page hears of a callback by itself, without being loaded again.
func TestInTheBrowserTheReceiptComesByItself(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	fakes, env := outsideFakes(t)
	shop := startProcess(t, filepath.Join(t.TempDir(), "shop.db"), env...)
	b.choose(t, shop.url, "en", "gatepay", "alipay")
	orders := fakes.gatepay.Orders()
	require.Len(t, orders, 1)
	delivery, err := fakes.gatepay.Pay(orders[0].ID)
	require.NoError(t, err)
	require.True(t, delivery.Accepted)
	b.seeReceipt(t, "Thank you")
}
