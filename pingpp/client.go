package pingpp

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "pingpp"

// DefaultAPIBaseURL is where Ping++ answers, as its public SDK says.
const DefaultAPIBaseURL = "https://api.pingxx.com"

// Config holds a merchant's credentials and settings. At least one of Token,
// APIKey and WebhookPublicKey is required; what a field is for can be used once
// it is set.
type Config struct {
	// BaseURL is where the merchant backend answers. Required with Token. It must
	// be https, or http to a loopback address.
	BaseURL string
	// Token is what the login at the merchant backend returned (登录成功后返回值,
	// Authorization: Token …). Required to create an order.
	Token sign.Secret
	// APIKey is the secret key of the Ping++ account (Secret Key, sk_live_… or
	// sk_test_…). Required to query a charge.
	APIKey sign.Secret
	// APIBaseURL is where Ping++ answers. Default: DefaultAPIBaseURL. What is said
	// of BaseURL is true here too.
	APIBaseURL string
	// PrivateKey signs the requests to Ping++ (请求签名): an RSA key of at least 2048
	// bits in PEM, whose public half is stored in the Ping++ dashboard. Optional.
	PrivateKey sign.Secret
	// WebhookPublicKey is the public key of the Ping++ account (Ping++ 公钥), in PEM.
	// Required to verify notifications.
	WebhookPublicKey string
	// AllowTestMode takes notifications and payments of test mode (livemode false),
	// in which no money moves, for real ones. Not for production.
	AllowTestMode bool
	// AllowPlainHTTP allows a BaseURL and an APIBaseURL of http to any host. Whoever
	// is on the way can then read Token and APIKey and change every answer.
	AllowPlainHTTP bool
	// HTTPClient sends the requests. It is copied and never changed; redirects
	// are not followed. Its Timeout bounds each request, 15 s if it is zero.
	// Default: a client with a connection pool of its own.
	HTTPClient *http.Client
	// Logger receives what a merchant may want to know, without secrets,
	// signatures, URLs and payer data. Default: silent.
	Logger *slog.Logger
}

// Client calls the merchant backend and Ping++ for one merchant. It is safe for
// concurrent use.
type Client struct {
	transport     *transport.Client
	baseURL       string // "": the merchant backend is not configured
	token         sign.Secret
	apiBaseURL    string
	apiPath       string // of apiBaseURL
	apiKey        sign.Secret
	privateKey    sign.PrivateKey
	publicKey     sign.PublicKey
	allowTestMode bool
	log           *slog.Logger
}

// New returns a Client. It parses the keys and sends nothing. The error is
// [ErrInvalidConfig] and names the field.
func New(config Config) (*Client, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidConfig, field, allowed)
	}
	if config.Token.IsEmpty() && config.APIKey.IsEmpty() && config.WebhookPublicKey == "" {
		return nil, invalid("Token, APIKey or WebhookPublicKey", "is required")
	}
	if config.Logger == nil {
		config.Logger = transport.Silent()
	}
	c := &Client{
		transport:     transport.New(gateway, config.HTTPClient, config.Logger),
		token:         config.Token,
		apiKey:        config.APIKey,
		allowTestMode: config.AllowTestMode,
		log:           config.Logger,
	}
	if err := c.useBackend(config, invalid); err != nil {
		return nil, err
	}
	if err := c.useAPI(config, invalid); err != nil {
		return nil, err
	}
	if config.WebhookPublicKey != "" {
		var err error
		if c.publicKey, err = sign.ParsePublicKey([]byte(config.WebhookPublicKey)); err != nil {
			return nil, invalidKey("WebhookPublicKey", err)
		}
	}
	return c, nil
}

func (c *Client) useBackend(config Config, invalid func(field, allowed string) error) error {
	if config.BaseURL == "" && config.Token.IsEmpty() {
		return nil
	}
	if config.Token.IsEmpty() {
		return invalid("Token", "is required with BaseURL")
	}
	if strings.IndexFunc(config.Token.Reveal(), notVisible) >= 0 {
		return invalid("Token", "must be visible ASCII characters")
	}
	var err error
	c.baseURL, err = transport.BaseURL(gateway, "BaseURL", config.BaseURL, config.AllowPlainHTTP)
	return err
}

// What stands in a header must not end it.
func notVisible(r rune) bool { return r <= ' ' || r > '~' }

func (c *Client) useAPI(config Config, invalid func(field, allowed string) error) error {
	if config.APIKey.IsEmpty() {
		if config.PrivateKey.Reveal() != "" {
			return invalid("APIKey", "is required with PrivateKey")
		}
		return nil
	}
	if allowed := check.Name(config.APIKey.Reveal(), 128); allowed != "" {
		return invalid("APIKey", allowed)
	}
	if config.APIBaseURL == "" {
		config.APIBaseURL = DefaultAPIBaseURL
	}
	var err error
	if c.apiBaseURL, err = transport.BaseURL(gateway, "APIBaseURL", config.APIBaseURL, config.AllowPlainHTTP); err != nil {
		return err
	}
	base, err := url.Parse(c.apiBaseURL)
	if err != nil {
		return invalid("APIBaseURL", "must be an absolute URL")
	}
	c.apiPath = base.EscapedPath()
	// A blank one is a mistake, not a wish to send unsigned requests.
	if config.PrivateKey.Reveal() != "" {
		if c.privateKey, err = sign.ParsePrivateKey(config.PrivateKey); err != nil {
			return invalidKey("PrivateKey", err)
		}
	}
	return nil
}

func invalidKey(field string, err error) error {
	return fmt.Errorf("%s: %w: %s: %w", gateway, ErrInvalidConfig, field, err)
}

func notConfigured(field, use string) error {
	return failure.Invalid(gateway, ErrInvalidConfig, field, "is required to "+use)
}
