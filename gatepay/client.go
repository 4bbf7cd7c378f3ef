package gatepay

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "gatepay"

// Where gatepay answers, as its document says.
const (
	DefaultBaseURL      = "https://gatepay.io"
	DefaultCloudBaseURL = "https://cloud.gatepay.io"
)

// Config holds a merchant's credentials and settings.
type Config struct {
	// AppKey is the merchant's identifier (秘钥, appkey). Required, letters,
	// digits, "-" or "_". It is not a secret: every quick-pay link shows it to
	// the payer. It is logged nowhere all the same.
	AppKey string
	// Secret is the merchant's key (密匙, appsecret). Required, never sent.
	// The gateway makes a new one when the password of the account is changed.
	Secret sign.Secret
	// BaseURL is where the gateway answers. Default: DefaultBaseURL. It must be
	// https, or http to a loopback address.
	BaseURL string
	// CloudBaseURL is where the cloud API (云端支付) answers: resellers run it on
	// hosts of their own. Default: DefaultCloudBaseURL. It must be like BaseURL.
	CloudBaseURL string
	// PaidStates are states that count as paid besides those that State.Paid
	// knows: the document names no state of a paid order, so a gateway may use a
	// word of its own. If the handler refuses genuine callbacks with "the gateway
	// says state …", ask the provider about that word before adding it here.
	PaidStates []State
	// AllowPlainHTTP allows http to any host in both URLs. Whoever is on the way
	// can then read the signature of every request and change every answer.
	AllowPlainHTTP bool
	// HTTPClient sends the requests. It is copied and never changed; redirects
	// are not followed. Its Timeout bounds each request, 15 s if it is zero.
	// Default: a client with a connection pool of its own.
	HTTPClient *http.Client
	// Logger receives what a merchant may want to know, without secrets,
	// signatures, URLs and payer data. Default: silent.
	Logger *slog.Logger
}

// Client calls gatepay for one merchant. It is safe for concurrent use.
type Client struct {
	transport    *transport.Client
	baseURL      string
	cloudBaseURL string
	appKey       string
	secret       sign.Secret
	paidStates   []State
	log          *slog.Logger
}

// New returns a Client. It sends nothing. The error is [ErrInvalidConfig] and
// names the field.
func New(config Config) (*Client, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidConfig, field, allowed)
	}
	if allowed := check.Name(config.AppKey, 64); allowed != "" {
		return nil, invalid("AppKey", allowed)
	}
	if config.Secret.IsEmpty() {
		return nil, invalid("Secret", "is required")
	}
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	baseURL, err := transport.BaseURL(gateway, "BaseURL", config.BaseURL, config.AllowPlainHTTP)
	if err != nil {
		return nil, err
	}
	if config.CloudBaseURL == "" {
		config.CloudBaseURL = DefaultCloudBaseURL
	}
	cloudBaseURL, err := transport.BaseURL(gateway, "CloudBaseURL", config.CloudBaseURL, config.AllowPlainHTTP)
	if err != nil {
		return nil, err
	}
	if slices.Contains(config.PaidStates, "") || slices.Contains(config.PaidStates, StateInProgress) || slices.Contains(config.PaidStates, StateExpired) {
		return nil, invalid("PaidStates", "must not hold an empty state, inprogress or expired")
	}
	if config.Logger == nil {
		config.Logger = transport.Silent()
	}
	return &Client{
		transport:    transport.New(gateway, config.HTTPClient, config.Logger),
		baseURL:      baseURL,
		cloudBaseURL: cloudBaseURL,
		appKey:       config.AppKey,
		secret:       config.Secret,
		paidStates:   slices.Clone(config.PaidStates),
		log:          config.Logger,
	}, nil
}
