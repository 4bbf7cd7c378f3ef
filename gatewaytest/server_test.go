package gatewaytest_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// start starts a fake of a gateway that has one call, POST /create/{no}, and sends
// notifications with "order_no=…&amount=…".
func start(t *testing.T, opts ...gatewaytest.Option) *gatewaytest.Server {
	t.Helper()
	var s *gatewaytest.Server
	mux := http.NewServeMux()
	mux.HandleFunc("POST /create/{no}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Add(gatewaytest.Order{ID: s.NextID(), OrderNo: r.PathValue("no"), State: "waiting"}) {
			http.Error(w, "order_no exists", http.StatusConflict)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Own", "kept")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"success":true,"padding":"0123456789"}`)
	})
	s = gatewaytest.Start(mux, gatewaytest.Behavior{
		PaidState: "paid", ExpiredState: "expired", CanceledStates: []string{"canceled", "closed"},
		Notification: func(order gatewaytest.Order, tampered bool) gatewaytest.Message {
			if tampered {
				order.Amount += 90000
			}
			return gatewaytest.Message{
				Method: http.MethodPost, URL: order.NotifyURL, ContentType: "application/x-www-form-urlencoded",
				Body:   "order_no=" + order.OrderNo + "&amount=" + order.Amount.String() + "&state=" + order.State,
				Header: map[string]string{"X-Signature": "example"},
			}
		},
		Accepted:    func(status int, body string) bool { return status == http.StatusOK && body == "success" },
		RetryDelays: []time.Duration{time.Hour},
	}, opts...)
	t.Cleanup(s.Close)
	return s
}

// shop is a merchant's server.
type shop struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	header http.Header
}

func startShop(t *testing.T, respond http.HandlerFunc) *shop {
	t.Helper()
	m := &shop{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		m.bodies, m.header = append(m.bodies, string(body)), r.Header
		m.mu.Unlock()
		respond(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *shop) received() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string{}, m.bodies...)
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func add(t *testing.T, s *gatewaytest.Server, notifyURL string) {
	t.Helper()
	require.True(t, s.Add(gatewaytest.Order{ID: "900", OrderNo: "ORDER1", Amount: money.Cents(30000), Currency: "CNY", State: "waiting", NotifyURL: notifyURL}))
}

func TestOrders(t *testing.T) {
	t.Parallel()
	s := start(t)
	add(t, s, "")
	require.True(t, s.Add(gatewaytest.Order{ID: "901"}))
	require.True(t, s.Add(gatewaytest.Order{ID: "902"}), "two orders without a merchant's number")
	for name, other := range map[string]gatewaytest.Order{
		"the same ID":                  {ID: "900", OrderNo: "ORDER2"},
		"the same number":              {ID: "903", OrderNo: "ORDER1"},
		"an ID that is another number": {ID: "ORDER1"},
		"a number that is another ID":  {ID: "903", OrderNo: "900"},
	} {
		assert.False(t, s.Add(other), name)
	}
	byID, ok := s.Order("900")
	require.True(t, ok)
	byNo, ok := s.Order("ORDER1")
	require.True(t, ok)
	assert.Equal(t, byID, byNo)
	assert.WithinDuration(t, time.Now(), byID.CreatedAt, time.Minute)
	assert.Zero(t, byID.PaidAt)
	_, ok = s.Order("")
	assert.False(t, ok, "an empty number finds no order, although one order has none")

	numbers := []string{}
	for _, order := range s.Orders() {
		numbers = append(numbers, order.ID)
	}
	assert.Equal(t, []string{"900", "901", "902"}, numbers)

	byID.State = "changed"
	same, _ := s.Order("900")
	assert.Equal(t, "waiting", same.State, "Order returns a copy")
	require.NoError(t, s.Update("ORDER1", func(order *gatewaytest.Order) { order.State = "changed" }))
	same, _ = s.Order("900")
	assert.Equal(t, "changed", same.State)

	assert.Equal(t, []string{"424843497502158848", "424843497502158849"}, []string{s.NextID(), s.NextID()})
}

func TestUnknownOrders(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, number := range []string{"", "900"} {
		_, err := s.Pay(number)
		require.ErrorIs(t, err, gatewaytest.ErrOrderNotFound)
		require.ErrorIs(t, s.PaySilently(number), gatewaytest.ErrOrderNotFound)
		require.ErrorIs(t, s.Expire(number), gatewaytest.ErrOrderNotFound)
		_, err = s.Redeliver(number)
		require.ErrorIs(t, err, gatewaytest.ErrOrderNotFound)
		_, err = s.SendTampered(number)
		require.ErrorIs(t, err, gatewaytest.ErrOrderNotFound)
		require.ErrorIs(t, s.Update(number, func(*gatewaytest.Order) { t.Error("called") }), gatewaytest.ErrOrderNotFound)
	}
	assert.Empty(t, s.Deliveries())
}

func TestPay(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("success"))
	s := start(t)
	add(t, s, merchant.URL+"/notify")
	begin := time.Now()
	got, err := s.Pay("ORDER1")
	require.NoError(t, err)
	assert.WithinRange(t, got.At, begin, time.Now())
	want := gatewaytest.Delivery{
		OrderID: "900", OrderNo: "ORDER1", Attempt: 1, At: got.At,
		Method: "POST", URL: merchant.URL + "/notify", Body: "order_no=ORDER1&amount=300.00&state=paid",
		Status: 200, Response: "success", Accepted: true,
	}
	assert.Equal(t, want, got)
	assert.Equal(t, []gatewaytest.Delivery{want}, s.Deliveries())
	assert.Equal(t, []string{want.Body}, merchant.received())
	assert.Equal(t, "application/x-www-form-urlencoded", merchant.header.Get("Content-Type"))
	assert.Equal(t, "example", merchant.header.Get("X-Signature"))

	order, _ := s.Order("900")
	assert.True(t, order.Paid)
	assert.Equal(t, "paid", order.State)
	assert.WithinRange(t, order.PaidAt, begin, time.Now())
}

