package checkout

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/ispay/ispaytest"
	"github.com/paygates/paygates-go/sign"
)

// Three processes share a database. Each creates orders, serves notifications and runs the
// worker, and is killed at random moments with SIGKILL, and so is the server of the database.
// Payers pay at a fake gateway of ispay, whose notifications are lost, repeated and sent to
// dead processes, and which uses some payment numbers for several orders. In the end the
// money is counted: every payment is credited once or waits for a person.

// killSeconds is how long processes are killed. CHECKOUT_KILL_SECONDS changes it.
func killSeconds() time.Duration {
	if n, err := strconv.Atoi(os.Getenv("CHECKOUT_KILL_SECONDS")); err == nil {
		return time.Duration(n) * time.Second
	}
	return 4 * time.Second
}

// child is the process that is killed: TestMain calls it. Its parameters are in the
// environment.
func child() error {
	ctx := context.Background()
	d := testDB{dialect: Dialect(os.Getenv("CHILD_DIALECT")), prefix: os.Getenv("CHILD_PREFIX"), dsn: os.Getenv("CHILD_DSN")}
	db, err := d.connect()
	if err != nil {
		return err
	}
	gateway, err := Ispay(ispay.Config{UserID: ispaytest.UserID, Secret: sign.NewSecret(ispaytest.Secret), BaseURL: os.Getenv("CHILD_GATEWAY")})
	if err != nil {
		return err
	}
	s, err := New(ctx, Config{
		DB: db, Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{reusing{gateway}},
		PublicURL: os.Getenv("CHILD_PUBLIC"), OnPaid: d.sell, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		QueryInterval: 200 * time.Millisecond, PollInterval: 20 * time.Millisecond, GatewayTimeout: time.Second,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", os.Getenv("CHILD_ADDRESS"))
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, s.NotificationHandler()) }()
	go s.Run(ctx)
	for {
		_, err := s.Create(ctx, Order{Channel: string(ispay.ChannelAlipay), Amount: 990, PayerIP: "203.0.113.7"})
		if err != nil {
			slog.Info("create", "error", err)
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
	}
}

// reusing is a gateway that uses a payment number for several orders: see paymentNo.
type reusing struct{ Gateway }

func (g reusing) Query(ctx context.Context, r QueryRequest) (*QueryResult, error) {
	result, err := g.Gateway.Query(ctx, r)
	if err == nil && result.Payment != nil {
		result.Payment.PaymentNo = paymentNo(result.Payment.AttemptNo)
	}
	return result, err
}

func (g reusing) ReadNotification(ctx context.Context, r *http.Request) (Notification, error) {
	n, err := g.Gateway.ReadNotification(ctx, r)
	if err == nil && n.Payment != nil {
		n.Payment.PaymentNo = paymentNo(n.Payment.AttemptNo)
	}
	return n, err
}

// paymentNo returns the number of the payment of an order. An eighth of all orders share two
// numbers.
func paymentNo(orderNo string) string {
	if n := crc32.ChecksumIEEE([]byte(orderNo)) % 16; n < 2 {
		return fmt.Sprintf("reused-%d", n)
	}
	return orderNo
}

// process is a child of the test.
type process struct {
	env     []string
	address string
	log     *os.File
	cmd     *exec.Cmd
}

func (p *process) start() error {
	p.cmd = exec.CommandContext(context.Background(), os.Args[0])
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = p.log
	return p.cmd.Start()
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(10000)))
		if err == nil {
			defer func() { _ = listener.Close() }()
			return listener.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

func TestKilledProcessesLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	onEachDatabase(t, func(t *testing.T, d testDB) {
		fake := ispaytest.NewServer(gatewaytest.WithRetryDelays(50*time.Millisecond, 200*time.Millisecond, time.Second))
		t.Cleanup(fake.Close)
		processes := make([]*process, 3)
		// A load balancer in front of the processes, some of which are dead.
		balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			target := processes[rand.IntN(len(processes))].address
			request, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+target+r.URL.RequestURI(), r.Body)
			if err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer func() { _ = response.Body.Close() }()
			w.WriteHeader(response.StatusCode)
			_, _ = io.Copy(w, response.Body)
		}))
		t.Cleanup(balancer.Close)
		server, missing := startServer(t, d)
		if server != nil {
			d = server.d
		} else {
			t.Log("the database is not killed: ", missing)
		}
		newShop(t, d) // creates the tables
		for i := range processes {
			log, err := os.CreateTemp(t.TempDir(), "child")
			require.NoError(t, err)
			p := &process{address: freeAddress(t), log: log}
			p.env = []string{
				"CHECKOUT_TEST_CHILD=1", "CHILD_DIALECT=" + string(d.dialect), "CHILD_PREFIX=" + d.prefix, "CHILD_DSN=" + d.dsn,
				"CHILD_GATEWAY=" + fake.URL, "CHILD_PUBLIC=" + balancer.URL, "CHILD_ADDRESS=" + p.address,
			}
			require.NoError(t, p.start())
			processes[i] = p
			t.Cleanup(func() {
				p.kill()
				if t.Failed() {
					text, _ := os.ReadFile(log.Name())
					t.Logf("process %d: …%s", i, text[max(0, len(text)-3000):])
				}
				_ = log.Close()
			})
		}

		var kills, restarts atomic.Int64
		stop := time.Now().Add(killSeconds())
		var playing sync.WaitGroup
		playing.Add(1)
		go func() {
			defer playing.Done()
			for time.Now().Before(stop) {
				time.Sleep(time.Duration(300+rand.IntN(900)) * time.Millisecond)
				p := processes[rand.IntN(len(processes))]
				p.kill()
				kills.Add(1)
				assert.NoError(t, p.start())
			}
		}()
		for range 8 { // a payer waits until the notification is responded to
			playing.Add(1)
			go func() {
				defer playing.Done()
				pays(fake, stop)
			}()
		}
		for server != nil && time.Now().Before(stop) {
			time.Sleep(time.Duration(300+rand.IntN(900)) * time.Millisecond)
			server.kill()
			time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
			server.start(t)
			restarts.Add(1)
		}
		playing.Wait()
		fake.InjectFault(gatewaytest.Fault{})
		requireMoney(t, newShop(t, d), fake)
		t.Logf("%d kills of processes, %d of the database, %d orders at the gateway", kills.Load(), restarts.Load(), len(fake.Orders()))
		require.Positive(t, kills.Load())
	})
}

