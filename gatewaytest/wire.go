package gatewaytest

import (
	"crypto/md5" //nolint:gosec // the gateways' own algorithm
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// What the packages of the fakes call to write responses and notifications.

// WriteJSON responds with a status and a value in JSON. A Content-Type that w has stays.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	text, _ := json.Marshal(value)
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// FormMessage returns a notification with a form: the body of a POST, or the query of a
// GET if byGET is set.
func FormMessage(notifyURL string, form url.Values, byGET bool) Message {
	if byGET {
		return Message{Method: http.MethodGet, URL: WithQuery(notifyURL, form)}
	}
	return Message{
		Method: http.MethodPost, URL: notifyURL,
		ContentType: "application/x-www-form-urlencoded", Body: form.Encode(),
	}
}

// WithQuery adds parameters to the query of a URL.
func WithQuery(target string, query url.Values) string {
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + query.Encode()
}

// MD5Hex returns the MD5 of the parts as one text, in lower-case hex.
func MD5Hex(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ""))) //nolint:gosec // the gateways' own algorithm
	return hex.EncodeToString(sum[:])
}
