package kechengcang

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "kechengcang"

// Config holds a merchant's credentials and settings.
type Config struct {
	// AppID is the merchant's application (应用 id, app_id). Required, 1 to 128 letters,
	// digits, "-" or "_".
	AppID string
	// Secret is the application's key (secureKey). Required.
	Secret sign.Secret
	// BaseURL is the gateway's address. Required, because each merchant runs a server. It
	// must be https, or http to a loopback address.
	BaseURL string
	// AllowPlainHTTP allows a BaseURL of http to any host. Anyone on the network path can
	// then copy the signature of a create, which is valid for every other create, and
	// alter responses.
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

// Client calls one kechengcang server for one application. It is safe for concurrent use.
type Client struct {
	flow    *flow.Client
	baseURL string
	appID   string
	secret  sign.Secret
	// showByGet is set once the server has responded to a query by GET only.
	showByGet atomic.Bool
}

// New returns a Client. It sends nothing. The error is paygates.ErrInvalidConfig and
// names the field.
func New(config Config) (*Client, error) {
	v := check.New(gateway, paygates.ErrInvalidConfig)
	v.ID("AppID", config.AppID, 128)
	v.Secret("Secret", config.Secret)
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
			Secrets:    []sign.Secret{config.Secret},
		}, config.NotificationTimeout, config.MaxConfirmations),
		baseURL: baseURL,
		appID:   config.AppID,
		secret:  config.Secret,
	}, nil
}
