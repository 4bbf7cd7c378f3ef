"use strict";

// The form: buttons for the usual amounts.
for (const presets of document.querySelectorAll(".presets")) {
  presets.hidden = false;
  presets.addEventListener("click", (event) => {
    const amount = event.target.dataset.amount;
    if (amount) document.getElementById("amount").value = amount;
  });
}
const checkout = document.getElementById("checkout");
if (checkout) {
  const pay = document.getElementById("pay");
  const label = pay.textContent;
  const ready = () => {
    pay.disabled = false;
    pay.textContent = label;
  };
  checkout.addEventListener("submit", () => {
    pay.disabled = true;
    pay.textContent = pay.dataset.busy; // a gateway can take seconds
    setTimeout(ready, 20000); // a payer who stopped the browser can go on
  });
  // The sign before the amount is that of the method.
  const currency = () => {
    const method = checkout.querySelector("input[name=method]:checked");
    if (method) checkout.dataset.currency = method.dataset.currency;
  };
  checkout.addEventListener("change", currency);
  // A browser that goes back shows the page as it was.
  addEventListener("pageshow", () => {
    ready();
    currency();
  });
}

// Buttons that copy a text. A page without TLS has no navigator.clipboard, and an app that
// shows the page may forbid it.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return;
  } catch { /* the older way */ }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("the browser does not copy");
}
const copyButtons = document.querySelectorAll("[data-copy]");
for (const button of copyButtons) {
  button.hidden = false;
  const label = button.querySelector("span");
  button.dataset.label = label.textContent;
  button.addEventListener("click", async () => {
    try {
      await copy(button.dataset.copy);
      button.focus();
      for (const other of copyButtons) other.querySelector("span").textContent = other.dataset.label;
      label.textContent = button.dataset.done;
    } catch {
      button.hidden = true; // the text is beside it
    }
  });
}

// The order: a countdown, and a request to the shop every second. The page is loaded
// again when the shop reports a change.
const order = document.getElementById("order");
if (order && order.dataset.status) {
  const left = document.getElementById("left");
  const progress = document.getElementById("progress");
  const live = document.getElementById("live");
  const words = live && live.querySelector("span");
  const usual = words && words.textContent;
  const two = (n) => String(n).padStart(2, "0");

  // The payer's clock may be wrong, so only durations count.
  let end = performance.now() + Number(order.dataset.seconds) * 1000;
  const tick = () => {
    const seconds = Math.max(0, Math.round((end - performance.now()) / 1000));
    if (left) left.textContent = two(Math.floor(seconds / 60)) + ":" + two(seconds % 60);
    if (progress) progress.value = seconds;
  };
  tick();
  setInterval(tick, 250);

  const online = (yes) => {
    if (!live) return;
    live.classList.toggle("offline", !yes);
    words.textContent = yes ? usual : live.dataset.offline;
  };
  const within = (milliseconds) => { // AbortSignal.timeout, which phones of 2021 do not have
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  };
  let asking = false;
  let next;
  const ask = async () => {
    if (asking) return;
    asking = true;
    clearTimeout(next);
    try {
      const response = await fetch(order.dataset.status, { cache: "no-store", signal: within(5000) });
      if (!response.ok) throw new Error(response.status);
      const now = await response.json();
      if (now.stage !== order.dataset.stage || String(now.version) !== order.dataset.version) {
        location.reload();
        return;
      }
      end = performance.now() + now.seconds * 1000;
      online(true);
    } catch {
      online(false);
    }
    asking = false;
    next = setTimeout(ask, 1000);
  };
  next = setTimeout(ask, 1000);
  // A payer who comes back from the app that paid wants to know now.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
}
