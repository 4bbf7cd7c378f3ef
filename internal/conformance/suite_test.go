package conformance

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign/explain"
)

// marker is in every secret, in all payer data and in every response of a gateway:
// wherever it shows, something leaked.
const marker = "zqMARKERqz"

const (
	secret    = marker + "-secret/+&="
	token     = marker + "-token/+="
	apiKey    = marker + "-apikey"
	appKey    = marker + "-appkey"
	previous  = marker + "-previous/+="
	payer     = marker + " buyer 买家"
	payerIP   = "198.51.100.77" // no other address is used anywhere in these tests
	notifyURL = "https://shop.example.com/notify/" + marker
	returnURL = "https://shop.example.com/paid/" + marker
	orderNo   = "ORDER20260101"
	gatewayNo = "424843497502158848"
	anyHost   = "https://gateway.example.com"
)

// interval is that of a wait.
const interval = 100 * time.Millisecond

// descriptor is what the suite knows of one gateway.
type descriptor struct {
	// name is that of the package.
	name string
	// client returns a client with all credentials.
	client func(testing.TB, setup) any
	// calls returns every call that goes over the network.
	calls func(testing.TB, setup) []call
	// types are pointers to all exported structs of the package.
	types []any
	// settings are the constructors with one secret or address of Config each, by name.
	settings map[string]func(settings) error
	// invalid makes every call with each text of its request or argument broken, and
	// returns the errors by call and field.
	invalid func(t testing.TB, s setup, bad string) map[string]error
	// channels are the calls in invalid whose Channel must be one of a list.
	channels []string
	// notifications returns genuine notifications.
	notifications func(testing.TB, setup) []notification
	// signed: the signature of a notification covers everything, so the handler accepts it
	// if the query that confirms it gives no result.
	signed bool
	// rejections are responses that reject a call, with %q for the message: that of
	// a POST or PUT and that of a GET.
	rejection, queryRejection string
	// unpaid is the response to a wait for an order that is not paid yet, ended that of one
	// that ended without a payment, if there is such a state.
	unpaid, ended string
	// secrets are those of the client.
	secrets []string
	// reveals is a value of a request that a gateway may repeat in its message.
	reveals []string
	// previous is a secret of Config.PreviousSecrets.
	previous string
	// withPrevious makes a client with previous keys beside the current one, "example-secret"
	// or publicPEM. It is nil if the gateway signs no notifications.
	withPrevious func(previous ...string) error
	// rotation returns a fake gateway whose key is changed, and its merchants.
	rotation func(*testing.T) rotation
	// shop returns a merchant with one client and a fake gateway.
	shop func(t *testing.T, log io.Writer, options ...gatewaytest.Option) shop
	// nilHandler makes a NotificationHandler without a function.
	nilHandler func()
}

// descriptors are those of every gateway. Each file <name>_test.go adds its own.
var descriptors []*descriptor

// describe adds a descriptor. internal/repotest names the one that is missing.
func describe(g descriptor) *descriptor {
	descriptors = append(descriptors, &g)
	return &g
}

// setup is what a client is made with.
type setup struct {
	base string
	http *http.Client
	log  *slog.Logger
	// observer is that of Config, or nil.
	observer paygates.Observer
	// unsigned: requests to Ping++ are not signed, which takes longer than all else.
	unsigned bool
	// interval is that of a wait; half of waiting if it is zero.
	interval time.Duration
}

func (s setup) waitInterval() time.Duration {
	if s.interval > 0 {
		return s.interval
	}
	return waiting / 2
}

// kind is what a call may do when it fails.
type kind int

const (
	create  kind = iota // is sent once, and may have happened nevertheless
	query               // is sent three times at most
	wait                // is sent until its context ends
	handler             // a notification for which a handler queries the gateway
)

// call is a call of one client that goes over the network.
type call struct {
	name     string
	kind     kind
	response string // a good one
	// bad are responses with HTTP 200 that cannot be read.
	bad []string
	// opaque: the response is passed on without a look at its fields.
	opaque bool
	// noNumber: no number in the response decides anything, not even a code.
	noNumber bool
	// do returns nil, not a pointer that is nil, if there is no result.
	do func(context.Context) (any, error)
}

// notification is a genuine one, as a request.
type notification struct {
	name string
	// method and fields for a form; body and header for others.
	fields url.Values
	body   string
	header http.Header
	// parse reads a request, verify what a framework has parsed.
	parse  func(*http.Request) (any, error)
	verify func(fields url.Values, body []byte, header http.Header) (any, error)
	// restore is RestoreNotification; nil for a return.
	restore func([]byte) (any, error)
	// resign signs a notification that was changed; nil if nothing is signed.
	resign func(*notification)
	// free is the field that may hold anything.
	free string
	// handler is a NotificationHandler whose function fails; nil for a return.
	handler http.Handler
	// unsigned: the notifications have no signature.
	unsigned bool
}

