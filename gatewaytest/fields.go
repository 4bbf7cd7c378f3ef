package gatewaytest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
)

// fields are what AddFields has added. They are never changed, only replaced.
type fields struct{ response, notification map[string]any }

// AddFields adds fields to all responses in JSON and to all notifications from now on, as
// a gateway may do without notice. A field that the gateway sends anyway keeps its value.
// Either argument may be nil. Further calls add to the earlier ones; Reset removes all.
//
// The fields of a response are added to the outermost object and to the object of the
// order in it. The fields of a notification are added before it is signed, so a signature
// that covers every parameter covers them too. In a form or a query, a value is written
// as fmt.Sprint does. AddFields panics if a value cannot be written as JSON.
func (s *Server) AddFields(response, notification map[string]any) {
	for _, added := range []map[string]any{response, notification} {
		if _, err := json.Marshal(added); err != nil {
			panic("gatewaytest: AddFields: " + err.Error())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := fields{map[string]any{}, map[string]any{}}
	if earlier := s.added.Load(); earlier != nil {
		maps.Copy(next.response, earlier.response)
		maps.Copy(next.notification, earlier.notification)
	}
	maps.Copy(next.response, response)
	maps.Copy(next.notification, notification)
	s.added.Store(&next)
}

// NotificationFields returns a copy of the notification fields of AddFields. The packages
// of the fakes call it.
func (s *Server) NotificationFields() map[string]any {
	if added := s.added.Load(); added != nil {
		return maps.Clone(added.notification)
	}
	return nil
}

// withFields adds the response fields of AddFields to the responses of next.
func (s *Server) withFields(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		added := s.added.Load()
		if added == nil || len(added.response) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		response := httptest.NewRecorder()
		next.ServeHTTP(response, r)
		maps.Copy(w.Header(), response.Header())
		w.WriteHeader(response.Code)
		_, _ = w.Write(extend(response.Body.Bytes(), added.response, s.behavior.Objects))
	})
}

// extend adds fields to a body that is a JSON object, or a call of a function with one
// (JSONP). It returns any other body as it is.
func extend(body []byte, added map[string]any, objects []string) []byte {
	begin, end := bytes.IndexByte(body, '{'), bytes.LastIndexByte(body, '}')
	if begin < 0 || end < begin {
		return body
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body[begin : end+1]))
	decoder.UseNumber()
	if decoder.Decode(&object) != nil || decoder.More() {
		return body
	}
	merge(object, added, objects)
	extended, err := json.Marshal(object)
	if err != nil {
		return body
	}
	return slices.Concat(body[:begin], extended, body[end+1:])
}

func merge(object, added map[string]any, objects []string) {
	for _, name := range objects {
		if inner, ok := object[name].(map[string]any); ok {
			merge(inner, added, objects)
		}
	}
	for name, value := range added {
		if _, exists := object[name]; !exists {
			object[name] = value
		}
	}
}
