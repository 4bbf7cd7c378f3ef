"use strict";

const $ = (id) => document.getElementById(id);

// Values of requests and responses are only ever set as text.
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== "" && child != null));
  return element;
}

const actions = [
  ["pay", "付款 Pay", (o) => !o.paid],
  ["pay-silently", "付款但丢失通知 Pay, lose the notification", (o) => !o.paid],
  ["expire", "过期 Expire", (o) => !o.paid],
  ["redeliver", "重复通知 Repeat the notification", (o) => o.paid],
  ["tamper", "篡改通知 Send a tampered notification", () => true],
];

let gateway = "";
let shown = {};

async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const result = await response.json();
  if (!response.ok) throw new Error(result.error || response.statusText);
  return result;
}

let clearing;
function say(text, wrong) {
  const status = $("status");
  status.textContent = text;
  status.className = wrong ? "wrong" : "";
  clearTimeout(clearing);
  clearing = setTimeout(() => { status.textContent = ""; }, 6000);
}

async function act(what, path, body) {
  try {
    await call(path, body);
    say(what);
    await refresh();
  } catch (error) {
    say(error.message, true);
  }
}

function time(text) {
  return text ? new Date(text).toLocaleTimeString() : "";
}

function showOrder(o) {
  const buttons = actions.filter(([, , fits]) => fits(o)).map(([name, label], i) => make("button", {
    type: "button", textContent: label, className: i === 0 && !o.paid ? "main" : "",
    onclick: () => act(`${label}: ${o.order_no || o.id}`,
      `api/orders/${o.gateway}/${encodeURIComponent(o.id)}/${name}?background=1`, {}),
  }));
  buttons.forEach((button, i) => { button.dataset.key = `${o.gateway} ${o.id} ${i} ${button.textContent}`; });
  return make("article", { className: o.paid ? "paid" : "" },
    make("div", { className: "head" },
      make("h3", { textContent: o.order_no || o.id }),
      make("span", { className: "amount", textContent: `${o.amount} ${o.currency}` })),
    make("div", { className: "soft", textContent: [o.gateway, o.id, o.channel, time(o.created_at)].filter(Boolean).join(" · ") }),
    make("div", { className: o.paid ? "good" : "", textContent: o.state_text + (o.paid ? " · 已付 paid" : "") }),
    make("div", { className: "soft", textContent: o.notify_url ? `→ ${o.notify_url}` : "没有通知地址 no notify URL" }),
    make("div", { className: "acts" }, ...buttons,
      o.pay_page ? make("a", { href: o.pay_page, target: "_blank", rel: "noreferrer", textContent: "收银台 cashier" }) : ""));
}

function showDelivery(d) {
  const response = (d.error ? d.error : `${d.status} ${d.response}`).slice(0, 300);
  const kind = d.tampered ? "篡改 tampered" : `第 ${d.attempt} 次 attempt ${d.attempt}`;
  const good = d.tampered ? !d.accepted : d.accepted;
  return make("article", { className: good ? "paid" : "bad" },
    make("div", { className: "head" },
      make("h3", { textContent: d.order_no || d.order_id }),
      make("span", { className: good ? "good" : "wrong", textContent: d.accepted ? "已接受 accepted" : "未接受 not accepted" })),
    make("div", { className: "soft", textContent: `${d.gateway} · ${time(d.at)} · ${kind}` }),
    make("div", { className: "soft", textContent: `${d.method} ${d.url}` }),
    make("details", {}, make("summary", { textContent: `返回 response: ${response}` }), d.body ? make("pre", { textContent: d.body }) : ""));
}

// The faults that the page offers; the API has more.
const faults = [
  ["500，未处理 HTTP 500, not processed", { status: 500 }],
  ["500，已处理 HTTP 500 after processing", { status: 500, processed: true }],
  ["503 维护页 HTTP 503 with a page", { status: 503, content_type: "text/html", body: "<html><body>503</body></html>" }],
  ["429 请求过多 HTTP 429", { status: 429 }],
  ["断开连接 Close the connection", { reset: true }],
  ["已处理后断开 Close it after processing", { reset: true, processed: true }],
  ["只返回一半 Half a response", { cut: true }],
  ["延迟 20 秒返回 Respond after 20 s", { delay_seconds: 20 }],
  ["重定向 Redirect", { redirect: "https://login.example.com/" }],
];

