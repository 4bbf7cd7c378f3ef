"use strict";

const $ = (id) => document.getElementById(id);

// The language of the link, or the first one of the browser that the page has.
const languages = [new URLSearchParams(location.search).get("lang"), ...navigator.languages].filter(Boolean);
const language = languages.map((name) => name.slice(0, 2).toLowerCase()).find((name) => texts[name]) || "zh";
const t = texts[language];

function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
  document.title = t.title;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t[element.dataset.text];
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = t[element.dataset.label];
  const other = language === "zh" ? "en" : "zh";
  Object.assign($("language"), { href: `?lang=${other}`, hreflang: other, lang: other, textContent: t.other });
}

// Values of requests and responses are only ever set as text.
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== "" && child != null));
  return element;
}

const actions = [
  ["pay", (o) => !o.paid],
  ["pay-silently", (o) => !o.paid],
  ["expire", (o) => !o.paid],
  ["redeliver", (o) => o.paid],
  ["tamper", () => true],
];

let gateway = "";
const shown = {};

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
  return text ? new Date(text).toLocaleTimeString(language) : "";
}

function money(o) {
  const sign = { CNY: "¥", USD: "$" }[o.currency];
  return sign ? sign + o.amount : `${o.amount} ${o.currency}`;
}

// The state in the gateway's words, such as "9 (confirmed)" or "paid".
function state(o) {
  const name = o.state_text.replace(/^\S+ \((.*)\)$/, "$1");
  return o.state_text.replace(name, t.states[name] || name);
}

const joined = (...parts) => parts.filter(Boolean).join(" · ");
const tag = (text, kind = "") => make("span", { className: `tag ${kind}`, textContent: text });

function showOrder(o) {
  const buttons = actions.filter(([, fits]) => fits(o)).map(([name]) => make("button", {
    type: "button", textContent: t[name], className: name === "pay" ? "main" : "",
    onclick: () => act(joined(t[name], o.order_no || o.id), `api/orders/${o.gateway}/${encodeURIComponent(o.id)}/${name}?background=1`, {}),
  }));
  buttons.forEach((button) => { button.dataset.key = joined(o.gateway, o.id, button.textContent); });
  return make("article", { className: o.paid ? "paid" : "" },
    make("div", { className: "head" },
      make("h3", { className: "no", textContent: o.order_no || o.id }),
      make("span", { className: "amount", textContent: money(o) })),
    make("div", { className: "row" }, tag(o.paid ? joined(t.paid, state(o)) : state(o), o.paid ? "good" : ""),
      make("span", { className: "soft", textContent: joined(o.gateway, o.channel, o.order_no && o.id, time(o.created_at)) })),
    make("div", { className: "soft", textContent: o.notify_url ? t.to(o.notify_url) : t.noNotifyURL }),
    make("div", { className: "acts" }, ...buttons,
      o.pay_page ? make("a", { href: o.pay_page, target: "_blank", rel: "noreferrer", textContent: t.cashier }) : ""));
}

function showDelivery(d) {
  const response = (d.error ? d.error : `${d.status} ${d.response}`).slice(0, 300);
  // Kechengcang signs nothing: a server accepts the ID and queries the order.
  const byQuery = d.tampered && d.accepted && d.gateway === "kechengcang";
  const good = d.tampered ? !d.accepted || byQuery : d.accepted;
  return make("article", {},
    make("div", { className: "head" },
      make("h3", { className: "no", textContent: d.order_no || d.order_id }),
      tag(d.accepted ? t.accepted : t.notAccepted, good ? "good" : "bad")),
    make("div", { className: "soft", textContent: joined(d.gateway, time(d.at), d.tampered ? t.tampered : t.attempt(d.attempt), byQuery && t.byQuery) }),
    make("div", { className: "soft", textContent: `${d.method} ${d.url}` }),
    make("details", {}, make("summary", { className: "soft", textContent: t.response(response) }),
      d.body ? make("pre", { textContent: d.body, tabIndex: 0 }) : ""));
}

// The faults that the page offers; the API has more.
const faults = [
  ["500", { status: 500 }],
  ["500 processed", { status: 500, processed: true }],
  ["503", { status: 503, content_type: "text/html", body: "<html><body>503</body></html>" }],
  ["429", { status: 429 }],
  ["reset", { reset: true }],
  ["reset processed", { reset: true, processed: true }],
  ["cut", { cut: true }],
  ["slow", { delay_seconds: 20 }],
  ["redirect", { redirect: "https://login.example.com/" }],
];

function form(submit, ...children) {
  return make("form", { onsubmit: (event) => { event.preventDefault(); submit(); } }, ...children);
}