func (n notification) request() *http.Request {
	if n.body == "" {
		return httptest.NewRequest(http.MethodGet, "/notify?"+n.fields.Encode(), nil)
	}
	r := httptest.NewRequest(http.MethodPost, "/notify?"+marker, strings.NewReader(n.body))
	if n.header != nil {
		r.Header = n.header.Clone()
	}
	return r
}

// settings are those that the gateways have in common.
type settings struct {
	id     string // of the merchant, who has none at pingpp
	secret string
	base   string
	plain  bool // AllowPlainHTTP
	app    paygates.AppInfo
	// NotificationTimeout and MaxConfirmations
	timeout time.Duration
	most    int
}

// shop is a merchant with one client of one gateway, and the gateway.
type shop struct {
	gateway *gatewaytest.Server
	// create creates an order of price and returns the number to query it by.
	create func(ctx context.Context, orderNo, notifyURL string) (sight, error)
	// query and wait query the order, whether it is paid.
	query, wait func(ctx context.Context, number string) (sight, error)
	// keyIndex verifies a notification, and explain explains it. They are nil if the gateway
	// signs none.
	keyIndex func(*http.Request) (int, error)
	explain  func(*http.Request) explain.Explanation
	// handler credits orders by the number that they are queried by.
	handler func(credit func(sight) error) http.Handler
}

// sight is what a merchant sees of an order, as far as the gateway tells it.
type sight struct {
	number string
	amount money.Amount
	paid   bool
	raw    string
	// created is when the order was created, later when it was paid or the gateway responded;
	// nil if the gateway does not tell.
	created, later *time.Time
	// deadline is that of the context of the merchant's function.
	deadline time.Time
}

const (
	price               = money.Amount(1234)
	notificationTimeout = 7 * time.Minute // Config.NotificationTimeout of the shops
)

// saw returns what see makes of an order, or the error.
func saw[O any](see func(*O) sight) func(*O, error) (sight, error) {
	return func(order *O, err error) (sight, error) {
		if err != nil {
			return sight{}, err
		}
		return see(order), nil
	}
}

// crediting makes a NotificationHandler that credits what see makes of a notification.
func crediting[N any](
	handler func(func(context.Context, N) error) http.Handler, see func(N) sight,
) func(credit func(sight) error) http.Handler {
	return func(credit func(sight) error) http.Handler {
		return handler(func(ctx context.Context, n N) error {
			order := see(n)
			order.deadline, _ = ctx.Deadline()
			return credit(order)
		})
	}
}

// ofForm returns the notifications of a gateway that sends n as a form.
func ofForm[N any](
	n notification, parse func(*http.Request) (*N, error), verify func(url.Values) (*N, error),
	handler func(func(context.Context, *N) error) http.Handler,
) []notification {
	n.name = "notification"
	n.parse = func(r *http.Request) (any, error) { return result(parse(r)) }
	n.verify = func(values url.Values, _ []byte, _ http.Header) (any, error) { return result(verify(values)) }
	n.handler = handler(func(context.Context, *N) error { return errHandle })
	return []notification{n}
}

var errHandle = errors.New("not today")

// silent writes nothing.
var silent = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.Level(math.MaxInt)}))

// made returns the error of a constructor, which returns a client or an error.
func made[C any](client *C, err error) error {
	if (client == nil) == (err == nil) {
		panic("a constructor returned neither or both of client and error")
	}
	return err
}

// result makes a result that is nil if the pointer is nil.
func result[T any](got *T, err error) (any, error) {
	if got == nil {
		return nil, err
	}
	return got, err
}

// confirmed is the result of a confirmation, which must not have changed the
// notification if it failed.
func confirmed[N, T any](n *N, order **T, got *T, err error) (any, error) {
	if err != nil && *order != nil {
		return n, err
	}
	return result(got, err)
}

// outcome is what became of a notification.
type outcome struct {
	status  int
	body    string
	handled bool // the merchant's function was called
}

func (o outcome) String() string { return http.StatusText(o.status) + ": " + o.body }

// receive passes a notification to a handler. There is no error: see outcome.
func receive[N any](handler func(func(context.Context, N) error) http.Handler, n notification) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		o := &outcome{}
		w := httptest.NewRecorder()
		handler(func(context.Context, N) error {
			o.handled = true
			return nil
		}).ServeHTTP(w, n.request().WithContext(ctx))
		o.status, o.body = w.Code, w.Body.String()
		return o, nil
	}
}

func md5Hex(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// roundTrip responds without a network.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return f(r), nil
}

func respond(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {typeJSON}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// nowhere is for calls that must send nothing.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { panic("a request was sent") }