function faultForm(g) {
  const kind = make("select", {}, ...faults.map(([label], i) => make("option", { value: i, textContent: label })));
  const path = make("input", { value: "/", placeholder: "/" });
  const times = make("input", { type: "number", min: 0, value: 1 });
  const send = (label, body) => act(label, `api/gateways/${g.name}/fault`, body);
  return make("form", {
    onsubmit: (event) => {
      event.preventDefault();
      const [label, fault] = faults[Number(kind.value)];
      send(`故障 fault: ${label}`, { ...fault, path: path.value, times: Number(times.value) });
    },
  }, make("label", {}, "故障 Fault", kind), make("label", {}, "路径前缀 Path prefix", path),
  make("label", {}, "次数，0 为一直 Times, 0 for all", times), make("button", { textContent: "注入 Inject" }),
  make("button", { type: "button", textContent: "清除 Clear", onclick: () => send("已清除故障 faults cleared", {}) }));
}

function showGateway(g) {
  const delay = make("select", {
    onchange: (event) => act("延迟 delay", `api/gateways/${g.name}/delay`, { seconds: Number(event.target.value) }),
  }, ...[...new Set([0, 2, 10, 30, g.delay_seconds])].sort((x, y) => x - y).map((n) => make("option", { value: n, textContent: `${n} s`, selected: n === g.delay_seconds })));
  const parts = [
    make("h3", { textContent: g.title }),
    make("div", { className: "soft", textContent: g.url }),
    make("pre", { textContent: g.variables.map((v) => `${v.name}=${v.value}`).join("\n") }),
    make("form", { onsubmit: (event) => event.preventDefault() }, make("label", {}, "通知延迟 Delay notifications by", delay)),
  ];
  parts.push(faultForm(g));
  if (g.has_notify_url) {
    const url = make("input", { type: "url", value: g.notify_url, placeholder: "http://127.0.0.1:8080/notify" });
    parts.push(make("form", {
      onsubmit: (event) => { event.preventDefault(); act("通知地址 notify URL", `api/gateways/${g.name}/notify-url`, { url: url.value }); },
    }, make("label", {}, "账户的通知地址 Notify URL of the account", url), make("button", { textContent: "设置 Set" })));
  }
  if (g.adds_orders) {
    const number = make("input", { required: true, pattern: "[0-9A-Za-z_\\-]{1,64}", placeholder: "20191118123424" });
    const amount = make("input", { required: true, value: "99.00", inputMode: "decimal" });
    parts.push(make("form", {
      onsubmit: (event) => { event.preventDefault(); act("新订单 new order", `api/orders/${g.name}`, { order_no: number.value, amount: amount.value, subject: "Example" }); },
    }, make("label", {}, "订单号 Order number", number), make("label", {}, "金额 Amount", amount),
    make("button", { textContent: "添加订单 Add an order" })));
  }
  return make("article", {}, ...parts);
}

// A list is drawn anew only if it has changed, and keeps the focus.
function draw(id, list, show, none) {
  const text = JSON.stringify(list);
  if (shown[id] === text) return;
  shown[id] = text;
  const key = document.activeElement && document.activeElement.dataset.key;
  const open = [...$(id).querySelectorAll("details")].filter((d) => d.open).map((d) => d.dataset.index);
  $(id).replaceChildren(...(list.length ? list.map(show) : [make("p", { className: "soft", textContent: none })]));
  const details = [...$(id).querySelectorAll("details")];
  // The newest stands first: counted from the end an entry keeps its place.
  details.forEach((d, i) => { d.dataset.index = details.length - i; d.open = open.includes(d.dataset.index); });
  if (key) {
    const again = [...$(id).querySelectorAll("[data-key]")].find((element) => element.dataset.key === key);
    if (again) again.focus();
  }
}

async function refresh() {
  const query = gateway ? `?gateway=${gateway}` : "";
  const [orders, deliveries] = await Promise.all([call(`api/orders${query}`), call(`api/deliveries${query}`)]);
  draw("orders", orders.reverse().slice(0, 200), showOrder, "还没有订单。 No orders yet.");
  draw("deliveries", deliveries.reverse().slice(0, 200), showDelivery, "还没有通知。 No notifications yet.");
}

let lost = false;
async function loop() {
  try {
    await refresh();
    if (lost) say("");
    lost = false;
  } catch (error) {
    lost = true;
    say(`沙箱没有返回 the sandbox does not respond: ${error.message}`, true);
  }
  setTimeout(loop, 1000);
}

async function begin() {
  try {
    const gateways = await call("api/gateways");
    $("gateways").replaceChildren(...gateways.map(showGateway));
    const choices = [["", "全部 all"], ...gateways.map((g) => [g.name, g.title])].map(([name, label]) => make("button", {
      type: "button", textContent: label, ariaPressed: String(name === gateway),
      onclick: (event) => {
        gateway = name;
        choices.forEach((choice) => { choice.ariaPressed = String(choice === event.target); });
        refresh().catch((error) => say(error.message, true));
      },
    }));
    $("filter").replaceChildren(...choices);
  } catch (error) {
    say(error.message, true);
    setTimeout(begin, 1000);
    return;
  }
  loop();
}

begin();
