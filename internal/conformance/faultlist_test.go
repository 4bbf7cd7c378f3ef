package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go"
)

// faults lists them. elsewhere is where redirects lead.
func faults(elsewhere string) []fault {
	no, bad := paygates.ErrNoResponse, paygates.ErrBadResponse
	all := []fault{
		{name: "none", respond: with(200, typeJSON, good), creates: 1, queries: 1},
		// PHP says text/html unless it is told otherwise, so the type is not looked at.
		{name: "JSON as HTML", respond: with(200, typeHTML, good), creates: 1, queries: 1},
		{name: "JSON without a type", respond: with(200, "", good), creates: 1, queries: 1},
		// What a PHP program, its web server or a debugger prints around it.
		{
			name: "JSON behind a warning of PHP",
			respond: with(200, typeHTML, func(body string) string {
				return "<br />\n<b>Deprecated</b>:  Function f() is deprecated in <b>/www/pay.php</b> on line <b>12</b><br />\n" + body
			}),
			creates: 1, queries: 1,
		},
		{
			name:    "JSON before a comment",
			respond: with(200, typeHTML, func(body string) string { return body + "\n<!-- 0.02 s -->\n\x00" }),
			creates: 1, queries: 1,
		},
		{name: "JSON that was encoded twice", respond: with(200, typeJSON, strconv.Quote), creates: 1, queries: 1},

		// Timeouts first: they take longest.
		{
			name: "timeout before sending", network: dialHangs,
			kind: no, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "timeout after sending", respond: hang,
			kind: no, unknown: true, creates: 1, queries: 3, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "timeout after the head", respond: hangAfterHead,
			kind: bad, unknown: true, creates: 1, queries: 3, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "slow drip", respond: drip,
			kind: bad, unknown: true, creates: 1, queries: 3, timeout: shortTimeout, cause: context.DeadlineExceeded,
		},
		{
			name: "deadline before sending", network: dialHangs,
			kind: no, deadline: shortDeadline, cause: context.DeadlineExceeded,
		},
		{
			name: "deadline after sending", respond: hang,
			kind: no, unknown: true, creates: 1, queries: 1, deadline: shortDeadline, cause: context.DeadlineExceeded,
		},
		{
			name: "deadline in a slow drip", respond: drip,
			kind: bad, unknown: true, creates: 1, queries: 1, deadline: shortDeadline, cause: context.DeadlineExceeded,
		},
		{
			name: "canceled after sending",
			respond: func(c *cell, w http.ResponseWriter, r *http.Request) {
				c.cancel()
				hang(c, w, r)
			},
			kind: no, unknown: true, creates: 1, queries: 1, cause: context.Canceled,
		},

		{name: "refused", network: refused, kind: no},
		{name: "unknown host", network: unknownHost, kind: no},
		{name: "unknown certificate authority", network: unknownAuthority, kind: no},
		{name: "no TLS there", network: notTLS, kind: no},

		{
			name: "101 Switching Protocols", respond: switching,
			http1: true, kind: bad, unknown: true, creates: 1, queries: 1,
		},
		{
			name: "a flood of 1xx", respond: flood,
			http1: true, kind: no, unknown: true, creates: 1, queries: 3, timeout: shortTimeout,
		},
		{name: "reset before the response", respond: raw(true, text("")), http1: true, kind: no, unknown: true, creates: 1, queries: 3},
		{name: "closed before the response", respond: raw(false, text("")), http1: true, kind: no, unknown: true, creates: 1, queries: 3},
		{
			name: "reset in the head", respond: raw(true, text("HTTP/1.1 200 OK\r\nContent-Le")),
			http1: true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "reset in the body",
			respond: raw(true, func(c call) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(c.response), c.response[:len(c.response)/2])
			}),
			http1: true, kind: bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "shorter than its length",
			respond: func(c *cell, w http.ResponseWriter, _ *http.Request) { cutShort(w, c.call.response) },
			kind:    bad, unknown: true, creates: 1, queries: 3,
		},
		// The rest may say that the order was created: see the responses with a good body.
		{
			name: "404 that is shorter than its length",
			respond: func(c *cell, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				w.WriteHeader(http.StatusNotFound)
				cutShort(w, c.call.response)
			},
			kind: bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "chunks without an end",
			respond: raw(false, func(c call) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(c.response), c.response)
			}),
			http1: true, kind: bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "reset of a used connection", respond: raw(true, text("")), used: true,
			http1: true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name: "end of a used connection", respond: raw(false, text("")), used: true,
			http1: true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		// The response stands where the status line should.
		{
			name:    "no HTTP",
			respond: raw(false, func(c call) string { return c.response + "\r\n\r\n" }),
			http1:   true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "a broken status",
			respond: raw(false, text("HTTP/1.1 "+marker+" OK\r\n\r\n")),
			http1:   true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "a broken header",
			respond: raw(false, text("HTTP/1.1 200 OK\r\n"+marker+"\r\n\r\n")),
			http1:   true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "a broken length",
			respond: raw(false, text("HTTP/1.1 200 OK\r\nContent-Length: "+marker+"\r\n\r\n")),
			http1:   true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "an unknown transfer encoding",
			respond: raw(false, text("HTTP/1.1 200 OK\r\nTransfer-Encoding: "+marker+"\r\n\r\n")),
			http1:   true, kind: no, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "a broken chunk",
			respond: raw(false, text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+marker+"\r\n")),
			http1:   true, kind: bad, unknown: true, creates: 1, queries: 3,
		},
		{
			name:    "not gzip",
			respond: raw(false, text("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+strings.Repeat(marker, 10))),
			http1:   true, kind: bad, unknown: true, creates: 1, queries: 3,
		},

		badResponse("endless", endless, heavy),
		badResponse("gzip bomb", gzipBomb, heavy),

		badResponse("empty 200", with(200, typeJSON, nothing)),
		badResponse("204", with(204, typeJSON, nothing)),
		badResponse("HTML", with(200, typeHTML, page)),
		badResponse("HTML as JSON", with(200, typeJSON, page)),
		badResponse("cut JSON", with(200, typeJSON, func(body string) string { return body[:len(body)/2] })),
		badResponse("JSON and more", with(200, typeJSON, func(body string) string { return body + body })),
		badResponse("deep nesting", with(200, typeJSON, insert(`"zz":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)))),
		badResponse("deep objects", with(200, typeJSON, insert(`"zz":`+strings.Repeat(`{"a":`, 20_000)+"1"+strings.Repeat("}", 20_000)))),
		badResponse("a field twice", with(200, typeJSON, func(body string) string { return decides.ReplaceAllString(body, `"$1":9,$0`) })),
		badResponse("a field twice, the second in capitals", with(200, typeJSON, func(body string) string {
			return decides.ReplaceAllStringFunc(body, func(field string) string { return field + "," + strings.ToUpper(field) })
		})),
		badResponse("null", with(200, typeJSON, always("null")), opaque),
		badResponse("an empty object", with(200, typeJSON, always("{}")), opaque),
		badResponse("a list", with(200, typeJSON, always("[]")), opaque),
		badResponse("huge numbers", with(200, typeJSON, everyNumber(strings.Repeat("9", 400))), opaque, numbersOnly),
		badResponse("huge exponents", with(200, typeJSON, everyNumber("1e400")), opaque, numbersOnly),
		badResponse("fractions of a cent", with(200, typeJSON, everyNumber("1.005")), opaque, numbersOnly),
	}
	redirects, failures := []int{301, 302, 303, 307, 308}, []int{500, 501, 502, 503, 504}
	if raced {
		redirects, failures = []int{301, 307}, []int{500, 503}
	}
	for _, status := range redirects {
		for what, location := range map[string]string{
			"": elsewhere + "/" + marker, " with a broken address": "http://" + marker + ":port/%zz",
		} {
			all = append(all, redirect(fmt.Sprint(status, what), status, location))
		}
	}
	for _, status := range failures {
		for what, change := range map[string]func(string) string{"": page, " empty": nothing, " with a good body": good} {
			all = append(all, fault{
				name: fmt.Sprint(status, what), respond: with(status, typeHTML, change),
				kind: bad, unknown: true, unavailable: true, creates: 1, queries: 3,
			})
		}
	}
	// These say that nothing was done.
	for status, queries := range map[int]int{400: 1, 403: 1, 404: 1, 413: 1, 421: 1, 425: 1, 429: 3, 431: 1} {
		all = append(all, fault{
			name: fmt.Sprint(status), respond: with(status, typeHTML, page),
			kind: bad, unavailable: status == 429, creates: 1, queries: queries,
		})
	}
	return all
}

func always(s string) func(string) string { return func(string) string { return s } }

func badResponse(name string, respond func(*cell, http.ResponseWriter, *http.Request), options ...func(*fault)) fault {
	f := fault{name: name, respond: respond, kind: paygates.ErrBadResponse, unknown: true, creates: 1, queries: 1}
	for _, option := range options {
		option(&f)
	}
	return f
}

func heavy(f *fault) { f.heavy = true }

func opaque(f *fault) { f.opaque = true }

func numbersOnly(f *fault) { f.numbers = true }

func redirect(name string, status int, location string) fault {
	f := badResponse(name, func(_ *cell, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	})
	return f
}
