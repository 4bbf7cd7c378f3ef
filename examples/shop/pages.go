package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paygates/paygates-go/checkout"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// choice is what a payer has filled in. OrderNo is that of an order whose payer chooses
// another method.
type choice struct{ Method, Amount, OrderNo, Price string }

// The largest amount of an order. Codepay accepts no more.
const maxAmount money.Amount = 99999_99

func (w *web) home(rw http.ResponseWriter, r *http.Request) {
	p := page{Methods: w.methods, Chosen: choice{Method: w.methods[0].Name, Amount: "9.90"}}
	if no := r.URL.Query().Get("order"); no != "" {
		state, ok := w.find(rw, r, no)
		if !ok {
			return
		}
		if !canChange(state, time.Now()) {
			http.Redirect(rw, r, "/orders/"+state.No, http.StatusSeeOther)
			return
		}
		p.Methods = w.methodsIn(state.Currency)
		p.Chosen = w.chosenAgain(state)
	}
	w.render(rw, r, http.StatusOK, "home.html", p)
}

// canChange reports whether an order can get another attempt.
func canChange(state *checkout.OrderState, now time.Time) bool {
	return state.Status == checkout.OrderPending && !state.Held && now.Before(state.ExpiresAt) &&
		!slices.ContainsFunc(state.Attempts, isUnconfirmed)
}

func (w *web) chosenAgain(state *checkout.OrderState) choice {
	c := choice{Amount: state.Amount.String(), OrderNo: state.No, Price: formatMoney(state.Amount, state.Currency)}
	if a := state.Attempt(); a != nil {
		c.Method = methodName(a.Channel)
	}
	return c
}

func (w *web) methodsIn(currency string) []method {
	var methods []method
	for _, m := range w.methods {
		if m.Currency == currency {
			methods = append(methods, m)
		}
	}
	return methods
}

// order places an order, or another attempt of one, and redirects the payer to its page.
func (w *web) order(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		w.problem(rw, r, http.StatusBadRequest, "error.form")
		return
	}
	chosen := choice{Method: r.PostForm.Get("method"), Amount: strings.TrimSpace(r.PostForm.Get("amount"))}
	methods := w.methods
	if no := r.PostForm.Get("order"); no != "" {
		state, ok := w.find(rw, r, no)
		if !ok {
			return
		}
		if !canChange(state, time.Now()) { // the form was loaded before
			http.Redirect(rw, r, "/orders/"+state.No, http.StatusSeeOther)
			return
		}
		methods = w.methodsIn(state.Currency)
		method := chosen.Method
		chosen = w.chosenAgain(state)
		chosen.Method = method
	}
	wrong := func(key string) {
		w.render(rw, r, http.StatusUnprocessableEntity, "home.html", page{Methods: methods, Chosen: chosen, Error: key})
	}
	p := purchase{orderNo: chosen.OrderNo, payerIP: w.payerIP(r)}
	for _, m := range methods {
		if m.Name == chosen.Method {
			p.method = m
		}
	}
	if p.method.Name == "" {
		wrong("error.method")
		return
	}
	var err error
	if p.amount, err = money.Parse(chosen.Amount); err != nil || p.amount < 1 || p.amount > maxAmount {
		wrong("error.amount")
		return
	}
	no, err := w.place(r.Context(), p)
	if err != nil {
		w.log.ErrorContext(r.Context(), "place order", "order_no", no, "error", err)
		if no == "" {
			w.problem(rw, r, http.StatusServiceUnavailable, "error.later")
			return
		}
	}
	http.Redirect(rw, r, "/orders/"+no, http.StatusSeeOther)
}

// payerIP returns the payer's address, which ispay requires. The last address in
// X-Forwarded-For is the one that the shop's own proxy has added, in a separate line or at
// the end of the payer's.
func (w *web) payerIP(r *http.Request) string {
	if w.settings.behindProxy {
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
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

// find returns an order, or writes why there is none.
func (w *web) find(rw http.ResponseWriter, r *http.Request, no string) (*checkout.OrderState, bool) {
	state, err := w.checkout.Order(r.Context(), no)
	switch {
	case errors.Is(err, checkout.ErrOrderNotFound):
		w.problem(rw, r, http.StatusNotFound, "notfound")
		return nil, false
	case err != nil:
		w.failed(rw, r, "read order", err)
		return nil, false
	default:
		return state, true
	}
}

func (w *web) findView(rw http.ResponseWriter, r *http.Request) (*orderView, bool) {
	state, ok := w.find(rw, r, r.PathValue("no"))
	if !ok {
		return nil, false
	}
	return w.view(state, time.Now()), true
}

func (w *web) orderPage(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.findView(rw, r)
	if !ok {
		return
	}
	if v.Stage == stageWaiting && !v.HasQR() {
		rw.Header().Set("Content-Security-Policy", contentPolicy(origin(v.QRImageURL)))
	}
	w.render(rw, r, http.StatusOK, "order.html", page{Title: "stage." + string(v.Stage), Order: v, Refresh: v.Changing()})
}

// orderReturn is the return URL: the payer comes from the gateway and wants to know now.
func (w *web) orderReturn(rw http.ResponseWriter, r *http.Request) {
	state, err := w.checkout.Refresh(r.Context(), r.PathValue("no"))
	switch {
	case errors.Is(err, checkout.ErrOrderNotFound):
		w.problem(rw, r, http.StatusNotFound, "notfound")
	case err != nil:
		w.failed(rw, r, "refresh order", err)
	default:
		http.Redirect(rw, r, "/orders/"+state.No, http.StatusSeeOther)
	}
}

// origin returns " https://host", so that a page may show an image from there.
func origin(imageURL string) string {
	u, err := url.Parse(imageURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(u.Host, "; ,'\"") {
		return ""
	}
	return " " + u.Scheme + "://" + u.Host
}

// orderStatus is what the page of an order polls.
func (w *web) orderStatus(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.findView(rw, r)
	if !ok {
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(map[string]any{"stage": v.Stage, "version": v.Version, "seconds": v.Seconds})
}

// orderQR draws the QR code of an order.
func (w *web) orderQR(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.findView(rw, r)
	if !ok {
		return
	}
	if v.Stage != stageWaiting || !v.HasQR() {
		http.Error(rw, "order has no QR code", http.StatusNotFound)
		return
	}
	image := gatewaytest.QRCode(v.qrText)
	if image == nil {
		http.Error(rw, "text is too long for a QR code", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "image/png")
	_, _ = rw.Write(image)
}

// orderApp is what a mobile app pays with.
func (w *web) orderApp(rw http.ResponseWriter, r *http.Request) {
	v, ok := w.findView(rw, r)
	if !ok {
		return
	}
	if v.Stage != stageWaiting || !v.InApp {
		http.Error(rw, "order is not paid in an app", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(rw, "%s\n", v.attempt.Instructions.AppData.Reveal())
}
