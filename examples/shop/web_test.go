package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/sign"
)

func TestTheLanguagesHaveTheSameTexts(t *testing.T) {
	t.Parallel()
	zh, err := loadTexts("zh")
	require.NoError(t, err)
	en, err := loadTexts("en")
	require.NoError(t, err)
	for key, text := range zh {
		assert.NotEmpty(t, text, key)
		assert.NotEmpty(t, en[key], key)
	}
	assert.Len(t, en, len(zh))
	for _, words := range []texts{zh, en} {
		for _, o := range append(outcomes, checkout.OutcomeCredited) {
			assert.Contains(t, words, "outcome."+string(o))
		}
		for _, o := range outcomes {
			assert.Contains(t, words, "outcome.about."+string(o))
			assert.Contains(t, words, "held."+string(o))
		}
		for _, s := range []stage{
			stageWaiting, stageCreating, stageLost, stageChecking, stageUnconfirmed, stagePaid, stageHeld, stageRefunded, stageExpired, stageRejected, stageEnded,
		} {
			assert.Contains(t, words, "stage."+string(s))
			if s != stageWaiting && s != stagePaid {
				assert.Contains(t, words, "explain."+string(s))
			}
		}
		for _, a := range []checkout.Action{checkout.ActionCredit, checkout.ActionRefunded, checkout.ActionDismiss} {
			assert.Contains(t, words, "action."+string(a))
			assert.Contains(t, words, "resolved."+string(a))
		}
	}
}

// checkout has a fixed word for each reason.
func TestReasonsHaveTexts(t *testing.T) {
	t.Parallel()
	zh, err := loadTexts("zh")
	require.NoError(t, err)
	source, err := os.ReadFile("../../checkout/notify.go")
	require.NoError(t, err)
	reasons := regexp.MustCompile(`(?:\{(?:errPanic|errOnPaid|paygates\.Err\w+), |return |entry\.Reason = )"([^"]+)"[}\n]`).FindAllStringSubmatch(string(source), -1)
	assert.Len(t, reasons, 13)
	for _, reason := range reasons {
		assert.Contains(t, zh, "reason."+reason[1])
		assert.NotEqual(t, reason[1], zh.reason(reason[1]))
	}
	assert.Equal(t, "another reason", zh.reason("another reason"))
	assert.Equal(t, "–", zh.reason(""))
}

// Each gateway on each database: the shop's row changes in the transaction of the credit.
func TestAnOrderIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, set func(*settings)) {
		for gateway, method := range map[string]string{
			"ispay": "unionpay", "codepay": "qq", "gatepay": "wechat", "kechengcang": "crypto", "pingpp": "alipay",
		} {
			t.Run(gateway, func(t *testing.T) {
				s := openDemo(t, set, use(gateway))
				order := buy(t, s, method, "9.90")
				assert.Equal(t, gateway, order.Attempt().Gateway)
				assert.Equal(t, checkout.AttemptWaiting, order.Attempt().Status)
				require.Zero(t, delivered(t, s, order.No))

				order = pay(t, s, order)
				assert.Equal(t, checkout.OrderPaid, order.Status)
				require.Equal(t, 1, delivered(t, s, order.No))
				delivery, err := s.demo.of(gateway).Redeliver(number(order.Attempt()))
				require.NoError(t, err)
				assert.True(t, delivery.Accepted)
				status, body := get(t, s.settings.publicURL+"/orders/"+order.No)
				assert.Equal(t, http.StatusOK, status)
				assert.Contains(t, body, `id="receipt"`)
				_, body = get(t, s.settings.publicURL+"/admin/orders/"+order.No+"?lang=en")
				assert.Contains(t, body, ">Credited</span>")
				require.Error(t, s.deliverAgain(order.No), "a second credit is rolled back")
			})
		}
	})
}

func (s *shop) deliverAgain(no string) error {
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return s.deliver(context.Background(), tx, checkout.Payment{OrderNo: no})
}

// The payer closes the browser before the order is stored.
func TestAPayerWhoLeavesInterruptsNothing(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, set func(*settings)) {
		s := openDemo(t, set)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		no, err := s.place(ctx, purchase{method: s.methods[0], amount: 100, payerIP: "203.0.113.7"})
		require.NoError(t, err)
		assert.Equal(t, checkout.AttemptWaiting, stored(t, s, no).Attempt().Status)
	})
}

func TestImpossibleNumbers(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, set func(*settings)) {
		s := openDemo(t, set)
		for _, no := range []string{"S1E", "%00", "%ff", "%F0%9F%8D%B5", "'", "a%20b", "%2e%2e", "..%2f..", strings.Repeat("9", 500), "-1"} {
			for _, page := range []string{"/orders/%s", "/orders/%s/status", "/orders/%s/qr.png", "/orders/%s/app.json", "/orders/%s/return", "/admin/orders/%s", "/?order=%s"} {
				status, _ := get(t, s.settings.publicURL+fmt.Sprintf(page, no))
				assert.Equal(t, http.StatusNotFound, status, page, no)
			}
			response := post(t, s.settings.publicURL+"/admin/payments/"+no,
				url.Values{"sure": {"yes"}, "by": {"mei"}, "reason": {"test"}, "action": {"dismiss"}})
			assert.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, response.status, no)
		}
		no := buy(t, s, "alipay", "1").No
		for _, wrong := range []string{"%00", "%ff", "'", "zz"} {
			for _, page := range []string{"/admin?after=", "/admin/orders/" + no + "?before="} {
				status, _ := get(t, s.settings.publicURL+page+wrong)
				assert.Equal(t, http.StatusNotFound, status, page+wrong)
			}
		}
	})
}

