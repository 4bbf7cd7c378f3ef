package kechengcang

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "kechengcang"

// Config holds a merchant's credentials and settings.
type Config struct {
	// AppID is the merchant's application (应用 id, app_id). Required, 1 to 128
	// letters, digits, "-" or "_".
	AppID string
	// Secret is the application's key (secureKey). Required.
	Secret sign.Secret
	// BaseURL is where the gateway answers. Required: everybody runs one of his
	// own. It must be https, or http to a loopback address.
	BaseURL string
	// AllowPlainHTTP allows a BaseURL of http to any host. Whoever is on the way
	// can then copy the signature of a create, which is good for any other
	// create, and change every answer.
	AllowPlainHTTP bool
	// HTTPClient sends the requests. It is copied and never changed; redirects
	// are not followed. Its Timeout bounds each request, 15 s if it is zero.
	// Default: a client with a connection pool of its own.
	HTTPClient *http.Client
	// Logger receives what a merchant may want to know, without secrets,
	// signatures, URLs and payer data. Default: silent.
	Logger *slog.Logger
}

// Client calls one kechengcang server for one application. It is safe for
// concurrent use.
type Client struct {
	transport *transport.Client
	baseURL   string
	appID     string
	secret    sign.Secret
	log       *slog.Logger
	// showByGet is set once the server has answered a query by GET only.
	showByGet atomic.Bool
}

// New returns a Client. It sends nothing. The error is [ErrInvalidConfig] and
// names the field.
func New(config Config) (*Client, error) {
	invalid := func(field, allowed string) error {
		return failure.Invalid(gateway, ErrInvalidConfig, field, allowed)
	}
	if allowed := check.Name(config.AppID, 128); allowed != "" {
		return nil, invalid("AppID", allowed)
	}
	if config.Secret.IsEmpty() {
		return nil, invalid("Secret", "is required")
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
		appID:     config.AppID,
		secret:    config.Secret,
		log:       config.Logger,
	}, nil
}