func TestPaySilently(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("success"))
	s := start(t, gatewaytest.WithRetryDelays(time.Millisecond))
	add(t, s, merchant.URL)
	require.NoError(t, s.PaySilently("ORDER1"))
	order, _ := s.Order("ORDER1")
	assert.True(t, order.Paid)
	assert.False(t, order.PaidAt.IsZero())
	assert.Equal(t, "paid", order.State)
	s.Close()
	assert.Empty(t, s.Deliveries())
	assert.Empty(t, merchant.received())
}

func TestRedeliver(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("success"))
	s := start(t)
	add(t, s, merchant.URL)
	first, err := s.Pay("ORDER1")
	require.NoError(t, err)
	second, err := s.Redeliver("900")
	require.NoError(t, err)
	assert.Equal(t, 1, second.Attempt)
	assert.Equal(t, first.Body, second.Body)
	assert.Len(t, s.Deliveries(), 2)
	assert.Equal(t, []string{first.Body, first.Body}, merchant.received())
}

func TestSendTampered(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("fail"))
	s := start(t, gatewaytest.WithRetryDelays(time.Millisecond))
	add(t, s, merchant.URL)
	got, err := s.SendTampered("ORDER1")
	require.NoError(t, err)
	assert.True(t, got.Tampered)
	assert.False(t, got.Accepted)
	assert.Equal(t, "order_no=ORDER1&amount=1200.00&state=waiting", got.Body)
	order, _ := s.Order("ORDER1")
	assert.False(t, order.Paid)
	assert.Equal(t, money.Cents(30000), order.Amount)
	time.Sleep(20 * time.Millisecond)
	s.Close()
	assert.Len(t, merchant.received(), 1, "it is sent once")
}