// Two payments of one order: the second one is listed, and a person resolves it once.
func TestAdminResolves(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, set func(*settings)) {
		s := openDemo(t, set)
		order := buy(t, s, "alipay", "9.90")
		first := order.Attempt()
		response := post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {"qq"}, "amount": {"0.01"}})
		require.Equal(t, http.StatusSeeOther, response.status)
		order = stored(t, s, order.No)
		require.Len(t, order.Attempts, 2)
		assert.Equal(t, "codepay", order.Attempt().Gateway)
		order = pay(t, s, order)
		_, err := s.demo.of(first.Gateway).Pay(number(first))
		require.NoError(t, err)
		require.Equal(t, 1, delivered(t, s, order.No))

		_, body := get(t, s.settings.publicURL+"/orders/"+order.No+"?lang=en")
		assert.Contains(t, body, "¥9.89", "what was paid")
		assert.Contains(t, body, "<dd>¥9.90</dd>", "the amount of the order")
		assert.Contains(t, body, "another payment")

		payments, err := s.checkout.Attention(context.Background(), checkout.AttentionQuery{})
		require.NoError(t, err)
		require.Len(t, payments, 1)
		_, body = get(t, s.settings.publicURL+"/admin?outcome=duplicate&lang=en")
		assert.Contains(t, body, "payment-"+payments[0].ID)
		_, body = get(t, s.settings.publicURL+"/admin?outcome=late&lang=en")
		assert.NotContains(t, body, "payment-"+payments[0].ID)

		form := url.Values{"sure": {"yes"}, "by": {"mei"}, "reason": {"paid twice"}, "action": {"refunded"}, "order": {order.No}}
		target := s.settings.publicURL + "/admin/payments/" + payments[0].ID
		for want, change := range map[int]url.Values{
			http.StatusBadRequest:          {"sure": {""}},
			http.StatusUnprocessableEntity: {"by": {" "}},
			http.StatusConflict:            {"action": {"credit"}},
			http.StatusForbidden:           nil,
		} {
			wrong := url.Values{}
			for key, value := range form {
				wrong[key] = value
			}
			header := []string{"Sec-Fetch-Site", "same-origin"}
			for key, value := range change {
				wrong[key] = value
			}
			if change == nil {
				header[1] = "cross-site"
			}
			response = post(t, target, wrong, header...)
			assert.Equal(t, want, response.status, "%v", change)
		}
		response = post(t, target, form)
		require.Equal(t, http.StatusSeeOther, response.status)
		response = post(t, target, form)
		assert.Equal(t, http.StatusConflict, response.status)
		_, body = get(t, s.settings.publicURL+"/admin/orders/"+order.No+"?lang=en")
		assert.Contains(t, body, "paid twice")
		assert.Contains(t, body, "mei")
		assert.Equal(t, 1, delivered(t, s, order.No))
	})
}

// The payer has the form for another method open in a tab, and pays too little in another: a
// person decides about that money first.
func TestAHeldOrderGetsNoOtherAttempt(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	order := buy(t, s, "alipay", "1")
	for _, column := range []string{"orders SET amount", "attempts SET payable"} {
		_, err := s.db.ExecContext(context.Background(), `UPDATE checkout_`+column+` = 2 WHERE order_no = ?`, order.No)
		require.NoError(t, err)
	}
	pay(t, s, order)
	response := post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {"wechat"}})
	assert.Equal(t, http.StatusSeeOther, response.status)
	assert.Equal(t, "/orders/"+order.No, response.location)
	assert.Len(t, stored(t, s, order.No).Attempts, 1)
}

func TestAdminPages(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("ispay"))
	for range adminRows + 1 {
		order := buy(t, s, "wechat", "1")
		_, err := s.db.ExecContext(context.Background(), `UPDATE checkout_orders SET amount = 2 WHERE order_no = ?`, order.No)
		require.NoError(t, err)
		_, err = s.db.ExecContext(context.Background(), `UPDATE checkout_attempts SET payable = 2 WHERE order_no = ?`, order.No)
		require.NoError(t, err)
		pay(t, s, order)
	}
	_, body := get(t, s.settings.publicURL+"/admin")
	assert.Equal(t, adminRows, strings.Count(body, "<article"))
	_, after, ok := strings.Cut(body, `id="next" href="`)
	require.True(t, ok)
	next, _, _ := strings.Cut(after, `"`)
	_, body = get(t, s.settings.publicURL+next)
	assert.Equal(t, 1, strings.Count(body, "<article"))
	assert.NotContains(t, body, `id="next"`)

}

