package sandbox

import (
	"net/http"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// done is the response to an action.
type done struct {
	Order    order     `json:"order"`
	Delivery *delivery `json:"delivery"`
}

func (b *Sandbox) act(w http.ResponseWriter, r *http.Request) {
	g, ok := b.find(w, r.PathValue("gateway"))
	if !ok {
		return
	}
	o, ok := g.Order(r.PathValue("number"))
	if !ok {
		failUnknown(w, r)
		return
	}
	run, why := g.action(r.PathValue("action"), o)
	switch {
	case run == nil && why == "":
		fail(w, http.StatusNotFound, "there is no such action: use pay, pay-silently, expire, redeliver or tamper")
		return
	case why != "":
		fail(w, http.StatusConflict, why)
		return
	}
	key := g.Name + " " + o.ID
	if !b.claim(key) {
		fail(w, http.StatusConflict, "the order is busy: its last notification is still being delivered")
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
		g.finish(w, r, o, <-result)
		return
	}
	select {
	case ended := <-result:
		g.finish(w, r, o, ended)
	case <-time.After(300 * time.Millisecond):
		respond(w, http.StatusAccepted, done{Order: g.show(o, r.Host)})
	}
}

type outcome struct {
	delivery gatewaytest.Delivery
	err      error
}

func (g *running) finish(w http.ResponseWriter, r *http.Request, o gatewaytest.Order, ended outcome) {
	if ended.err != nil {
		fail(w, http.StatusConflict, ended.err.Error())
		return
	}
	if newer, ok := g.Order(o.ID); ok {
		o = newer
	}
	respond(w, http.StatusOK, done{Order: g.show(o, r.Host), Delivery: g.showDelivery(ended.delivery)})
}

// action returns what to do with an order, or why it cannot be done. An unknown action
// returns neither.
func (g *running) action(name string, o gatewaytest.Order) (run func() (gatewaytest.Delivery, error), why string) {
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
			return nil, "the order is not paid, so there is no notification to repeat"
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

// claim reserves an order, so that one action at a time changes it.
func (b *Sandbox) claim(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[key] {
		return false
	}
	b.busy[key] = true
	return true
}

func (b *Sandbox) release(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.busy, key)
}

func (b *Sandbox) addOrder(w http.ResponseWriter, r *http.Request) {
	g, ok := b.find(w, r.PathValue("gateway"))
	if !ok {
		return
	}
	if g.AddOrder == nil {
		fail(w, http.StatusConflict, g.Name+" gets its orders by requests to "+g.requested(g.url, r.Host))
		return
	}
	var in struct {
		OrderNo string       `json:"order_no"`
		Amount  money.Amount `json:"amount"`
		Subject string       `json:"subject"`
	}
	if !read(w, r, &in) {
		return
	}
	if err := g.AddOrder(in.OrderNo, in.Amount, in.Subject); err != nil {
		fail(w, http.StatusConflict, err.Error())
		return
	}
	o, _ := g.Order(in.OrderNo)
	respond(w, http.StatusCreated, g.show(o, r.Host))
}
