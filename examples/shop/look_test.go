package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
)

// The screens on which every page is looked at, each light and dark.
var screens = []struct {
	width, height int64
	options       []chromedp.EmulateViewportOption
}{
	{320, 568, []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch}},
	{phoneWidth, phoneHeight, []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch}},
	{1280, 800, nil},
}

// prefer sets the color scheme that the browser prefers.
func (b *browser) prefer(t *testing.T, scheme string) {
	t.Helper()
	b.do(t, "prefer "+scheme, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		features := []map[string]string{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}
		return target.Call(ctx, "Emulation.setEmulatedMedia", map[string]any{"features": features}, &struct{}{})
	}))
}

// look checks the page that is open on all screens, and with axe-core if AXE_JS is its file.
func (b *browser) look(t *testing.T, what string) {
	t.Helper()
	script, err := os.ReadFile("testdata/look.js")
	require.NoError(t, err)
	for _, screen := range screens {
		b.do(t, "change the screen", chromedp.EmulateViewport(screen.width, screen.height, screen.options...))
		for _, scheme := range []string{"light", "dark"} {
			b.prefer(t, scheme)
			where := what + " " + strconv.FormatInt(screen.width, 10) + " " + scheme
			assert.Empty(t, b.wrong(t, string(script), screen.width), where)
			b.axe(t, where)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.faults, what)
}

// wrong returns what the script finds. A page takes a moment to follow the screen.
func (b *browser) wrong(t *testing.T, script string, width int64) []string {
	t.Helper()
	expression := "(" + strings.TrimRight(script, ";\n") + ")(" + strconv.FormatInt(width, 10) + ")"
	var found []string
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		var err error
		found, err = chromedp.Run(b.ctx, chromedp.Evaluate[[]string](expression))
		require.NoError(t, err)
		if len(found) == 0 {
			break
		}
	}
	return found
}

// axe runs axe-core, which is not part of this repository.
func (b *browser) axe(t *testing.T, where string) {
	t.Helper()
	file := os.Getenv("AXE_JS")
	if file == "" {
		return
	}
	script, err := os.ReadFile(file)
	require.NoError(t, err)
	const run = `axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
		.map((v) => v.impact + " " + v.id + ": " + v.nodes.map((node) => node.target.join(" ")).join(", ")))`
	violations, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](string(script)+";"+run, chromedp.EvalAwaitPromise))
	require.NoError(t, err, where)
	assert.Empty(t, violations, where)
}

// open goes to a page and looks at it. The title must contain the text.
func (b *browser) open(t *testing.T, address, title string) {
	t.Helper()
	b.do(t, "open "+address, chromedp.Navigate(address))
	b.wait(t, "the page is complete", `document.readyState === "complete"`)
	got, err := chromedp.Run(b.ctx, chromedp.Title())
	require.NoError(t, err)
	assert.Contains(t, got, title)
	b.look(t, address)
}

// change changes what is stored about an order, to make states that need a gateway's fault.
func change(t *testing.T, s *shop, no, statement string) {
	t.Helper()
	_, err := s.db.ExecContext(context.Background(), statement, no)
	require.NoError(t, err)
}

// ordersInEveryStage returns an order for every stage.
func ordersInEveryStage(t *testing.T, s *shop) map[stage]string {
	t.Helper()
	made := map[stage]string{}
	for stage, statements := range map[stage][]string{
		stageCreating:    {`UPDATE checkout_attempts SET status = 'unknown' WHERE order_no = ?`},
		stageLost:        {`UPDATE checkout_attempts SET qr_text = '', pay_page_url = '' WHERE order_no = ?`},
		stageUnconfirmed: {`UPDATE checkout_attempts SET status = 'unconfirmed' WHERE order_no = ?`},
		stageEnded:       {`UPDATE checkout_attempts SET status = 'expired' WHERE order_no = ?`},
		stageRejected:    {`UPDATE checkout_attempts SET status = 'rejected' WHERE order_no = ?`},
		stageChecking:    {`UPDATE checkout_orders SET expires_at = created_at WHERE order_no = ?`},
		stageExpired: {
			`UPDATE checkout_orders SET expires_at = created_at, status = 'expired' WHERE order_no = ?`,
			`UPDATE checkout_attempts SET status = 'expired' WHERE order_no = ?`,
		},
	} {
		made[stage] = buy(t, s, "alipay", "9.90").No
		for _, statement := range statements {
			change(t, s, made[stage], statement)
		}
	}
	held := func() *checkout.OrderState {
		order := buy(t, s, "unionpay", "9.90")
		change(t, s, order.No, `UPDATE checkout_orders SET amount = 2 WHERE order_no = ?`)
		change(t, s, order.No, `UPDATE checkout_attempts SET payable = 2 WHERE order_no = ?`)
		return pay(t, s, order)
	}
	made[stageHeld] = held().No
	refunded := held()
	made[stageRefunded] = refunded.No
	require.NoError(t, s.checkout.Resolve(context.Background(), refunded.Payments[0].ID, checkout.Resolution{
		By: "<b>עובד</b> 😀", Reason: strings.Repeat("long", 60) + " <img src=x>", Action: checkout.ActionRefunded,
	}))
	made[stagePaid] = pay(t, s, buy(t, s, "qq", "9.90")).No
	return made
}

