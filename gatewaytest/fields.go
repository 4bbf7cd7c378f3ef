package gatewaytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

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
	s.toResponses = union(s.toResponses, response)
	s.toNotifications = union(s.toNotifications, notification)
}

// union returns a new map with the fields of both. Those of last win.
func union(first, last map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, first)
	maps.Copy(all, last)
	return all
}

// NotificationFields returns a copy of the notification fields of AddFields. The packages
// of the fakes call it, and write their own fields over them.
func (s *Server) NotificationFields() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return union(s.toNotifications, nil)
}

// NotificationForm returns the notification fields of AddFields as a form.
func (s *Server) NotificationForm() url.Values {
	form := url.Values{}
	for name, value := range s.NotificationFields() {
		form.Set(name, fmt.Sprint(value))
	}
	return form
}

// extend adds the response fields of AddFields to a body that is a JSON object, or a call
// of a function with one (JSONP). It returns any other body unchanged.
func (s *Server) extend(body []byte) []byte {
	s.mu.Lock()
	added := s.toResponses
	s.mu.Unlock()
	begin, end := bytes.IndexByte(body, '{'), bytes.LastIndexByte(body, '}')
	if len(added) == 0 || begin < 0 || end < begin {
		return body
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body[begin : end+1]))
	decoder.UseNumber()
	if decoder.Decode(&object) != nil || decoder.More() {
		return body
	}
	merge(object, added, s.behavior.Objects)
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
