package samples

import (
	"io"
	"net/http"
)

// AfterRead returns response and calls do when the client closes its body. Tests
// use it to cancel a context after the response was read: a responder that
// canceled the context itself would race with its response.
func AfterRead(response *http.Response, do func()) *http.Response {
	response.Body = closing{response.Body, do}
	return response
}

type closing struct {
	io.ReadCloser
	do func()
}

// Close calls do before it closes the body.
func (c closing) Close() error {
	c.do()
	return c.ReadCloser.Close()
}
