package pingpp

import (
	"crypto"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "pingpp"

// DefaultAPIBaseURL is the address of Ping++ in its public SDK.
const DefaultAPIBaseURL = "https://api.pingxx.com"

// Config holds a merchant's credentials and settings. At least one of Token, APIKey and
// WebhookPublicKey is required; the calls that need a field return ErrInvalidConfig
// without it.
type Config struct {
	// BaseURL is the address of the merchant backend. Required with Token. It must be
	// https, or http to a loopback address.
	BaseURL string
	// Token is what the login at the merchant backend returned (登录成功后返回值,
	// Authorization: Token …). Required to create an order.
	Token sign.Secret
	// APIKey is the secret key of the Ping++ account (Secret Key, sk_live_… or
	// sk_test_…). Required to query and list charges, refunds and events.
	APIKey sign.Secret
	// APIBaseURL is the address of Ping++. Default: DefaultAPIBaseURL. The rules of BaseURL
	// apply.
	APIBaseURL string
	// PrivateKey signs the requests to Ping++ (请求签名): an RSA key of at least 2048 bits in
	// PEM, whose public half is stored in the Ping++ dashboard. Optional.
	PrivateKey sign.Secret
	// Signer signs the requests to Ping++ in place of PrivateKey, for a key in a key
	// management service or a hardware module: an RSA key of at least 2048 bits, for
	// RSA-SHA256 signatures (PKCS #1 v1.5). It must be safe for concurrent use. Each query is
	// signed once, also if it is sent again. A crypto.Signer takes no context, so it must
	// end by itself, after a few seconds at most: a canceled call waits for it. Its error
	// is an ErrNotSent with the signer's text in it. Optional.
	Signer crypto.Signer `json:"-" xml:"-"`
	// WebhookPublicKey is the public key of the Ping++ account (Ping++ 公钥), in PEM.
	// Required to verify notifications.
	WebhookPublicKey string
	// PreviousWebhookPublicKeys also verify notifications, at most 4, while Ping++ changes
	// its key: the former key, or the next one until Ping++ uses it, in PEM.
	// Notification.KeyIndex tells which one matched. Default: none.
	PreviousWebhookPublicKeys []string
	// AllowTestMode treats notifications and payments of test mode (livemode false), in
	// which no money moves, as real ones. Not for production.
	AllowTestMode bool
	// AllowPlainHTTP allows a BaseURL and an APIBaseURL of http to any host. Anyone on the
	// network path can then read Token and APIKey and alter responses.
	AllowPlainHTTP bool
	// HTTPClient sends the requests. It is copied and never changed; redirects are not
	// followed. Its Timeout limits each request, 15 s if it is zero. Default: a client
	// with its own connection pool.
	HTTPClient *http.Client
	// Logger receives log lines without secrets, signatures, URLs and payer data.
	// Default: slog.Default() at the time of each line. Rejected notifications and creates
	// of unknown outcome are warnings.
	Logger *slog.Logger
	// Observer observes requests and notifications, for traces and metrics. Default: none.
	Observer paygates.Observer
	// AppInfo names your application in the User-Agent header. Optional.
	AppInfo paygates.AppInfo
	// NotificationTimeout limits the handling of one notification, confirmation and
	// your function included. Default: 60 s.
	NotificationTimeout time.Duration
	// MaxConfirmations is how many notifications are confirmed with the gateway at
	// once. Others are rejected with 503, and the gateway sends them again. Default: 32.
	MaxConfirmations int
}

// Client calls the merchant backend and Ping++ for one merchant. It is safe for
// concurrent use.
type Client struct {
	flow          *flow.Client
	baseURL       string // "": the merchant backend is not configured
	token         sign.Secret
	apiBaseURL    string // "": Ping++ is not configured
	apiPath       string // of apiBaseURL
	apiKey        sign.Secret
	privateKey    sign.PrivateKey
	publicKeys    []sign.PublicKey // that of WebhookPublicKey, then the previous ones; none without it
	allowTestMode bool
}

// New returns a Client. It parses the keys and sends nothing. The error is
// paygates.ErrInvalidConfig and names the field.
func New(config Config) (*Client, error) {
	v := check.New(gateway, paygates.ErrInvalidConfig)
	v.That(!config.Token.IsEmpty() || !config.APIKey.IsEmpty() || config.WebhookPublicKey != "",
		"Token, APIKey or WebhookPublicKey", "is required")
	c := &Client{token: config.Token, apiKey: config.APIKey, allowTestMode: config.AllowTestMode}
	v.That(config.WebhookPublicKey != "" || len(config.PreviousWebhookPublicKeys) == 0,
		"WebhookPublicKey", "is required with PreviousWebhookPublicKeys")
	v.That(len(config.PreviousWebhookPublicKeys) <= check.MaxPrevious,
		"PreviousWebhookPublicKeys", "must hold at most "+strconv.Itoa(check.MaxPrevious))
	v.That(config.Signer == nil || config.PrivateKey.Reveal() == "", "Signer", "must not be set together with PrivateKey")
	check.Settings(v, config.AppInfo, config.NotificationTimeout, config.MaxConfirmations)
	c.useBackend(v, config)
	c.useAPI(v, config)
	c.parseKeys(v, config)
	if err := v.Err(); err != nil {
		return nil, err
	}
	c.flow = flow.New(transport.Options{
		Gateway:    gateway,
		HTTPClient: config.HTTPClient,
		Logger:     config.Logger,
		Observer:   config.Observer,
		AppInfo:    config.AppInfo,
		Secrets:    []sign.Secret{config.Token, config.APIKey, config.PrivateKey},
	}, config.NotificationTimeout, config.MaxConfirmations)
	return c, nil
}

func (c *Client) useBackend(v *check.Checker, config Config) {
	if config.BaseURL == "" && config.Token.Reveal() == "" {
		return
	}
	v.Secret("Token", config.Token)
	token := config.Token.Reveal() // a part of a header
	v.That(check.IsPlain(token) && !strings.Contains(token, " "), "Token", "must be visible ASCII characters")
	c.baseURL = transport.BaseURL(v, "BaseURL", config.BaseURL, config.AllowPlainHTTP)
}

func (c *Client) useAPI(v *check.Checker, config Config) {
	if config.APIKey.Reveal() == "" {
		v.That(config.PrivateKey.Reveal() == "" && config.Signer == nil, "APIKey", "is required with PrivateKey and Signer")
		return
	}
	v.Secret("APIKey", config.APIKey)
	v.ID("APIKey", config.APIKey.Reveal(), 128)
	if config.APIBaseURL == "" {
		config.APIBaseURL = DefaultAPIBaseURL
	}
	c.apiBaseURL = transport.BaseURL(v, "APIBaseURL", config.APIBaseURL, config.AllowPlainHTTP)
	if base, err := url.Parse(c.apiBaseURL); err == nil {
		c.apiPath = base.EscapedPath()
	}
}

func (c *Client) parseKeys(v *check.Checker, config Config) {
	if config.WebhookPublicKey != "" {
		c.publicKeys = parsePublicKeys(v, append([]string{config.WebhookPublicKey}, config.PreviousWebhookPublicKeys...))
	}
	var err error
	// A blank one is a mistake, not a wish to send unsigned requests.
	if config.PrivateKey.Reveal() != "" {
		c.privateKey, err = sign.ParsePrivateKey(config.PrivateKey)
		v.NoError("PrivateKey", err)
	}
	if config.Signer != nil {
		c.privateKey, err = sign.NewPrivateKey(config.Signer)
		v.NoError("Signer", err)
	}
}

// parsePublicKeys parses the current key and the previous ones, of which none may occur twice.
func parsePublicKeys(v *check.Checker, texts []string) []sign.PublicKey {
	field := func(i int) string { return check.KeyField("WebhookPublicKey", "PreviousWebhookPublicKeys", i) }
	keys := make([]sign.PublicKey, 0, len(texts))
	for i, text := range texts {
		key, err := sign.ParsePublicKey([]byte(text))
		v.NoError(field(i), err)
		if same := slices.IndexFunc(keys, key.Equal); same >= 0 {
			v.Fail(field(i), "must differ from "+field(same))
		}
		keys = append(keys, key)
	}
	return keys
}

func notConfigured(field, use string) error {
	return check.New(gateway, paygates.ErrInvalidConfig).Fail(field, "is required to "+use).Err()
}
