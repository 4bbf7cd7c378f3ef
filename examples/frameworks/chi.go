package main

import (
	"bytes"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/paygates/paygates-go/pingpp"
)

func newChi(s *shop, before ...func(http.Handler) http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Use(before...)

	router.Handle("/notify/ispay", s.ispay.NotificationHandler(s.creditIspay))
	router.Handle("/notify/codepay", s.codepay.NotificationHandler(s.creditCodepay))
	router.Handle("/notify/gatepay", s.gatepay.NotificationHandler(s.creditGatepay))
	router.Handle("/notify/kechengcang", s.kechengcang.NotificationHandler(s.creditKechengcang))
	router.Handle("/notify/pingpp", s.pingpp.NotificationHandler(s.creditPingpp))

	router.Get("/by-hand/ispay", func(w http.ResponseWriter, r *http.Request) {
		chiRespond(w, s.ispayByHand(r.Context(), r.URL.Query()))
	})
	router.Post("/by-hand/codepay", func(w http.ResponseWriter, r *http.Request) {
		chiRespond(w, s.codepayByHand(r.Context(), formOf(r, chiBody(r))))
	})
	router.Post("/by-hand/gatepay", func(w http.ResponseWriter, r *http.Request) {
		chiRespond(w, s.gatepayByHand(r.Context(), formOf(r, chiBody(r))))
	})
	router.Post("/by-hand/kechengcang", func(w http.ResponseWriter, r *http.Request) {
		chiRespond(w, s.kechengcangByHand(r.Context(), chiBody(r)))
	})
	router.Post("/by-hand/pingpp", func(w http.ResponseWriter, r *http.Request) {
		chiRespond(w, s.pingppByHand(r.Context(), chiBody(r), r.Header.Get(pingpp.SignatureHeader)))
	})
	return router
}

// chiKept is the context key under which a middleware that consumes the body keeps it.
type chiKept struct{}

func chiBody(r *http.Request) []byte {
	if kept, ok := r.Context().Value(chiKept{}).([]byte); ok {
		return kept
	}
	return readBody(r)
}

func chiRespond(w http.ResponseWriter, r response) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(r.status)
	_, _ = io.WriteString(w, r.text)
}

// chiLog is an example of a logging middleware. It puts the body back.
func chiLog(s *shop) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := readBody(r)
			r.Body = io.NopCloser(bytes.NewReader(body))
			recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(recorder, r)
			s.log.Info("request", "method", r.Method, "path", r.URL.Path, "bytes", len(body), "status", recorder.Status())
		})
	}
}