// pays pays orders in every way until stop.
func pays(fake *ispaytest.Server, stop time.Time) {
	for time.Now().Before(stop) {
		time.Sleep(5 * time.Millisecond)
		orders := fake.Orders()
		if len(orders) == 0 {
			continue
		}
		no := orders[rand.IntN(len(orders))].OrderNo
		switch rand.IntN(6) {
		case 0, 1:
			_, _ = fake.Pay(no)
		case 2:
			_ = fake.PaySilently(no)
		case 3:
			_, _ = fake.Redeliver(no)
		case 4:
			_, _ = fake.SendTampered(no)
		case 5:
			fake.InjectFault(gatewaytest.Fault{}) // otherwise nothing else would happen after a while
			fake.InjectFault(gatewaytest.Fault{Reset: true, Processed: rand.IntN(2) == 0, Times: 1})
		}
	}
}

// requireMoney counts: each payment credited its order once, or waits for a person because
// another order has used its number.
func requireMoney(t *testing.T, s *shop, fake *ispaytest.Server) {
	t.Helper()
	groups := map[string][]string{} // orders that are paid, by payment number
	for _, order := range fake.Orders() {
		if order.Paid {
			groups[paymentNo(order.OrderNo)] = append(groups[paymentNo(order.OrderNo)], order.OrderNo)
			continue
		}
		count, _ := s.sales(t, order.OrderNo)
		require.Zero(t, count, order.OrderNo)
		require.NotEqual(t, OrderPaid, s.state(t, order.OrderNo).Status) // stored before the gateway heard of it
	}
	require.NotEmpty(t, groups)
	eventually(t, func() bool {
		for _, numbers := range groups {
			for _, no := range numbers {
				if state := s.state(t, no); state.Status != OrderPaid && !state.Held {
					return false
				}
			}
		}
		return true
	}, "every payment is credited or listed")
	reused := 0
	for _, numbers := range groups {
		credited := 0
		for _, no := range numbers {
			count, amount := s.sales(t, no)
			require.EqualValues(t, 990*count, amount)
			require.Equal(t, s.state(t, no).Status == OrderPaid, count == 1, no)
			credited += count
		}
		require.Equal(t, 1, credited, "%v", numbers)
		reused += len(numbers) - 1
	}
	waiting := s.attention(t)
	for _, p := range waiting {
		require.Equal(t, OutcomeReused, p.Outcome)
	}
	require.Len(t, waiting, reused)
	t.Logf("%d payments credited, %d of a reused number", len(groups), reused)
}
