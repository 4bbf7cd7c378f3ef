package sandbox

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

//go:embed page openapi.json
var files embed.FS

// route is one path of the page's server. openapi.json describes the same ones.
type route struct {
	pattern string
	handler http.HandlerFunc
}

func (b *Sandbox) routes() []route {
	return []route{
		{"GET /env", b.serveEnv},
		{"GET /openapi.json", serveOpenAPI},
		{"GET /api/gateways", b.serveGateways},
		{"GET /api/orders", b.serveOrders},
		{"GET /api/orders/{gateway}/{number}", b.serveOrder},
		{"GET /api/deliveries", b.serveDeliveries},
		{"POST /api/orders/{gateway}", b.addOrder},
		{"POST /api/orders/{gateway}/{number}/{action}", b.act},
		{"POST /api/gateways/{gateway}/delay", b.setting((*running).changeDelay)},
		{"POST /api/gateways/{gateway}/notify-url", b.setting((*running).changeNotifyURL)},
		{"POST /api/gateways/{gateway}/fault", b.setting((*running).changeFault)},
	}
}

func (b *Sandbox) handler() http.Handler {
	page, err := fs.Sub(files, "page")
	if err != nil {
		panic(err) // the directory is compiled in
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	for _, r := range b.routes() {
		mux.HandleFunc(r.pattern, r.handler)
	}
	mux.HandleFunc("GET /api/", unknownPath)
	mux.HandleFunc("POST /api/", unknownPath)
	return guard(mux)
}

func unknownPath(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, fmt.Sprintf("there is no %s %s: see /openapi.json", r.Method, r.URL.Path))
}

func serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "openapi.json")
}

func (b *Sandbox) serveEnv(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, b.Environment(r.Host, r.URL.Query().Get("shell")))
}

// Environment returns the variables of clients for this sandbox as commands of a shell:
// "" for those of Unix, "powershell". The addresses have the name by which the page was
// requested, "" for that of Settings.
func (b *Sandbox) Environment(host, shell string) string {
	format, quote := "export %s='%s'\n", `'\''`
	if shell == "powershell" {
		format, quote = "$env:%s = '%s'\n", `''`
	}
	var out strings.Builder
	for _, g := range b.gateways {
		for _, v := range g.variables(host) {
			_, _ = fmt.Fprintf(&out, format, v.Name, strings.ReplaceAll(v.Value, "'", quote))
		}
	}
	return out.String()
}

// variable is an environment variable of a client.
type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// variables returns those of clients that reach the sandbox by the host of a request. A
// client that is not on this machine must be allowed to do without TLS.
func (g *running) variables(host string) []variable {
	all := make([]variable, 0, len(g.Env)+1)
	for _, field := range g.Env {
		all = append(all, variable{field.Name, g.requested(field.Value, host)})
	}
	if base, err := url.Parse(g.requested(g.url, host)); err == nil && !IsLoopback(base.Hostname()) {
		all = append(all, variable{strings.ToUpper(g.Name) + "_ALLOW_PLAIN_HTTP", "1"})
	}
	return all
}

func (b *Sandbox) serveGateways(w http.ResponseWriter, r *http.Request) {
	type described struct {
		Name         string     `json:"name"`
		Title        string     `json:"title"`
		URL          string     `json:"url"`
		Variables    []variable `json:"variables"`
		DelaySeconds float64    `json:"delay_seconds"`
		Faults       int        `json:"faults"`
		HasNotifyURL bool       `json:"has_notify_url"`
		NotifyURL    string     `json:"notify_url"`
		AddsOrders   bool       `json:"adds_orders"`
	}
	all := make([]described, len(b.gateways))
	for i, g := range b.gateways {
		g.mu.Lock()
		all[i] = described{
			g.Name, g.Title, g.requested(g.url, r.Host), g.variables(r.Host), g.delay.Seconds(), g.faults,
			g.SetNotifyURL != nil, g.notifyURL, g.AddOrder != nil,
		}
		g.mu.Unlock()
	}
	respond(w, http.StatusOK, all)
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

func (g *running) show(o gatewaytest.Order, host string) order {
	return order{
		g.Name, o.ID, o.OrderNo, o.Amount, o.Currency, o.Channel, o.State, g.StateText(o.State), o.Paid,
		orNull(o.CreatedAt), orNull(o.PaidAt), o.NotifyURL, o.ReturnURL, g.requested(g.PayPage(o), host),
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// delivery is an attempt to deliver a notification, as the API shows it.
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
	Response string    `json:"response"`
	Accepted bool      `json:"accepted"`
	Error    string    `json:"error"`
}

func (g *running) showDelivery(d gatewaytest.Delivery) *delivery {
	if d.Attempt == 0 { // the order has no notify URL
		return nil
	}
	return &delivery{
		g.Name, d.OrderID, d.OrderNo, d.Attempt, d.At, d.Method, d.URL, d.Body,
		d.Tampered, d.Status, d.Response, d.Accepted, d.Err,
	}
}

// chosen returns the gateways that a list is about: one or all.
func (b *Sandbox) chosen(w http.ResponseWriter, r *http.Request) ([]*running, bool) {
	name := r.URL.Query().Get("gateway")
	if name == "" {
		return b.gateways, true
	}
	g, ok := b.find(w, name)
	return []*running{g}, ok
}

// find returns a gateway by name, or responds that there is none.
func (b *Sandbox) find(w http.ResponseWriter, name string) (*running, bool) {
	for _, g := range b.gateways {
		if g.Name == name {
			return g, true
		}
	}
	fail(w, http.StatusNotFound, fmt.Sprintf("there is no gateway %q", name))
	return nil, false
}

func (b *Sandbox) serveOrders(w http.ResponseWriter, r *http.Request) {
	chosen, ok := b.chosen(w, r)
	if !ok {
		return
	}
	all := []order{}
	for _, g := range chosen {
		for _, o := range g.Orders() {
			all = append(all, g.show(o, r.Host))
		}
	}
	slices.SortStableFunc(all, func(x, y order) int { return x.CreatedAt.Compare(*y.CreatedAt) })
	respond(w, http.StatusOK, all)
}

func (b *Sandbox) serveOrder(w http.ResponseWriter, r *http.Request) {
	g, ok := b.find(w, r.PathValue("gateway"))
	if !ok {
		return
	}
	o, ok := g.Order(r.PathValue("number"))
	if !ok {
		failUnknown(w, r)
		return
	}
	respond(w, http.StatusOK, g.show(o, r.Host))
}

// failUnknown responds that there is no order with the number in the path.
func failUnknown(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, fmt.Sprintf("%s has no order %q: see /api/orders", r.PathValue("gateway"), r.PathValue("number")))
}

func (b *Sandbox) serveDeliveries(w http.ResponseWriter, r *http.Request) {
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
	respond(w, http.StatusOK, all)
}

// read reads the JSON of a request, or responds why it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return true
	case errors.As(err, &mismatch) && mismatch.Field != "":
		types := strings.NewReplacer("float64", "a number", "int", "a whole number", "bool", "true or false", "string", "a string")
		fail(w, http.StatusBadRequest, fmt.Sprintf("%s must be %s, and not a %s", mismatch.Field, types.Replace(mismatch.Type.String()), mismatch.Value))
	default:
		fail(w, http.StatusBadRequest, "the body must be JSON: "+err.Error())
	}
	return false
}

func fail(w http.ResponseWriter, status int, why string) {
	respond(w, status, map[string]string{"error": why})
}

func respond(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
}
