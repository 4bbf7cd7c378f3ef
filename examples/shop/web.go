package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/paygates/paygates-go/money"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// web serves the pages of a shop.
type web struct {
	*shop
	pages map[string]*template.Template // by language
}

// handler returns everything that the shop answers to.
func (s *shop) handler() (http.Handler, error) {
	pages, err := loadPages()
	if err != nil {
		return nil, err
	}
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	w := &web{s, pages}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.home)
	mux.HandleFunc("POST /orders", w.order)
	mux.HandleFunc("GET /orders/{no}", w.orderPage)
	mux.HandleFunc("GET /orders/{no}/status", w.orderStatus)
	mux.HandleFunc("GET /orders/{no}/qr.png", w.orderQR)
	mux.HandleFunc("GET /orders/{no}/app.json", w.orderApp)
	mux.HandleFunc("GET /admin", w.admin)
	mux.HandleFunc("GET /healthz", w.health)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	mux.Handle("/notify/", s.notifications())
	if s.fakes != nil {
		mux.Handle("/fake-app/", s.fakes.app())
	}
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) { w.problem(rw, r, http.StatusNotFound, "notfound") })
	return withHeaders(mux), nil
}

func loadPages() (map[string]*template.Template, error) {
	pages := make(map[string]*template.Template, len(languages))
	for _, language := range languages {
		words, err := loadTexts(language)
		if err != nil {
			return nil, err
		}
		pages[language], err = template.New(language).Funcs(template.FuncMap{
			"t": words.get, "time": localTime,
		}).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// The gateways and their payers live in Asia/Shanghai.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

func localTime(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(shanghai).Format("2006-01-02 15:04:05")
}

// withHeaders allows the pages nothing but what comes from the shop itself.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy(""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // the address of an order is for its payer only
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func contentPolicy(images string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; img-src 'self' data:" + images
}

// page is what every template gets.
type page struct {
	Language, OtherLanguage string
	Fake                    bool   // the gateways are fakes
	Refresh                 bool   // without JavaScript the page loads itself again
	Error                   string // the key of a text
	Offers                  []offer
	Chosen                  choice
	Order                   *orderView
	Admin                   *adminView
}

// render writes a page, all of it or an error.
func (w *web) render(rw http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Language = language(r)
	p.OtherLanguage = languages[0]
	if p.OtherLanguage == p.Language {
		p.OtherLanguage = languages[1]
	}
	p.Fake = w.fakes != nil
	rememberLanguage(rw, r, p.Language)
	var body bytes.Buffer
	if err := w.pages[p.Language].ExecuteTemplate(&body, name, p); err != nil {
		w.log.ErrorContext(r.Context(), "render a page", "page", name, "error", err)
		http.Error(rw, "500 internal server error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = body.WriteTo(rw)
}

// problem writes a page that says what is wrong: key is that of a text.
func (w *web) problem(rw http.ResponseWriter, r *http.Request, status int, key string) {
	w.render(rw, r, status, "problem.html", page{Error: key})
}

func (w *web) health(rw http.ResponseWriter, r *http.Request) {
	if err := w.store.ping(r.Context()); err != nil {
		http.Error(rw, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = rw.Write([]byte("ok\n"))
}

// choice is what a payer has filled in.
type choice struct{ Gateway, Channel, Amount string }

// The most that the shop sells at once; codepay takes no more.
const maxAmount money.Amount = 99999_99

func (w *web) home(rw http.ResponseWriter, r *http.Request) {
	w.render(rw, r, http.StatusOK, "home.html", page{
		Offers: w.offers,
		Chosen: choice{Gateway: w.offers[0].Gateway, Amount: "9.90"},
	})
}

// order takes an order and sends the payer to its page.
func (w *web) order(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		w.problem(rw, r, http.StatusBadRequest, "error.form")
		return
	}
	chosen := choice{Gateway: r.PostForm.Get("gateway"), Amount: strings.TrimSpace(r.PostForm.Get("amount"))}
	chosen.Channel = r.PostForm.Get("channel_" + chosen.Gateway)
	wrong := func(key string) {
		w.render(rw, r, http.StatusUnprocessableEntity, "home.html", page{Offers: w.offers, Chosen: chosen, Error: key})
	}
	offer, ok := w.offerOf(chosen.Gateway)
	if !ok || !offer.has(chosen.Channel) {
		wrong("error.gateway")
		return
	}
	amount, err := money.Parse(chosen.Amount)
	if err != nil || amount < 1 || amount > maxAmount {
		wrong("error.amount")
		return
	}
	o, err := w.checkout(r.Context(), purchase{offer: offer, channel: chosen.Channel, amount: amount, payerIP: w.payerIP(r)})
	if err != nil {
		w.log.ErrorContext(r.Context(), "checkout", "order_no", o.No, "error", err)
		if o.No == "" {
			w.problem(rw, r, http.StatusServiceUnavailable, "error.later")
			return
		}
	}
	http.Redirect(rw, r, "/orders/"+o.No, http.StatusSeeOther)
}

func (o offer) has(channel string) bool {
	for _, c := range o.Channels {
		if c == channel {
			return true
		}
	}
	return false
}

// payerIP returns the payer's address, which ispay asks for. X-Forwarded-For is
// believed only from a proxy, and of it only what that proxy has added.
func (w *web) payerIP(r *http.Request) string {
	if w.settings.behindProxy {
		all := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if ip, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			return ip.WithZone("").Unmap().String()
		}
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "127.0.0.1"
	}
	return ip.WithZone("").Unmap().String()
}

// stage is what the page of an order shows.
type stage string

const (
	stageWaiting     stage = "waiting"     // scan the code
	stageAsking      stage = "asking"      // the create is under way, or its answer was lost
	stageLost        stage = "lost"        // it exists, but its code was lost
	stageChecking    stage = "checking"    // the time is over, but a payment may be on its way
	stageUnconfirmed stage = "unconfirmed" // paid, as it seems
	stagePaid        stage = "paid"
	stageHeld        stage = "held"
	stageExpired     stage = "expired"
	stageRefused     stage = "refused"
)

// orderView is an order as its page shows it.
type orderView struct {
	order
	Stage      stage
	Seconds    int // how long it can still be paid
	TestPayURL string
}

// Lifetime returns for how many seconds in all the order can be paid.
func (v orderView) Lifetime() int { return int(v.ExpiresAt.Sub(v.CreatedAt) / time.Second) }

// Changing reports whether the stage can change by itself soon.
func (v orderView) Changing() bool {
	switch v.Stage {
	case stagePaid, stageHeld, stageRefused, stageExpired:
		return false
	default:
		return true
	}
}

func (w *web) view(o order, now time.Time) orderView {
	v := orderView{order: o, Seconds: max(0, int(o.ExpiresAt.Sub(now)/time.Second))}
	over := !now.Before(o.ExpiresAt)
	switch o.Status {
	case statusPaid:
		v.Stage = stagePaid
	case statusHeld:
		v.Stage = stageHeld
	case statusExpired:
		v.Stage = stageExpired
	case statusRefused:
		v.Stage = stageRefused
	case statusUnconfirmed:
		v.Stage = stageUnconfirmed
	case statusCreating, statusUnknown:
		v.Stage = stageAsking
		if over {
			v.Stage = stageChecking
		}
	case statusWaiting:
		v.Stage = stageWaiting
		switch {
		case over:
			v.Stage = stageChecking
		case o.QRText == "" && o.QRImageURL == "" && o.PayPageURL == "":
			v.Stage = stageLost
		}
	}
	if offer, ok := w.offerOf(o.Gateway); ok && offer.testPayURL != nil && offer.account == o.account && v.Stage == stageWaiting {
		v.TestPayURL = offer.testPayURL(o)
	}
	return v
}

// find returns the order of a request, or writes why not.
func (w *web) find(rw http.ResponseWriter, r *http.Request) (orderView, bool) {
	o, err := w.store.order(r.Context(), r.PathValue("no"))
	switch {
	case errors.Is(err, errNoOrder):
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return orderView{}, false
	case err != nil:
		w.log.ErrorContext(r.Context(), "read an order", "error", err)
		w.problem(rw, r, http.StatusServiceUnavailable, "error.later")
		return orderView{}, false
	}
	return w.view(o, time.Now()), true
}

func (w *web) orderPage(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.find(rw, r)
	if !ok {
		return
	}
	if v.Stage == stageWaiting && v.QRText == "" && v.QRImageURL != "" {
		rw.Header().Set("Content-Security-Policy", contentPolicy(origin(v.QRImageURL)))
	}
	w.render(rw, r, http.StatusOK, "order.html", page{Order: &v, Refresh: v.Changing()})
}

// origin returns " https://host", so that a page may show an image from there.
func origin(imageURL string) string {
	u, err := url.Parse(imageURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(u.Host, "; ,'\"") {
		return ""
	}
	return " " + u.Scheme + "://" + u.Host
}

// orderStatus is what the page asks for again and again.
func (w *web) orderStatus(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.find(rw, r)
	if !ok {
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(map[string]any{"stage": v.Stage, "version": v.Version, "seconds": v.Seconds})
}

// orderQR draws the gateway's text as a QR code.
func (w *web) orderQR(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.find(rw, r)
	if !ok {
		return
	}
	if v.Stage != stageWaiting || v.QRText == "" {
		http.Error(rw, "the order has no QR code to scan", http.StatusNotFound)
		return
	}
	code, err := qr.Encode(v.QRText, qr.M)
	if err != nil {
		w.log.WarnContext(r.Context(), "draw a QR code", "order_no", v.No, "error", err)
		http.Error(rw, "the text is too long for a QR code", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "image/png")
	_, _ = rw.Write(code.PNG())
}

// orderApp is what a mobile app pays with.
func (w *web) orderApp(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.find(rw, r)
	if !ok {
		return
	}
	if v.Stage != stageWaiting || v.AppData == "" {
		http.Error(rw, "the order is not paid in an app", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintln(rw, v.AppData)
}
