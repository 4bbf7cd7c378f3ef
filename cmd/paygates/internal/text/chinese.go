package text

// catalog has the texts of the program, and what they are in Chinese.
var catalog = map[string]string{ //nolint:gosec // texts, not credentials
	// How texts are joined.
	" ": "", ", ": "、", "; ": "；", "%s: ": "%s：", "%s: %s": "%s：%s", "paygates: %s": "paygates：%s",
	"%s %d s": "%s %d 秒", "%s %d s: %s": "%s %d 秒：%s", "%d s: %s": "%d 秒：%s", "%s (Ctrl-C ends)": "%s（Ctrl-C 结束）", "yes": "是", "no": "否",

	// --help: the frame.
	"Usage: paygates %s": "用法：paygates %s",
	"Arguments:":         "参数：", "Commands:": "命令：", "Flags:": "选项：",
	"Show context-sensitive help.":                                                    "显示帮助。",
	"Print one JSON object per line on standard output.":                              "在标准输出上每行输出一个 JSON 对象（英文）。",
	"Print the version.":                                                              "显示版本。",
	"paygates COMMAND --help shows the flags of a command.":                           "paygates 命令 --help 显示该命令的选项。",
	"Develop with payment gateways: a sandbox, orders, notifications and signatures.": "支付网关开发工具：沙箱、订单、异步通知、签名。",
	`Credentials are environment variables. With --fake a command uses a fake gateway and needs none.

{variables}

Exit codes:

  0: done
  1: rejected or failed
  2: wrong usage or configuration
  3: outcome unknown, or not paid at the end of the timeout
  4: not genuine, or not confirmed by the gateway
  130: interrupted`: `凭据从环境变量读取。加 --fake 时使用模拟网关，不需要凭据。

{variables}

退出码：

  0：成功
  1：网关拒绝或失败
  2：用法或配置错误
  3：结果未知，或超时仍未付款
  4：验签失败，或查单不一致
  130：被中断`,

	// --help: the commands.
	"Run the fake gateways, with a page and a JSON API.":  "启动沙箱：所有模拟网关，带页面和 JSON API。",
	"Create an order and show how to pay.":                "下单并显示付款方式。",
	"Query an order.":                                     "查单。",
	"Wait until an order is paid or has ended.":           "等待订单付款或结束。",
	"Receive notifications, verify and confirm them.":     "接收异步通知，验签并查单确认。",
	"Send a signed test notification to your server.":     "向商户服务器发送已签名的测试通知。",
	"Verify and explain the signature of a notification.": "验证并解释异步通知的签名。",
	"Explain how a request or a notification is signed.":  "解释请求或通知的签名方法。",
	"Check credentials, network, clock and notify URL.":   "检查凭据、网络、时钟和通知地址。",

	// --help: details.
	`The page is http://127.0.0.1:9100, its API is described by http://127.0.0.1:9100/openapi.json.

{ports}

The page and the API pay orders, lose and tamper with notifications, and make the gateways fail:

    eval "$(curl -fsS 127.0.0.1:9100/env)"
    curl -X POST 127.0.0.1:9100/api/orders/ispay/A1/pay

No money moves. Ctrl-C ends the sandbox and its orders.`: `页面：http://127.0.0.1:9100，API 说明：http://127.0.0.1:9100/openapi.json。

{ports}

页面和 API 可以为订单付款、丢失或篡改异步通知、让网关出错：

    eval "$(curl -fsS 127.0.0.1:9100/env)"
    curl -X POST 127.0.0.1:9100/api/orders/ispay/A1/pay

不涉及真实资金。按 Ctrl-C 结束沙箱，订单随之清空。`,
	`Any path is a notify URL. Without --forward the gateway gets the response of the SDK's handler: a genuine and confirmed
notification is accepted and does not arrive again. Gateways must reach the address: use a tunnel, or the sandbox.

    paygates listen ispay --forward http://127.0.0.1:3000/notify`: `任何路径都可作为通知地址。不加 --forward 时，由 SDK 的处理器返回结果：验签通过并经查单确认的通知会被接受，网关不再重发。
网关必须能访问该地址：请使用内网穿透，或使用沙箱。

    paygates listen ispay --forward http://127.0.0.1:3000/notify`,
	`The notification is signed with your own secret (pingpp: with PINGPP_PRIVATE_KEY; give its public half to your server).

A handler that confirms with the gateway rejects it with 409, because the gateway does not know the order: test the
whole path in the sandbox.

    paygates trigger ispay --to http://127.0.0.1:8080/notify --set amount=2.50
    paygates trigger codepay --to http://127.0.0.1:8080/notify --tamper

Fields:

{fields}`: `通知用您自己的密钥签名（pingpp 用 PINGPP_PRIVATE_KEY，请把对应的公钥配置到服务器）。

会查单确认的处理器将返回 409，因为网关没有这笔订单。完整流程请在沙箱中测试。

    paygates trigger ispay --to http://127.0.0.1:8080/notify --set amount=2.50
    paygates trigger codepay --to http://127.0.0.1:8080/notify --tamper

字段：

{fields}`,
	`The explanation shows every field that is signed, with the secret masked. Needs the secret of the gateway.

    paygates verify ispay 'order_no=A1&amount=1.00&state=9&sign=…'
    paygates verify codepay @notification.txt
    pbpaste | paygates verify gatepay`: `逐一列出参与签名的字段，密钥不显示。需要该网关的密钥。

    paygates verify ispay 'order_no=A1&amount=1.00&state=9&sign=…'
    paygates verify codepay @notification.txt
    pbpaste | paygates verify gatepay`,
	`Shows which fields of a create, a query or a notification are signed, in which order, and the text that is hashed, with
the secret masked. Compare it with your own program, or let it compare your field sign.

    paygates sign ispay 'order_no=A1&order_type=P901&amount=1.00&return_url=&sign=…'
    paygates sign gatepay 'price=1.00&type=alipay&out_order_id=A1&custom=x' --show-signature`: `显示下单、查单或通知中哪些字段参与签名、顺序如何，以及待签名的签名串，密钥不显示。可与自己的程序对照，带上 sign 字段则直接比较。

    paygates sign ispay 'order_no=A1&order_type=P901&amount=1.00&return_url=&sign=…'
    paygates sign gatepay 'price=1.00&type=alipay&out_order_id=A1&custom=x' --show-signature`,
	`Checks the environment variables, the shape of the credentials, TLS, the clock against the gateway's, whether the gateway
responds to a query (for an order that does not exist), and whether your notify URL rejects a notification with an invalid
signature. It creates nothing. Which credentials a query checks depends on the gateway; doctor lists the others as not checked.`: `检查环境变量、凭据格式、TLS、本机与网关的时钟差、网关能否查单（用不存在的订单号），
以及您的通知地址是否拒绝签名错误的通知。不会下单。查单能检查哪些凭据因网关而异，其余的会列为未检查。`,

	// --help: arguments and flags.
	"{gateways}.": "{gateways}。",
	"Use a fake gateway, started for this run.":                     "使用模拟网关，仅本次运行。",
	"One gateway. Default: all with a variable in the environment.": "一个网关。默认：所有设置了环境变量的网关。",
	"Your notify URL.": "您的通知地址。",
	"Your notify URL. Default: the variable …_NOTIFY_URL.":                                                          "您的通知地址。默认：变量 …_NOTIFY_URL。",
	"How long to wait for the payment.":                                                                             "最长等待多久。",
	"Interval between two queries.":                                                                                 "两次查单的间隔。",
	"With --fake: when the payer pays, 0 for never.":                                                                "配合 --fake：付款人多久后付款，0 表示不付款。",
	"With --fake: when the payer pays.":                                                                             "配合 --fake：付款人多久后付款。",
	"Merchant order number ({with order-no}). Default: a new one, or {known}.":                                      "商户订单号（{with order-no}）。默认：新订单号，或 {known}。",
	"Amount with at most two decimals. Default: 1.00 ({with amount}).":                                              "金额，最多两位小数。默认：1.00（{with amount}）。",
	"Payment method. {channels}. Default: the first.":                                                               "支付方式。{channels}。默认：第一个。",
	"Title of the order ({with subject}).":                                                                          "订单标题（{with subject}）。",
	"Text that the notification brings back ({with attach}).":                                                       "附加信息，通知中原样返回（{with attach}）。",
	"Payer's address ({with payer-ip}).":                                                                            "付款人的 IP 地址（{with payer-ip}）。",
	"Receives the notification ({with notify-url}). Default: the variable …_NOTIFY_URL.":                            "异步通知地址（{with notify-url}）。默认：变量 …_NOTIFY_URL。",
	"Page to which the payer returns ({with return-url}).":                                                          "付款后同步跳转的页面（{with return-url}）。",
	"How long the QR code is valid ({with expires}).":                                                               "二维码有效期（{with expires}）。",
	"Wait for the payment.":                                                                                         "等待付款。",
	"Order number: the merchant's for {number order_no}, the gateway's for the others.":                             "订单号：{number order_no} 为商户订单号，其他为平台订单号。",
	"Address to listen on. :8080 is every interface, port 0 any free one.":                                          "监听地址。:8080 表示所有网卡，端口 0 表示任意空闲端口。",
	"Passes each request on unchanged and returns the response of this server.":                                     "把每个请求原样转发给该地址，并返回它的结果。",
	"End after this many notifications (default: none; with --fake: 3).":                                            "收到这么多条通知后结束（默认不限，配合 --fake 时为 3）。",
	"Explain the signature of each notification.":                                                                   "解释每条通知的签名。",
	"Sets a field of the notification, by the gateway's name. Repeat it for more.":                                  "设置通知的一个字段，使用网关的字段名。可重复使用。",
	"Change the amount after signing. Your server must reject it.":                                                  "签名后篡改金额。您的服务器必须拒绝。",
	"Notification as it arrived: its query, form, JSON body or URL, @FILE, or - for standard input.":                "收到的通知原文：查询串、表单、JSON 或 URL；@文件；- 表示标准输入。",
	"Signature of the header {headers}.":                                                                            "请求头 {headers} 中的签名。",
	"Fields as you send them: name=value&…, a JSON body, @FILE, or - for standard input. A field sign is compared.": "您发送的字段：name=value&…，JSON，@文件，- 表示标准输入。带 sign 字段则比较。",
	"Signature to compare with, of the header {headers}.":                                                           "用于比较的签名，即请求头 {headers} 的值。",
	"Print the signature too. It is a credential: do not share it.":                                                 "同时显示签名。签名等同凭据，请勿外传。",
	"Address to listen on. 0.0.0.0 lets containers and phones in, and everybody else on the network.":               "监听地址。0.0.0.0 允许容器和手机访问，同一网络的其他人也能访问。",
	"Port of the page. The gateways have the ports after it. 0: any free ports.":                                    "页面的端口，各网关使用其后的端口。0 表示任意空闲端口。",
	"Port of one gateway.": "单个网关的端口。",

	// What goes on.
	"Waiting for the payment":                                                         "等待付款",
	"Waiting for your server":                                                         "等待商户服务器返回",
	"Reading standard input (Ctrl-D ends)":                                            "从标准输入读取（Ctrl-D 结束）",
	"Fake gateway at %s.":                                                             "模拟网关：%s",
	"Fake gateway: order %s was created.":                                             "模拟网关：已创建订单 %s。",
	"Fake gateway: the payer pays now.":                                               "模拟网关：付款人现在付款。",
	"Fake gateway: the notification is repeated.":                                     "模拟网关：重复发送通知。",
	"Fake gateway: an attacker sends a tampered notification.":                        "模拟网关：攻击者发送被篡改的通知。",
	"Notifications are received at %s (Ctrl-C ends).":                                 "接收通知的地址：%s（Ctrl-C 结束）",
	"The fake gateway ends now, with the order: add --wait, or use paygates sandbox.": "模拟网关随命令结束，订单也随之消失：请加 --wait，或使用 paygates sandbox。",
	"The order number is %s.":                                                         "订单号：%s",
	"%s (last query: %s)":                                                             "%s（最近一次查单：%s）",
	"Note: %s":                                                                        "提示：%s",
	"The text is too long for a QR code.":                                             "内容太长，无法生成二维码。",
	"The QR code needs %d columns.":                                                   "二维码需要 %d 列宽。",
	"Sandbox: fake gateways. No money moves.":                                         "沙箱：模拟网关，不涉及真实资金。",
	"page":                        "页面",
	"Credentials for your shell:": "在 shell 中设置凭据：",
	"Pay the order A1:":           "为订单 A1 付款：",
	"Ctrl-C ends the sandbox.":    "按 Ctrl-C 结束沙箱。",
	"Warning: everybody who reaches %s can use this sandbox.": "警告：能访问 %s 的人都能使用此沙箱。",
	" (attempt %d)": "（第 %d 次）",
	" (tampered)":   "（被篡改）",

	// The input of verify and sign.
	"Note: ignored %s":  "提示：已忽略%s",
	"a byte order mark": "字节顺序标记（BOM）", "CR line ends": "回车符", "quotes": "引号", "line breaks": "换行",
	"invisible characters": "不可见字符", `the JSON escapes \u0026`: `JSON 转义 \u0026`, "URL encoding of the whole": "整体的 URL 编码",
	"the head of the request": "请求头", "the brackets of a PHP array": "PHP 数组的括号", "the JSON around the fields": "字段外的 JSON",
	"the request line": "请求行", "the URL before the query": "查询串之前的 URL",
	`the "?" before the query`: "查询串前的「?」", "the HTML escapes &amp;": "HTML 转义 &amp;",
	"cannot write the output: %s":    "无法写入输出：%s",
	"cannot read the input: %s":      "无法读取输入：%s",
	"the input is longer than 1 MiB": "输入超过 1 MiB",
	"the input is empty: pass a notification as an argument, @file or on standard input":       "输入为空：请用参数、@文件或标准输入传入通知",
	"the input is not a form: expected name=value&…&sign=… as it arrived, its URL, @file or -": "输入不是表单：应为收到的原文 name=value&…&sign=…、完整 URL、@文件或 -",

	// Wrong usage.
	"%s, did you mean %s?":   "%s，是否指 %s？",
	"unexpected argument %s": "多余的参数 %s", "unknown flag %s": "未知选项 %s", "missing flag %s": "缺少选项 %s",
	"missing argument %s": "缺少参数 %s", "missing command: %s": "缺少命令：%s", "%s needs a value": "%s 需要一个值",
	"%s must be a duration such as 30s or 5m, not %s": "%s 应为时长，例如 30s、5m，而不是 %s",
	"%s must be a whole number, not %s":               "%s 应为整数，而不是 %s", "%s must be NAME=VALUE, not %s": "%s 应为 名称=值，而不是 %s",
	"%s must be an amount such as 9.90, with at most two decimals": "%s 应为金额，例如 9.90，最多两位小数",
	"%s (see paygates %s--help)":                                   "%s（见 paygates %s--help）",
	"unknown gateway %q: did you mean %s? (%s)":                    "未知网关 %q，是否指 %s？（%s）",
	"%s has no --%s: it has --%s":                                  "%s 没有 --%s，可用：--%s",
	"%s must be 1 or 0":                                            "%s 应为 1 或 0",
	"--channel of %s must be %s":                                   "%s 的 --channel 应为：%s",
	"create %s needs --order-no: the number of an order that the merchant backend knows": "create %s 需要 --order-no：商户后台已有的订单号",
	"--address must be HOST:PORT, such as 127.0.0.1:8080, and not %q":                    "--address 应为 HOST:PORT，例如 127.0.0.1:8080，而不是 %q",
	"--address %q: %s": "--address %q：%s",
	"--to must be an http or https URL, such as http://127.0.0.1:8080/notify":      "--to 应为 http 或 https 地址，例如 http://127.0.0.1:8080/notify",
	"--forward must be an http or https URL, such as http://127.0.0.1:3000/notify": "--forward 应为 http 或 https 地址，例如 http://127.0.0.1:3000/notify",
	"--host must be an address such as 127.0.0.1 or 0.0.0.0":                       "--host 应为地址，例如 127.0.0.1 或 0.0.0.0",
	"--to is not a valid URL": "--to 不是有效的 URL",
	"listen: %s is in use: stop the other program, or choose another --address":                     "listen：%s 已被占用，请停止占用它的程序，或用 --address 另选地址",
	"invalid request: unknown field %q: did you mean %q?":                                           "请求无效：未知字段 %q，是否指 %q？",
	"notifications of %s are not signed: query the order instead (paygates query %s NUMBER)":        "%s 的通知没有签名，请改为查单（paygates query %s 订单号）",
	"%s sends JSON: the input must be the body of the webhook":                                      "%s 发送 JSON：输入应为 webhook 的请求体",
	"%s signs in a header: add --signature with the value of %s":                                    "%s 的签名在请求头中：请加 --signature，值为 %s 的内容",
	"%s sends a query or a form, not JSON":                                                          "%s 发送查询串或表单，不是 JSON",
	"no variable of a gateway is set: name a gateway to see what it needs, or use --fake":           "没有设置任何网关的变量：指定网关可查看所需变量，或使用 --fake",
	"sandbox: port %d is in use, perhaps by another sandbox: stop it, or choose others with --port": "sandbox：端口 %d 已被占用，可能是另一个沙箱。请先停止它，或用 --port 另选端口",
	"sandbox: port %d needs more rights: choose one above 1023 with --port":                         "sandbox：端口 %d 需要更高权限，请用 --port 选择 1023 以上的端口",
	"sandbox: cannot listen on %s port %d: %s":                                                      "sandbox：无法监听 %s 端口 %d：%s",

	// The environment.
	"%s: invalid configuration: %s":                            "%s：配置无效：%s",
	" (variables: %s)":                                         "（变量：%s）",
	"unknown variable %s: did you mean %s?":                    "未知变量 %s，是否指 %s？",
	"%s set, %s missing":                                       "已设置 %s，缺少 %s",
	"no credentials: set %s, or use --fake for a fake gateway": "没有凭据：请设置 %s，或用 --fake 使用模拟网关",
	"%s needs %s":                                              "%s 需要 %s",

	// What went wrong. The kinds stand before an English text of the SDK.
	"interrupted": "已中断", "a check failed": "有检查未通过",
	"%s: not paid at the end of the timeout: %s; query the order before you give up":     "%s：超时（%s）仍未付款，放弃前请先查单",
	"%s: the signature does not match":                                                   "%s：签名不一致",
	"unexpected response of your server: it accepted a tampered notification":            "商户服务器返回异常：接受了被篡改的通知",
	"unexpected response of your server: it did not accept the notification":             "商户服务器返回异常：没有接受通知",
	"no response from %s: connection refused: check the address and the port":            "%s 无返回：连接被拒绝，请检查地址和端口",
	"no response from %s: connection refused: is your server running, and on this port?": "%s 无返回：连接被拒绝，请确认服务器已启动且端口正确",
	"no response from %s within 30 s":                                                    "%s 在 30 秒内无返回",
	"no response from %s: it does not speak TLS: use http://":                            "%s 无返回：对方不支持 TLS，请用 http://",
	"no response from %s: %s":                                                            "%s 无返回：%s",
	"outcome unknown, query the order":                                                   "结果未知，请查单",
	"invalid signature":                                                                  "验签失败", "invalid notification": "通知无效", "not confirmed by the gateway": "查单不一致",
	"invalid configuration": "配置无效", "invalid request": "请求无效", "order not found": "订单不存在",
	"order ended without a payment": "订单已结束，未付款", "request not sent": "请求未发出", "gateway unavailable": "网关暂不可用",
	"no response": "无返回", "unexpected response": "返回异常", "rejected by the gateway": "网关拒绝",

	// doctor.
	"variables set: %d":                                                     "已设置 %d 个变量",
	"not a URL":                                                             "不是 URL",
	"not set: --notify-url or %s_NOTIFY_URL":                                "未设置：--notify-url 或 %s_NOTIFY_URL",
	"not an http or https URL":                                              "不是 http 或 https 地址",
	"responds after %d ms, without TLS on loopback":                         "%d 毫秒后返回，本机地址，未用 TLS",
	"responds after %d ms with %s, certificate valid until %s":              "%d 毫秒后返回，%s，证书有效期至 %s",
	"without TLS: anyone on the network path can read and alter everything": "未用 TLS：链路上任何人都能读取和篡改全部内容",
	"without TLS: anyone on the network path can read notifications":        "未用 TLS：链路上任何人都能读取通知",
	"%s sends no date":                                                      "%s 没有返回日期",
	"this machine differs from %s by %s: synchronize it":                    "本机时间与 %s 相差 %s，请校时",
	"within a minute of %s":                                                 "与 %s 相差不到一分钟",
	"the credentials of query are not set":                                  "未设置查单所需的凭据",
	"the gateway accepts %s":                                                "网关接受 %s",
	"not checked: %s":                                                       "未检查：%s",
	"the gateway responds to queries":                                       "网关可以查单",
	"a web page responds in place of the gateway: a firewall (WAF), a login page or a wrong base URL: %s": "返回的是网页而不是网关：可能是防火墙（WAF）、登录页或基础地址有误：%s",
	"the gateway cannot reach a private address":                                                          "网关无法访问内网地址",
	"HTTP %d: %s": "HTTP %d：%s",
	"accepted a notification with an invalid signature: anyone can credit orders":     "接受了签名错误的通知：任何人都能伪造入账",
	"a web page responds in place of your handler: a firewall (WAF) or a login page?": "返回的是网页而不是您的处理器：是否有防火墙（WAF）或登录页？",
	"rejects a notification that is not genuine":                                      "拒绝伪造的通知",
	"the handler could not confirm with the gateway, or it is not running":            "处理器无法向网关查单，或没有运行",

	// Hints.
	"invalid signature: --explain shows what is signed":                                                                "验签失败：加 --explain 查看签名内容",
	"gateways do not follow redirects: register the final URL":                                                         "网关不跟随重定向：请登记最终地址",
	"correct if the order is paid and your server takes the amount from the query: notifications of %s are not signed": "若订单已支付且服务器以查单金额为准，则属正确：%s 的通知不带签名",
	"the URL is behind a login: gateways cannot log in":                                                                "该地址需要登录：网关无法登录",
	"signature rejected: does your server use the same secret? Or a firewall blocks the request":                       "签名被拒绝：服务器使用的是同一密钥吗？或者请求被防火墙拦截",
	"no handler at this path":    "该路径没有处理器",
	"the handler must accept %s": "处理器必须接受 %s",
	"the gateway does not confirm the order: expected for a test notification (use the sandbox for the whole path)": "网关查不到该订单：测试通知属正常情况（完整流程请用沙箱）",
	"the handler does not accept the Content-Type that the gateway sends":                                           "处理器不接受网关发送的 Content-Type",
	"the handler rejected a field: compare the values with your own orders":                                         "处理器拒绝了某个字段：请与自己的订单核对",
	"your server failed: see its log":                                                                               "商户服务器出错：请查看它的日志",
	"the gateway expects %s and nothing else":                                                                       "网关只接受返回 %s，不能有其他内容",
}