function faultForm(g) {
  const kind = make("select", {}, ...faults.map(([name], i) => make("option", { value: i, textContent: t[name] })));
  const path = make("input", { value: "/", placeholder: "/" });
  const times = make("input", { type: "number", min: 0, value: 1 });
  const send = (what, body) => act(joined(g.title, what), `api/gateways/${g.name}/fault`, body);
  return form(() => {
    const [name, fault] = faults[Number(kind.value)];
    send(t[name], { ...fault, path: path.value, times: Number(times.value) });
  }, make("label", { className: "wide" }, t.fault, kind), make("label", {}, t.path, path), make("label", {}, t.times, times),
  make("button", { textContent: t.inject }), make("button", { type: "button", textContent: t.clear, onclick: () => send(t.cleared, {}) }));
}

function delayForm(g) {
  const choices = [...new Set([0, 2, 10, 30, g.delay_seconds])].sort((x, y) => x - y);
  const delay = make("select", {
    onchange: (event) => act(t.changed, `api/gateways/${g.name}/delay`, { seconds: Number(event.target.value) }),
  }, ...choices.map((n) => make("option", { value: n, textContent: t.seconds(n), selected: n === g.delay_seconds })));
  return form(() => {}, make("label", { className: "wide" }, t.delay, delay));
}

// A file of variables has one line for each: "\n" stands for the line breaks of a key.
function configuration(g) {
  const text = g.variables.map((v) => `${v.name}=${v.value.replaceAll("\n", "\\n")}`).join("\n");
  const button = make("button", {
    type: "button", textContent: t.copy, hidden: !navigator.clipboard,
    onclick: async () => { await navigator.clipboard.writeText(text); button.textContent = t.copied; },
  });
  return [make("div", { className: "acts" }, make("span", { textContent: t.config }), button), make("pre", { textContent: text, tabIndex: 0 })];
}

function notifyURLForm(g) {
  const url = make("input", { type: "url", value: g.notify_url, placeholder: "http://127.0.0.1:8080/notify" });
  return form(() => act(t.changed, `api/gateways/${g.name}/notify-url`, { url: url.value }),
    make("label", { className: "wide" }, t.notifyURL, url), make("button", { textContent: t.set }));
}

function orderForm(g) {
  const number = make("input", { required: true, pattern: "[0-9A-Za-z_\\-]{1,64}", placeholder: "20191118123424" });
  const amount = make("input", { required: true, value: "99.00", inputMode: "decimal" });
  return form(() => act(t.added, `api/orders/${g.name}`, { order_no: number.value, amount: amount.value, subject: "Example" }),
    make("label", {}, t.orderNo, number), make("label", {}, t.amount, amount), make("button", { textContent: t.add }));
}

function showGateway(g) {
  return make("details", { className: "gateway", id: `gateway-${g.name}` },
    make("summary", {}, g.title, make("span", { className: "soft", textContent: ` ${g.url}` }), make("span", { className: "tags" })),
    ...configuration(g), delayForm(g), faultForm(g), g.has_notify_url ? notifyURLForm(g) : "", g.adds_orders ? orderForm(g) : "");
}

// What is set at a gateway, by this page or another program.
function showSettings(g) {
  const tags = [g.faults ? tag(t.faults(g.faults), "bad") : "", g.delay_seconds ? tag(t.delayed(g.delay_seconds)) : ""];
  $(`gateway-${g.name}`).querySelector(".tags").replaceChildren(...tags.filter(Boolean));
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
  const [orders, deliveries, gateways] = await Promise.all([call(`api/orders${query}`), call(`api/deliveries${query}`), call("api/gateways")]);
  draw("orders", orders.reverse().slice(0, 200), showOrder, t.noOrders);
  draw("deliveries", deliveries.reverse().slice(0, 200), showDelivery, t.noNotifications);
  gateways.forEach(showSettings);
}

function online(yes) {
  $("live").classList.toggle("offline", !yes);
  $("live").querySelector("span").textContent = yes ? t.live : t.offline;
}

let lost = false;
async function loop() {
  try {
    await refresh();
    if (lost) say("");
    lost = false;
  } catch (error) {
    lost = true;
    say(t.lost(error.message), true);
  }
  online(!lost);
  setTimeout(loop, 1000);
}

async function begin() {
  try {
    const gateways = await call("api/gateways");
    $("gateways").replaceChildren(...gateways.map(showGateway));
    const choices = [["", t.all], ...gateways.map((g) => [g.name, g.title])].map(([name, label]) => make("button", {
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

translate();
begin();
