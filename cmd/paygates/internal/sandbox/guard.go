package sandbox

import (
	"net"
	"net/http"
	"strings"
)

// guard rejects what pages of other origins make a browser send: through a host name of
// theirs that resolves to this address (DNS rebinding), or across origins.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		if !isOwnHost(r.Host) {
			fail(w, http.StatusForbidden, "this host name is not allowed: use the IP address, localhost or a name without a dot")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !sameOrigin(r) {
			fail(w, http.StatusForbidden, "cross-site requests are not allowed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwnHost accepts addresses and names that are not in the public DNS: localhost,
// names of a container network, host.docker.internal. A page of an attacker has a name
// in the public DNS.
func isOwnHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if net.ParseIP(name) != nil || name != "" && !strings.Contains(name, ".") {
		return true
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".test"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// sameOrigin accepts programs, which send neither header, and the page itself. A
// browser sends Origin with every POST.
func sameOrigin(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	return (origin == "" || origin == "http://"+r.Host) && (site == "" || site == "same-origin" || site == "none")
}