// waitFor waits until there are n deliveries.
func waitFor(t *testing.T, s *gatewaytest.Server, n int) []gatewaytest.Delivery {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.Deliveries()) >= n }, 10*time.Second, time.Millisecond)
	return s.Deliveries()
}

func TestRetriesUntilAccepted(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	merchant := startShop(t, func(w http.ResponseWriter, r *http.Request) {
		switch attempts.Add(1) {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "success")
		case 2:
			panic(http.ErrAbortHandler)
		case 3:
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "success")
		}
	})
	delay := 5 * time.Millisecond
	s := start(t, gatewaytest.WithRetryDelays(delay, delay, delay, delay, delay))
	add(t, s, merchant.URL)
	first, err := s.Pay("ORDER1")
	require.NoError(t, err)
	assert.Equal(t, 502, first.Status)
	assert.False(t, first.Accepted)

	all := waitFor(t, s, 4)
	time.Sleep(4 * delay)
	assert.Len(t, s.Deliveries(), 4, "an accepted notification is not retried")
	for i, delivery := range all {
		assert.Equal(t, i+1, delivery.Attempt)
		assert.Equal(t, i == 3, delivery.Accepted)
		if i > 0 {
			assert.GreaterOrEqual(t, delivery.At.Sub(all[i-1].At), delay)
		}
	}
	assert.Equal(t, first, all[0])
	assert.Zero(t, all[1].Status)
	assert.NotEmpty(t, all[1].Err, "a merchant that closes the connection")
	assert.Equal(t, http.StatusFound, all[2].Status, "a redirect is not followed")
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("fail"))
	s := start(t, gatewaytest.WithRetryDelays(time.Millisecond, time.Millisecond))
	add(t, s, merchant.URL)
	_, err := s.Pay("ORDER1")
	require.NoError(t, err)
	waitFor(t, s, 3)
	time.Sleep(20 * time.Millisecond)
	assert.Len(t, s.Deliveries(), 3)

	none := start(t, gatewaytest.WithRetryDelays())
	add(t, none, merchant.URL)
	_, err = none.Pay("ORDER1")
	require.NoError(t, err)
	time.Sleep(20 * time.Millisecond)
	assert.Len(t, none.Deliveries(), 1, "WithRetryDelays() retries nothing")
}

// A retry holds the state at its own time.
func TestRetriesAreCurrent(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("fail"))
	s := start(t, gatewaytest.WithRetryDelays(50*time.Millisecond))
	add(t, s, merchant.URL)
	_, err := s.Pay("ORDER1")
	require.NoError(t, err)
	require.NoError(t, s.Update("ORDER1", func(order *gatewaytest.Order) { order.State = "refunded" }))
	assert.Contains(t, waitFor(t, s, 2)[1].Body, "state=refunded")
}

func TestDelayNotifications(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("success"))
	s := start(t)
	add(t, s, merchant.URL)
	const delay = 50 * time.Millisecond
	s.DelayNotifications(delay)
	begin := time.Now()
	got, err := s.Pay("ORDER1")
	require.NoError(t, err)
	assert.True(t, got.Accepted)
	assert.GreaterOrEqual(t, got.At.Sub(begin), delay)

	s.DelayNotifications(time.Hour)
	end := make(chan error)
	go func() {
		_, err := s.Redeliver("ORDER1")
		end <- err
	}()
	s.Close()
	select {
	case err := <-end:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(10 * time.Second):
		t.Fatal("Close does not end the delay")
	}
	assert.Len(t, s.Deliveries(), 1)
}

func TestUnreachableMerchant(t *testing.T) {
	t.Parallel()
	s := start(t)
	for id, notifyURL := range map[string]string{"1": "http://127.0.0.1:1/", "2": "::no URL", "3": "ftp://127.0.0.1/"} {
		require.True(t, s.Add(gatewaytest.Order{ID: id, NotifyURL: notifyURL}))
		got, err := s.Pay(id)
		require.NoError(t, err)
		assert.NotEmpty(t, got.Err)
		assert.Zero(t, got.Status)
		assert.False(t, got.Accepted)
	}
}

