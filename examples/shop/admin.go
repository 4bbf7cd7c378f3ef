package main

import (
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paygates/paygates-go/checkout"
)

// How many rows a page of /admin shows.
const adminRows = 20

// outcomes are those that need a person.
var outcomes = []checkout.Outcome{
	checkout.OutcomeDuplicate, checkout.OutcomeMismatch, checkout.OutcomeLate, checkout.OutcomeOrphan, checkout.OutcomeReused,
	checkout.OutcomeRefunded, checkout.OutcomeUnconfirmed,
}

// statuses are those by which the orders can be selected.
var statuses = []checkout.OrderStatus{checkout.OrderPending, checkout.OrderPaid, checkout.OrderExpired}

// adminView is what a person has to decide.
type adminView struct {
	Outcomes []checkout.Outcome
	Outcome  checkout.Outcome // the selected one
	After    string
	Done     bool // a payment was resolved just now
	Payments []decision
	Next     string // the ID after which the next page begins, "" if there is none
}

// decision is a payment that a person has to decide about.
type decision struct {
	checkout.Payment
	By    string // who looks at it, "" if unknown
	Asked string // what the order asked, "" if that is what was paid or there is no order
}

// adminOrdersView is a page of the orders.
type adminOrdersView struct {
	Statuses []checkout.OrderStatus
	Status   checkout.OrderStatus // the selected one
	No       string               // what was searched for
	Before   string
	Orders   []checkout.OrderState
	Next     string // the number before which the next page begins, "" if there is none
}

// adminOrderView is an order with its notifications.
type adminOrderView struct {
	No      string
	State   *checkout.OrderState // nil for a number that only notifications name
	Held    []decision
	Journal []checkout.JournalEntry
	Next    string
}

// admin wraps a page that only the people of the shop may see.
func (w *web) admin(page http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if w.settings.adminToken.IsEmpty() {
			if !isLocal(r) {
				w.problem(rw, r, http.StatusForbidden, "error.admin")
				return
			}
			page(rw, r)
			return
		}
		address := w.payerIP(r)
		if w.failures.tooMany(address, time.Now()) {
			rw.Header().Set("Retry-After", "60")
			w.problem(rw, r, http.StatusTooManyRequests, "error.attempts")
			return
		}
		_, password, ok := r.BasicAuth()
		if !ok || subtle.ConstantTimeCompare([]byte(password), []byte(w.settings.adminToken.Reveal())) != 1 {
			if ok {
				w.failures.add(address, time.Now())
				w.log.WarnContext(r.Context(), "admin: wrong token", "address", address)
			}
			rw.Header().Set("WWW-Authenticate", `Basic realm="shop", charset="UTF-8"`)
			w.problem(rw, r, http.StatusUnauthorized, "error.admin")
			return
		}
		page(rw, r)
	}
}

