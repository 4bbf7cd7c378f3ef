package transport

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-resty/resty/v2"

	"github.com/paygates/paygates-go"
)

// blank returns what a request begins with: resty.Client.R makes five maps, of which
// none is needed.
func blank(client *http.Client, prepare resty.PreRequestHook) resty.Request {
	return *resty.NewWithClient(client).
		SetLogger(silent{}).
		SetDisableWarn(true).
		SetPreRequestHook(prepare).
		R().SetDoNotParseResponse(true)
}

// request returns a copy of a blank request, for release. Nothing writes into what the
// copies share, the header included, of which resty sends a copy.
func (c *Client) request(ctx context.Context, call Call) *resty.Request {
	request, ok := c.requests.Get().(*resty.Request)
	if !ok {
		request = new(resty.Request)
	}
	*request = c.query
	if call.NoRetry {
		*request = c.create
	}
	request.SetContext(ctx)
	switch {
	case call.Body != "":
		// A reader is passed on; a string is copied three times by resty.
		request.SetBody(strings.NewReader(call.Body))
		request.Header = c.headers[call.ContentType]
	case call.Method != http.MethodGet:
		// resty copies a body that it adds itself, and adds a type to one without.
		request.SetBody(c.noBody)
		request.Header = c.headers[ContentTypeForm]
	default:
		request.Header = c.headers[""]
	}
	if len(call.Header) > 0 {
		request.Header = request.Header.Clone()
		request.SetHeaders(call.Header)
	}
	if user := call.BasicAuth.Reveal(); user != "" {
		request.SetBasicAuth(user, "")
	}
	return request
}

// release keeps the memory of a request that has ended.
func (c *Client) release(request *resty.Request) {
	*request = resty.Request{}
	c.requests.Put(request)
}

// headers returns what every request begins with, by the type of its body.
func headers(app paygates.AppInfo) map[string]http.Header {
	all := map[string]http.Header{"": {}, ContentTypeForm: {}, ContentTypeJSON: {}}
	for contentType, header := range all {
		header.Set("User-Agent", userAgent(app))
		// Without it Laravel reports errors as a page or a redirect, and resty finds a
		// value with regular expressions.
		header.Set("Accept", ContentTypeJSON)
		if contentType != "" {
			header.Set("Content-Type", contentType)
		}
	}
	return all
}

func userAgent(app paygates.AppInfo) string {
	agent := "paygates-go/" + paygates.Version
	if app.Name != "" {
		agent += " " + app.Name
	}
	if app.Version != "" {
		agent += "/" + app.Version
	}
	return agent
}

// silent is resty's logger.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