func TestAdminFindsOrders(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, set func(*settings)) {
		s := openDemo(t, set, use("ispay"))
		var numbers []string
		for range adminRows + 1 {
			numbers = append(numbers, buy(t, s, "wechat", "9.90").No)
		}
		paid := pay(t, s, stored(t, s, numbers[3]))
		list := func(query string) response {
			return do(t, newRequest(t, http.MethodGet, s.settings.publicURL+"/admin/orders?"+query, ""))
		}
		rows := func(r response) int { return strings.Count(r.body, `<td class="no">`) }

		first := list("")
		require.Equal(t, adminRows, rows(first))
		_, after, ok := strings.Cut(first.body, `id="next" href="/admin/orders?`)
		require.True(t, ok)
		next, _, _ := strings.Cut(after, `"`)
		second := list(strings.ReplaceAll(next, "&amp;", "&"))
		assert.Equal(t, 1, rows(second))
		for _, no := range numbers {
			link := `<a href="/admin/orders/` + no + `">`
			assert.NotEqual(t, strings.Contains(first.body, link), strings.Contains(second.body, link), no)
		}
		onlyPaid := list("status=paid&lang=en")
		assert.Equal(t, 1, rows(onlyPaid))
		assert.Contains(t, onlyPaid.body, paid.No)
		assert.Contains(t, onlyPaid.body, `<span class="tag paid">Paid</span>`)
		beginning := list("no=" + paid.No[:8])
		assert.Equal(t, 1, rows(beginning))
		assert.Contains(t, beginning.body, paid.No)

		assert.Equal(t, "/admin/orders/"+paid.No, list("no=+"+paid.No+"+").location, "a whole number")
		assert.Equal(t, "/admin/orders/S1E", list("no=S1E").location, "notifications may name it")
		assert.Equal(t, http.StatusOK, list("no=%ff").status)
		assert.Equal(t, http.StatusNotFound, list("before=S1E").status)
	})
}

// A page with an error leads somewhere, and so does the link to the other language.
func TestEveryPageLeadsOn(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	url := s.settings.publicURL
	_, body := get(t, url+"/nothing")
	assert.Contains(t, body, `class="quiet" href="/"`)
	_, body = get(t, url+"/admin/orders/S1E")
	assert.Contains(t, body, `href="/admin/orders"`)
	_, body = get(t, url+"/admin/orders?status=paid&lang=en")
	assert.Contains(t, body, `href="/admin/orders?lang=zh&amp;status=paid"`)
	response := post(t, url+"/orders", nil)
	assert.Contains(t, response.body, `href="/?lang=en"`, "a form cannot be sent again by a link")
	response = do(t, newRequest(t, http.MethodGet, url+"/orders", ""))
	assert.Equal(t, "/", response.location, "the address of the rejected form")
	response = post(t, url+"/admin/payments/1", nil)
	assert.Contains(t, response.body, `href="/admin?lang=en"`)
	assert.Contains(t, response.body, `class="pay" href="/admin#payment-1"`, "the decision can be corrected")
	order := buy(t, s, "alipay", "9.90")
	response = post(t, url+"/orders", map[string][]string{"order": {order.No}})
	assert.Contains(t, response.body, `href="/?lang=en&amp;order=`+order.No+`"`, "the form of the same order")
	require.NoError(t, s.db.Close())
	status, body := get(t, url+"/orders/"+order.No)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, body, `class="pay" href="/orders/`+order.No+`"`, "it can be tried again")
}

func TestCoinsAreNamedWithTheirChain(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("kechengcang"))
	order := buy(t, s, "crypto", "9.90")
	_, body := get(t, s.settings.publicURL+"/orders/"+order.No)
	for _, part := range []string{`<strong>ERC20</strong>`, `<span id="coins">55.00 FTM</span>`, `data-copy="55.00"`, `data-copy="0x0`, "$9.90"} {
		assert.Contains(t, body, part)
	}
}

func TestEveryPageInBothLanguages(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	pages := map[string]int{"/": http.StatusOK, "/admin": http.StatusOK, "/admin/orders": http.StatusOK, "/nothing": http.StatusNotFound, "/static/": http.StatusNotFound}
	for _, m := range s.methods {
		order := buy(t, s, m.Name, "9.90")
		pages["/orders/"+order.No] = http.StatusOK
		pages["/?order="+order.No] = http.StatusOK
		pages["/admin/orders/"+order.No] = http.StatusOK
	}
	for path, want := range pages {
		for language, chinese := range map[string]bool{"zh": true, "en": false} {
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			status, body := get(t, s.settings.publicURL+path+separator+"lang="+language)
			require.Equal(t, want, status, path)
			assert.Contains(t, body, `<html lang="`+language)
			assert.Contains(t, body, "</html>", path)
			assert.Equal(t, chinese, strings.Contains(body, "派门茶铺"), path)
			assert.NotContains(t, body, "ZgotmplZ")
			assert.Equal(t, 1, strings.Count(body, "<h1"), path)
			assert.NotRegexp(t, `(src|href)="(https?:)?//[^"]*\.(js|css|woff2?)"`, body, "nothing comes from elsewhere")
		}
	}
}

