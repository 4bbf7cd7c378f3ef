package main

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
)

// adminView is what a person has to look at.
type adminView struct {
	Held   []heldPayments
	Open   []openOrders
	Newest []order
}

// heldPayments are payments that were not credited, by the reason.
type heldPayments struct {
	Outcome  outcome
	Payments []seenPayment
}

// openOrders are orders about which the gateway has not been clear.
type openOrders struct {
	Status status
	Orders []order
}

const adminRows = 100

func (w *web) admin(rw http.ResponseWriter, r *http.Request) {
	if !w.mayAdmin(r) {
		if !w.settings.adminToken.IsEmpty() {
			rw.Header().Set("WWW-Authenticate", `Basic realm="shop", charset="UTF-8"`)
			w.problem(rw, r, http.StatusUnauthorized, "error.admin")
			return
		}
		w.problem(rw, r, http.StatusForbidden, "error.admin")
		return
	}
	view, err := w.adminView(r)
	if err != nil {
		w.log.ErrorContext(r.Context(), "read the admin page", "error", err)
		w.problem(rw, r, http.StatusServiceUnavailable, "error.later")
		return
	}
	w.render(rw, r, http.StatusOK, "admin.html", page{Admin: view})
}

func (w *web) adminView(r *http.Request) (*adminView, error) {
	v := &adminView{}
	for _, of := range []outcome{outcomeLate, outcomeDuplicate, outcomeMismatch, outcomeOrphan} {
		payments, err := w.store.payments(r.Context(), of, adminRows)
		if err != nil {
			return nil, err
		}
		v.Held = append(v.Held, heldPayments{of, payments})
	}
	for _, of := range []status{statusUnconfirmed, statusUnknown} {
		orders, err := w.store.orders(r.Context(), of, adminRows)
		if err != nil {
			return nil, err
		}
		v.Open = append(v.Open, openOrders{of, orders})
	}
	var err error
	v.Newest, err = w.store.orders(r.Context(), "", adminRows)
	return v, err
}

// mayAdmin wants the token, if there is one. Without one it wants a browser on
// this machine: neither a proxy nor another site's page that was led here by its
// host name.
func (w *web) mayAdmin(r *http.Request) bool {
	if token := w.settings.adminToken; !token.IsEmpty() {
		_, password, _ := r.BasicAuth()
		return subtle.ConstantTimeCompare([]byte(password), []byte(token.Reveal())) == 1
	}
	forwarded := r.Header.Get("X-Forwarded-For") + r.Header.Get("Forwarded") + r.Header.Get("X-Real-Ip")
	return forwarded == "" && isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
