package main

import (
	"bytes"
	"net"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"github.com/paygates/paygates-go/pingpp"
)

func newFiber(s *shop, before ...fiber.Handler) *fiber.App {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	for _, handler := range before {
		app.Use(handler)
	}

	app.All("/notify/ispay", toFiber(s.ispay.NotificationHandler(s.creditIspay)))
	app.All("/notify/codepay", toFiber(s.codepay.NotificationHandler(s.creditCodepay)))
	app.All("/notify/gatepay", toFiber(s.gatepay.NotificationHandler(s.creditGatepay)))
	app.All("/notify/kechengcang", toFiber(s.kechengcang.NotificationHandler(s.creditKechengcang)))
	app.All("/notify/pingpp", toFiber(s.pingpp.NotificationHandler(s.creditPingpp)))

	app.Get("/by-hand/ispay", func(c *fiber.Ctx) error {
		return fiberReply(c, s.ispayByHand(c.UserContext(), fiberFields(c)))
	})
	app.Post("/by-hand/codepay", func(c *fiber.Ctx) error {
		return fiberReply(c, s.codepayByHand(c.UserContext(), fiberFields(c)))
	})
	app.Post("/by-hand/gatepay", func(c *fiber.Ctx) error {
		return fiberReply(c, s.gatepayByHand(c.UserContext(), fiberFields(c)))
	})
	app.Post("/by-hand/kechengcang", func(c *fiber.Ctx) error {
		return fiberReply(c, s.kechengcangByHand(c.UserContext(), fiberBody(c)))
	})
	app.Post("/by-hand/pingpp", func(c *fiber.Ctx) error {
		return fiberReply(c, s.pingppByHand(c.UserContext(), fiberBody(c), c.Get(pingpp.SignatureHeader)))
	})
	return app
}

// toFiber is adaptor.HTTPHandler with another context: fiber's own is used again
// for the next request and ends when the app begins to shut down, but a callback
// that is being taken in should come to its end.
func toFiber(handler http.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx := c.UserContext()
		return adaptor.HTTPHandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(w, r.WithContext(ctx))
		})(c)
	}
}

// fiberFields copies the fields of a form, or of the query of a GET. It keeps
// repeated ones, which the SDK refuses: c.Queries() would drop all but the last.
func fiberFields(c *fiber.Ctx) url.Values {
	fields := c.Context().PostArgs()
	if c.Method() == fiber.MethodGet {
		fields = c.Context().QueryArgs()
	}
	values := url.Values{}
	fields.VisitAll(func(name, value []byte) { values.Add(string(name), string(value)) })
	return values
}

// fiberBody copies the body: a pingpp notification refers to it.
func fiberBody(c *fiber.Ctx) []byte { return bytes.Clone(c.BodyRaw()) }

func fiberReply(c *fiber.Ctx, a answer) error { return c.Status(a.status).SendString(a.text) }

// fiberLog is a middleware as programs have it. There is nothing to put back: a
// body can be read as often as one likes.
func fiberLog(s *shop) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := c.Next()
		s.log.Info("request", "method", c.Method(), "path", c.Path(), "bytes", len(c.Body()), "status", c.Response().StatusCode())
		return err
	}
}

func serveFiber(listener net.Listener, app *fiber.App) (stop func() error) {
	go func() { _ = app.Listener(listener) }()
	return app.Shutdown
}