// isLocal reports whether a request comes from a browser on this machine, neither through
// a proxy nor by a host name that another site chose.
func isLocal(r *http.Request) bool {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// failures counts wrong tokens by address: ten a minute are allowed.
type failures struct {
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

const (
	maxFailures  = 10
	maxAddresses = 10_000 // further ones share one count
)

func (f *failures) key(address string, now time.Time) string {
	if f.count == nil || now.Sub(f.since) >= time.Minute {
		f.since, f.count = now, map[string]int{}
	}
	if _, known := f.count[address]; !known && len(f.count) >= maxAddresses {
		return ""
	}
	return address
}

func (f *failures) tooMany(address string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := f.key(address, now)
	return f.count[key] >= maxFailures
}

func (f *failures) add(address string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := f.key(address, now)
	f.count[key]++
}

// idShape is that of the IDs of payments.
var idShape = regexp.MustCompile(`^[A-Za-z0-9-]{0,64}$`)

func (w *web) adminHome(rw http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	v := &adminView{Outcomes: outcomes, After: query.Get("after"), Done: query.Has("done")}
	for _, o := range outcomes {
		if query.Get("outcome") == string(o) {
			v.Outcome = o
		}
	}
	payments, err := w.checkout.Attention(r.Context(), checkout.AttentionQuery{Outcome: v.Outcome, After: v.After, Limit: adminRows + 1})
	switch {
	case errors.Is(err, checkout.ErrInvalidQuery):
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return
	case err != nil:
		w.failed(rw, r, "read admin page", err)
		return
	}
	if len(payments) > adminRows {
		payments = payments[:adminRows]
		v.Next = payments[adminRows-1].ID
	}
	v.Payments = w.toDecide(payments, user(r))
	w.render(rw, r, http.StatusOK, "admin.html", page{Title: "admin.title", Staff: true, Admin: v})
}

// toDecide returns the payments that a person has to decide about.
func (s *shop) toDecide(payments []checkout.Payment, by string) []decision {
	var all []decision
	for _, p := range payments {
		if !p.Held {
			continue
		}
		d := decision{Payment: p, By: by}
		asked := formatMoney(p.OrderAmount, s.currencyOf(p))
		if p.OrderAmount > 0 && asked != formatMoney(p.Amount, p.Currency) {
			d.Asked = asked
		}
		all = append(all, d)
	}
	return all
}

// currencyOf returns the currency of the order of a payment. The payment may be in another.
func (s *shop) currencyOf(p checkout.Payment) string {
	for _, m := range s.methods {
		if slices.ContainsFunc(m.routes, func(r route) bool { return r.gateway == p.Gateway }) {
			return m.Currency
		}
	}
	return p.Currency
}

func user(r *http.Request) string {
	name, _, _ := r.BasicAuth()
	return name
}

// adminOrders lists the orders whose number begins with "no".
func (w *web) adminOrders(rw http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	v := &adminOrdersView{Statuses: statuses, No: strings.TrimSpace(query.Get("no")), Before: query.Get("before")}
	for _, status := range statuses {
		if query.Get("status") == string(status) {
			v.Status = status
		}
	}
	orders, err := w.checkout.Orders(r.Context(), checkout.OrdersQuery{
		Status: v.Status, OrderNo: v.No, Before: v.Before, Limit: adminRows + 1,
	})
	switch {
	case errors.Is(err, checkout.ErrOrderNotFound), errors.Is(err, checkout.ErrInvalidQuery):
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return
	case err != nil:
		w.failed(rw, r, "list orders", err)
		return
	case v.leadsTo(orders):
		http.Redirect(rw, r, "/admin/orders/"+url.PathEscape(v.No), http.StatusSeeOther)
		return
	case len(orders) > adminRows:
		orders = orders[:adminRows]
		v.Next = orders[adminRows-1].No
	}
	v.Orders = orders
	w.render(rw, r, http.StatusOK, "adminorders.html", page{Title: "admin.orders", Staff: true, AdminOrders: v})
}

// leadsTo reports whether a whole number was searched for: that of the only order found, or
// one without an order, which notifications may name.
func (v *adminOrdersView) leadsTo(found []checkout.OrderState) bool {
	if v.Status != "" || v.Before != "" || !numberShape.MatchString(v.No) {
		return false
	}
	return len(found) == 0 || len(found) == 1 && found[0].No == v.No
}

// numberShape is that of the order numbers that a gateway can name.
var numberShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (w *web) adminOrder(rw http.ResponseWriter, r *http.Request) {
	v := &adminOrderView{No: r.PathValue("no")}
	before := r.URL.Query().Get("before")
	if !numberShape.MatchString(v.No) {
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return
	}
	var err error
	if v.State, err = w.checkout.Order(r.Context(), v.No); errors.Is(err, checkout.ErrOrderNotFound) {
		err = nil
	}
	if v.State != nil {
		v.Held = w.toDecide(v.State.Payments, user(r))
	}
	if err == nil {
		v.Journal, err = w.checkout.Journal(r.Context(), checkout.JournalQuery{OrderNo: v.No, Before: before, Limit: adminRows + 1})
	}
	switch {
	case errors.Is(err, checkout.ErrInvalidQuery):
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return
	case err != nil:
		w.failed(rw, r, "read order", err)
		return
	case v.State == nil && len(v.Journal) == 0:
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return
	case len(v.Journal) > adminRows:
		v.Journal = v.Journal[:adminRows]
		v.Next = v.Journal[adminRows-1].ID
	}
	w.render(rw, r, http.StatusOK, "adminorder.html", page{Title: "admin.order", Staff: true, AdminOrder: v})
}

// adminResolve carries out what a person decided about a payment.
func (w *web) adminResolve(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, 16<<10)
	id := r.PathValue("id")
	if err := r.ParseForm(); err != nil || !idShape.MatchString(id) || r.PostForm.Get("sure") != "yes" {
		w.problem(rw, r, http.StatusBadRequest, "error.form")
		return
	}
	resolution := checkout.Resolution{
		By: strings.TrimSpace(r.PostForm.Get("by")), Reason: strings.TrimSpace(r.PostForm.Get("reason")),
		Action: checkout.Action(r.PostForm.Get("action")),
	}
	if resolution.Action == checkout.ActionCredit {
		resolution.OrderNo = strings.TrimSpace(r.PostForm.Get("order"))
	}
	err := w.checkout.Resolve(r.Context(), id, resolution)
	switch {
	case err == nil:
		http.Redirect(rw, r, "/admin?done", http.StatusSeeOther)
	case errors.Is(err, checkout.ErrInvalidResolution):
		w.problem(rw, r, http.StatusUnprocessableEntity, "error.resolution")
	case errors.Is(err, checkout.ErrPaymentNotFound):
		w.problem(rw, r, http.StatusNotFound, "notfound")
	case errors.Is(err, checkout.ErrAlreadyResolved):
		w.problem(rw, r, http.StatusConflict, "error.resolved")
	case errors.Is(err, checkout.ErrOrderNotFound):
		w.problem(rw, r, http.StatusUnprocessableEntity, "error.order")
	case errors.Is(err, checkout.ErrOrderPaid):
		w.problem(rw, r, http.StatusConflict, "error.paid")
	default:
		w.failed(rw, r, "resolve payment", err)
	}
}