//nolint:paralleltest // it counts the goroutines of the whole process
func TestCloseEndsEverything(t *testing.T) {
	merchant := startShop(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/slow") {
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, "fail")
	})
	before := runtime.NumGoroutine()
	s := start(t, gatewaytest.WithRetryDelays(time.Hour, time.Hour))
	for i := range 5 {
		id := fmt.Sprint(i)
		require.True(t, s.Add(gatewaytest.Order{ID: id, NotifyURL: merchant.URL}))
		_, err := s.Pay(id)
		require.NoError(t, err)
	}
	// A notification in flight, and a delayed request.
	require.True(t, s.Add(gatewaytest.Order{ID: "slow", NotifyURL: merchant.URL + "/slow"}))
	var waiting sync.WaitGroup
	waiting.Add(2)
	go func() {
		defer waiting.Done()
		delivery, err := s.Pay("slow")
		assert.NoError(t, err)
		assert.NotEmpty(t, delivery.Err)
	}()
	s.InjectFault(gatewaytest.Fault{Delay: time.Hour})
	go func() {
		defer waiting.Done()
		response, err := http.Post(s.URL+"/create/delayed", "", nil)
		if err == nil {
			_ = response.Body.Close()
		}
	}()
	for end := time.Now().Add(10 * time.Second); len(merchant.received()) < 6 || len(s.Orders()) < 7; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(end), "they have not started")
	}
	begin := time.Now()
	s.Close()
	waiting.Wait()
	assert.Less(t, time.Since(begin), 5*time.Second)
	s.Close() // a second time

	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
	deliveries := len(s.Deliveries())
	_, err := s.Pay("0")
	require.NoError(t, err)
	assert.Len(t, s.Deliveries(), deliveries+1, "a notification after Close fails and is not retried")
	_, err = http.Get(s.URL) //nolint:bodyclose // it fails
	require.Error(t, err)
}

// For the race detector: an order is paid while the fake is closed.
func TestCloseWhilePaying(t *testing.T) {
	t.Parallel()
	merchant := startShop(t, say("fail"))
	for range 20 {
		s := start(t)
		add(t, s, merchant.URL)
		paid := make(chan struct{})
		go func() {
			defer close(paid)
			_, _ = s.Pay("ORDER1")
		}()
		s.Close()
		<-paid
	}
}

// response is the response to a create. Its status is 0 if there was none.
type response struct {
	status int
	header http.Header
	body   string
}

