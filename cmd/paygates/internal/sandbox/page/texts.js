"use strict";

// The texts of the page by language.
const texts = {
  zh: {
    title: "支付网关沙箱", fake: "模拟网关，不会真正扣款。", live: "实时更新", offline: "连接中断", other: "English",
    orders: "订单", notifications: "异步通知", gateways: "网关", env: "用于 shell 的配置。", openapi: "接口描述。",
    all: "全部", noOrders: "还没有订单。", noNotifications: "还没有异步通知。",
    pay: "付款", "pay-silently": "付款，丢失通知", expire: "过期", redeliver: "重复通知", tamper: "发送篡改的通知", cashier: "收银台",
    paid: "已付款", noNotifyURL: "没有通知地址", to: (url) => `通知地址：${url}`,
    accepted: "已接受", notAccepted: "未接受", tampered: "篡改", byQuery: "没有签名，以查单的金额为准", attempt: (n) => `第 ${n} 次`, response: (text) => `返回：${text}`,
    config: "配置", copy: "复制", copied: "已复制", delay: "通知延迟", seconds: (n) => `${n} 秒`,
    fault: "故障", path: "路径前缀", times: "次数（0 为一直）", inject: "注入", clear: "清除故障", cleared: "故障已清除",
    faults: (n) => `注入了 ${n} 个故障`, delayed: (n) => `通知延迟 ${n} 秒`,
    notifyURL: "账户的通知地址", set: "设置", orderNo: "订单号", amount: "金额", add: "添加订单", added: "订单已添加", changed: "已更改",
    lost: (why) => `沙箱没有返回：${why}`,
    "500": "HTTP 500，未处理", "500 processed": "HTTP 500，已处理", "503": "HTTP 503 维护页", "429": "HTTP 429 请求过多",
    states: {
      "accepted": "已接单", "issuing QR code": "正在出码", "awaiting payment": "待付款", "canceled by payer": "付款人已取消",
      "canceled, not taken": "无人接单，已取消", "closed, restricted": "限制付款，已关闭", "paid, awaiting confirmation": "已付款，待确认",
      "confirmed": "已确认", "unpaid": "未付款", "paid, completed": "已付款，已完成", "inprogress": "待付款", "unsettled": "通知未被接受",
      "settled": "通知已被接受", "waiting": "待付款", "submitted": "已提交", "finished": "已完成", "timed out": "已超时",
      "new": "未下单", "paid": "已付款", "expired": "已过期",
    },
    reset: "断开连接，未处理", "reset processed": "断开连接，已处理", cut: "只返回一半", slow: "20 秒后返回", redirect: "重定向",
  },
  en: {
    title: "Payment gateway sandbox", fake: "Fake gateways: no money moves.", live: "Live", offline: "No connection", other: "中文",
    orders: "Orders", notifications: "Notifications", gateways: "Gateways", env: "Configuration for a shell.", openapi: "Description of the API.",
    all: "All", noOrders: "No orders yet.", noNotifications: "No notifications yet.",
    pay: "Pay", "pay-silently": "Pay, lose the notification", expire: "Expire", redeliver: "Repeat the notification", tamper: "Send a tampered notification", cashier: "Cashier page",
    paid: "Paid", noNotifyURL: "No notify URL", to: (url) => `Notify URL: ${url}`,
    accepted: "Accepted", notAccepted: "Not accepted", tampered: "Tampered", byQuery: "unsigned: the amount of the query counts", attempt: (n) => `Attempt ${n}`, response: (text) => `Response: ${text}`,
    config: "Configuration", copy: "Copy", copied: "Copied", delay: "Delay of notifications", seconds: (n) => `${n} s`,
    fault: "Fault", path: "Path prefix", times: "Times (0: always)", inject: "Inject", clear: "Clear faults", cleared: "Faults cleared",
    faults: (n) => `Faults injected: ${n}`, delayed: (n) => `Notifications after ${n} s`,
    notifyURL: "Notify URL of the account", set: "Set", orderNo: "Order number", amount: "Amount", add: "Add order", added: "Order added", changed: "Changed",
    lost: (why) => `The sandbox does not respond: ${why}`,
    "500": "HTTP 500, not processed", "500 processed": "HTTP 500 after processing", "503": "HTTP 503 with a page", "429": "HTTP 429",
    states: {}, // the API's own words
    reset: "Connection closed, not processed", "reset processed": "Connection closed after processing", cut: "Half a response", slow: "Response after 20 s", redirect: "Redirect",
  },
};
