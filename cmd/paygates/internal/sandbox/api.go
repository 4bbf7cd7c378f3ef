package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// sandbox is all the gateways with their page.
type sandbox struct {
	address  string
	gateways []*gateway
	tasks    sync.WaitGroup

	mu   sync.Mutex
	busy map[string]bool // orders that are being paid
}

func (b *sandbox) close() {
	for _, g := range b.gateways {
		g.Close()
	}
	b.tasks.Wait()
}

//go:embed page
var page embed.FS

func (b *sandbox) handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the directory is compiled in
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /env", b.serveEnv)
	mux.HandleFunc("GET /api/gateways", b.serveGateways)
	mux.HandleFunc("GET /api/orders", b.serveOrders)
	mux.HandleFunc("GET /api/orders/{gateway}/{number}", b.serveOrder)
	mux.HandleFunc("GET /api/deliveries", b.serveDeliveries)
	mux.HandleFunc("POST /api/orders/pingpp", b.addOrder)
	mux.HandleFunc("POST /api/orders/{gateway}/{number}/{action}", b.act)
	mux.HandleFunc("POST /api/gateways/{gateway}/{setting}", b.set)
	return b.guard(mux)
}

// guard refuses what pages of other origins make a browser send: by their own
// name for this address (rebinding), or across origins.
func (b *sandbox) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		if !b.isOwn(r.Host) {
			refuse(w, http.StatusForbidden, "ask for the sandbox as 127.0.0.1 or localhost")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !sameOrigin(r) {
			refuse(w, http.StatusForbidden, "refused: the request comes from another page")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (b *sandbox) isOwn(host string) bool {
	_, own, err := net.SplitHostPort(b.address)
	if err != nil {
		return false
	}
	name, port, err := net.SplitHostPort(host)
	return err == nil && port == own && (name == "127.0.0.1" || name == "localhost")
}

// A program sends neither of the two headers, a browser always sends Origin with
// a POST.
func sameOrigin(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	return (origin == "" || origin == "http://"+r.Host) && (site == "" || site == "same-origin" || site == "none")
}

func (b *sandbox) serveEnv(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	b.writeVariables(w, r.URL.Query().Get("shell"))
}

func (b *sandbox) serveGateways(w http.ResponseWriter, _ *http.Request) {
	type described struct {
		Name         string     `json:"name"`
		Title        string     `json:"title"`
		URL          string     `json:"url"`
		Variables    []variable `json:"variables"`
		DelaySeconds float64    `json:"delay_seconds"`
		HasNotifyURL bool       `json:"has_notify_url"`
		NotifyURL    string     `json:"notify_url"`
		AddsOrders   bool       `json:"adds_orders"`
	}
	all := make([]described, len(b.gateways))
	for i, g := range b.gateways {
		g.mu.Lock()
		all[i] = described{
			g.name, g.title, g.url, g.variables, g.delay.Seconds(), g.setNotifyURL != nil, g.notifyURL, g.addOrder != nil,
		}
		g.mu.Unlock()
	}
	reply(w, http.StatusOK, all)
}

// order is an order as the API shows it.
type order struct {
	Gateway   string       `json:"gateway"`
	ID        string       `json:"id"`
	OrderNo   string       `json:"order_no"`
	Amount    money.Amount `json:"amount"`
	Currency  string       `json:"currency"`
	Channel   string       `json:"channel"`
	State     string       `json:"state"`
	StateText string       `json:"state_text"`
	Paid      bool         `json:"paid"`
	CreatedAt *time.Time   `json:"created_at"`
	PaidAt    *time.Time   `json:"paid_at"`
	NotifyURL string       `json:"notify_url"`
	ReturnURL string       `json:"return_url"`
	PayPage   string       `json:"pay_page"`
}

func (g *gateway) show(o gatewaytest.Order) order {
	return order{
		g.name, o.ID, o.OrderNo, o.Amount, o.Currency, o.Channel, o.State, g.stateText(o.State), o.Paid,
		orNull(o.CreatedAt), orNull(o.PaidAt), o.NotifyURL, o.ReturnURL, g.payPage(o),
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// delivery is a try to call the merchant back, as the API shows it.
type delivery struct {
	Gateway  string    `json:"gateway"`
	OrderID  string    `json:"order_id"`
	OrderNo  string    `json:"order_no"`
	Attempt  int       `json:"attempt"`
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	URL      string    `json:"url"`
	Body     string    `json:"body"`
	Tampered bool      `json:"tampered"`
	Status   int       `json:"status"`
	Reply    string    `json:"reply"`
	Accepted bool      `json:"accepted"`
	Error    string    `json:"error"`
}

func (g *gateway) showDelivery(d gatewaytest.Delivery) *delivery {
	if d.Attempt == 0 { // the order has no notify URL
		return nil
	}
	return &delivery{
		g.name, d.OrderID, d.OrderNo, d.Attempt, d.At, d.Method, d.URL, d.Body,
		d.Tampered, d.Status, d.Reply, d.Accepted, d.Err,
	}
}

// chosen returns the gateways that a list is asked for: one or all.
func (b *sandbox) chosen(w http.ResponseWriter, r *http.Request) ([]*gateway, bool) {
	name := r.URL.Query().Get("gateway")
	if name == "" {
		return b.gateways, true
	}
	g, ok := b.find(w, name)
	return []*gateway{g}, ok
}

// find returns a gateway by name, or answers that there is none.
func (b *sandbox) find(w http.ResponseWriter, name string) (*gateway, bool) {
	for _, g := range b.gateways {
		if g.name == name {
			return g, true
		}
	}
	refuse(w, http.StatusNotFound, fmt.Sprintf("there is no gateway %q", name))
	return nil, false
}

func (b *sandbox) serveOrders(w http.ResponseWriter, r *http.Request) {
	chosen, ok := b.chosen(w, r)
	if !ok {
		return
	}
	all := []order{}
	for _, g := range chosen {
		for _, o := range g.Orders() {
			all = append(all, g.show(o))
		}
	}
	slices.SortStableFunc(all, func(x, y order) int { return x.CreatedAt.Compare(*y.CreatedAt) })
	reply(w, http.StatusOK, all)
}

func (b *sandbox) serveOrder(w http.ResponseWriter, r *http.Request) {
	g, ok := b.find(w, r.PathValue("gateway"))
	if !ok {
		return
	}
	o, ok := g.Order(r.PathValue("number"))
	if !ok {
		refuse(w, http.StatusNotFound, "there is no such order")
		return
	}
	reply(w, http.StatusOK, g.show(o))
}

func (b *sandbox) serveDeliveries(w http.ResponseWriter, r *http.Request) {
	chosen, ok := b.chosen(w, r)
	if !ok {
		return
	}
	all := []*delivery{}
	for _, g := range chosen {
		for _, d := range g.Deliveries() {
			all = append(all, g.showDelivery(d))
		}
	}
	slices.SortStableFunc(all, func(x, y *delivery) int { return x.At.Compare(y.At) })
	reply(w, http.StatusOK, all)
}

// done is what an action answers.
type done struct {
	Order    order     `json:"order"`
	Delivery *delivery `json:"delivery"`
}

func (b *sandbox) act(w http.ResponseWriter, r *http.Request) {
	g, ok := b.find(w, r.PathValue("gateway"))
	if !ok {
		return
	}
	o, ok := g.Order(r.PathValue("number"))
	if !ok {
		refuse(w, http.StatusNotFound, "there is no such order")
		return
	}
	action := r.PathValue("action")
	run, why := g.action(action, o)
	switch {
	case run == nil && why == "":
		refuse(w, http.StatusNotFound, "there is no such action: want pay, pay-silently, expire, redeliver or tamper")
		return
	case why != "":
		refuse(w, http.StatusConflict, why)
		return
	}
	key := g.name + " " + o.ID
	if !b.claim(key) {
		refuse(w, http.StatusConflict, "the order is busy: its last callback is still on its way")
		return
	}
	result := make(chan outcome, 1)
	b.tasks.Add(1)
	go func() {
		defer b.tasks.Done()
		defer b.release(key)
		d, err := run()
		result <- outcome{d, err}
	}()
	if r.URL.Query().Get("background") == "" {
		g.answer(w, o, <-result)
		return
	}
	select {
	case ended := <-result:
		g.answer(w, o, ended)
	case <-time.After(300 * time.Millisecond):
		reply(w, http.StatusAccepted, done{Order: g.show(o)})
	}
}

type outcome struct {
	delivery gatewaytest.Delivery
	err      error
}

func (g *gateway) answer(w http.ResponseWriter, o gatewaytest.Order, ended outcome) {
	if ended.err != nil {
		refuse(w, http.StatusConflict, ended.err.Error())
		return
	}
	if newer, ok := g.Order(o.ID); ok {
		o = newer
	}
	reply(w, http.StatusOK, done{Order: g.show(o), Delivery: g.showDelivery(ended.delivery)})
}

// action returns what to do with an order, or why it cannot be done. An unknown
// action is neither.
func (g *gateway) action(name string, o gatewaytest.Order) (run func() (gatewaytest.Delivery, error), why string) {
	silent := func(f func(string) error) func() (gatewaytest.Delivery, error) {
		return func() (gatewaytest.Delivery, error) { return gatewaytest.Delivery{}, f(o.ID) }
	}
	switch name {
	case "pay":
		run = func() (gatewaytest.Delivery, error) { return g.Pay(o.ID) }
	case "pay-silently":
		run = silent(g.PaySilently)
	case "expire":
		run = silent(g.Expire)
	case "redeliver":
		if !o.Paid {
			return nil, "the order is not paid, so there is no callback to repeat"
		}
		return func() (gatewaytest.Delivery, error) { return g.Redeliver(o.ID) }, ""
	case "tamper":
		return func() (gatewaytest.Delivery, error) { return g.SendTampered(o.ID) }, ""
	default:
		return nil, ""
	}
	if o.Paid {
		return nil, "the order is paid already"
	}
	return run, ""
}

// claim lets an order be acted upon once at a time.
func (b *sandbox) claim(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[key] {
		return false
	}
	b.busy[key] = true
	return true
}

func (b *sandbox) release(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.busy, key)
}

func (b *sandbox) addOrder(w http.ResponseWriter, r *http.Request) {
	var in struct {
		OrderNo string       `json:"order_no"`
		Amount  money.Amount `json:"amount"`
		Subject string       `json:"subject"`
	}
	if !read(w, r, &in) {
		return
	}
	g, ok := b.find(w, "pingpp")
	if !ok {
		return
	}
	if err := g.addOrder(in.OrderNo, in.Amount, in.Subject); err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	o, _ := g.Order(in.OrderNo)
	reply(w, http.StatusCreated, g.show(o))
}

func (b *sandbox) set(w http.ResponseWriter, r *http.Request) {
	g, ok := b.find(w, r.PathValue("gateway"))
	if !ok {
		return
	}
	switch r.PathValue("setting") {
	case "delay":
		g.changeDelay(w, r)
	case "notify-url":
		g.changeNotifyURL(w, r)
	case "fault":
		g.changeFault(w, r)
	default:
		refuse(w, http.StatusNotFound, "there is no such setting: want delay, notify-url or fault")
	}
}

const longestDelay = 10 * time.Minute

func (g *gateway) changeDelay(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Seconds float64 `json:"seconds"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Seconds < 0 || in.Seconds > longestDelay.Seconds() {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("seconds must be 0 to %d", int(longestDelay.Seconds())))
		return
	}
	g.mu.Lock()
	g.delay = time.Duration(in.Seconds * float64(time.Second))
	g.DelayCallbacks(g.delay)
	g.mu.Unlock()
	reply(w, http.StatusOK, in)
}

func (g *gateway) changeNotifyURL(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL string `json:"url"`
	}
	if g.setNotifyURL == nil {
		refuse(w, http.StatusConflict, g.name+" takes the notify URL with each order")
		return
	}
	if !read(w, r, &in) {
		return
	}
	target, err := url.Parse(in.URL)
	if in.URL != "" && (err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https") {
		refuse(w, http.StatusBadRequest, "url must be an http or https URL, or empty")
		return
	}
	g.mu.Lock()
	g.notifyURL = in.URL
	g.setNotifyURL(in.URL)
	g.mu.Unlock()
	reply(w, http.StatusOK, in)
}

func (g *gateway) changeFault(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Path         string  `json:"path"`
		Times        int     `json:"times"`
		Processed    bool    `json:"processed"`
		DelaySeconds float64 `json:"delay_seconds"`
		Reset        bool    `json:"reset"`
		Redirect     string  `json:"redirect"`
		Cut          bool    `json:"cut"`
		Status       int     `json:"status"`
		ContentType  string  `json:"content_type"`
		Body         string  `json:"body"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Status != 0 && (in.Status < 200 || in.Status > 599) || in.Times < 0 ||
		in.DelaySeconds < 0 || in.DelaySeconds > longestDelay.Seconds() {
		refuse(w, http.StatusBadRequest, "want a status of 200 to 599, and neither times nor delay_seconds below 0")
		return
	}
	g.Misbehave(gatewaytest.Fault{
		Path: in.Path, Times: in.Times, Processed: in.Processed,
		Delay: time.Duration(in.DelaySeconds * float64(time.Second)),
		Reset: in.Reset, Redirect: in.Redirect, Cut: in.Cut,
		Status: in.Status, ContentType: in.ContentType, Body: in.Body,
	})
	reply(w, http.StatusOK, in)
}

// read reads the JSON of a request, or answers why it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, "want JSON: "+err.Error())
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
}
