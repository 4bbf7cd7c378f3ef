package pingpptest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
)

func (s *Server) api(call http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isAuthorized(r):
			fail(w, http.StatusUnauthorized, "", "Invalid API Key provided.")
		case !s.requestSigned(r):
			fail(w, http.StatusUnauthorized, "", "The request signature is invalid.")
		default:
			call(w, r)
		}
	}
}

// findCharge returns the order of the charge in the path, or responds that there is none.
func (s *Server) findCharge(w http.ResponseWriter, r *http.Request) (gatewaytest.Order, bool) {
	id := r.PathValue("id")
	order, ok := s.Order(id)
	if !ok || order.ID != id || order.State == stateNew {
		fail(w, http.StatusNotFound, "id", "No such charge: "+id)
		return order, false
	}
	return order, true
}

func (s *Server) queryCharge(w http.ResponseWriter, r *http.Request) {
	if order, ok := s.findCharge(w, r); ok {
		gatewaytest.WriteJSON(w, http.StatusOK, chargeOf(order, s.refundsOf(order.ID)))
	}
}

func (s *Server) listCharges(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if app := query.Get("app[id]"); app != App {
		fail(w, http.StatusNotFound, "app[id]", "No such app: "+app)
		return
	}
	orders := s.Orders()
	slices.Reverse(orders)
	slices.SortStableFunc(orders, func(a, b gatewaytest.Order) int { return b.CreatedAt.Compare(a.CreatedAt) })
	var charges []map[string]any
	for _, order := range orders {
		charge := chargeOf(order, s.refundsOf(order.ID))
		if order.State != stateNew && isSelected(charge, query) && s.isInTime(order.CreatedAt.Unix(), query) {
			charges = append(charges, charge)
		}
	}
	replyPage(w, r, charges)
}

func isSelected(charge map[string]any, query url.Values) bool {
	for _, name := range []string{"channel", "paid", "refunded"} {
		if want := query.Get(name); want != "" && want != fmt.Sprint(charge[name]) {
			return false
		}
	}
	return query.Get("reversed") != "true"
}

// isInTime compares a time with created[…]. Without it the list begins a month ago.
func (s *Server) isInTime(created int64, query url.Values) bool {
	limited, ok := false, true
	// What the comparison with the limit may be: -1 is before it.
	for operator, allowed := range map[string][]int{"gt": {1}, "gte": {0, 1}, "lt": {-1}, "lte": {-1, 0}} {
		text := query.Get("created[" + operator + "]")
		if text == "" {
			continue
		}
		limit, err := strconv.ParseInt(text, 10, 64)
		limited, ok = true, ok && err == nil && slices.Contains(allowed, cmp.Compare(created, limit))
	}
	return ok && (limited || created >= s.Now().Add(-30*24*time.Hour).Unix())
}

func (s *Server) listRefunds(w http.ResponseWriter, r *http.Request) {
	if order, ok := s.findCharge(w, r); ok {
		replyPage(w, r, s.refundsOf(order.ID))
	}
}

func (s *Server) queryRefund(w http.ResponseWriter, r *http.Request) {
	order, ok := s.findCharge(w, r)
	if !ok {
		return
	}
	id := r.PathValue("refund")
	for _, object := range s.refundsOf(order.ID) {
		if object["id"] == id {
			gatewaytest.WriteJSON(w, http.StatusOK, object)
			return
		}
	}
	fail(w, http.StatusNotFound, "id", "No such refund: "+id)
}

func (s *Server) queryEvent(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	_, number, _ := strings.Cut(id, "_")
	if order, ok := s.Order("ch_" + number); ok && order.Paid && id == "evt_"+number {
		gatewaytest.WriteJSON(w, http.StatusOK, paymentEvent(order, chargeOf(order, nil)))
		return
	}
	for _, order := range s.Orders() {
		for _, object := range s.refundsOf(order.ID) {
			if object["id"] == "re_"+number && id == "evt_"+number {
				gatewaytest.WriteJSON(w, http.StatusOK, eventOf(order, "refund.succeeded", object["created"], object))
				return
			}
		}
	}
	fail(w, http.StatusNotFound, "id", "No such event: "+id)
}

func listOf(path string, data []map[string]any, hasMore bool) map[string]any {
	return map[string]any{"object": "list", "url": path, "has_more": hasMore, "data": append([]map[string]any{}, data...)}
}

// replyPage responds with the page of a list that limit, starting_after and ending_before
// select.
func replyPage(w http.ResponseWriter, r *http.Request, all []map[string]any) {
	query, limit := r.URL.Query(), 10
	if text := query.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			fail(w, http.StatusBadRequest, "limit", "limit must be between 1 and 100")
			return
		}
	}
	begin, end := 0, len(all)
	for _, name := range []string{"starting_after", "ending_before"} {
		id := query.Get(name)
		if id == "" {
			continue
		}
		at := slices.IndexFunc(all, func(object map[string]any) bool { return object["id"] == id })
		switch {
		case at < 0:
			fail(w, http.StatusBadRequest, name, "No such object: "+id)
			return
		case name == "starting_after":
			begin = at + 1
		default:
			end = at
		}
	}
	hasMore := end-begin > limit
	switch {
	case hasMore && query.Get("ending_before") != "": // the page before it
		begin = end - limit
	case hasMore:
		end = begin + limit
	}
	gatewaytest.WriteJSON(w, http.StatusOK, listOf(r.URL.Path, all[begin:max(begin, end)], hasMore))
}
