package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/codepay/codepaytest"
	"github.com/paygates/paygates-go/gatepay/gatepaytest"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/kechengcang/kechengcangtest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/pingpp/pingpptest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if shopDir != "" {
		_ = os.RemoveAll(shopDir)
	}
	os.Exit(code)
}

var shopDir string

// shopBinary builds the shop once for all tests.
var shopBinary = sync.OnceValues(func() (string, error) {
	var err error
	if shopDir, err = os.MkdirTemp("", "shop-test-"); err != nil {
		return "", err
	}
	binary := filepath.Join(shopDir, "shop")
	out, err := exec.CommandContext(context.Background(), "go", "build", raceFlag, "-buildvcs=false", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// process is a shop in a process of its own, which can be killed.
type process struct {
	url  string
	addr string
	cmd  *exec.Cmd
	env  []string
	log  *os.File
	args []string
}

// startProcess starts a shop with a database and an environment. What it logs is
// shown if the test fails.
func startProcess(t *testing.T, database string, env ...string) *process {
	t.Helper()
	p := newProcess(t, database, env...)
	p.start(t)
	return p
}

func newProcess(t *testing.T, database string, env ...string) *process {
	t.Helper()
	_, err := shopBinary()
	require.NoError(t, err)
	p := &process{addr: freeAddress(t), env: env}
	p.url = "http://" + p.addr
	p.args = []string{"-addr", p.addr, "-requery", "50ms", "-timeout", "2s"}
	if strings.HasPrefix(database, "postgres") {
		p.env = append(p.env, "DATABASE_URL="+database)
	} else {
		p.args = append(p.args, "-db", database)
	}
	p.log, err = os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			log, _ := os.ReadFile(p.log.Name())
			t.Logf("the shop's log:\n%s", log)
		}
		_ = p.log.Close()
	})
	return p
}

var lastPort atomic.Int64

// freeAddress returns an address that stays free while the shop is dead: its port
// is below those that the system gives to outgoing connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	lastPort.CompareAndSwap(0, int64(20000+mathrand.IntN(5000)))
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", lastPort.Add(1))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			require.NoError(t, listener.Close())
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// start starts the shop and waits until it is open.
func (p *process) start(t *testing.T) {
	t.Helper()
	p.launch(t)
	p.waitOpen(t)
}

