package samples

import (
	"io"
	"net/http"
)

// AfterRead returns the response; do runs when its body has been read and is
// closed. A responder that ended its own context would race with its answer.
func AfterRead(response *http.Response, do func()) *http.Response {
	response.Body = closing{response.Body, do}
	return response
}

type closing struct {
	io.ReadCloser
	do func()
}

func (c closing) Close() error {
	c.do()
	return c.ReadCloser.Close()
}
