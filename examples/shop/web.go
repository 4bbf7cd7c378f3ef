package main

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paygates/paygates-go/money"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// web serves the pages of a shop.
type web struct {
	*shop
	pages    map[string]*template.Template // by language
	failures failures                      // of /admin
}

// handler returns the handler of all pages and notifications.
func (s *shop) handler() (http.Handler, error) {
	pages, err := loadPages()
	if err != nil {
		return nil, err
	}
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	w := &web{shop: s, pages: pages}
	pagesMux := http.NewServeMux()
	pagesMux.HandleFunc("GET /{$}", w.home)
	pagesMux.HandleFunc("POST /orders", w.order)
	pagesMux.Handle("GET /orders", http.RedirectHandler("/", http.StatusSeeOther)) // the form, once it was rejected
	pagesMux.HandleFunc("GET /orders/{no}", w.orderPage)
	pagesMux.HandleFunc("GET /orders/{no}/return", w.orderReturn)
	pagesMux.HandleFunc("GET /orders/{no}/status", w.orderStatus)
	pagesMux.HandleFunc("GET /orders/{no}/qr.png", w.orderQR)
	pagesMux.HandleFunc("GET /orders/{no}/app.json", w.orderApp)
	pagesMux.HandleFunc("GET /admin", w.admin(w.adminHome))
	pagesMux.HandleFunc("GET /admin/orders", w.admin(w.adminOrders))
	pagesMux.HandleFunc("GET /admin/orders/{no}", w.admin(w.adminOrder))
	pagesMux.HandleFunc("POST /admin/payments/{id}", w.admin(w.adminResolve))
	pagesMux.HandleFunc("GET /healthz", w.health)
	pagesMux.Handle("GET /static/{version}/{file}", staticHandler(static))
	pagesMux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) { w.problem(rw, r, http.StatusNotFound, "notfound") })
	if s.demo != nil {
		pagesMux.Handle("/demo-app/", s.demo.app())
	}
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(s.settings.publicURL); err != nil { // a proxy may change the Host
		return nil, err
	}
	protection.SetDenyHandler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.problem(rw, r, http.StatusForbidden, "error.origin")
	}))
	mux := http.NewServeMux()
	mux.Handle("/", withHeaders(protection.Handler(pagesMux)))
	mux.Handle("/notify/", s.checkout.NotificationHandler())
	return mux, nil
}

// staticPath is where the static files are. It names their content, so that a browser can
// keep them until a release changes one.
func staticPath() string {
	hash := fnv.New64a()
	_ = fs.WalkDir(staticFiles, "static", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			content, _ := staticFiles.ReadFile(name)
			_, _ = fmt.Fprintf(hash, "%s %d %s", name, len(content), content)
		}
		return err
	})
	return fmt.Sprintf("/static/%x/", hash.Sum64())
}

// staticHandler serves the files. A page of another release gets them too, but keeps none.
func staticHandler(files fs.FS) http.Handler {
	kept := staticPath()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, kept) {
			rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeFileFS(rw, r, files, r.PathValue("file"))
	})
}