func TestEveryStage(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	w := &web{shop: s}
	w.pages, _ = loadPages()
	now := time.Now()
	waiting := checkout.Instructions{QRText: "x"}
	held := []checkout.Payment{{Outcome: checkout.OutcomeLate, Held: true, AttemptNo: "S1E"}}
	unsure := []checkout.Payment{{Outcome: checkout.OutcomeUnconfirmed, Held: true, AttemptNo: "S1E"}}
	wentBack := []checkout.Payment{{Outcome: checkout.OutcomeRefunded, Held: true, AttemptNo: "S1E"}}
	sentBack := []checkout.Payment{{Outcome: checkout.OutcomeMismatch, AttemptNo: "S1E", Resolution: &checkout.Resolution{Action: checkout.ActionRefunded}}}
	dismissed := []checkout.Payment{{Outcome: checkout.OutcomeLate, AttemptNo: "S1E", Resolution: &checkout.Resolution{Action: checkout.ActionDismiss}}}
	elsewhere := []checkout.Payment{{Outcome: checkout.OutcomeMismatch, AttemptNo: "S1E_A", Resolution: &checkout.Resolution{Action: checkout.ActionRefunded}}}
	for _, test := range []struct {
		order   checkout.OrderStatus
		attempt checkout.AttemptStatus
		show    checkout.Instructions
		over    bool
		pays    []checkout.Payment
		want    stage
	}{
		{order: checkout.OrderPending, attempt: checkout.AttemptStored, want: stageCreating},
		{order: checkout.OrderPending, attempt: checkout.AttemptCreating, want: stageCreating},
		{order: checkout.OrderPending, attempt: checkout.AttemptUnknown, want: stageCreating},
		{order: checkout.OrderPending, attempt: checkout.AttemptUnknown, over: true, want: stageChecking},
		{order: checkout.OrderPending, attempt: checkout.AttemptWaiting, show: waiting, want: stageWaiting},
		{order: checkout.OrderPending, attempt: checkout.AttemptWaiting, want: stageLost},
		{order: checkout.OrderPending, attempt: checkout.AttemptWaiting, show: waiting, over: true, want: stageChecking},
		{order: checkout.OrderPending, attempt: checkout.AttemptUnconfirmed, want: stageUnconfirmed},
		{order: checkout.OrderPending, attempt: checkout.AttemptRejected, want: stageRejected},
		{order: checkout.OrderPending, attempt: checkout.AttemptExpired, show: waiting, want: stageEnded},
		{order: checkout.OrderPending, attempt: checkout.AttemptExpired, show: waiting, over: true, want: stageChecking},
		{order: checkout.OrderExpired, attempt: checkout.AttemptExpired, over: true, want: stageExpired},
		{order: checkout.OrderExpired, attempt: checkout.AttemptExpired, over: true, pays: held, want: stageHeld},
		{order: checkout.OrderPending, attempt: checkout.AttemptWaiting, show: waiting, pays: unsure, want: stageUnconfirmed},
		{order: checkout.OrderExpired, attempt: checkout.AttemptExpired, over: true, pays: wentBack, want: stageRefunded},
		{order: checkout.OrderPending, attempt: checkout.AttemptWaiting, show: waiting, pays: sentBack, want: stageRefunded},
		{order: checkout.OrderPending, attempt: checkout.AttemptWaiting, show: waiting, pays: elsewhere, want: stageWaiting},
		{order: checkout.OrderExpired, attempt: checkout.AttemptExpired, over: true, pays: dismissed, want: stageExpired},
		{order: checkout.OrderPaid, attempt: checkout.AttemptPaid, pays: wentBack, want: stagePaid},
		{order: checkout.OrderPaid, attempt: checkout.AttemptPaid, want: stagePaid},
	} {
		state := &checkout.OrderState{
			No: "S1E", Amount: 990, Currency: "CNY", Status: test.order, Payments: test.pays,
			CreatedAt: now.Add(-time.Hour), ExpiresAt: now.Add(time.Minute),
			Attempts: []checkout.Attempt{{No: "S1E", Gateway: "ispay", Channel: "P901", Status: test.attempt, Instructions: test.show}},
		}
		if test.over {
			state.ExpiresAt = now
		}
		for _, p := range test.pays {
			state.Held = state.Held || p.Held
		}
		v := w.view(state, now)
		assert.Equal(t, test.want, v.Stage, "%v", test)
		for _, language := range languages {
			rw := httptest.NewRecorder()
			w.render(rw, httptest.NewRequest(http.MethodGet, "/orders/S1E?lang="+language, nil), http.StatusOK, "order.html",
				page{Title: "stage." + string(v.Stage), Order: v})
			assert.Equal(t, http.StatusOK, rw.Code)
			assert.Contains(t, rw.Body.String(), "S1E")
		}
	}
}

