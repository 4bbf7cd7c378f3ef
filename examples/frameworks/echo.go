package main

import (
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/paygates/paygates-go/pingpp"
)

func newEcho(s *shop, before ...echo.MiddlewareFunc) http.Handler {
	e := echo.New()
	e.Use(before...)

	notify := e.Group("/notify")
	notify.Any("/ispay", echo.WrapHandler(s.ispay.NotificationHandler(s.creditIspay)))
	notify.Any("/codepay", echo.WrapHandler(s.codepay.NotificationHandler(s.creditCodepay)))
	notify.Any("/gatepay", echo.WrapHandler(s.gatepay.NotificationHandler(s.creditGatepay)))
	notify.Any("/kechengcang", echo.WrapHandler(s.kechengcang.NotificationHandler(s.creditKechengcang)))
	notify.Any("/pingpp", echo.WrapHandler(s.pingpp.NotificationHandler(s.creditPingpp)))

	byHand := e.Group("/by-hand")
	byHand.GET("/ispay", func(c *echo.Context) error {
		return echoRespond(c, s.ispayByHand(c.Request().Context(), c.QueryParams()))
	})
	// Do not use c.FormValues(), which adds the query of the notify URL to the form.
	byHand.POST("/codepay", func(c *echo.Context) error {
		return echoRespond(c, s.codepayByHand(c.Request().Context(), formOf(c.Request(), echoBody(c))))
	})
	byHand.POST("/gatepay", func(c *echo.Context) error {
		return echoRespond(c, s.gatepayByHand(c.Request().Context(), formOf(c.Request(), echoBody(c))))
	})
	byHand.POST("/kechengcang", func(c *echo.Context) error {
		return echoRespond(c, s.kechengcangByHand(c.Request().Context(), echoBody(c)))
	})
	byHand.POST("/pingpp", func(c *echo.Context) error {
		return echoRespond(c, s.pingppByHand(c.Request().Context(), echoBody(c), c.Request().Header.Get(pingpp.SignatureHeader)))
	})
	return e
}

// echoKept is the key under which a middleware that consumes the body keeps it.
const echoKept = "body"

func echoBody(c *echo.Context) []byte {
	if kept, ok := c.Get(echoKept).([]byte); ok {
		return kept
	}
	return readBody(c.Request())
}

func echoRespond(c *echo.Context, r response) error { return c.String(r.status, r.text) }

// echoLog uses echo's own middleware for logging bodies, which puts the body back.
func echoLog(s *shop) echo.MiddlewareFunc {
	return middleware.BodyDump(func(c *echo.Context, body, _ []byte, _ error) {
		status := 0
		if r, err := echo.UnwrapResponse(c.Response()); err == nil {
			status = r.Status
		}
		s.log.Info("request", "method", c.Request().Method, "path", c.Path(), "bytes", len(body), "status", status)
	})
}
