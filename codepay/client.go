package codepay

import (
	"log/slog"
	"net/http"

	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/failure"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "codepay"

// The two addresses of the document. The gateway has moved often: ask the
// provider which one is good today.
const (
	// DefaultBaseURL is where codepay answers over TLS.
	DefaultBaseURL = "https://codepay.fateqq.com:51888"
	// PlainBaseURL is where it answers without TLS. It needs AllowPlainHTTP.
	PlainBaseURL = "http://api2.yy2169.com:52888"
)

// Config holds a merchant's credentials and settings.
type Config struct {
	// UserID is the merchant's number (码支付 ID, id). Required, digits.
	UserID string
	// Secret is the merchant's key (通信密钥, key). Required, 6 to 100 bytes. It
	// signs and is never sent.
	Secret sign.Secret
	// Token is the merchant's token (创建订单令牌, token), which is sent as it is.
	// Only TokenURL and the query (QueryOrder, ConfirmNotification,
	// WaitForPayment) need it. Optional.
	Token sign.Secret
	// BaseURL is where the gateway answers. Default: DefaultBaseURL. It must be
	// https, or http to a loopback address.
	BaseURL string
	// AllowPlainHTTP allows a BaseURL of http to any host. Whoever is on the way
	// can then read the token and put another QR code into an answer, which is
	// not signed.
	AllowPlainHTTP bool
	// HTTPClient sends the requests. It is copied and never changed; redirects
	// are not followed. Its Timeout bounds each request, 15 s if it is zero.
	// Default: a client with a connection pool of its own.
	HTTPClient *http.Client
	// Logger receives what a merchant may want to know, without secrets,
	// signatures, URLs and payer data. Default: silent.
	Logger *slog.Logger
}

// Client calls codepay for one merchant. It is safe for concurrent use.
type Client struct {
	transport *transport.Client
	baseURL   string
	userID    string
	secret    sign.Secret
	token     sign.Secret
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
	if length := len(config.Secret.Reveal()); length < 6 || length > 100 {
		return nil, invalid("Secret", "must be 6 to 100 bytes long")
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
		userID:    config.UserID,
		secret:    config.Secret,
		token:     config.Token,
		log:       config.Logger,
	}, nil
}

func (c *Client) needToken() error {
	if c.token.IsEmpty() {
		return failure.Invalid(gateway, ErrInvalidConfig, "Token", "is required for this call")
	}
	return nil
}
