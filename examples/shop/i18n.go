package main

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

//go:embed locales/*.json
var localeFiles embed.FS

// languages are those of the pages. The first one is the default.
var languages = []string{"zh", "en"}

// texts holds the texts of a language by their keys.
type texts map[string]string

func loadTexts(language string) (texts, error) {
	file, err := localeFiles.ReadFile("locales/" + language + ".json")
	if err != nil {
		return nil, err
	}
	var t texts
	if err := json.Unmarshal(file, &t); err != nil {
		return nil, fmt.Errorf("%s: %w", language, err)
	}
	return t, nil
}

// get returns the text of a key, whose parts are joined by points.
func (t texts) get(first string, rest ...any) (string, error) {
	key := first
	for _, part := range rest {
		key += "." + fmt.Sprint(part)
	}
	if text, ok := t[key]; ok {
		return text, nil
	}
	return "", fmt.Errorf("no text %q", key)
}

// reason returns why a notification was rejected, as checkout says it if there is no text.
func (t texts) reason(english string) string {
	return cmp.Or(t["reason."+english], english, "–")
}

const languageCookie = "lang"

// language returns the language of a request: the one that the payer chose, or the first
// one that the browser accepts.
func language(r *http.Request) string {
	chosen := []string{r.URL.Query().Get("lang")}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		chosen = append(chosen, cookie.Value)
	}
	chosen = append(chosen, strings.Split(r.Header.Get("Accept-Language"), ",")...)
	for _, wanted := range chosen {
		wanted = strings.ToLower(strings.TrimSpace(wanted))
		for _, known := range languages {
			if strings.HasPrefix(wanted, known) {
				return known
			}
		}
	}
	return languages[0]
}

// rememberLanguage sets a cookie if the language was chosen by the link in the header.
func rememberLanguage(w http.ResponseWriter, r *http.Request, chosen string) {
	if !r.URL.Query().Has("lang") {
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // a language is no secret, and the shop may be tried without TLS
		Name: languageCookie, Value: chosen, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}