func loadPages() (map[string]*template.Template, error) {
	pages := make(map[string]*template.Template, len(languages))
	files := staticPath()
	for _, language := range languages {
		words, err := loadTexts(language)
		if err != nil {
			return nil, err
		}
		pages[language], err = template.New(language).Funcs(template.FuncMap{
			"t": words.get, "reason": words.reason, "time": localTime, "money": formatMoney, "method": methodName, "copyable": newCopyable, "static": func() string { return files },
		}).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// The gateways and their payers are in China.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

func localTime(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(shanghai).Format("2006-01-02 15:04:05")
}

// formatMoney returns "¥9.89", "$9.89", or "9.89 USDT" for a coin.
func formatMoney(amount money.Amount, currency string) string {
	switch currency {
	case "CNY":
		return "¥" + amount.String()
	case "USD":
		return "$" + amount.String()
	default:
		return amount.String() + " " + currency
	}
}

// copyable is a text with a button that copies it. Label is the key of what it is.
type copyable struct{ Text, Label string }

func newCopyable(text, label string) copyable { return copyable{text, label} }

// methodName returns the payment method of a gateway's channel.
func methodName(channel string) string {
	if name, ok := methodOf[channel]; ok {
		return name
	}
	return "other"
}

// withHeaders restricts the pages to what comes from the shop itself.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy(""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // the address of an order is for its payer only
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func contentPolicy(images string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; img-src 'self' data:" + images
}

// page is the data of every template.
type page struct {
	Language, OtherLanguage string
	OtherURL                string // this page in the other language
	Demo                    bool
	Refresh                 bool   // without JavaScript the page reloads itself
	Title                   string // the key of a text, "" for the shop's name alone
	Error                   string // the key of a text
	Retry                   string // the URL of a page that may work later, "" for none
	Staff                   bool   // the page is one of /admin
	Methods                 []method
	Chosen                  choice
	Order                   *orderView
	Admin                   *adminView
	AdminOrders             *adminOrdersView
	AdminOrder              *adminOrderView
}

// render writes a page.
func (w *web) render(rw http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Language = language(r)
	p.OtherLanguage = languages[0]
	if p.OtherLanguage == p.Language {
		p.OtherLanguage = languages[1]
	}
	p.OtherURL = inLanguage(r, p.OtherLanguage, p.Chosen.OrderNo)
	p.Demo = w.demo != nil
	rememberLanguage(rw, r, p.Language)
	var body bytes.Buffer
	if err := w.pages[p.Language].ExecuteTemplate(&body, name, p); err != nil {
		w.log.ErrorContext(r.Context(), "render page", "page", name, "error", err)
		http.Error(rw, "500 internal server error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = body.WriteTo(rw)
}

// inLanguage returns the URL of the requested page in another language. The page of a form
// that was sent cannot be requested again, so it leads to the form.
func inLanguage(r *http.Request, language, orderNo string) string {
	switch {
	case r.Method == http.MethodGet:
	case orderNo != "":
		return "/?" + url.Values{"lang": {language}, "order": {orderNo}}.Encode()
	case strings.HasPrefix(r.URL.Path, "/admin"):
		return "/admin?lang=" + language
	default:
		return "/?lang=" + language
	}
	query := r.URL.Query()
	query.Set("lang", language)
	return r.URL.EscapedPath() + "?" + query.Encode()
}

// problem writes a page with an error: key is that of a text. The page leads to where the
// visitor came from, and to the same page again if it may work later.
func (w *web) problem(rw http.ResponseWriter, r *http.Request, status int, key string) {
	p := page{Title: key, Error: key}
	allowed := status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusTooManyRequests
	p.Staff = allowed && strings.HasPrefix(r.URL.Path, "/admin")
	if later := status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests; later && r.Method == http.MethodGet {
		p.Retry = r.URL.RequestURI()
	}
	if id := r.PathValue("id"); p.Staff && id != "" && status != http.StatusConflict && status != http.StatusNotFound {
		p.Retry = "/admin#payment-" + url.PathEscape(id) // a decision that can be corrected
	}
	w.render(rw, r, status, "problem.html", p)
}

// failed logs an error of the database and writes a page.
func (w *web) failed(rw http.ResponseWriter, r *http.Request, operation string, err error) {
	w.log.ErrorContext(r.Context(), operation, "error", err)
	w.problem(rw, r, http.StatusServiceUnavailable, "error.later")
}

func (w *web) health(rw http.ResponseWriter, r *http.Request) {
	if err := w.db.PingContext(r.Context()); err != nil {
		http.Error(rw, "database is not reachable", http.StatusServiceUnavailable)
		return
	}
	_, _ = rw.Write([]byte("ok\n"))
}
