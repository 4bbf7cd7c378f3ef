package screen

import "strings"

func isChinese(env map[string]string) bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if env[name] != "" {
			return strings.HasPrefix(env[name], "zh")
		}
	}
	return false
}

// Text returns a text of the program in the user's language.
func (s *Screen) Text(english string) string {
	if s.chinese {
		if text, ok := chinese[english]; ok {
			return text
		}
	}
	return english
}

// label returns what stands for a name of the JSON output.
func (s *Screen) label(name string) string {
	return s.Text(strings.ReplaceAll(name, "_", " "))
}

var chinese = map[string]string{ //nolint:gosec // texts, not credentials
	"yes": "是", "no": "否",
	"Waiting for the payment (Ctrl-C ends)":                    "等待付款（Ctrl-C 结束）",
	"Fake gateway at %s.":                                      "模拟网关：%s",
	"Fake gateway: the payer pays now.":                        "模拟网关：付款人现在付款。",
	"Fake gateway: order %s was created.":                      "模拟网关：已创建订单 %s。",
	"Fake gateway: the notification is repeated.":              "模拟网关：重复发送通知。",
	"Fake gateway: an attacker sends a tampered notification.": "模拟网关：攻击者发送被篡改的通知。",
	"Notifications are received at %s (Ctrl-C ends).":          "接收通知的地址：%s（Ctrl-C 结束）",
	"Note: %s":                             "提示：%s",
	"The text is too long for a QR code.":  "内容太长，无法生成二维码。",
	"The QR code needs %d columns.":        "二维码需要 %d 列宽。",
	"Reading standard input (Ctrl-D ends)": "从标准输入读取（Ctrl-D 结束）",

	"Sandbox: fake gateways. No money moves.":                 "沙箱：模拟网关，没有真钱。",
	"Credentials for your shell:":                             "在 shell 中设置凭据：",
	"Pay the order A1:":                                       "为订单 A1 付款：",
	"Ctrl-C ends the sandbox.":                                "Ctrl-C 结束沙箱。",
	"Warning: everybody who reaches %s can use this sandbox.": "警告：能访问 %s 的人都能使用此沙箱。",
	"Waiting for the response of your server":                 "等待商户服务器返回",
	"ignored %s": "已忽略 %s", "attempt": "第几次", "tampered": "篡改",
	"ok": "正常", "warning": "警告", "failed": "失败", "skipped": "跳过",

	// Results and their fields.
	"created": "已下单", "order": "订单", "paid": "已付款", "not paid": "未付款", "notification": "收到通知",
	"confirmed": "已确认", "verified": "验签通过", "response": "响应", "gateway": "网关", "number": "查询用号",
	"order no": "商户订单号", "order id": "平台订单号", "payment no": "流水号", "subject": "标题",
	"amount": "金额", "currency": "币种", "payable amount": "应付金额", "paid amount": "实付金额",
	"channel": "支付方式", "state": "状态", "pay page": "支付页面", "qr code": "二维码内容", "qr code url": "二维码图片",
	"created at": "创建时间", "paid at": "付款时间", "expires at": "过期时间", "notes": "提示", "test mode": "测试模式",
	"event type": "事件类型", "status": "状态码", "body": "内容", "accepted": "已接受", "method": "方法", "hint": "建议",
}