// Money that came for one attempt counts, whatever the newest one is.
func TestThePayerIsNotAskedToPayTwice(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("ispay", "codepay", "kechengcang"))
	order := buy(t, s, "alipay", "9.90")
	first := order.Attempt().No
	post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {"qq"}})
	change(t, s, order.No, `UPDATE checkout_attempts SET status = 'unconfirmed' WHERE attempt_no = ?`)
	state := stored(t, s, order.No)
	require.Len(t, state.Attempts, 2)
	w := &web{shop: s}
	v := w.view(state, time.Now())
	assert.Equal(t, stageUnconfirmed, v.Stage)
	assert.Equal(t, first, v.attempt.No)
	assert.False(t, v.CanChange)
	response := post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {"wechat"}})
	assert.Equal(t, "/orders/"+order.No, response.location)
	assert.Len(t, stored(t, s, order.No).Attempts, 2, "no third attempt")

	v = w.view(buy(t, s, "crypto", "9.90"), time.Now())
	assert.False(t, v.CanChange, "there is no other method in this currency")
	assert.True(t, w.view(buy(t, s, "alipay", "9.90"), time.Now()).CanChange)
}

// The payer cancels at the gateway, or it closes the order before the shop does.
func TestAnAttemptThatEndedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for gateway, method := range map[string]string{"ispay": "alipay", "kechengcang": "crypto"} {
		s := openDemo(t, use(gateway))
		order := buy(t, s, method, "9.90")
		expire := s.demo.ispay.Expire
		if gateway == "kechengcang" {
			expire = s.demo.kechengcang.Expire
		}
		require.NoError(t, expire(number(order.Attempt())))
		var body string
		eventually(t, func() bool {
			get(t, s.settings.publicURL+"/orders/"+order.No+"/return")
			_, body = get(t, s.settings.publicURL+"/orders/"+order.No+"?lang=en")
			return strings.Contains(body, `data-stage="ended"`)
		}, gateway+" has ended the attempt")
		assert.Contains(t, body, `class="pay" id="change"`)
		response := post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {method}})
		assert.Equal(t, "/orders/"+order.No, response.location)
		_, body = get(t, s.settings.publicURL+response.location)
		assert.Contains(t, body, `data-stage="waiting"`)
		assert.Len(t, stored(t, s, order.No).Attempts, 2)
	}
}

// A QR code may expire long before the order.
func TestAQRCodeThatExpired(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("kechengcang"))
	order := buy(t, s, "crypto", "9.90")
	change(t, s, order.No, `UPDATE checkout_attempts SET expires_at = created_at WHERE order_no = ?`)
	_, body := get(t, s.settings.publicURL+"/orders/"+order.No)
	assert.Contains(t, body, `data-stage="checking"`)
	assert.Contains(t, body, `id="change"`)
	post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {"crypto"}})
	assert.Len(t, stored(t, s, order.No).Attempts, 2, "the only method again")
	change(t, s, order.No, `UPDATE checkout_orders SET expires_at = created_at WHERE order_no = ?`)
	_, body = get(t, s.settings.publicURL+"/orders/"+order.No)
	assert.NotContains(t, body, `id="change"`)
}

// Another amount than that of the order: the page and the staff see both.
func TestAHeldAmountIsShownBesideThatOfTheOrder(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("ispay"))
	order := buy(t, s, "alipay", "9.90")
	change(t, s, order.No, `UPDATE checkout_orders SET amount = 1234 WHERE order_no = ?`)
	change(t, s, order.No, `UPDATE checkout_attempts SET payable = 1234 WHERE order_no = ?`)
	order = pay(t, s, order)
	_, body := get(t, s.settings.publicURL+"/orders/"+order.No+"?lang=en")
	assert.Contains(t, body, `data-stage="held"`)
	assert.Contains(t, body, "<dd>¥9.90</dd>")
	assert.Contains(t, body, "<dd>¥12.34</dd>")
	_, body = get(t, s.settings.publicURL+"/admin?lang=en")
	assert.Contains(t, body, `class="asked">Order amount ¥12.34<`)
	decisions := s.toDecide([]checkout.Payment{
		{Held: true, Gateway: "ispay", Amount: 990, Currency: "USD", OrderAmount: 990},
		{Held: true, Gateway: "ispay", Amount: 990, Currency: "CNY", OrderAmount: 990},
		{Held: true, Gateway: "ispay", Amount: 990, Currency: "CNY"},
	}, "")
	assert.Equal(t, []string{"¥9.90", "", ""}, []string{decisions[0].Asked, decisions[1].Asked, decisions[2].Asked})

	require.NoError(t, s.checkout.Resolve(context.Background(), order.Payments[0].ID, checkout.Resolution{
		By: "mei", Reason: "example", Action: checkout.ActionRefunded,
	}))
	_, body = get(t, s.settings.publicURL+"/orders/"+order.No+"?lang=en")
	assert.Contains(t, body, `data-stage="refunded"`)
	assert.Contains(t, body, `<p class="price small">¥9.90</p>`)
	assert.NotContains(t, body, "qr.png")
	_, body = get(t, s.settings.publicURL+"/admin/orders/"+order.No+"?lang=en")
	assert.Contains(t, body, ">Refunded · <bdi>mei</bdi>")
}