// labels stand for the names of the JSON output, and for the names of checks.
var labels = map[string]string{
	"created": "已下单", "order": "订单", "paid": "已付款", "not paid": "未付款", "notification": "收到通知",
	"confirmed": "已确认", "verified": "验签通过", "response": "商户返回", "error": "错误", "signature": "签名",
	"gateway": "网关", "number": "查单用号", "order no": "商户订单号", "order id": "平台订单号", "payment no": "流水号",
	"event type": "事件类型", "subject": "标题", "amount": "金额", "currency": "币种", "payable amount": "应付金额",
	"paid amount": "实付金额", "channel": "支付方式", "state": "状态", "test mode": "测试模式", "pay page": "支付页面",
	"qr code": "二维码内容", "qr code url": "二维码图片", "created at": "下单时间", "paid at": "付款时间", "expires at": "过期时间",
	"notes": "说明", "method": "请求方法", "path": "路径", "genuine": "真实", "verdict": "验证状态码", "status": "状态码",
	"body": "返回内容", "forwarded": "已转发", "hint": "建议", "tampered": "已篡改", "accepted": "已接受", "milliseconds": "毫秒",

	"ok": "正常", "warning": "警告", "failed": "失败", "skipped": "跳过",
	"environment": "环境变量", "credentials": "凭据", "query": "查单", "clock": "时钟", "notify URL": "通知地址",
}

