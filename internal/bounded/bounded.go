// Package bounded reads what a stranger sends without trusting how long he says
// it is.
package bounded

import "io"

// The announced length is only where the buffer begins: it costs a stranger
// nothing to announce more, and what arrives may be longer.
const firstBuffer = 16 << 10

// Read reads r to its end. It returns more than most bytes only to show that
// there were more, and then does not read on. announced is the length that was
// announced, -1 or 0 if there was none.
func Read(r io.Reader, announced int64, most int) ([]byte, error) {
	size := int64(512)
	if announced > 0 {
		// One byte more than announced, so that the end is seen without growing.
		size = min(announced, firstBuffer-1) + 1
	}
	body := make([]byte, 0, size)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil || len(body) > most:
			return body, err
		case len(body) == cap(body):
			body = append(body, 0)[:len(body)]
		}
	}
}
