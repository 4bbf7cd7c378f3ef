package codepay

import (
	"fmt"
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

const gateway = "codepay"

// The addresses of the document. The gateway has moved often: ask the provider for the
// current one.
const (
	// DefaultBaseURL is the gateway's address with TLS.
	DefaultBaseURL = "https://codepay.fateqq.com:51888"
	// PlainBaseURL is the gateway's address without TLS. It needs AllowPlainHTTP.
	PlainBaseURL = "http://api2.yy2169.com:52888"
)

// Config holds a merchant's credentials and settings.
type Config struct {
	// UserID is the merchant's number (码支付 ID, id). Required, 1 to 20 digits.
	UserID string
	// Secret is the merchant's key (通信密钥, key). Required, 6 to 100 bytes. It is never
	// sent.
	Secret sign.Secret
	// PreviousSecrets also verify notifications and returns while Secret is being changed, at most 4:
	// the former secret, or the next one until the gateway uses it. They do not sign.
	// Notification.KeyIndex tells which one matched. Default: none.
	PreviousSecrets []sign.Secret
	// Token is the merchant's token (创建订单令牌, token), which is sent unchanged.
	// Required for TokenURL, QueryOrder, WaitForPayment and ConfirmNotification.
	Token sign.Secret
	// ConfirmByQuery lets NotificationHandler confirm notifications with QueryOrder.
	// Default: false, because the signature covers the whole notification, and the query
	// is not documented: many deployments have none, or send no order number to query
	// by. It needs Token. See NotificationHandler for what happens then.
	ConfirmByQuery bool
	// OwnParameters are the names of the query parameters of your notify and return URLs,
	// such as "shop", or "s" of a rewrite rule. The gateway does not sign them, so they are
	// left out when a signature is verified. A NotifyURL must not have other ones.
	OwnParameters []string
	// BaseURL is the gateway's address. Default: DefaultBaseURL. It must be https, or
	// http to a loopback address.
	BaseURL string
	// AllowPlainHTTP allows a BaseURL of http to any host. Anyone on the network path
	// can then read the token and put another QR code into a response, which is not
	// signed.
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

// Client calls codepay for one merchant. It is safe for concurrent use.
type Client struct {
	flow           *flow.Client
	baseURL        string
	userID         string
	secret         sign.Secret
	secrets        []sign.Secret // secret, then the previous ones
	token          sign.Secret
	confirmByQuery bool
	ownParameters  []string
}

// gatewayParameters are the parameters that a notification, a return or a create of the
// gateway has, and that so cannot be the merchant's own.
var gatewayParameters = []string{
	"act", "app_time", "call", "chart", "id", "key", "money", "order_id", "param", "pay_id", "pay_no", "pay_tag",
	"pay_time", "price", "sign", "status", "tag", "target", "token", "trueID", "type", "userID", "version",
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
	for i, secret := range secrets {
		length := len(secret.Reveal())
		v.That(length >= 6 && length <= 100, check.KeyField("Secret", "PreviousSecrets", i), "must be 6 to 100 bytes long")
	}
	if config.Token.Reveal() != "" {
		v.Secret("Token", config.Token)
	} else if config.ConfirmByQuery {
		v.Fail("Token", "is required for ConfirmByQuery")
	}
	for _, name := range config.OwnParameters {
		v.ID("OwnParameters", name, 64)
		v.That(!slices.Contains(gatewayParameters, name), "OwnParameters", fmt.Sprintf("must not contain %q, which the gateway sends", name))
	}
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
			Secrets:    append(slices.Clone(secrets), config.Token),
		}, config.NotificationTimeout, config.MaxConfirmations),
		baseURL:        baseURL,
		userID:         config.UserID,
		secret:         config.Secret,
		secrets:        secrets,
		token:          config.Token,
		confirmByQuery: config.ConfirmByQuery,
		ownParameters:  slices.Clone(config.OwnParameters),
	}, nil
}

func (c *Client) needToken() error {
	return check.New(gateway, paygates.ErrInvalidConfig).That(!c.token.IsEmpty(), "Token", "is required for this call").Err()
}