// Every page of the payer in both languages, on every screen, light and dark.
func TestThePayersPagesInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			b := openBrowser(t)
			s := openDemo(t, use("ispay", "codepay", "kechengcang"), func(s *settings) { s.expires = 5 * time.Minute })
			words, err := loadTexts(language)
			require.NoError(t, err)
			base := s.settings.publicURL
			b.open(t, base+"/?lang="+language, words["shop"])
			b.do(t, "go on with the keyboard", chromedp.KeyEvent("\t"))
			b.look(t, "with focus on a link")
			b.do(t, "go on with the keyboard", chromedp.KeyEvent("\t\t"))
			b.look(t, "with focus on the amount")
			b.do(t, "send a form without the browser's check", chromedp.Evaluate[chromedp.Void](
				`document.getElementById("checkout").noValidate = true; document.getElementById("amount").value = "x"; document.getElementById("pay").click()`))
			b.wait(t, "the form is rejected", `document.getElementById("amount")?.getAttribute("aria-invalid") === "true"`)
			b.look(t, "the rejected form")
			for _, m := range s.methods {
				no := buy(t, s, m.Name, "9.90").No
				b.open(t, base+"/orders/"+no, words["stage.waiting"])
				b.wait(t, "it has the order number", `document.getElementById("no").textContent === "`+no+`"`)
			}
			for stage, no := range ordersInEveryStage(t, s) {
				b.open(t, base+"/orders/"+no, words["stage."+string(stage)])
				b.wait(t, "it is the stage", `document.getElementById("order").dataset.stage === "`+string(stage)+`"`)
				b.wait(t, "it leads on", `document.querySelector("main a[href]") !== null`)
			}
			b.open(t, base+"/?order="+buy(t, s, "alipay", "9.90").No, words["shop"])
			b.open(t, base+"/nothing", words["notfound"])
		})
	}
}

// Every page of the staff, as above.
func TestTheAdminPagesInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			b := openBrowser(t)
			s := openDemo(t)
			words, err := loadTexts(language)
			require.NoError(t, err)
			base := s.settings.publicURL
			made := ordersInEveryStage(t, s)
			b.open(t, base+"/admin?lang="+language, words["admin.title"])
			b.do(t, "open the form", chromedp.Click("summary"))
			b.look(t, "the form of a decision")
			b.open(t, base+"/admin/orders", words["admin.orders"])
			b.open(t, base+"/admin/orders?status=expired&no=none-", words["admin.orders"])
			b.open(t, base+"/admin/orders/"+made[stageHeld], words["admin.order"])
			b.open(t, base+"/admin/orders/"+made[stageRefunded], words["admin.order"])
			b.open(t, base+"/admin/orders/S1E", words["notfound"])

			b.do(t, "decide", chromedp.Navigate(base+"/admin"), chromedp.Click("summary"), chromedp.Click(`input[value="refunded"]`),
				chromedp.SendKeys(`input[name="by"]`, "mei"), chromedp.SendKeys(`input[name="reason"]`, "example"), chromedp.Click(".resolve button"))
			b.wait(t, "it needs a confirmation", `document.querySelector("input[name=sure]").matches(":user-invalid")`)
			b.do(t, "confirm", chromedp.Click(`input[name="sure"]`), chromedp.Click(".resolve button"))
			b.wait(t, "it is done", `document.querySelector(".done")?.innerText === "`+words["admin.done"]+`"`)
			b.look(t, "after the decision")
			b.open(t, base+"/admin/orders/"+made[stageHeld], words["admin.order"])
			assert.Contains(t, b.text(t, "main"), words["resolved.refunded"]+" · mei")
		})
	}
}

