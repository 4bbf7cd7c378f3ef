package main

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

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
	byHand.GET("/ispay", func(c echo.Context) error {
		return echoReply(c, s.ispayByHand(c.Request().Context(), c.QueryParams()))
	})
	// Not c.FormParams(): it mixes the query of the notify URL with the form.
	byHand.POST("/codepay", func(c echo.Context) error {
		return echoReply(c, s.codepayByHand(c.Request().Context(), formOf(c.Request(), echoBody(c))))
	})
	byHand.POST("/gatepay", func(c echo.Context) error {
		return echoReply(c, s.gatepayByHand(c.Request().Context(), formOf(c.Request(), echoBody(c))))
	})
	byHand.POST("/kechengcang", func(c echo.Context) error {
		return echoReply(c, s.kechengcangByHand(c.Request().Context(), echoBody(c)))
	})
	byHand.POST("/pingpp", func(c echo.Context) error {
		return echoReply(c, s.pingppByHand(c.Request().Context(), echoBody(c), c.Request().Header.Get(pingpp.SignatureHeader)))
	})
	return e
}

// echoKept is where a middleware that reads the body leaves it for others.
const echoKept = "body"

func echoBody(c echo.Context) []byte {
	if kept, ok := c.Get(echoKept).([]byte); ok {
		return kept
	}
	return readBody(c.Request())
}

func echoReply(c echo.Context, a answer) error { return c.String(a.status, a.text) }

// echoLog is echo's own middleware for logging bodies. It puts them back.
func echoLog(s *shop) echo.MiddlewareFunc {
	return middleware.BodyDump(func(c echo.Context, body, _ []byte) {
		s.log.Info("request", "method", c.Request().Method, "path", c.Path(), "bytes", len(body), "status", c.Response().Status)
	})
}