// foreign are texts of the SDK. Those with "%s" are
// compared in this order.
var foreign = []struct{ english, chinese string }{
	// States and channels.
	{"%s (%s)", "%s（%s）"},
	{"accepted", "已接单"}, {"issuing QR code", "已接单，未出码"}, {"canceled by payer", "用户取消"}, {"canceled, not taken", "超时未接单，已取消"},
	{"awaiting payment", "等待付款"}, {"expired", "已超时"}, {"closed, restricted", "支付受限，已关闭"},
	{"paid, awaiting confirmation", "已付款，待确认"}, {"confirmed", "已确认完成"}, {"unknown", "未知"},
	{"unpaid", "未付款"}, {"paid", "已付款"}, {"paid, completed", "已付款，已完成"}, {"not sent", "未返回"},
	{"waiting", "待支付"}, {"submitted", "已提交"}, {"finished", "支付完成"}, {"timed out", "超时"},
	{"refunded", "已退款"}, {"ended", "已结束"}, {"inprogress", "进行中"},
	{"Alipay", "支付宝"}, {"alipay", "支付宝"}, {"QQ Wallet", "QQ 钱包"}, {"WeChat Pay", "微信支付"}, {"wechat", "微信"}, {"wx", "微信"},

	// Notes of an order, and the log.
	{"the signature covers only order_no: amount and state are claims until the query confirms them", "签名只覆盖 order_no：金额和状态须查单确认"},
	{"nothing separates the signed fields: the numbers are claims until the query confirms them", "签名字段之间没有分隔符：订单号和金额须查单确认"},
	{"the app pays: pass the charge to its Ping++ SDK", "由 App 付款：把 charge 交给 App 内的 Ping++ SDK"},
	{"connection closed", "连接被关闭"},
	{"%s: unreadable fields left empty", "%s：有字段无法识别，留空"},
	{"%s: notification rejected", "%s：通知被拒绝"},
	{"%s: notification accepted by its signature alone, the query gave no result", "%s：查单没有结果，仅凭签名接受通知"},
	{"%s: waiting for payment", "%s：等待付款"},
	{"%s: create with unknown outcome", "%s：下单结果未知"},
	{"%s: panic in the Observer", "%s：Observer 发生 panic"},

	// Secrets.
	{"is empty", "为空"}, {"is not UTF-8", "不是 UTF-8"}, {"has a line break in it", "中间有换行"}, {"has a control character in it", "含有控制字符"},
	{"ends with a line break", "末尾有换行"}, {"begins or ends with whitespace", "首尾有空白"}, {"begins with a byte order mark", "开头有字节顺序标记（BOM）"},
	{"begins or ends with an invisible character", "首尾有不可见字符"}, {"is in quotes", "带有引号"},

	// The explanation of a signature.
	{"signature = %s, sorted by name", "签名 = %s，按字段名排序"},
	{"signature = %s", "签名 = %s"},
	{"hashed: %s", "签名串：%s"},
	{"the signature matches", "签名一致"},
	{"the signature DOES NOT match", "签名不一致"},
	{"no signature to compare with", "没有可比较的签名"},
	{"- Matches with Config.%s[%s], not with the current one.", "- 用 Config.%s[%s] 时一致，用当前密钥不一致。"},
	{"- Matches without %s: the sender did not sign this field.", "- 去掉 %s 后一致：发送方没有签这个字段。"},
	{"- Matches after trimming whitespace or quotes from the secret.", "- 去掉密钥首尾的空白或引号后一致。"},
	{"- Matches if empty values are signed: the sender must leave them out.", "- 空值参与签名时一致：发送方应去掉空值。"},
	{"- Matches if the value of %s is %s.", "- %s 的值%s时一致。"},
	{"- Matches if every value is %s.", "- 所有值%s时一致。"},
	{"- Matches if %s is written %s: the sender signed the amount in another form than it sent.", "- %s 写作 %s 时一致：发送方签名时的金额写法与发送的不同。"},
	{"- Matches if the signature is read as standard base64: \"+\" became a space in transit, or the signature was URL-encoded.", "- 按标准 base64 读取签名时一致：传输中「+」变成了空格，或签名被 URL 编码。"},
	{"- Matches after trimming whitespace or a byte order mark from the body: pass on the bytes that arrived.", "- 去掉请求体首尾的空白或 BOM 后一致：请使用收到的原始字节。"},
	{"- Matches with a line break at the end of the body, which was lost in transit.", "- 请求体末尾补上换行后一致：换行在途中丢失。"},
	{"decoded once more: it was still URL-encoded here", "再解码一次（此处仍是 URL 编码）"},
	{"URL-encoded: the sender signed it encoded", "做 URL 编码（发送方按编码后的值签名）"},
	{"URL-encoded with %20 for spaces: the sender signed it encoded", "做 URL 编码且空格为 %20（发送方按编码后的值签名）"},
	{"taken without the whitespace around it", "去掉首尾空白"},
	{"taken with spaces for +: it was decoded once too little", "把 + 换成空格（少解码一次）"},
	{"taken with + for spaces: it was decoded once too often", "把空格换成 +（多解码一次）"},
	{"taken with & for &amp;: it was escaped for HTML", "把 &amp; 换成 &（被 HTML 转义）"},
	{"- The received signature has whitespace or quotes around it.", "- 收到的签名首尾有空白或引号。"},
	{"- The received signature has %s instead of 32 hex digits. It is cut off or of another kind.", "- 收到的签名有 %s，应为 32 位十六进制：被截断，或是其他签名方式。"},
	{"- The received signature is not base64.", "- 收到的签名不是 base64。"},
	{"- The field %s contains the secret. Never send the secret.", "- 字段 %s 含有密钥。切勿发送密钥。"},
	{"- The secret %s.", "- 密钥%s。"},
	{"- Nothing can be signed: %s.", "- 无法签名：%s。"},
	{"- There is no public key.", "- 没有公钥。"},
	{"- Does the secret belong to this merchant and this gateway? Was it changed there?", "- 密钥属于该商户和该网关吗？是否在网关后台重置过？"},
	{"- Was a value decoded twice, or not at all? Pass on what arrived.", "- 是否有值被解码两次或没有解码？请使用收到的原文。"},
	{"- Was an amount rewritten by a number type (300 for 300.00)?", "- 金额是否被数字类型改写（300.00 变成 300）？"},
	{"- Was a field lost or added in transit, or signed in another order than documented?", "- 途中是否丢失或增加了字段，或签名顺序与文档不同？"},
	{"- Does the sender sign %s in another encoding, such as GBK instead of UTF-8? Verify the bytes that arrived.", "- 发送方签 %s 时是否用了其他编码，如 GBK？请用收到的原始字节验签。"},
	{"- Is the public key the one that the gateway shows for this account? The merchant's own public key does not verify its webhooks.", "- 公钥是网关为该账户显示的公钥吗？商户自己的公钥不能验证 webhook。"},
	{"- Is this the body as it arrived? JSON that was decoded and encoded again has other bytes.", "- 这是收到的原始请求体吗？重新编码的 JSON 字节不同。"},
	{"! %s", "! %s"},
	{"%s  skipped: %s", "%s  跳过：%s"},
	{"not covered by the signature", "不参与签名"}, {"it is empty", "空值"}, {"it is the signature", "签名本身"},
	{"%s bytes", "%s 字节"}, {"%s 1 byte", "%s 1 字节"}, {"%s characters", "%s 个字符"}, {"1 character", "1 个字符"},
	{"[secret, %s]", "[密钥，%s]"}, {"[signature]", "[签名]"},
	{"begins or ends with a quote", "首尾有引号"},
	{"contains a control character, such as a line break", "含有控制字符，如换行"},
	{"contains an invisible character, such as a byte order mark", "含有不可见字符，如 BOM"},
	{"contains full-width characters (１２３ instead of 123)", "含有全角字符（１２３ 应为 123）"},
	{"contains U+FFFD: a decoder replaced bytes that it could not read", "含有 U+FFFD：解码时有字节无法识别，已被替换"},
	{"looks URL-encoded, but must be decoded once", "看起来仍是 URL 编码，应先解码一次"},
	{"looks like a missing value that was written as text", "像是把空值写成了文字"},
	{"is escaped for HTML (&amp;)", "被 HTML 转义（&amp;）"},
	{"is not UTF-8: it may be GBK", "不是 UTF-8：可能是 GBK"},
	{"is not ASCII: its UTF-8 bytes are signed", "不是 ASCII：按 UTF-8 字节签名"},
	{"is not written with exactly two decimals", "不是恰好两位小数"},
}
