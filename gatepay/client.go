package gatepay

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/check"
	"github.com/paygates/paygates-go/internal/flow"
	"github.com/paygates/paygates-go/internal/transport"
	"github.com/paygates/paygates-go/sign"
)

const gateway = "gatepay"

// The gateway's addresses in its document.
const (
	DefaultBaseURL      = "https://gatepay.io"
	DefaultCloudBaseURL = "https://cloud.gatepay.io"
)

// Config holds a merchant's credentials and settings.
type Config struct {
	// AppKey is the merchant's identifier (秘钥, appkey). Required, 1 to 64 letters,
	// digits, "-" or "_". It is not a secret: every quick-pay link shows it to the payer.
	AppKey string
	// Secret is the merchant's key (密匙, appsecret). Required. It is never sent. The
	// gateway makes a new one when the password of the account is changed.
	Secret sign.Secret
	// PreviousSecrets also verify notifications and returns while Secret is being changed, at most 4:
	// the former secret, or the next one until the gateway uses it. They do not sign.
	// Notification.KeyIndex tells which one matched. Default: none.
	PreviousSecrets []sign.Secret
	// BaseURL is the gateway's address. Default: DefaultBaseURL. It must be https, or
	// http to a loopback address.
	BaseURL string
	// CloudBaseURL is the address of the cloud API (云端支付), which resellers run on
	// their own hosts. Default: DefaultCloudBaseURL. The rules are those of BaseURL.
	CloudBaseURL string
	// PaidStates are states that count as paid in addition to those of State.Paid. The
	// document does not name the state of a paid order, so the gateway may use another
	// word. If genuine notifications are rejected with "the gateway says state …", ask
	// the provider what the word means before you add it.
	PaidStates []State
	// AllowPlainHTTP allows a BaseURL and a CloudBaseURL of http to any host. Anyone on
	// the network path can then read request signatures and alter responses.
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

// Client calls gatepay for one merchant. It is safe for concurrent use.
type Client struct {
	flow         *flow.Client
	baseURL      string
	cloudBaseURL string
	appKey       string
	secret       sign.Secret
	secrets      []sign.Secret // secret, then the previous ones
	paidStates   []State
}

// New returns a Client. It sends nothing. The error is paygates.ErrInvalidConfig and
// names the field.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	if config.CloudBaseURL == "" {
		config.CloudBaseURL = DefaultCloudBaseURL
	}
	v := check.New(gateway, paygates.ErrInvalidConfig)
	v.ID("AppKey", config.AppKey, 64)
	secrets := v.Secrets(config.Secret, config.PreviousSecrets)
	baseURL := transport.BaseURL(v, "BaseURL", config.BaseURL, config.AllowPlainHTTP)
	cloudBaseURL := transport.BaseURL(v, "CloudBaseURL", config.CloudBaseURL, config.AllowPlainHTTP)
	for _, state := range config.PaidStates {
		v.That(state != "" && state != StateInProgress && state != StateExpired,
			"PaidStates", "must not contain an empty state, inprogress or expired")
	}
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
		baseURL:      baseURL,
		cloudBaseURL: cloudBaseURL,
		appKey:       config.AppKey,
		secret:       config.Secret,
		secrets:      secrets,
		paidStates:   slices.Clone(config.PaidStates),
	}, nil
}
