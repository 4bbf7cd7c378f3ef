package transport

import (
	"context"
	"io"
	"log/slog"
	"math"
)

// Do is Send without decoding: it returns the response.
func (c *Client) Do(ctx context.Context, call Call) (Response, error) {
	return c.do(ctx, call, func(Response) error { return nil })
}

// Silent returns a logger that writes nothing.
func Silent() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.Level(math.MaxInt)}))
}
