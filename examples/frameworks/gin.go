package main

import (
	"bytes"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/paygates/paygates-go/pingpp"
)

func newGin(s *shop, before ...gin.HandlerFunc) http.Handler {
	router := gin.New()
	router.Use(before...)

	notify := router.Group("/notify")
	notify.Any("/ispay", gin.WrapH(s.ispay.NotificationHandler(s.creditIspay)))
	notify.Any("/codepay", gin.WrapH(s.codepay.NotificationHandler(s.creditCodepay)))
	notify.Any("/gatepay", gin.WrapH(s.gatepay.NotificationHandler(s.creditGatepay)))
	notify.Any("/kechengcang", gin.WrapH(s.kechengcang.NotificationHandler(s.creditKechengcang)))
	notify.Any("/pingpp", gin.WrapH(s.pingpp.NotificationHandler(s.creditPingpp)))

	byHand := router.Group("/by-hand")
	byHand.GET("/ispay", func(c *gin.Context) {
		ginRespond(c, s.ispayByHand(c.Request.Context(), c.Request.URL.Query()))
	})
	byHand.POST("/codepay", func(c *gin.Context) {
		ginRespond(c, s.codepayByHand(c.Request.Context(), formOf(c.Request, ginBody(c))))
	})
	byHand.POST("/gatepay", func(c *gin.Context) {
		ginRespond(c, s.gatepayByHand(c.Request.Context(), formOf(c.Request, ginBody(c))))
	})
	byHand.POST("/kechengcang", func(c *gin.Context) {
		ginRespond(c, s.kechengcangByHand(c.Request.Context(), ginBody(c)))
	})
	byHand.POST("/pingpp", func(c *gin.Context) {
		ginRespond(c, s.pingppByHand(c.Request.Context(), ginBody(c), c.GetHeader(pingpp.SignatureHeader)))
	})
	return router
}

// ginBody returns the body, also after ShouldBindBodyWith, which keeps a copy but does
// not put the body back. ShouldBindJSON keeps no copy.
func ginBody(c *gin.Context) []byte {
	if kept, ok := c.Get(gin.BodyBytesKey); ok {
		body, _ := kept.([]byte)
		return body
	}
	return readBody(c.Request)
}

func ginRespond(c *gin.Context, r response) { c.String(r.status, r.text) }

// ginLog is an example of a logging middleware. It puts the body back.
func ginLog(s *shop) gin.HandlerFunc {
	return func(c *gin.Context) {
		body := readBody(c.Request)
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		c.Next()
		s.log.Info("request", "method", c.Request.Method, "path", c.FullPath(), "bytes", len(body), "status", c.Writer.Status())
	}
}
