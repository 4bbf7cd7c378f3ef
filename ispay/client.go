package ispay

import (
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "ispay"

// DefaultBaseURL is where ispay answers, as its document says.
const DefaultBaseURL = "https://pay.ispay.in"

// Config holds a merchant's credentials and settings.
type Config struct {
	// UserID is the merchant's number (商户 ID, userid). Required, digits.
	UserID string
	// Secret is the merchant's key (商户密钥). Required.
	Secret sign.Secret
	// BaseURL is where the gateway answers. Default: DefaultBaseURL. It must be
	// https, or http to a loopback address.
	BaseURL string
	// AllowPlainHTTP allows a BaseURL of http to any host. Whoever is on the way
	// can then read the signature of every query and change every answer.
	AllowPlainHTTP bool
	// HTTPClient sends the requests. It is copied and never changed; redirects
	// are not followed. Its Timeout bounds each request, 15 s if it is zero.
	// Default: a client with a connection pool of its own.
	HTTPClient *http.Client
	// Logger receives what a merchant may want to know, without secrets,
	// signatures, URLs and payer data. Default: silent.
	Logger *slog.Logger
}

// Client calls ispay for one merchant. It is safe for concurrent use.
type Client struct {
	transport *transport.Client
	baseURL   string
	createURL string
	userID    string
	secret    sign.Secret
	log       *slog.Logger
}

// New returns a Client. It sends nothing. The error is [ErrInvalidConfig] and
// names the field.
func New(config Config) (*Client, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidConfig, field, allowed)
	}
	if allowed := check.Digits(config.UserID, 20); allowed != "" {
		return nil, invalid("UserID", allowed)
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
	if config.Logger == nil {
		config.Logger = transport.Silent()
	}
	return &Client{
		transport: transport.New(gateway, config.HTTPClient, config.Logger),
		baseURL:   baseURL,
		createURL: baseURL + "/gateway",
		userID:    config.UserID,
		secret:    config.Secret,
		log:       config.Logger,
	}, nil
}