func (p *process) launch(t *testing.T) {
	t.Helper()
	binary, err := shopBinary()
	require.NoError(t, err)
	p.cmd = exec.CommandContext(context.Background(), binary, p.args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, p.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
}

func (p *process) waitOpen(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		response, err := noRedirect.Get(p.url + "/healthz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, "the shop opens")
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// buy orders by the form and returns the number of the order.
func (p *process) buy(t *testing.T, gateway, channel string) string {
	t.Helper()
	no, err := p.tryBuy(gateway, channel)
	require.NoError(t, err)
	return no
}

func (p *process) tryBuy(gateway, channel string) (string, error) {
	response, err := noRedirect.PostForm(p.url+"/orders", url.Values{
		"gateway": {gateway}, "channel_" + gateway: {channel}, "amount": {"9.90"},
	})
	if err != nil {
		return "", err
	}
	_ = response.Body.Close()
	no, found := strings.CutPrefix(response.Header.Get("Location"), "/orders/")
	if !found {
		return "", fmt.Errorf("HTTP %d without an order", response.StatusCode)
	}
	return no, nil
}

// stage asks as the page does.
func (p *process) stage(t *testing.T, no string) stage {
	t.Helper()
	status, body := get(t, p.url+"/orders/"+no+"/status")
	require.Equal(t, http.StatusOK, status, body)
	var answer struct{ Stage stage }
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	return answer.Stage
}

func (p *process) waitFor(t *testing.T, no string, want stage) {
	t.Helper()
	eventually(t, func() bool { return p.stage(t, no) == want }, "order "+no+" comes to "+string(want))
}

// outsideFakes are fake gateways that outlive the shop, and the environment by
// which it finds them.
func outsideFakes(t *testing.T) (*fakes, []string) {
	t.Helper()
	f := startFakes(gatewaytest.WithRetryDelays())
	t.Cleanup(f.close)
	backend := httptest.NewServer(knowingBackend(t, f.pingpp))
	t.Cleanup(backend.Close)
	return f, []string{
		"ISPAY_USER_ID=" + ispaytest.UserID, "ISPAY_SECRET=" + ispaytest.Secret, "ISPAY_BASE_URL=" + f.ispay.URL,
		"CODEPAY_USER_ID=" + codepaytest.UserID, "CODEPAY_SECRET=" + codepaytest.Secret,
		"CODEPAY_TOKEN=" + codepaytest.Token, "CODEPAY_BASE_URL=" + f.codepay.URL,
		"GATEPAY_APPKEY=" + gatepaytest.AppKey, "GATEPAY_APPSECRET=" + gatepaytest.Secret, "GATEPAY_BASE_URL=" + f.gatepay.URL,
		"KECHENGCANG_BASE_URL=" + f.kechengcang.URL, "KECHENGCANG_APP_ID=" + kechengcangtest.AppID,
		"KECHENGCANG_SECRET=" + kechengcangtest.Secret,
		"PINGPP_BASE_URL=" + backend.URL, "PINGPP_TOKEN=" + pingpptest.Token, "PINGPP_API_KEY=" + pingpptest.APIKey,
		"PINGPP_API_BASE_URL=" + f.pingpp.URL, "PINGPP_PUBLIC_KEY=" + f.pingpp.PublicKeyPEM(),
	}
}

// knowingBackend is a merchant backend that knows every order, over 9.90 yuan.
func knowingBackend(t *testing.T, fake *pingpptest.Server) http.Handler {
	t.Helper()
	target, err := url.Parse(fake.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		_ = fake.AddOrder(form.Get("order_no"), money.Cents(990), "Tea")
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	})
}

var channelOf = map[string]string{
	"ispay": "P901", "codepay": "alipay", "gatepay": "wechat", "kechengcang": "crypto", "pingpp": "wx",
}

// numberAtFake returns the number by which a fake knows an order of the store.
func numberAtFake(t *testing.T, s *store, no string) string {
	t.Helper()
	o, err := s.order(context.Background(), no)
	require.NoError(t, err)
	return numberAt(o)
}

func TestKilledBetweenPaymentAndCallback(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		fakes, env := outsideFakes(t)
		shop := startProcess(t, database, env...)
		fakes.pingpp.SetWebhookURL(shop.url + "/notify/pingpp")
		books := testStore(t, database)
		orders := map[string]string{}
		for _, gateway := range allGateways {
			orders[gateway] = shop.buy(t, gateway, channelOf[gateway])
			assert.Equal(t, stageWaiting, shop.stage(t, orders[gateway]), gateway)
		}

		shop.kill()
		for gateway, no := range orders {
			delivery, err := fakes.of(gateway).Pay(numberAtFake(t, books, no))
			require.NoError(t, err)
			require.NotEmpty(t, delivery.Err, "nobody is there to be called back")
		}
		shop.start(t)

		for gateway, no := range orders {
			if gateway == "codepay" {
				shop.waitFor(t, no, stageUnconfirmed)
				redeliver(t, fakes.codepay, numberAtFake(t, books, no))
			}
			shop.waitFor(t, no, stagePaid)
			redeliver(t, fakes.of(gateway), numberAtFake(t, books, no))
			assert.Equal(t, 1, credits(t, books, no), gateway)
		}
		assert.Equal(t, len(allGateways), countPayments(t, books))
	})
}

// redeliver calls back until the shop has accepted it.
func redeliver(t *testing.T, of fake, number string) {
	t.Helper()
	eventually(t, func() bool {
		delivery, err := of.Redeliver(number)
		require.NoError(t, err)
		return delivery.Accepted
	}, "the callback is accepted")
}

func TestKilledInTheMiddleOfConcurrentCallbacks(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		fakes, env := outsideFakes(t)
		shop := startProcess(t, database, env...)
		books := testStore(t, database)
		// Killed when so many callbacks have been answered.
		for _, answered := range []int{0, 1, 7} {
			no := shop.buy(t, "ispay", "P901")
			require.NoError(t, fakes.ispay.PaySilently(no))
			const callbacks = 40
			called := make(chan gatewaytest.Delivery, callbacks)
			for range callbacks {
				go func() {
					delivery, _ := fakes.ispay.Redeliver(no)
					called <- delivery
				}()
			}
			accepted := 0
			for range answered {
				if delivery := <-called; delivery.Accepted {
					accepted++
				}
			}
			shop.kill()
			for range callbacks - answered {
				if delivery := <-called; delivery.Accepted {
					accepted++
				}
			}
			if accepted > 0 {
				assert.Equal(t, 1, credits(t, books, no), "what was answered with success is stored")
			}
			shop.start(t)
			redeliver(t, fakes.ispay, no)
			shop.waitFor(t, no, stagePaid)
			assert.Equal(t, 1, credits(t, books, no))
		}
		assert.Equal(t, 3, countPayments(t, books))
	})
}