// creating sends a create with a timeout of one second.
func creating(t *testing.T, s *gatewaytest.Server, no string) (response, error) {
	t.Helper()
	client := &http.Client{
		Timeout:       time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	posted, err := client.Post(s.URL+"/create/"+no, "text/plain", strings.NewReader("body"))
	if err != nil {
		return response{}, err
	}
	defer func() { _ = posted.Body.Close() }()
	body, err := io.ReadAll(posted.Body)
	return response{posted.StatusCode, posted.Header, string(body)}, err
}

const success = `{"success":true,"padding":"0123456789"}`

func TestInjectFault(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault  gatewaytest.Fault
		status int // 0: no response
		body   string
		broken bool
		made   bool // the order was created
		header map[string]string
	}{
		"a path alone": {
			fault:  gatewaytest.Fault{Path: "/create"},
			status: 201, body: success, made: true, header: map[string]string{"Content-Type": "application/json", "X-Own": "kept"},
		},
		"another path": {
			fault:  gatewaytest.Fault{Path: "/query", Status: 500},
			status: 201, body: success, made: true, header: map[string]string{"X-Own": "kept"},
		},
		"a short delay": {
			fault:  gatewaytest.Fault{Delay: 20 * time.Millisecond},
			status: 201, body: success, made: true, header: map[string]string{"X-Own": "kept"},
		},
		"a delay too long":    {fault: gatewaytest.Fault{Delay: time.Hour}, made: true},
		"reset":               {fault: gatewaytest.Fault{Reset: true}},
		"reset, processed":    {fault: gatewaytest.Fault{Reset: true, Processed: true}, made: true},
		"redirect":            {fault: gatewaytest.Fault{Redirect: "https://elsewhere.example.com/"}, status: 307, header: map[string]string{"Location": "https://elsewhere.example.com/"}},
		"redirect, processed": {fault: gatewaytest.Fault{Redirect: "/", Processed: true}, status: 307, made: true},
		"cut":                 {fault: gatewaytest.Fault{Cut: true}, status: 201, body: success[:len(success)/2], broken: true, made: true, header: map[string]string{"Content-Type": "application/json"}},
		"status":              {fault: gatewaytest.Fault{Status: 503}, status: 503},
		"status, processed":   {fault: gatewaytest.Fault{Status: 500, Processed: true}, status: 500, made: true},
		"body":                {fault: gatewaytest.Fault{Body: "<p>busy</p>"}, status: 200, body: "<p>busy</p>"},
		"body, processed":     {fault: gatewaytest.Fault{Body: "null", Processed: true}, status: 200, body: "null", made: true},
		"HTML": {
			fault:  gatewaytest.Fault{Status: 502, ContentType: "text/html", Body: "<p>busy</p>"},
			status: 502, body: "<p>busy</p>", header: map[string]string{"Content-Type": "text/html"},
		},
		"late and with another status": {fault: gatewaytest.Fault{Delay: 20 * time.Millisecond, Status: 504}, status: 504},
		"late reset":                   {fault: gatewaytest.Fault{Delay: 20 * time.Millisecond, Reset: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.InjectFault(test.fault)
			begin := time.Now()
			got, err := creating(t, s, "1")
			if test.fault.Delay > 0 {
				assert.GreaterOrEqual(t, time.Since(begin), min(test.fault.Delay, time.Second))
			}
			_, made := s.Order("1")
			assert.Equal(t, test.made, made)
			if test.status == 0 {
				require.Error(t, err)
				return
			}
			if test.broken {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, test.status, got.status)
			assert.Equal(t, test.body, got.body)
			for name, value := range test.header {
				assert.Equal(t, value, got.header.Get(name))
			}
		})
	}
}

func TestFaultsEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	statuses := func(n int) []int {
		var all []int
		for range n {
			got, err := creating(t, s, s.NextID())
			require.NoError(t, err)
			all = append(all, got.status)
		}
		return all
	}
	s.InjectFault(gatewaytest.Fault{Status: 500, Times: 2})
	assert.Equal(t, []int{500, 500, 201, 201}, statuses(4))

	s.InjectFault(gatewaytest.Fault{Status: 500, Times: 1})
	s.InjectFault(gatewaytest.Fault{Status: 503, Times: 1})
	assert.Equal(t, []int{500, 503, 201}, statuses(3), "one after the other")

	s.InjectFault(gatewaytest.Fault{Status: 500})
	s.InjectFault(gatewaytest.Fault{Status: 503, Times: 1})
	assert.Equal(t, []int{500, 500, 500}, statuses(3))
	s.InjectFault(gatewaytest.Fault{})
	assert.Equal(t, []int{201}, statuses(1), "the zero Fault removes all faults")
}

func TestWithIssued(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "424843497502158848", start(t).NextID())
	s := start(t, gatewaytest.WithIssued(1000))
	assert.Equal(t, "424843497502159848", s.NextID())
	assert.Equal(t, "424843497502159849", s.NextID())
}

