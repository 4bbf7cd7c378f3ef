package pingpp

import (
	"encoding/json"
	"fmt"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/loosejson"
	"github.com/paygates/paygates-go/internal/transport"
)

// AlipayCredential is what the Alipay SDK of the app pays with (credential.alipay).
type AlipayCredential struct {
	// OrderInfo is the signed order (orderInfo). Pass it on unchanged.
	OrderInfo paygates.Private[string] `json:"-"`
}

// WeChatCredential is what the WeChat SDK of the app pays with (credential.wx), or a page
// inside WeChat (credential.wx_pub).
type WeChatCredential struct {
	// AppID is the WeChat application (appId).
	AppID string
	// PartnerID is the WeChat merchant (partnerId). "" in wx_pub.
	PartnerID string
	// PrepayID is WeChat's order number (prepayId). "" in wx_pub, where Package holds it.
	PrepayID paygates.Private[string] `json:"-"`
	// NonceStr is a random text (nonceStr).
	NonceStr string
	// Package is the rest of what is signed (packageValue; package in wx_pub).
	Package paygates.Private[string] `json:"-"`
	// TimeStamp is in Unix seconds (timeStamp: a number in wx, a text in wx_pub).
	TimeStamp string
	// SignType is the kind of signature (signType). "" in wx.
	SignType string
	// Sign is WeChat's signature (sign; paySign in wx_pub).
	Sign paygates.Private[string] `json:"-"`
}

// AlipayCredential returns the alipay part of Credential. The error is
// paygates.ErrBadResponse if there is none, or one of another shape.
func (c Charge) AlipayCredential() (*AlipayCredential, error) {
	alipay, err := c.credential("alipay", "orderInfo")
	if err != nil {
		return nil, err
	}
	return &AlipayCredential{OrderInfo: paygates.NewPrivate(alipay["orderInfo"].Text())}, nil
}

// WeChatCredential returns the wx part of Credential, or else the wx_pub part. The error is
// paygates.ErrBadResponse if there is neither, or one of another shape.
func (c Charge) WeChatCredential() (*WeChatCredential, error) {
	prepayID, packageName, signName := "prepayId", "packageValue", "sign"
	wx, err := c.credential("wx", signName)
	if err != nil {
		prepayID, packageName, signName = "", "package", "paySign"
		page, pageErr := c.credential("wx_pub", signName)
		if pageErr != nil {
			return nil, err
		}
		wx = page
	}
	return &WeChatCredential{
		AppID:     wx["appId"].Text(),
		PartnerID: wx["partnerId"].Text(),
		PrepayID:  paygates.NewPrivate(wx[prepayID].Text()),
		NonceStr:  wx["nonceStr"].Text(),
		Package:   paygates.NewPrivate(wx[packageName].Text()),
		TimeStamp: wx["timeStamp"].Text(),
		SignType:  wx["signType"].Text(),
		Sign:      paygates.NewPrivate(wx[signName].Text()),
	}, nil
}

// credential returns the part of Credential for a channel, which has the field need. Names
// are compared exactly, as in the app: others may differ from them in case.
func (c Charge) credential(channel, need string) (map[string]loosejson.Value, error) {
	var channels map[string]json.RawMessage
	var part map[string]loosejson.Value
	raw := c.Credential.Reveal()
	if json.Unmarshal(raw, &channels) != nil || json.Unmarshal(channels[channel], &part) != nil || part[need].Text() == "" {
		return nil, fmt.Errorf("%s: read credential: %w", gateway, transport.Bad("no "+channel+" credential"))
	}
	return part, nil
}
