package checkout

import (
	"context"
	"fmt"
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
// worker, and is killed at random moments with SIGKILL. Payers pay at a fake gateway of
// ispay, whose notifications are lost, repeated and sent to dead processes. In the end
// every payment is credited once.

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
		DB: db, Dialect: d.dialect, TablePrefix: d.prefix, Gateways: []Gateway{gateway},
		PublicURL: os.Getenv("CHILD_PUBLIC"), OnPaid: d.sell, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		QueryInterval: 50 * time.Millisecond, PollInterval: 20 * time.Millisecond, GatewayTimeout: time.Second,
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
		s := newShop(t, d) // creates the tables, and reads them in the end
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

		var kills atomic.Int64
		stop := time.Now().Add(killSeconds())
		var playing sync.WaitGroup
		playing.Add(2)
		go func() {
			defer playing.Done()
			for time.Now().Before(stop) {
				time.Sleep(time.Duration(200+rand.IntN(300)) * time.Millisecond)
				p := processes[rand.IntN(len(processes))]
				p.kill()
				kills.Add(1)
				assert.NoError(t, p.start())
			}
		}()
		go func() {
			defer playing.Done()
			payers(fake, stop)
		}()
		playing.Wait()
		requireAllCredited(t, s, fake)
		t.Logf("%d kills, %d orders at the gateway", kills.Load(), len(fake.Orders()))
		require.Positive(t, kills.Load())
	})
}

// payers pay orders in every way until stop.
func payers(fake *ispaytest.Server, stop time.Time) {
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
			fake.InjectFault(gatewaytest.Fault{Reset: true, Processed: rand.IntN(2) == 0, Times: 1})
		}
	}
}

func requireAllCredited(t *testing.T, s *shop, fake *ispaytest.Server) {
	t.Helper()
	var paid []string
	for _, order := range fake.Orders() {
		if order.Paid {
			paid = append(paid, order.OrderNo)
		}
	}
	require.NotEmpty(t, paid)
	eventually(t, func() bool {
		for _, no := range paid {
			if s.state(t, no).Status != OrderPaid {
				return false
			}
		}
		return true
	}, "every paid order is credited")
	for _, order := range fake.Orders() {
		state := s.state(t, order.OrderNo) // stored before the gateway heard of it
		count, amount := s.sales(t, order.OrderNo)
		if order.Paid {
			require.Equal(t, 1, count, order.OrderNo)
			require.EqualValues(t, 990, amount)
			continue
		}
		require.Zero(t, count, order.OrderNo)
		require.NotEqual(t, OrderPaid, state.Status)
	}
	require.Empty(t, s.attention(t))
}
