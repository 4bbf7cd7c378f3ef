package sandbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/gatewaytest"
)

// rewrite puts the host of the request into the links of a response, and draws the QR
// codes of those links again. A phone or a container then reaches what it is shown.
func (g *running) rewrite(response *http.Response) error {
	host := response.Request.Host
	requested := "http://" + host
	if requested == g.url || host == "" {
		return nil
	}
	announced := response.ContentLength
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	changed := g.relink(response, body, requested)
	response.Body = io.NopCloser(bytes.NewReader(changed))
	switch {
	case err != nil:
		// The fake cut the response: so does the sandbox, at the same length.
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(changed), failing{err}))
	case announced >= 0:
		response.ContentLength = int64(len(changed))
		response.Header.Set("Content-Length", strconv.Itoa(len(changed)))
	}
	if location := response.Header.Get("Location"); location != "" {
		response.Header.Set("Location", strings.ReplaceAll(location, g.url, requested))
	}
	return nil
}

type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }

var number = regexp.MustCompile(`[0-9A-Za-z_-]{4,64}`)

func (g *running) relink(response *http.Response, body []byte, requested string) []byte {
	contentType := response.Header.Get("Content-Type")
	path := response.Request.URL.RequestURI()
	if strings.HasPrefix(contentType, "image/") {
		for _, link := range g.payPages(path) {
			if bytes.Equal(body, gatewaytest.QRCode(link)) {
				return gatewaytest.QRCode(requested + strings.TrimPrefix(link, g.url))
			}
		}
		return body
	}
	text := string(body)
	links := regexp.MustCompile(regexp.QuoteMeta(g.url)+`[^"'<>\s\\]*`).FindAllString(text, -1)
	if strings.Contains(contentType, "html") {
		links = append(links, g.payPages(path+" "+text)...)
	}
	slices.Sort(links)
	for _, link := range slices.Compact(links) {
		fresh := requested + strings.TrimPrefix(link, g.url)
		for _, encode := range []func(string) string{image64, image64InHTML} {
			if old := encode(link); old != "" { // not too long for a QR code
				text = strings.ReplaceAll(text, old, encode(fresh))
			}
		}
	}
	escaped := func(s string) string { return strings.ReplaceAll(s, "/", `\/`) }
	return []byte(strings.NewReplacer(
		g.url, requested, escaped(g.url), escaped(requested), url.QueryEscape(g.url), url.QueryEscape(requested),
	).Replace(text))
}

// image64 returns the QR code of a link as the fakes write it into JSON.
func image64(link string) string { return base64.StdEncoding.EncodeToString(gatewaytest.QRCode(link)) }

// image64InHTML returns it as html/template writes it into an attribute.
func image64InHTML(link string) string { return strings.ReplaceAll(image64(link), "+", "&#43;") }

// payPages returns the pay pages of the orders whose numbers occur in a text.
func (g *running) payPages(text string) []string {
	var pages []string
	for _, candidate := range number.FindAllString(text, -1) {
		if order, ok := g.Order(candidate); ok {
			pages = append(pages, g.PayPage(order))
		}
	}
	return pages
}

// requested puts the host name by which the page was requested in place of the gateway's
// own in a text. The port is the gateway's.
func (g *running) requested(text, host string) string {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	own, err := url.Parse(g.url)
	if name == "" || err != nil {
		return text
	}
	requested := "http://" + net.JoinHostPort(strings.Trim(name, "[]"), own.Port())
	return strings.ReplaceAll(text, g.url, requested)
}