func TestWithAddress(t *testing.T) {
	t.Parallel()
	var listener net.Listener
	for listener == nil { // on a port below those of other tests
		listener, _ = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20000+rand.IntN(10000)))
	}
	address := listener.Addr().String()
	assert.Panics(t, func() {
		gatewaytest.Start(http.NotFoundHandler(), gatewaytest.Behavior{}, gatewaytest.WithAddress(address))
	})
	require.NoError(t, listener.Close())
	s := start(t, gatewaytest.WithAddress(address))
	assert.Equal(t, "http://"+address, s.URL)
	got, err := creating(t, s, "1")
	require.NoError(t, err)
	assert.Equal(t, 201, got.status)
}

func TestCashier(t *testing.T) {
	t.Parallel()
	s := start(t)
	order := gatewaytest.Order{
		ID: "900", OrderNo: `"><script>alert(1)</script>`, Amount: money.Cents(30000), Currency: "CNY", Channel: "alipay", State: "waiting",
	}
	w := httptest.NewRecorder()
	get := httptest.NewRequest(http.MethodGet, "/pay/900", nil)
	s.Cashier(w, get, "ispay 就付", "https://pay.example.com/900", "/pay/900", order)
	page := w.Body.String()
	assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	for _, part := range []string{"ispay 就付", `<p class="price">¥300.00</p>`, "<title>¥300.00 · ispay 就付</title>", `src="data:image/png;base64,`, `action="/pay/900"`, "alipay", "900", "waiting"} {
		assert.Contains(t, page, part)
	}
	assert.NotContains(t, page, "<script>", "the order number is escaped")

	assert.NotContains(t, page, "<a ", "it has no return URL")

	w = httptest.NewRecorder()
	order.Paid, order.ReturnURL, order.Currency = true, "https://shop.example.com/thanks", "FTM"
	s.Cashier(w, get, "ispay", strings.Repeat("x", 5000), "/pay/900", order)
	assert.Contains(t, w.Body.String(), "<title>已付款 paid · ispay</title>")
	assert.Contains(t, w.Body.String(), `<p class="price">300.00 FTM</p>`)
	assert.Contains(t, w.Body.String(), `<a href="https://shop.example.com/thanks">`)
	assert.NotContains(t, w.Body.String(), "<form")
	assert.NotContains(t, w.Body.String(), "<img")
}

func TestTheCashierPagePays(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.True(t, s.Add(gatewaytest.Order{ID: "1"}))
	require.True(t, s.Add(gatewaytest.Order{ID: "2"}))
	thanks := "https://shop.example.com/thanks"
	for _, test := range []struct {
		method, target string
		order          gatewaytest.Order
		status         int
		location       string
	}{
		{"GET", "/page?a=b", gatewaytest.Order{ID: "1"}, 200, ""},
		{"POST", "/create", gatewaytest.Order{ID: "1"}, 200, ""},
		{"POST", "/page?a=b", gatewaytest.Order{ID: "3"}, 404, ""},
		{"POST", "/page?a=b", gatewaytest.Order{ID: "1"}, 303, "/page?a=b"},
		{"POST", "/page?a=b", gatewaytest.Order{ID: "2", ReturnURL: thanks}, 303, thanks},
	} {
		w := httptest.NewRecorder()
		s.Cashier(w, httptest.NewRequest(test.method, test.target, nil), "ispay", "text", "/page?a=b", test.order)
		assert.Equal(t, test.status, w.Code)
		assert.Equal(t, test.location, w.Header().Get("Location"))
		order, _ := s.Order(test.order.ID)
		assert.Equal(t, test.status == http.StatusSeeOther, order.Paid)
	}
}

// A page that was opened twice, and a double click, pay once.
func TestTheCashierPagePaysOnce(t *testing.T) {
	t.Parallel()
	s, m := start(t), startShop(t, say("success"))
	add(t, s, m.URL)
	stale, _ := s.Order("900")
	for range 3 {
		w := httptest.NewRecorder()
		s.Cashier(w, httptest.NewRequest(http.MethodPost, "/page", nil), "ispay", "text", "/page", stale)
		assert.Equal(t, http.StatusSeeOther, w.Code)
	}
	assert.Len(t, m.received(), 1)
}

