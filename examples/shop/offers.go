package main

import (
	"errors"
	"log/slog"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
	"github.com/paygates/paygates-go/sign"
)

// environment looks up a variable.
type environment func(name string) string

func (e environment) any(names ...string) bool {
	for _, name := range names {
		if e(name) != "" {
			return true
		}
	}
	return false
}

func (e environment) flag(name string) bool { return e(name) == "1" }

func (e environment) secret(name string) sign.Secret { return sign.NewSecret(e(name)) }

var errNotOffered = errors.New("no credentials")

// realOffers returns the gateways whose credentials are in the environment, none
// if there are none.
func realOffers(env environment, log *slog.Logger) ([]offer, error) {
	var offers []offer
	for _, from := range []func(environment, *slog.Logger) (offer, error){
		realIspay, realCodepay, realGatepay, realKechengcang, realPingpp,
	} {
		o, err := from(env, log)
		switch {
		case errors.Is(err, errNotOffered):
		case err != nil:
			return nil, err
		default:
			offers = append(offers, o)
		}
	}
	return offers, nil
}

func realIspay(env environment, log *slog.Logger) (offer, error) {
	if !env.any("ISPAY_USER_ID", "ISPAY_SECRET") {
		return offer{}, errNotOffered
	}
	return offerIspay(ispay.Config{
		UserID: env("ISPAY_USER_ID"), Secret: env.secret("ISPAY_SECRET"), BaseURL: env("ISPAY_BASE_URL"),
		AllowPlainHTTP: env.flag("ISPAY_ALLOW_PLAIN_HTTP"),
	}, env("ISPAY_USER_ID"), log)
}

func realCodepay(env environment, log *slog.Logger) (offer, error) {
	if !env.any("CODEPAY_USER_ID", "CODEPAY_SECRET", "CODEPAY_TOKEN") {
		return offer{}, errNotOffered
	}
	return offerCodepay(codepay.Config{
		UserID: env("CODEPAY_USER_ID"), Secret: env.secret("CODEPAY_SECRET"), Token: env.secret("CODEPAY_TOKEN"),
		BaseURL: env("CODEPAY_BASE_URL"), AllowPlainHTTP: env.flag("CODEPAY_ALLOW_PLAIN_HTTP"),
	}, env("CODEPAY_USER_ID"), log)
}

func realGatepay(env environment, log *slog.Logger) (offer, error) {
	if !env.any("GATEPAY_APPKEY", "GATEPAY_APPSECRET") {
		return offer{}, errNotOffered
	}
	return offerGatepay(gatepay.Config{
		AppKey: env("GATEPAY_APPKEY"), Secret: env.secret("GATEPAY_APPSECRET"), BaseURL: env("GATEPAY_BASE_URL"),
		AllowPlainHTTP: env.flag("GATEPAY_ALLOW_PLAIN_HTTP"),
	}, env("GATEPAY_APPKEY"), log)
}

func realKechengcang(env environment, log *slog.Logger) (offer, error) {
	if !env.any("KECHENGCANG_BASE_URL", "KECHENGCANG_APP_ID", "KECHENGCANG_SECRET") {
		return offer{}, errNotOffered
	}
	return offerKechengcang(kechengcang.Config{
		AppID: env("KECHENGCANG_APP_ID"), Secret: env.secret("KECHENGCANG_SECRET"), BaseURL: env("KECHENGCANG_BASE_URL"),
		AllowPlainHTTP: env.flag("KECHENGCANG_ALLOW_PLAIN_HTTP"),
	}, env("KECHENGCANG_APP_ID"), log)
}

func realPingpp(env environment, log *slog.Logger) (offer, error) {
	if !env.any("PINGPP_BASE_URL", "PINGPP_TOKEN", "PINGPP_API_KEY", "PINGPP_PUBLIC_KEY") {
		return offer{}, errNotOffered
	}
	return offerPingpp(pingpp.Config{
		BaseURL: env("PINGPP_BASE_URL"), Token: env.secret("PINGPP_TOKEN"),
		APIKey: env.secret("PINGPP_API_KEY"), APIBaseURL: env("PINGPP_API_BASE_URL"),
		PrivateKey: env.secret("PINGPP_PRIVATE_KEY"), WebhookPublicKey: env("PINGPP_PUBLIC_KEY"),
		AllowTestMode: env.flag("PINGPP_ALLOW_TEST_MODE"), AllowPlainHTTP: env.flag("PINGPP_ALLOW_PLAIN_HTTP"),
	}, env("PINGPP_BASE_URL"), log)
}
