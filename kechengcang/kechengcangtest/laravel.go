package kechengcangtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/gatewaytest"
)

// What Laravel does with requests and responses.

// input reads the fields of the query and, before those, of the body as Laravel does: as JSON
// if the Content-Type says so, otherwise as a form. Texts are trimmed, a number is a text, and
// null is an absent field.
func input(r *http.Request) (map[string]string, error) {
	in := map[string]string{}
	add := func(fields url.Values) {
		for name, values := range fields {
			in[name] = strings.TrimSpace(values[len(values)-1])
		}
	}
	add(gatewaytest.Query(r.URL.RawQuery))
	if mediaType := r.Header.Get("Content-Type"); !strings.Contains(mediaType, "/json") && !strings.Contains(mediaType, "+json") {
		add(gatewaytest.Form(r))
		return in, nil
	}
	var fields map[string]any
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return in, err
	}
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			in[name] = strings.TrimSpace(value)
		case json.Number:
			in[name] = value.String()
		}
	}
	return in, nil
}

// validate applies the rules of the public source's StoreRequest.
func validate(in map[string]string) map[string][]string {
	rejected := map[string][]string{}
	for _, name := range []string{"title", "fee", "currency"} {
		if in[name] == "" {
			rejected[name] = []string{"The " + name + " field is required."}
		}
	}
	for _, name := range []string{"fee", "currency"} {
		if _, err := strconv.ParseInt(in[name], 10, 64); err != nil && in[name] != "" {
			rejected[name] = []string{"The " + name + " must be an integer."}
		}
	}
	return rejected
}

func allow(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method == method {
		return true
	}
	w.Header().Set("Allow", method)
	fail(w, r, http.StatusMethodNotAllowed,
		"The "+r.Method+" method is not supported for this route. Supported methods: "+method+".")
	return false
}

// unprocessable responds to rejected fields. Laravel redirects a browser.
func unprocessable(w http.ResponseWriter, r *http.Request, rejected map[string][]string) {
	if !wantsJSON(r) {
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	message := "The given data was invalid."
	respond(w, http.StatusUnprocessableEntity, map[string]any{"message": message, "errors": rejected})
}

func fail(w http.ResponseWriter, r *http.Request, status int, message string) {
	if !wantsJSON(r) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>"+http.StatusText(status)+"</title>")
		return
	}
	respond(w, status, map[string]any{"message": message})
}

func wantsJSON(r *http.Request) bool {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	return strings.Contains(first, "/json") || strings.Contains(first, "+json")
}

func succeed(w http.ResponseWriter, result map[string]any) {
	respond(w, http.StatusOK, map[string]any{"code": 200, "message": "ok", "result": result})
}

func respond(w http.ResponseWriter, status int, fields map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	gatewaytest.WriteJSON(w, status, fields)
}
