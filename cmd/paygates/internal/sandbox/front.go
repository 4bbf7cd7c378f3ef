package sandbox

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/paygates/paygates-go/gatewaytest"
)

// Entry is one line of the live log.
type Entry struct {
	At      time.Time `json:"at"`
	Gateway string    `json:"gateway"`
	// Kind is "request" for a request to a gateway, "notification" for one to the
	// merchant.
	Kind   string `json:"kind"`
	Method string `json:"method"`
	// URL is the path and query of a request, the whole URL of a notification.
	URL      string `json:"url"`
	Body     string `json:"body,omitempty"`
	Status   int    `json:"status"`
	Response string `json:"response,omitempty"`
	Error    string `json:"error,omitempty"`
	Millis   int64  `json:"milliseconds,omitempty"`
	// Attempt, Accepted and Tampered are those of a notification.
	Attempt  int  `json:"attempt,omitempty"`
	Accepted bool `json:"accepted,omitempty"`
	Tampered bool `json:"tampered,omitempty"`
}

const (
	longestBody   = 1 << 20
	longestLogged = 8 << 10
)

// front passes requests on to a fake, logs them, and rewrites the fake's address in
// the links of the responses to the address that the request was sent to.
func (b *Sandbox) front(g *running) http.Handler {
	target, err := url.Parse(g.Target)
	if err != nil {
		panic(err) // the address of a listener
	}
	proxy := &httputil.ReverseProxy{
		// A new connection for each request: net/http sends a GET again if a reused one is
		// closed, and would hide that fault.
		Transport: &http.Transport{DisableKeepAlives: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.URL.RawQuery = r.In.URL.RawQuery // ReverseProxy removes what Go cannot parse
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: g.rewrite,
		ErrorLog:       log.New(io.Discard, "", 0), // the live log shows it
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // the fake closed the connection: so does the sandbox
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOwnHost(r.Host) {
			http.Error(w, "this host name is not allowed: use the IP address, localhost or a name without a dot", http.StatusForbidden)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		start := time.Now()
		recorder := &recorder{ResponseWriter: w}
		defer func() {
			entry := Entry{
				At: start, Gateway: g.Name, Kind: "request", Method: r.Method, URL: Mask(r.URL.RequestURI()),
				Body: loggable(r.Header.Get("Content-Type"), body), Status: recorder.status,
				Response: loggable(w.Header().Get("Content-Type"), recorder.body.Bytes()),
				Millis:   time.Since(start).Milliseconds(),
			}
			failed := recover()
			if failed != nil {
				entry.Error = "connection closed"
			}
			b.record(entry)
			if failed != nil {
				panic(failed)
			}
		}()
		proxy.ServeHTTP(recorder, r)
	})
}

func (b *Sandbox) record(entry Entry) {
	if b.log != nil {
		b.log(entry)
	}
}

// logDeliveries logs the notifications that are not in seen and returns those that are
// known now.
func (b *Sandbox) logDeliveries(seen map[string]bool) map[string]bool {
	known := make(map[string]bool, len(seen))
	for _, g := range b.gateways {
		for _, d := range g.Deliveries() {
			key := g.Name + d.OrderID + d.At.String()
			known[key] = true
			if seen[key] {
				continue
			}
			b.record(Entry{
				At: d.At, Gateway: g.Name, Kind: "notification", Method: d.Method, URL: Mask(d.URL),
				Body: Mask(short(d.Body)), Status: d.Status, Response: short(d.Response), Error: d.Err,
				Attempt: d.Attempt, Accepted: d.Accepted, Tampered: d.Tampered,
			})
		}
	}
	return known
}

type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(data []byte) (int, error) {
	if rest := longestLogged - r.body.Len(); rest > 0 {
		r.body.Write(data[:min(rest, len(data))])
	}
	return r.ResponseWriter.Write(data)
}

// Unwrap lets the proxy flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

var credential = regexp.MustCompile(`(?i)\b[0-9a-f]{32}\b|\btoken=[^&"\s]+`)

// image is a picture inside a response.
var image = regexp.MustCompile(`[A-Za-z0-9+/]{200,}={0,2}`)

// Mask hides signatures and tokens. 32 digits are a payment number, not a signature.
func Mask(text string) string {
	return credential.ReplaceAllStringFunc(text, func(found string) string {
		if name, _, ok := strings.Cut(found, "="); ok {
			return name + "=***"
		}
		if strings.Trim(found, "0123456789") == "" {
			return found
		}
		return "***"
	})
}

func loggable(contentType string, body []byte) string {
	switch {
	case len(body) == 0:
		return ""
	case strings.Contains(contentType, "html"), strings.HasPrefix(contentType, "image/"):
		return "[" + contentType + "]"
	case strings.HasPrefix(contentType, "multipart/form-data"):
		form := gatewaytest.Form(&http.Request{
			Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body)),
		})
		return Mask(short(form.Encode()))
	default:
		return Mask(short(image.ReplaceAllString(string(body), "[base64]")))
	}
}

func short(text string) string {
	if len(text) > longestLogged {
		return strings.ToValidUTF8(text[:longestLogged], "") + "…"
	}
	return text
}
