package gatepaytest

const checkPath = "/api/order/check"

// The document's tables of codes.
var (
	common = map[int]string{
		101: "秘钥必须", 102: "无效的秘钥", 103: "签名必须", 104: "无效的签名", 105: "参数缺失", 106: "存在禁止传递的参数",
		107: "api已关闭", 108: "回调接口url未填写", 109: "通知接口url未填写", 110: "套餐已超额", 199: "未知错误",
	}
	// Those of cloudPay, which anyPay has without the last.
	anyPrices = map[int]string{
		201: "价格无效", 202: "无效的支付方式", 203: "当前支付方式已关闭", 204: "无可用支付方式",
		205: "分类创建错误", 206: "产品创建错误", 207: "库存创建错误", 208: "队列创建错误", 209: "非代理用户",
	}
	special = map[string]map[int]string{
		anyPay.path:   anyPrices,
		cloudPay.path: anyPrices,
		groupPay.path: {
			201: "无效的支付方式", 202: "当前支付方式已关闭", 203: "无可用支付方式", 204: "组合内无有效库存商品",
			205: "分类创建错误", 206: "产品创建错误", 207: "库存创建错误", 208: "队列创建错误",
		},
		stablePay.path: {
			201: "无效的支付方式", 202: "当前支付方式已关闭", 203: "无可用支付方式", 204: "队列创建错误",
			205: "产品不可获得", 206: "当前产品无库存",
		},
		checkPath: {201: "订单不存在"},
	}
)

func messageOf(path string, code int) string {
	if text := common[code]; text != "" {
		return text
	}
	return special[path][code]
}
