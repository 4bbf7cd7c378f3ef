package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
)

// setting returns a handler that changes a setting of the gateway in the path.
func (b *Sandbox) setting(change func(*running, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if g, ok := b.find(w, r.PathValue("gateway")); ok {
			change(g, w, r)
		}
	}
}

const longestDelay = 10 * time.Minute

func (g *running) changeDelay(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Seconds float64 `json:"seconds"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Seconds < 0 || in.Seconds > longestDelay.Seconds() {
		fail(w, http.StatusBadRequest, fmt.Sprintf("seconds must be 0 to %d", int(longestDelay.Seconds())))
		return
	}
	g.mu.Lock()
	g.delay = time.Duration(in.Seconds * float64(time.Second))
	g.DelayNotifications(g.delay)
	g.mu.Unlock()
	respond(w, http.StatusOK, in)
}

func (g *running) changeNotifyURL(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL string `json:"url"`
	}
	if g.SetNotifyURL == nil {
		fail(w, http.StatusConflict, g.Name+" takes the notify URL with each order")
		return
	}
	if !read(w, r, &in) {
		return
	}
	target, err := url.Parse(in.URL)
	if in.URL != "" && (err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https") {
		fail(w, http.StatusBadRequest, "url must be an http or https URL, or empty")
		return
	}
	g.mu.Lock()
	g.notifyURL = in.URL
	g.SetNotifyURL(in.URL)
	g.mu.Unlock()
	respond(w, http.StatusOK, in)
}

// fault is a gatewaytest.Fault as the API takes it.
type fault struct {
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

func (g *running) changeFault(w http.ResponseWriter, r *http.Request) {
	var in fault
	if !read(w, r, &in) {
		return
	}
	if in.Status != 0 && (in.Status < 200 || in.Status > 599) || in.Times < 0 ||
		in.DelaySeconds < 0 || in.DelaySeconds > longestDelay.Seconds() {
		fail(w, http.StatusBadRequest, "status must be 200 to 599, times at least 0, delay_seconds 0 to 600")
		return
	}
	g.mu.Lock()
	if g.faults++; in == (fault{}) {
		g.faults = 0
	}
	g.InjectFault(gatewaytest.Fault{
		Path: in.Path, Times: in.Times, Processed: in.Processed,
		Delay: time.Duration(in.DelaySeconds * float64(time.Second)),
		Reset: in.Reset, Redirect: in.Redirect, Cut: in.Cut,
		Status: in.Status, ContentType: in.ContentType, Body: in.Body,
	})
	g.mu.Unlock()
	respond(w, http.StatusOK, in)
}
