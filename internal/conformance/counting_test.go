package conformance

import (
	"io"
	"net/http"
	"sync"
)

// counting is a RoundTripper that counts the response bodies that are still open.
type counting struct {
	*http.Transport
	mu   sync.Mutex
	open int
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.Transport.RoundTrip(r)
	if err == nil {
		c.add(1)
		response.Body = &countedBody{ReadCloser: response.Body, counting: c}
	}
	return response, err
}

func (c *counting) add(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	return c.open
}

type countedBody struct {
	io.ReadCloser
	counting *counting
	once     sync.Once
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.counting.add(-1) })
	return b.ReadCloser.Close()
}
