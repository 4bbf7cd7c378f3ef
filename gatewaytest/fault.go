package gatewaytest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault makes a fake gateway fail. Several fields can be set: they apply in the order
// in which they are declared.
type Fault struct {
	// Path limits the fault to requests whose path begins with it.
	Path string
	// Times is how many requests the fault applies to, 0 for all until
	// InjectFault(Fault{}).
	Times int
	// Processed processes the request before the fault: a create then makes an order
	// although it fails.
	Processed bool
	// Delay delays the response. It ends early if the client closes the connection.
	Delay time.Duration
	// Reset closes the connection without a response.
	Reset bool
	// Redirect responds with 307 and this URL.
	Redirect string
	// Cut sends the first half of the response and closes the connection.
	Cut bool
	// Status, ContentType and Body replace those of the response. Status alone sends an
	// empty body, Body alone the status 200.
	Status      int
	ContentType string
	Body        string
}

// replaces reports whether the fault replaces the response, so that the request is
// processed only with Processed.
func (f Fault) replaces() bool {
	return !f.Cut && (f.Reset || f.Redirect != "" || f.Status != 0 || f.Body != "")
}

// InjectFault adds a fault. The zero Fault removes all faults.
func (s *Server) InjectFault(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault == (Fault{}) {
		s.faults = nil
		return
	}
	s.faults = append(s.faults, fault)
}

// serve responds with next, with the fields of AddFields and the faults of InjectFault.
func (s *Server) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A web page open in the developer's browser must not create and pay orders: the
		// fake would send a notification to any address that the page names.
		if r.Method != http.MethodGet && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			http.Error(w, "cross-site requests are not allowed", http.StatusForbidden)
			return
		}
		fault, response := s.fault(r.URL.Path), httptest.NewRecorder()
		if fault.Processed || !fault.replaces() {
			next.ServeHTTP(response, r)
		}
		body := s.extend(response.Body.Bytes())
		if fault.Delay > 0 {
			// net/http notices a closed connection after the body has been read.
			_, _ = io.Copy(io.Discard, r.Body)
			select {
			case <-time.After(fault.Delay):
			case <-r.Context().Done():
			case <-s.ctx.Done():
			}
		}
		switch {
		case fault.Reset:
			panic(http.ErrAbortHandler)
		case fault.Redirect != "":
			http.Redirect(w, r, fault.Redirect, http.StatusTemporaryRedirect)
		case fault.replaces():
			if fault.ContentType != "" {
				w.Header().Set("Content-Type", fault.ContentType)
			}
			w.WriteHeader(max(fault.Status, http.StatusOK))
			_, _ = io.WriteString(w, fault.Body)
		default:
			maps.Copy(w.Header(), response.Header())
			if fault.Cut {
				// net/http closes the connection after a body that is too short.
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				body = body[:len(body)/2]
			}
			w.WriteHeader(response.Code)
			_, _ = w.Write(body)
		}
	})
}

// fault returns the first fault for a path, or none.
func (s *Server) fault(path string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return strings.HasPrefix(path, f.Path) })
	if i < 0 {
		return Fault{}
	}
	fault := s.faults[i]
	if fault.Times == 1 {
		s.faults = slices.Delete(s.faults, i, i+1)
	} else if fault.Times > 1 {
		s.faults[i].Times--
	}
	return fault
}
