package gatewaytest_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/paygates/paygates-go/gatewaytest"
)

// The expected values come from PHP, which keeps the last of the two g:
//
//	php -r 'parse_str("a=1;b&c=100%&d=%zz+%E4%B8%AD&e&=f&g=1&g=2&h=a=b&&i=%2", $v); echo json_encode($v, JSON_UNESCAPED_UNICODE);'
//	{"a":"1;b","c":"100%","d":"%zz 中","e":"","g":"2","h":"a=b","i":"%2"}
func TestQueryReadsAsPHP(t *testing.T) {
	t.Parallel()
	const text = "a=1;b&c=100%&d=%zz+%E4%B8%AD&e&=f&g=1&g=2&h=a=b&&i=%2"
	want := url.Values{"a": {"1;b"}, "c": {"100%"}, "d": {"%zz 中"}, "e": {""}, "g": {"1", "2"}, "h": {"a=b"}, "i": {"%2"}}
	assert.Equal(t, want, gatewaytest.Query(text))
	for contentType, form := range map[string]url.Values{
		"application/x-www-form-urlencoded": want, "APPLICATION/x-www-form-urlencoded; charset": want, "application/x-www-form-urlencoded,text/html": want,
		"": {}, "text/plain": {}, "application/json": {}, "multipart/form-data": {}, "multipart/form-data; boundary=x": {},
	} {
		r := httptest.NewRequest("POST", "/?z=%zz;", strings.NewReader(text))
		r.Header.Set("Content-Type", contentType)
		assert.Equal(t, form, gatewaytest.Form(r), contentType)
	}
	r := httptest.NewRequest("POST", "/?z=%zz;", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1;b\r\n--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	assert.Equal(t, url.Values{"a": {"1;b"}}, gatewaytest.Form(r))
}
