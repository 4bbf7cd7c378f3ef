package bench

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// sent is a request. The order of parameters and names is left out.
type sent struct {
	method, path string
	header       http.Header
	query, form  url.Values
	json         map[string]any
}

type recorder struct {
	requests []sent
	response string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	s := sent{method: request.Method, path: request.URL.Path, header: request.Header.Clone(), query: request.URL.Query()}
	body := []byte{}
	if request.Body != nil { // a create of the SDK has one that is empty
		body, _ = io.ReadAll(request.Body)
	}
	if json.Unmarshal(body, &s.json) != nil {
		s.form, _ = url.ParseQuery(string(body))
	}
	for _, random := range []string{"salt", "sign"} { // of kechengcang's create
		delete(s.json, random)
	}
	r.requests = append(r.requests, s)
	request.Body = nil
	return canned(r.response).RoundTrip(request)
}

// A floor measures the same exchange only if it sends the same request.
func TestFloorsSendTheSDKsRequests(t *testing.T) {
	t.Parallel()
	var last *recorder
	client := func(response string) *http.Client {
		last = &recorder{response: response}
		return &http.Client{Transport: last}
	}
	compare := func(name string, floor, sdk func() error) {
		recorder := last
		require.NoError(t, floor(), name)
		require.NoError(t, sdk(), name)
		require.Len(t, recorder.requests, 2, name)
		require.Equal(t, recorder.requests[0], recorder.requests[1], name)
	}
	creates(t, client, compare)
	queries(t, client, compare)
}
