package gatepay

import (
	"errors"
	"maps"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/internal/transport"
)

// The errors of the gateway's codes (状态码) that mean the same for every call.
var (
	// ErrKeyRequired is returned for code 101, 秘钥必须.
	ErrKeyRequired = errors.New("appkey is required")
	// ErrInvalidKey is returned for code 102, 无效的秘钥.
	ErrInvalidKey = errors.New("appkey is invalid")
	// ErrKeyExpiredOrSignatureMissing is returned for code 103, to which the document
	// gives two meanings: 秘钥已过期 (the appkey has expired) and 签名必须 (the
	// signature is required). The SDK signs every request, so the first is more likely;
	// Error.Message contains the gateway's message.
	ErrKeyExpiredOrSignatureMissing = errors.New("appkey has expired, or signature is missing")
	// ErrSignatureRejected is returned for code 104, 无效的签名. The usual cause is a
	// wrong Secret.
	ErrSignatureRejected = errors.New("the gateway rejected the signature")
	// ErrParameterMissing is returned for code 105, 参数缺失.
	ErrParameterMissing = errors.New("a parameter is missing")
	// ErrParameterForbidden is returned for code 106, 存在禁止传递的参数.
	ErrParameterForbidden = errors.New("a parameter is not allowed")
	// ErrAPIClosed is returned for code 107, api已关闭.
	ErrAPIClosed = errors.New("the API is closed")
	// ErrCallbackURLUnset is returned for code 108, 回调接口url未填写: a setting of the
	// account is missing.
	ErrCallbackURLUnset = errors.New("the account has no callback URL")
	// ErrNotifyURLUnset is returned for code 109, 通知接口url未填写: a setting of the
	// account is missing.
	ErrNotifyURLUnset = errors.New("the account has no notify URL")
	// ErrPlanExceeded is returned for code 110, 套餐已超额.
	ErrPlanExceeded = errors.New("the limit of the account's plan is exceeded")
	// ErrUnknown is returned for code 199, 未知错误. For a create it comes with
	// paygates.ErrOutcomeUnknown.
	ErrUnknown = errors.New("unknown gateway error (199)")
)

// The errors of the gateway's codes from 201 on, which have another meaning for each
// call.
var (
	// ErrInvalidPrice is returned for 价格无效: 201 of CreateOrder and CreateCloudOrder.
	ErrInvalidPrice = errors.New("price is invalid")
	// ErrInvalidChannel is returned for 无效的支付方式: 202 of CreateOrder and
	// CreateCloudOrder, 201 of CreateGroupOrder and CreateProductOrder.
	ErrInvalidChannel = errors.New("channel is invalid")
	// ErrChannelClosed is returned for 当前支付方式已关闭: 203 of CreateOrder and
	// CreateCloudOrder, 202 of CreateGroupOrder and CreateProductOrder.
	ErrChannelClosed = errors.New("channel is closed")
	// ErrNoChannel is returned for 无可用支付方式: 204 of CreateOrder and
	// CreateCloudOrder, 203 of CreateGroupOrder and CreateProductOrder.
	ErrNoChannel = errors.New("no channel is available")
	// ErrCategoryNotCreated is returned for 分类创建错误: 205 of CreateOrder,
	// CreateCloudOrder and CreateGroupOrder.
	ErrCategoryNotCreated = errors.New("the gateway could not create the category")
	// ErrProductNotCreated is returned for 产品创建错误: 206 of CreateOrder,
	// CreateCloudOrder and CreateGroupOrder.
	ErrProductNotCreated = errors.New("the gateway could not create the product")
	// ErrStockNotCreated is returned for 库存创建错误: 207 of CreateOrder,
	// CreateCloudOrder and CreateGroupOrder.
	ErrStockNotCreated = errors.New("the gateway could not create the stock")
	// ErrQueueNotCreated is returned for 队列创建错误: 208 of CreateOrder,
	// CreateCloudOrder and CreateGroupOrder, 204 of CreateProductOrder.
	ErrQueueNotCreated = errors.New("the gateway could not create the queue")
	// ErrNotAgent is returned for 非代理用户: 209 of CreateCloudOrder.
	ErrNotAgent = errors.New("the account is not an agent account")
	// ErrGroupOutOfStock is returned for 组合内无有效库存商品: 204 of CreateGroupOrder.
	ErrGroupOutOfStock = errors.New("no product of the group is in stock")
	// ErrProductUnavailable is returned for 产品不可获得: 205 of CreateProductOrder.
	ErrProductUnavailable = errors.New("product is unavailable")
	// ErrOutOfStock is returned for 当前产品无库存: 206 of CreateProductOrder.
	ErrOutOfStock = errors.New("product is out of stock")
)

const codeSuccess = 100

// The tables of codes, one for each call.
var (
	commonCodes = map[int64]error{
		101: ErrKeyRequired,
		102: ErrInvalidKey,
		103: ErrKeyExpiredOrSignatureMissing,
		104: ErrSignatureRejected,
		105: ErrParameterMissing,
		106: ErrParameterForbidden,
		107: ErrAPIClosed,
		108: ErrCallbackURLUnset,
		109: ErrNotifyURLUnset,
		110: ErrPlanExceeded,
		199: ErrUnknown,
	}
	// 未知错误 does not say that no order was created.
	createCodes = extend(commonCodes, map[int64]error{199: transport.Unknown(ErrUnknown)})

	anyPayCodes = extend(createCodes, map[int64]error{
		201: ErrInvalidPrice,
		202: ErrInvalidChannel,
		203: ErrChannelClosed,
		204: ErrNoChannel,
		205: ErrCategoryNotCreated,
		206: ErrProductNotCreated,
		207: ErrStockNotCreated,
		208: ErrQueueNotCreated,
	})
	cloudPayCodes = extend(anyPayCodes, map[int64]error{209: ErrNotAgent})
	groupPayCodes = extend(anyPayCodes, map[int64]error{
		201: ErrInvalidChannel,
		202: ErrChannelClosed,
		203: ErrNoChannel,
		204: ErrGroupOutOfStock,
	})
	stablePayCodes = extend(createCodes, map[int64]error{
		201: ErrInvalidChannel,
		202: ErrChannelClosed,
		203: ErrNoChannel,
		204: ErrQueueNotCreated,
		205: ErrProductUnavailable,
		206: ErrOutOfStock,
	})
	checkCodes = extend(commonCodes, map[int64]error{201: paygates.ErrOrderNotFound})
)

func extend(table, further map[int64]error) map[int64]error {
	all := maps.Clone(table)
	maps.Copy(all, further)
	return all
}