// The gateway has made the order, and the shop dies before it hears of it.
func TestKilledInTheMiddleOfACreate(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		fakes, env := outsideFakes(t)
		shop := startProcess(t, database, env...)
		books := testStore(t, database)
		fakes.ispay.InjectFault(gatewaytest.Fault{Path: "/gateway", Processed: true, Delay: time.Minute, Times: 1})
		bought := make(chan error, 1)
		go func() {
			_, err := shop.tryBuy("ispay", "P901")
			bought <- err
		}()
		eventually(t, func() bool { return len(fakes.ispay.Orders()) == 1 }, "the gateway makes the order")
		shop.kill()
		require.Error(t, <-bought)
		no := fakes.ispay.Orders()[0].OrderNo
		o, err := books.order(context.Background(), no)
		require.NoError(t, err, "the order was stored before the gateway heard of it")
		assert.Equal(t, statusCreating, o.Status)
		require.NoError(t, fakes.ispay.PaySilently(no))

		shop.start(t)
		shop.waitFor(t, no, stagePaid)
		assert.Equal(t, 1, credits(t, books, no))
		assert.Len(t, fakes.ispay.Orders(), 1, "it is not created again")
	})
}

// Two shops open at the same moment on an empty database, share its work, and
// one of them dies.
func TestTwoShopsOnOneDatabase(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		fakes, env := outsideFakes(t)
		shops := []*process{newProcess(t, database, env...), newProcess(t, database, env...)}
		for _, shop := range shops {
			shop.launch(t)
		}
		for _, shop := range shops {
			shop.waitOpen(t)
		}
		books := testStore(t, database)
		var numbers []string
		for i := range 12 {
			gateway := []string{"ispay", "gatepay"}[i/6]
			numbers = append(numbers, shops[i%2].buy(t, gateway, channelOf[gateway]))
		}
		// A third of them is called back, again and again; the callbacks of another
		// third are lost; and of the last third one shop is not there any more.
		var calling sync.WaitGroup
		for i, no := range numbers {
			of := fakes.of([]string{"ispay", "gatepay"}[i/6])
			switch i % 3 {
			case 0:
				require.NoError(t, of.PaySilently(no))
				for range 10 {
					calling.Add(1)
					go func() {
						defer calling.Done()
						_, _ = of.Redeliver(no)
					}()
				}
			case 1:
				require.NoError(t, of.PaySilently(no))
			}
		}
		calling.Wait()
		shops[1].kill()
		for i, no := range numbers {
			if i%3 == 2 {
				_, err := fakes.of([]string{"ispay", "gatepay"}[i/6]).Pay(no)
				require.NoError(t, err)
			}
		}
		for _, no := range numbers {
			shops[0].waitFor(t, no, stagePaid)
			assert.Equal(t, 1, credits(t, books, no))
		}
		assert.Equal(t, len(numbers), countPayments(t, books))
	})
}

func TestTheShopClosesWhenItIsAsked(t *testing.T) {
	t.Parallel()
	fakes, env := outsideFakes(t)
	shop := startProcess(t, filepath.Join(t.TempDir(), "shop.db"), env...)
	// A payer who is at the checkout right now is served first.
	fakes.ispay.InjectFault(gatewaytest.Fault{Path: "/gateway", Delay: 500 * time.Millisecond, Times: 1})
	bought := make(chan error, 1)
	go func() {
		_, err := shop.tryBuy("ispay", "P901")
		bought <- err
	}()
	books := testStore(t, shop.args[len(shop.args)-1])
	eventually(t, func() bool {
		orders, err := books.orders(context.Background(), statusCreating, 1)
		return err == nil && len(orders) == 1
	}, "the order is stored")
	require.NoError(t, shop.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, <-bought)
	require.NoError(t, shop.cmd.Wait(), "it exits with 0")
	shop.cmd = nil
	log, err := os.ReadFile(shop.log.Name())
	require.NoError(t, err)
	assert.Contains(t, string(log), "the shop closes")
	assert.NotContains(t, string(log), ispaytest.Secret)
	assert.NotContains(t, string(log), "DATA RACE")
}