// The gateway confirms a payment that was listed as unconfirmed. It is no second payment.
func TestAConfirmedPaymentIsNotAnotherOne(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("ispay"))
	order := buy(t, s, "alipay", "9.90")
	a := order.Attempt()
	change(t, s, order.No, `UPDATE checkout_orders SET payments = 1 WHERE order_no = ?`)
	change(t, s, order.No, `INSERT INTO checkout_payments (id, gateway, account, payment_no, order_ref, reused, attempt_no, order_no, amount,
		currency, received, received_at, source, outcome, attention) SELECT '00000000-0000-7000-8000-000000000000', '`+a.Gateway+`', '`+a.Account+`',
		'unconfirmed:`+a.No+`', '`+a.No+`', '', '`+a.No+`', order_no, 990, 'CNY', 0, created_at, 'query', 'unconfirmed', 1
		FROM checkout_orders WHERE order_no = ?`)
	page := func(path string) string {
		_, body := get(t, s.settings.publicURL+path+order.No+"?lang=en")
		return body
	}
	assert.Contains(t, page("/orders/"), "being confirmed")
	assert.Contains(t, page("/admin/orders/"), `class="resolve"`)
	order = pay(t, s, order)
	require.Equal(t, checkout.OrderPaid, order.Status)
	require.Len(t, order.Payments, 2)
	assert.Contains(t, page("/orders/"), `id="receipt"`)
	assert.NotContains(t, page("/orders/"), "another payment")
	assert.NotContains(t, page("/admin/orders/"), `class="resolve"`)
}

// A gateway that rejects the order, or cannot be reached, is passed over.
func TestTheNextGatewayIsTried(t *testing.T) {
	t.Parallel()
	s := openDemo(t, use("gatepay", "ispay"))
	s.demo.gatepay.Reject("/api/anypay/create", 1004)
	order := buy(t, s, "alipay", "9.90")
	require.Len(t, order.Attempts, 2)
	assert.Equal(t, checkout.AttemptRejected, order.Attempts[0].Status)
	assert.Equal(t, "ispay", order.Attempt().Gateway)

	s.demo.gatepay.InjectFault(gatewaytest.Fault{Reset: true, Processed: true, Times: 1})
	order = buy(t, s, "wechat", "9.90")
	require.Len(t, order.Attempts, 1, "an order that may exist is not created elsewhere")
	_, body := get(t, s.settings.publicURL+"/orders/"+order.No+"?lang=en")
	assert.Contains(t, body, "One moment")
}

func TestTheReturnPageAsksTheGateway(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	order := buy(t, s, "alipay", "9.90")
	require.NoError(t, s.demo.ispay.PaySilently(order.No)) // the notification is lost
	eventually(t, func() bool {
		status, _ := get(t, s.settings.publicURL+"/orders/"+order.No+"/return")
		return status == http.StatusSeeOther && stored(t, s, order.No).Status == checkout.OrderPaid
	}, "the order is paid")
	assert.Equal(t, 1, delivered(t, s, order.No))
}

func TestQRCodeAndAppData(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	order := buy(t, s, "alipay", "9.90")
	status, body := get(t, s.settings.publicURL+"/orders/"+order.No+"/qr.png")
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, strings.HasPrefix(body, "\x89PNG"))
	status, _ = get(t, s.settings.publicURL+"/orders/"+order.No+"/app.json")
	assert.Equal(t, http.StatusNotFound, status)
	pay(t, s, order)
	status, _ = get(t, s.settings.publicURL+"/orders/"+order.No+"/qr.png")
	assert.Equal(t, http.StatusNotFound, status, "a paid order is not paid again")

	s = openDemo(t, use("pingpp"))
	order = buy(t, s, "wechat", "9.90")
	status, body = get(t, s.settings.publicURL+"/orders/"+order.No+"/app.json")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, string(order.Attempt().Instructions.AppData.Reveal())+"\n", body)
	assert.Contains(t, body, `"credential"`)
	_, body = get(t, s.settings.publicURL+"/orders/"+order.No)
	assert.Contains(t, body, "app.json")
	plain := *s
	plain.demo = nil
	handler, err := plain.handler()
	require.NoError(t, err)
	rw := httptest.NewRecorder()
	handler.ServeHTTP(rw, httptest.NewRequest(http.MethodGet, "/orders/"+order.No, nil))
	assert.NotContains(t, rw.Body.String(), "app.json", "it is for the app, not for the payer")
}

