package main

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
}

func TestEveryPageInBothLanguages(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	ctx, now := context.Background(), time.Now()
	pages := map[string]int{
		"/": http.StatusOK, "/admin": http.StatusOK, "/nothing": http.StatusNotFound, "/orders/S1E": http.StatusNotFound,
	}
	for _, gateway := range allGateways {
		for _, o := range s.offers {
			if o.Gateway != gateway {
				continue
			}
			for _, channel := range o.Channels {
				made, err := s.checkout(ctx, purchase{o, channel, 990, "203.0.113.7"})
				require.NoError(t, err)
				pages["/orders/"+made.No] = http.StatusOK
			}
		}
	}
	stages := map[stage]string{}
	for _, of := range []status{
		statusCreating, statusUnknown, statusWaiting, statusUnconfirmed, statusPaid, statusHeld, statusExpired, statusRefused,
	} {
		for _, expires := range []time.Time{now.Add(time.Hour), now.Add(-time.Hour)} {
			o := order{No: newOrderNo(), account: s.offers[0].account, Channel: "P901", Price: 990, Currency: "CNY",
				Status: of, CreatedAt: now, ExpiresAt: expires}
			require.NoError(t, s.store.add(ctx, o))
			pages["/orders/"+o.No] = http.StatusOK
			stages[(&web{shop: s}).view(o, now).Stage] = o.No
		}
	}
	assert.Len(t, stages, 8, "all but the usual one, whose order has a code")
	for i, of := range []outcome{outcomeLate, outcomeDuplicate, outcomeMismatch, outcomeOrphan} {
		_, err := s.store.db.ExecContext(ctx, `INSERT INTO payments (gateway, account, payment_no, order_no, amount, currency, received, paid_at, received_at, source, outcome)
			VALUES ('ispay', '10001', $1, 'S1E', 990, 'CNY', 980, 0, 1, 'query', $2)`, i, string(of))
		require.NoError(t, err)
	}

	for path, want := range pages {
		for language, chinese := range map[string]bool{"zh": true, "en": false} {
			status, body := get(t, s.settings.publicURL+path+"?lang="+language)
			require.Equal(t, want, status, path+" "+body)
			assert.Contains(t, body, `<html lang="`+language+`">`)
			assert.Contains(t, body, "</html>", path)
			assert.Equal(t, chinese, strings.Contains(body, "派门茶铺"), path)
			assert.NotContains(t, body, "ZgotmplZ")
			assert.NotRegexp(t, `(src|href)="(https?:)?//[^"]*\.(js|css|woff2?)"`, body, "nothing comes from elsewhere")
		}
	}
}

func TestTheStageOfAnOrder(t *testing.T) {
	t.Parallel()
	w := &web{shop: &shop{}}
	now := time.Now()
	open, over := now.Add(time.Second), now
	for _, test := range []struct {
		order order
		want  stage
	}{
		{order{Status: statusCreating, ExpiresAt: open}, stageAsking},
		{order{Status: statusUnknown, ExpiresAt: open}, stageAsking},
		{order{Status: statusUnknown, ExpiresAt: over}, stageChecking},
		{order{Status: statusWaiting, ExpiresAt: open, QRText: "x"}, stageWaiting},
		{order{Status: statusWaiting, ExpiresAt: open, QRImageURL: "x"}, stageWaiting},
		{order{Status: statusWaiting, ExpiresAt: open, PayPageURL: "x"}, stageWaiting},
		{order{Status: statusWaiting, ExpiresAt: open}, stageLost},
		{order{Status: statusWaiting, ExpiresAt: over, QRText: "x"}, stageChecking},
		{order{Status: statusPaid, ExpiresAt: over}, stagePaid},
		{order{Status: statusHeld, ExpiresAt: over}, stageHeld},
		{order{Status: statusExpired, ExpiresAt: over}, stageExpired},
		{order{Status: statusRefused, ExpiresAt: open}, stageRefused},
		{order{Status: statusUnconfirmed, ExpiresAt: over}, stageUnconfirmed},
	} {
		assert.Equal(t, test.want, w.view(test.order, now).Stage, "%+v", test.order.Status)
	}
}

func TestTheCodeIsDrawn(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	o := buy(t, s, "ispay", 990)
	status, body := get(t, s.settings.publicURL+"/orders/"+o.No+"/qr.png")
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, strings.HasPrefix(body, "\x89PNG"))

	_, err := s.fakes.ispay.Pay(o.No)
	require.NoError(t, err)
	status, _ = get(t, s.settings.publicURL+"/orders/"+o.No+"/qr.png")
	assert.Equal(t, http.StatusNotFound, status, "what is paid is not paid again")
}

func TestTheAppGetsTheChargeUntouched(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	o := buy(t, s, "pingpp", 990)
	status, body := get(t, s.settings.publicURL+"/orders/"+o.No+"/app.json")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, o.AppData+"\n", body)
	assert.Contains(t, body, `"credential"`)
	status, _ = get(t, s.settings.publicURL+"/orders/"+buy(t, s, "ispay", 990).No+"/app.json")
	assert.Equal(t, http.StatusNotFound, status)
}

