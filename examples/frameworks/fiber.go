package main

import (
	"bytes"
	"net"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/paygates/paygates-go/pingpp"
)

func newFiber(s *shop, middleware ...fiber.Handler) *fiber.App {
	app := fiber.New()
	for _, handler := range middleware {
		app.Use(handler)
	}

	app.All("/notify/ispay", toFiber(s.ispay.NotificationHandler(s.creditIspay)))
	app.All("/notify/codepay", toFiber(s.codepay.NotificationHandler(s.creditCodepay)))
	app.All("/notify/gatepay", toFiber(s.gatepay.NotificationHandler(s.creditGatepay)))
	app.All("/notify/kechengcang", toFiber(s.kechengcang.NotificationHandler(s.creditKechengcang)))
	app.All("/notify/pingpp", toFiber(s.pingpp.NotificationHandler(s.creditPingpp)))

	app.Get("/by-hand/ispay", func(c fiber.Ctx) error {
		return fiberRespond(c, s.ispayByHand(c.Context(), fiberFields(c)))
	})
	app.Post("/by-hand/codepay", func(c fiber.Ctx) error {
		return fiberRespond(c, s.codepayByHand(c.Context(), fiberFields(c)))
	})
	app.Post("/by-hand/gatepay", func(c fiber.Ctx) error {
		return fiberRespond(c, s.gatepayByHand(c.Context(), fiberFields(c)))
	})
	app.Post("/by-hand/kechengcang", func(c fiber.Ctx) error {
		return fiberRespond(c, s.kechengcangByHand(c.Context(), fiberBody(c)))
	})
	app.Post("/by-hand/pingpp", func(c fiber.Ctx) error {
		return fiberRespond(c, s.pingppByHand(c.Context(), fiberBody(c), c.Get(pingpp.SignatureHeader)))
	})
	return app
}

// toFiber is adaptor.HTTPHandler with c.Context() as the context of the request. The
// adaptor passes on fasthttp's context, which fiber reuses for the next request. net/http
// may still read it then, because it opens connections in the background.
func toFiber(handler http.Handler) fiber.Handler {
	return func(c fiber.Ctx) error {
		ctx := c.Context()
		return adaptor.HTTPHandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(w, r.WithContext(ctx))
		})(c)
	}
}

// fiberFields copies the fields of a form, or those of the query of a GET. It keeps
// repeated fields, which VerifyNotification rejects; c.Queries() keeps only the last one.
func fiberFields(c fiber.Ctx) url.Values {
	fields := c.RequestCtx().PostArgs()
	if c.Method() == fiber.MethodGet {
		fields = c.RequestCtx().QueryArgs()
	}
	values := url.Values{}
	for name, value := range fields.All() {
		values.Add(string(name), string(value))
	}
	return values
}

// fiberBody copies the body, because fiber reuses its memory for the next request.
func fiberBody(c fiber.Ctx) []byte { return bytes.Clone(c.BodyRaw()) }

func fiberRespond(c fiber.Ctx, r response) error { return c.Status(r.status).SendString(r.text) }

// fiberLog is an example of a logging middleware. Reading the body does not consume it.
func fiberLog(s *shop) fiber.Handler {
	return func(c fiber.Ctx) error {
		err := c.Next()
		s.log.Info("request", "method", c.Method(), "path", c.Path(), "bytes", len(c.BodyRaw()), "status", c.Response().StatusCode())
		return err
	}
}

func serveFiber(listener net.Listener, app *fiber.App) (stop func() error) {
	go func() { _ = app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	return app.Shutdown
}