func TestTheFormIsChecked(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	for name, form := range map[string]url.Values{
		"nothing":        {},
		"no method":      {"amount": {"1"}},
		"unknown method": {"method": {"bank"}, "amount": {"1"}},
		"no amount":      {"method": {"alipay"}},
		"zero":           {"method": {"alipay"}, "amount": {"0.00"}},
		"negative":       {"method": {"alipay"}, "amount": {"-1"}},
		"three decimals": {"method": {"alipay"}, "amount": {"1.001"}},
		"too much":       {"method": {"alipay"}, "amount": {"100000"}},
		"a script":       {"method": {"alipay"}, "amount": {`"><script>alert(1)</script>`}},
	} {
		response := post(t, s.settings.publicURL+"/orders", form)
		assert.Equal(t, http.StatusUnprocessableEntity, response.status, name)
		assert.NotContains(t, response.body, "<script>alert", name)
		assert.Contains(t, response.policy, "default-src 'none'; script-src 'self'")
	}
	orders, err := s.checkout.Orders(context.Background(), checkout.OrdersQuery{})
	require.NoError(t, err)
	assert.Empty(t, orders)
	response := post(t, s.settings.publicURL+"/orders", url.Values{"amount": {strings.Repeat("1", 1<<20)}})
	assert.Equal(t, http.StatusBadRequest, response.status)

	order := buy(t, s, "alipay", "9.90")
	response = post(t, s.settings.publicURL+"/orders", url.Values{"order": {order.No}, "method": {"crypto"}})
	assert.Equal(t, http.StatusUnprocessableEntity, response.status, "another currency")
}

// A proxy may pass on another Host, and a phone of 2021 sends no Sec-Fetch-Site.
func TestFormsComeFromTheShop(t *testing.T) {
	t.Parallel()
	const public = "https://shop.example.com"
	s := openDemo(t)
	target := s.settings.publicURL + "/orders"
	s.settings.publicURL = public
	handler, err := s.handler()
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	form := url.Values{"method": {"alipay"}, "amount": {"1"}}
	response := post(t, server.URL+"/orders", form, "Origin", public)
	assert.Equal(t, http.StatusSeeOther, response.status)
	for _, at := range []string{server.URL + "/orders", target} {
		response = post(t, at, form, "Origin", "https://other.example.com", "Accept-Language", "en")
		assert.Equal(t, http.StatusForbidden, response.status)
		assert.Contains(t, response.body, "came from another site")
		assert.Contains(t, response.body, `class="quiet" href="/"`)
	}
}

// What a gateway sends is shown as text.
func TestGatewayTextIsEscaped(t *testing.T) {
	t.Parallel()
	w := &web{shop: &shop{}}
	var err error
	w.pages, err = loadPages()
	require.NoError(t, err)
	const evil = `"><script>alert(1)</script>`
	rw := httptest.NewRecorder()
	w.render(rw, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, "order.html", page{Order: &orderView{
		No: "S1E", Method: "crypto", Stage: stageWaiting, ToPay: evil, Price: evil, Address: evil, OrderID: evil,
		QRImageURL: "javascript:alert(1)", PayPageURL: payLink("javascript:alert(1)"),
	}})
	assert.NotContains(t, rw.Body.String(), "<script>alert")
	assert.NotContains(t, rw.Body.String(), `"javascript:`)

	assert.Equal(t, " https://img.example.com", origin("https://img.example.com/1.png"))
	assert.Empty(t, origin("javascript:alert(1)"))
	assert.Empty(t, origin("https://a.example.com;script-src/1.png"))
}

// On a phone a pay link may open an app.
func TestPayLinks(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"https://pay.example.com/1?a=b&c=d", "http://127.0.0.1:9103/pay", "weixin://wxpay/bizpayurl?pr=AbC123", "alipays://platformapi/startapp?a=1",
		"WEIXIN://wxpay/bizpayurl?pr=AbC123", "mqqapi://forward/url?a=1",
	} {
		assert.Equal(t, link, string(payLink(link)))
	}
	for _, link := range []string{"", "javascript:alert(1)", "javascript://a%0aalert(1)", "JavaScript://a", " javascript://a", "data://a", "data:text/html,a", "other://a", "weixin:a", "//a"} {
		assert.Empty(t, payLink(link), link)
	}
	w := &web{shop: &shop{}}
	var err error
	w.pages, err = loadPages()
	require.NoError(t, err)
	rw := httptest.NewRecorder()
	w.render(rw, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, "order.html", page{Order: &orderView{
		No: "S1E", Method: "wechat", Stage: stageWaiting, PayPageURL: payLink(`weixin://wxpay/bizpayurl?pr="><script>alert(1)</script>`),
	}})
	assert.Contains(t, rw.Body.String(), `href="weixin://wxpay/`)
	assert.NotContains(t, rw.Body.String(), "<script>alert")
}