func TestWhatIsWrongInTheForm(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	for name, form := range map[string]url.Values{
		"nothing":         {},
		"no gateway":      {"amount": {"1"}},
		"another gateway": {"gateway": {"bank"}, "channel_bank": {"x"}, "amount": {"1"}},
		"another channel": {"gateway": {"ispay"}, "channel_ispay": {"P900"}, "amount": {"1"}},
		"no amount":       {"gateway": {"ispay"}, "channel_ispay": {"P901"}},
		"zero":            {"gateway": {"ispay"}, "channel_ispay": {"P901"}, "amount": {"0.00"}},
		"negative":        {"gateway": {"ispay"}, "channel_ispay": {"P901"}, "amount": {"-1"}},
		"three decimals":  {"gateway": {"ispay"}, "channel_ispay": {"P901"}, "amount": {"1.001"}},
		"too much":        {"gateway": {"ispay"}, "channel_ispay": {"P901"}, "amount": {"100000"}},
		"a script":        {"gateway": {"ispay"}, "channel_ispay": {"P901"}, "amount": {`"><script>alert(1)</script>`}},
	} {
		response, err := noRedirect.PostForm(s.settings.publicURL+"/orders", form)
		require.NoError(t, err)
		body := make([]byte, 64<<10)
		n, _ := response.Body.Read(body)
		_ = response.Body.Close()
		assert.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, name)
		assert.NotContains(t, string(body[:n]), "<script>alert", name)
		assert.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
	}
	orders, err := s.store.orders(context.Background(), "", 10)
	require.NoError(t, err)
	assert.Empty(t, orders)

	long, err := noRedirect.Post(s.settings.publicURL+"/orders", "application/x-www-form-urlencoded", strings.NewReader("amount="+strings.Repeat("1", 1<<20)))
	require.NoError(t, err)
	_ = long.Body.Close()
	assert.Equal(t, http.StatusBadRequest, long.StatusCode)
}

// What a gateway says is shown as text.
func TestAGatewaysWordsAreNoHTML(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	ctx, now := context.Background(), time.Now()
	const evil = `"><script>alert(1)</script>`
	o := order{No: newOrderNo(), account: s.offers[1].account, Channel: "alipay", Price: 990, Currency: "CNY",
		Status: statusCreating, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	require.NoError(t, s.store.add(ctx, o))
	require.NoError(t, s.store.created(ctx, o.No, created{
		OrderID: evil, PayText: evil, QRText: evil, QRImageURL: "javascript:alert(1)", PayPageURL: "javascript:alert(1)",
	}.complete(o), now))
	s.offers[1].testPayURL = nil
	_, body := get(t, s.settings.publicURL+"/orders/"+o.No)
	assert.NotContains(t, body, "<script>alert")
	assert.NotContains(t, body, `"javascript:`)

	assert.Equal(t, " https://img.example.com", origin("https://img.example.com/1.png"))
	assert.Empty(t, origin("javascript:alert(1)"))
	assert.Empty(t, origin("https://a.example.com;script-src/1.png"))
}

func TestTheAdminPageIsNotForEverybody(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	w := &web{shop: s}
	may := func(remote, host string, header ...string) bool {
		r := httptest.NewRequest(http.MethodGet, "/admin", nil)
		r.RemoteAddr, r.Host = remote, host
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return w.mayAdmin(r)
	}
	assert.True(t, may("127.0.0.1:5000", "127.0.0.1:8080"))
	assert.True(t, may("[::1]:5000", "localhost:8080"))
	assert.False(t, may("203.0.113.7:5000", "127.0.0.1:8080"))
	assert.False(t, may("127.0.0.1:5000", "shop.example.com"), "a name that leads here")
	assert.False(t, may("127.0.0.1:5000", "localhost", "X-Forwarded-For", "203.0.113.7"), "a proxy")
	status, _ := get(t, s.settings.publicURL+"/admin", "X-Forwarded-For", "203.0.113.7")
	assert.Equal(t, http.StatusForbidden, status)

	s.settings.adminToken = sign.NewSecret("example-token")
	assert.False(t, may("127.0.0.1:5000", "127.0.0.1:8080"))
	status, _ = get(t, s.settings.publicURL+"/admin")
	assert.Equal(t, http.StatusUnauthorized, status)
	for password, want := range map[string]bool{"example-token": true, "example-toke": false, "": false} {
		r := httptest.NewRequest(http.MethodGet, "/admin", nil)
		r.SetBasicAuth("anybody", password)
		assert.Equal(t, want, w.mayAdmin(r), password)
	}
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
		{true, "127.0.0.1:5000", "nonsense", "127.0.0.1"},
	} {
		w := &web{shop: &shop{settings: settings{behindProxy: test.behindProxy}}}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.remote
		r.Header.Set("X-Forwarded-For", test.forwarded)
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

func TestStaticFilesAreServed(t *testing.T) {
	t.Parallel()
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))
	require.NoError(t, fs.WalkDir(staticFiles, "static", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			status, body := get(t, s.settings.publicURL+"/"+path)
			assert.Equal(t, http.StatusOK, status, path)
			assert.NotEmpty(t, body)
			assert.NotContains(t, strings.ReplaceAll(body, "http://www.w3.org/2000/svg", ""), "://", "nothing comes from elsewhere")
		}
		return err
	}))
}