// The pages on which the fakes are paid.
func TestTheFakesPagesInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	for gateway, method := range map[string]string{
		"ispay": "unionpay", "codepay": "qq", "gatepay": "wechat", "kechengcang": "crypto", "pingpp": "alipay",
	} {
		s := openDemo(t, use(gateway))
		order := buy(t, s, method, "9.90")
		address, err := url.Parse(s.demo.payURL(order.Attempt()))
		require.NoError(t, err)
		base, err := url.Parse(s.settings.publicURL)
		require.NoError(t, err)
		page := base.ResolveReference(address).String()
		amount := map[string]string{"codepay": "¥9.89", "kechengcang": "55.00 FTM"}[gateway]
		if amount == "" {
			amount = "¥9.90"
		}
		b.open(t, page, amount)
		require.NoError(t, s.demo.of(gateway).Expire(number(order.Attempt())))
		b.open(t, page, "已过期 expired")
		pay(t, s, order)
		b.open(t, page, "已付款 paid")
	}
}

// The page on which the payer enters the amount.
func TestTheFakeQuickPayPageInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	gateway := gatepaytest.NewServer()
	t.Cleanup(gateway.Close)
	client, err := gatepay.New(gateway.Config())
	require.NoError(t, err)
	link, err := client.QuickPayURL(gatepay.QuickPayRequest{Token: gatepaytest.Token})
	require.NoError(t, err)
	b.open(t, link, "快捷收款 quick pay")
	b.do(t, "enter a wrong amount", chromedp.SendKeys("input[name=price]", "1,00"), chromedp.Click("button[value=wechat]"))
	b.wait(t, "it is rejected", `document.querySelector("input[name=price]").value === "1,00" && document.querySelector("[role=alert]") !== null`)
	b.look(t, "the rejected form of a quick-pay link")
	b.do(t, "correct it", chromedp.Evaluate[chromedp.Void](`document.querySelector("input[name=price]").value = "1.00"`), chromedp.Click("button[value=wechat]"))
	b.wait(t, "the order can be paid", `document.title.startsWith("¥1.00")`)
}

// The page of cmd/paygates sandbox, which is another module.
func TestTheSandboxInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	program := filepath.Join(t.TempDir(), "paygates")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = "../../cmd/paygates"
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	ctx, cancel := context.WithCancel(context.Background())
	sandbox := exec.CommandContext(ctx, program, "sandbox", "--port", "0")
	sandbox.Stderr = t.Output()
	written, err := sandbox.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, sandbox.Start())
	t.Cleanup(func() { cancel(); _ = sandbox.Wait() })
	page := ""
	for lines := bufio.NewScanner(written); page == "" && lines.Scan(); {
		page = regexp.MustCompile(`http://\S+`).FindString(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, written) }()

	for _, language := range languages {
		b.do(t, "open the sandbox", chromedp.Navigate(page+"/?lang="+language))
		b.wait(t, "an order is shown", `document.querySelector("#orders article") !== null`)
		b.look(t, "sandbox "+language)
	}
	response, err := noRedirect.Post(page+"/api/orders/pingpp", "application/json", strings.NewReader(`{"order_no": "A100", "amount": "9.90", "subject": "Example"}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusCreated, response.StatusCode)
	b.wait(t, "the new order comes by itself", `document.querySelector("#orders").innerText.includes("A100")`)
	b.do(t, "pay", chromedp.Click(`#orders article button.main`))
	b.wait(t, "it says why it cannot be paid", `document.querySelector("#status.wrong")?.innerText.includes("no charge")`)
	const tampered = `showDelivery({gateway: "kechengcang", tampered: true, accepted: true, status: 200, response: "ok", method: "POST"})`
	b.wait(t, "what only a query can confirm is no fault", tampered+`.querySelector(".tag.good") !== null && `+tampered+`.innerText.includes("query")`)
	b.do(t, "expire", chromedp.Click(`#orders article button:nth-of-type(3)`))
	b.wait(t, "it is expired", `document.querySelector("#orders article .tag").innerText !== "new"`)
	b.do(t, "open the gateways", chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("#gateways details")) d.open = true`))
	b.look(t, "sandbox, everything open")
	b.wait(t, "each variable has a line", `[...document.querySelectorAll(".gateway pre")].every((e) => e.innerText.split("\n").every((line) => /^[A-Z_]+=./.test(line)))`)
}