func TestAdminIsRestricted(t *testing.T) {
	t.Parallel()
	local := func(remote, host string, header ...string) bool {
		r := httptest.NewRequest(http.MethodGet, "/admin", nil)
		r.RemoteAddr, r.Host = remote, host
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		return isLocal(r)
	}
	assert.True(t, local("127.0.0.1:5000", "127.0.0.1:8080"))
	assert.True(t, local("[::1]:5000", "localhost:8080"))
	assert.True(t, local("[::1]:5000", "[::1]"))
	assert.False(t, local("203.0.113.7:5000", "127.0.0.1:8080"))
	assert.False(t, local("127.0.0.1:5000", "shop.example.com"), "a host name that leads here")
	assert.False(t, local("127.0.0.1:5000", "localhost", "X-Forwarded-For", "203.0.113.7"), "a proxy")
	assert.False(t, local("127.0.0.1:5000", "localhost", "X-Forwarded-For", "", "X-Forwarded-For", "203.0.113.7"), "an empty line before the proxy's")

	s := openDemo(t)
	for _, page := range []string{"/admin", "/admin/orders", "/admin/orders/S1E"} {
		status, _ := get(t, s.settings.publicURL+page, "X-Forwarded-For", "203.0.113.7")
		assert.Equal(t, http.StatusForbidden, status)
	}
}

func TestAdminTokenIsRateLimited(t *testing.T) {
	t.Parallel()
	s := openDemo(t, func(s *settings) { s.adminToken, s.behindProxy = sign.NewSecret("example-token"), true })
	as := func(address, password string) int {
		r := newRequest(t, http.MethodGet, s.settings.publicURL+"/admin", "")
		if password != "" {
			r.SetBasicAuth("mei", password)
		}
		response := do(t, r, "X-Forwarded-For", address)
		return response.status
	}
	assert.Equal(t, http.StatusOK, as("203.0.113.1", "example-token"))
	for range maxFailures {
		assert.Equal(t, http.StatusUnauthorized, as("203.0.113.7", ""), "no attempt")
		assert.Equal(t, http.StatusUnauthorized, as("203.0.113.7", "example-toke"))
	}
	assert.Equal(t, http.StatusTooManyRequests, as("203.0.113.7", "example-token"))
	assert.Equal(t, http.StatusOK, as("203.0.113.1", "example-token"), "another address")

	var f failures
	now := time.Now()
	for i := range maxAddresses + maxFailures {
		f.add(fmt.Sprint(i), now)
	}
	assert.True(t, f.tooMany("further", now), "memory is limited")
	assert.False(t, f.tooMany("further", now.Add(time.Minute)))
}

func TestThePayersAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		behindProxy             bool
		remote, forwarded, want string
	}{
		{false, "203.0.113.7:5000", "", "203.0.113.7"},
		{false, "203.0.113.7:5000", "198.51.100.1", "203.0.113.7"},
		{false, "[::ffff:203.0.113.7]:5000", "", "203.0.113.7"},
		{false, "[fe80::1%eth0]:5000", "", "fe80::1"},
		{false, "@", "", "127.0.0.1"},
		{true, "127.0.0.1:5000", "10.9.9.9, 198.51.100.1", "198.51.100.1"},
		{true, "127.0.0.1:5000", "10.9.9.9\n198.51.100.1", "198.51.100.1"}, // two lines
		{true, "127.0.0.1:5000", "nonsense", "127.0.0.1"},
	} {
		w := &web{shop: &shop{settings: settings{behindProxy: test.behindProxy}}}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.remote
		for line := range strings.Lines(test.forwarded) {
			r.Header.Add("X-Forwarded-For", strings.TrimSpace(line))
		}
		assert.Equal(t, test.want, w.payerIP(r), test)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ query, cookie, header, want string }{
		{"", "", "", "zh"},
		{"", "", "en-US,en;q=0.9", "en"},
		{"", "", "fr, zh-CN;q=0.9, en;q=0.8", "zh"},
		{"", "en", "zh-CN", "en"},
		{"zh", "en", "en", "zh"},
		{"xx", "", "fr", "zh"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?lang="+test.query, nil)
		r.AddCookie(&http.Cookie{Name: languageCookie, Value: test.cookie})
		r.Header.Set("Accept-Language", test.header)
		assert.Equal(t, test.want, language(r), test)
	}
}

func TestMoneyIsWrittenInOneWay(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "¥9.89", formatMoney(989, "CNY"))
	assert.Equal(t, "$9.89", formatMoney(989, "USD"))
	assert.Equal(t, "9.89 USDT-TRC20", formatMoney(989, "USDT-TRC20"))
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	s := openDemo(t)
	require.NoError(t, fs.WalkDir(staticFiles, "static", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			response, err := http.Get(s.settings.publicURL + staticPath() + entry.Name())
			require.NoError(t, err)
			content, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			body := string(content)
			assert.Equal(t, http.StatusOK, response.StatusCode, path)
			assert.Equal(t, "public, max-age=31536000, immutable", response.Header.Get("Cache-Control"))
			assert.NotEmpty(t, body)
			assert.NotContains(t, strings.ReplaceAll(body, "http://www.w3.org/2000/svg", ""), "://", "nothing comes from elsewhere")
		}
		return err
	}))
	response, err := http.Get(s.settings.publicURL + "/static/before/style.css") // for a page of another release
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	_, body := get(t, s.settings.publicURL)
	assert.Contains(t, body, `href="`+staticPath()+`style.css"`)
	status, _ := get(t, s.settings.publicURL+staticPath()+"none")
	assert.Equal(t, http.StatusNotFound, status)
}
