package ispay

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "ispay"

// DefaultBaseURL is the gateway's address in its document.
const DefaultBaseURL = "https://pay.ispay.in"

// Config holds a merchant's credentials and settings.
type Config struct {
	// UserID is the merchant's number (商户 ID, userid). Required, 1 to 20 digits.
	UserID string
	// Secret is the merchant's key (商户密钥). Required.
	Secret sign.Secret
	// PreviousSecrets also verify notifications while Secret is being changed, at most 4:
	// the former secret, or the next one until the gateway uses it. They do not sign.
	// Notification.KeyIndex tells which one matched. Default: none.
	PreviousSecrets []sign.Secret
	// BaseURL is the gateway's address. Default: DefaultBaseURL. It must be https, or
	// http to a loopback address.
	BaseURL string
	// AllowPlainHTTP allows a BaseURL of http to any host. Anyone on the network path
	// can then read query signatures and alter responses.
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

// Client calls ispay for one merchant. It is safe for concurrent use.
type Client struct {
	flow    *flow.Client
	baseURL string
	userID  string
	secret  sign.Secret
	secrets []sign.Secret // secret, then the previous ones
}

// New returns a Client. It sends nothing. The error is paygates.ErrInvalidConfig and
// names the field.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	v := check.New(gateway, paygates.ErrInvalidConfig)
	v.Digits("UserID", config.UserID, 20)
	secrets := v.Secrets(config.Secret, config.PreviousSecrets)
	baseURL := transport.BaseURL(v, "BaseURL", config.BaseURL, config.AllowPlainHTTP)
	check.Settings(v, config.AppInfo, config.NotificationTimeout, config.MaxConfirmations)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &Client{
		flow: flow.New(transport.Options{
			Gateway:    gateway,
			HTTPClient: config.HTTPClient,
			Logger:     config.Logger,
			Observer:   config.Observer,
			AppInfo:    config.AppInfo,
			Secrets:    secrets,
		}, config.NotificationTimeout, config.MaxConfirmations),
		baseURL: baseURL,
		userID:  config.UserID,
		secret:  config.Secret,
		secrets: secrets,
	}, nil
}