// The payer returns to the merchant before a notification that is delayed.
func TestTheCashierPageDoesNotWaitForADelayedNotification(t *testing.T) {
	t.Parallel()
	s := start(t)
	order := gatewaytest.Order{ID: "9", NotifyURL: s.URL, ReturnURL: "https://shop.example.com/thanks"}
	require.True(t, s.Add(order))
	s.DelayNotifications(time.Hour)
	w := httptest.NewRecorder()
	s.Cashier(w, httptest.NewRequest(http.MethodPost, "/page", nil), "ispay", "text", "/page", order)
	assert.Equal(t, order.ReturnURL, w.Header().Get("Location"))
	paid, _ := s.Order("9")
	assert.True(t, paid.Paid)
	assert.Empty(t, s.Deliveries())
	s.Close() // ends the delay
	assert.Empty(t, s.Deliveries())
}

func TestTheCashierPageOfAnOrderThatHasEnded(t *testing.T) {
	t.Parallel()
	s := start(t)
	for state, want := range map[string]string{"expired": "已过期 expired", "canceled": "已取消 canceled", "closed": "已取消 canceled", "waiting": ""} {
		order := gatewaytest.Order{ID: "9", Amount: money.Cents(1), Currency: "CNY", State: state}
		require.True(t, s.Add(order))
		page := func() string {
			w := httptest.NewRecorder()
			order, _ := s.Order("9")
			s.Cashier(w, httptest.NewRequest(http.MethodGet, "/page", nil), "ispay", "text", "/page", order)
			return strings.NewReplacer(`<span lang="en">`, "", "</span>", "").Replace(w.Body.String())
		}
		hasEnded := want != ""
		assert.Equal(t, hasEnded, strings.Contains(page(), "<title>"+want+" · ispay"), state)
		assert.Equal(t, hasEnded, strings.Contains(page(), "<strong>"+want+"</strong>"), state)
		assert.Equal(t, hasEnded, strings.Contains(page(), "<button>模拟逾期付款 pay late"), state)
		assert.Equal(t, !hasEnded, strings.Contains(page(), "<img"), state)

		_, err := s.Pay("9")
		require.NoError(t, err)
		assert.Contains(t, page(), "<strong>已付款 paid</strong>", state)
		assert.NotContains(t, page(), "<form")
		s.Reset()
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	s := start(t)
	add(t, s, "")
	require.NoError(t, s.Expire("ORDER1"))
	order, _ := s.Order("ORDER1")
	assert.Equal(t, "expired", order.State)
	assert.False(t, order.Paid)

	got, err := s.Pay("900")
	require.NoError(t, err)
	assert.Zero(t, got, "without a notify URL nothing is sent")
	assert.Empty(t, s.Deliveries())
	require.ErrorIs(t, s.Expire("900"), gatewaytest.ErrAlreadyPaid)
	order, _ = s.Order("900")
	assert.True(t, order.Paid)
	assert.Equal(t, "paid", order.State)
}

func TestReset(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.True(t, s.Add(gatewaytest.Order{ID: "1", NotifyURL: s.URL}))
	_, err := s.Pay("1")
	require.NoError(t, err)
	s.InjectFault(gatewaytest.Fault{Status: 500})
	s.Reset()
	assert.Empty(t, s.Orders())
	assert.Empty(t, s.Deliveries())
	made, err := creating(t, s, "2")
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, made.status)
	assert.True(t, s.Add(gatewaytest.Order{ID: "1"}))
}

func TestCrossSiteRequestsAreRejected(t *testing.T) {
	t.Parallel()
	s := start(t)
	for site, want := range map[string]int{"cross-site": http.StatusForbidden, "same-origin": http.StatusCreated, "": http.StatusCreated} {
		request, err := http.NewRequest(http.MethodPost, s.URL+"/create/"+s.NextID(), nil)
		require.NoError(t, err)
		request.Header.Set("Sec-Fetch-Site", site)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode, site)
	}
}
