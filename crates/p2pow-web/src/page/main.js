// Which page is shown: the part of the address behind `#`, which stays when the page is loaded again.
import { keepToken, takeToken } from "./access.js";
import { showAccount, startAccount } from "./account.js";
import { startCharts, showCharts } from "./charts.js";
import { by, setText } from "./dom.js";
import { showPay, startPay, toast } from "./pay.js";
import { leavePayment, showPayment, showPayments, startPayments } from "./payment.js";
import { connect, isPublic, on, state } from "./state.js";
import { showWorker } from "./worker.js";
import { showWorkers, startWorkers } from "./workers.js";

const PAGES = { workers: showWorkers, worker: showWorker, pay: showPay, account: showAccount, payments: showPayments, payment: showPayment };
const TITLES = { workers: "Workers", worker: "Worker", pay: "Send", account: "Account", payments: "Payments", payment: "Payment" };
let isStarted = false;

/** The page that the address names, and what of it. */
function route() {
  const [name, rest] = location.hash.replace(/^#\/?/, "").split("/", 2);
  return Object.hasOwn(PAGES, name) ? [name, decodeURIComponent(rest ?? "")] : ["workers", ""];
}

function show() {
  if (!isStarted) return;
  const [name, what] = route();
  for (const page of Object.keys(PAGES)) by(`page-${page}`).hidden = page !== name;
  const parent = { worker: "workers", payment: "payments" }[name] ?? name;
  for (const link of by("nav").children) {
    if (link.dataset.page === parent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${TITLES[name]} · P2PoW market`;
  leavePayment();
  Promise.resolve(PAGES[name](what)).catch((error) => toast(error.message));
  charts();
}

/** What is charted of the page that is shown; without an answer the charts stay as they are. */
function charts() {
  const [name, what] = route();
  if (!isStarted || !state.isLive) return;
  if (name === "workers") showCharts("charts", null).catch(() => {});
  if (name === "worker") showCharts("worker-charts", what).catch(() => {});
}

function live() {
  const body = document.body;
  by("door").hidden = true;
  if (state.about && !isStarted) {
    for (const link of by("nav").querySelectorAll("[data-money]")) link.hidden = !state.about.can_pay;
    for (const link of by("nav").querySelectorAll("[data-private]")) link.hidden = isPublic();
    startWorkers();
    startPayments();
    startPay();
    startAccount();
    startCharts(charts);
    isStarted = true;
  }
  by("main").hidden = !isStarted;
  by("nav").hidden = !isStarted || isPublic();
  body.dataset.state = state.isLive ? "live" : "away";
  setText(by("state"), state.isLive ? (isPublic() ? "public list" : "live") : "the program does not answer");
  by("state").className = state.isLive ? "good" : "bad";
  if (state.isLive) show();
}

on("live", live);
on("door", (why) => {
  document.body.dataset.state = "door";
  by("door").hidden = false;
  by("main").hidden = true;
  by("nav").hidden = true;
  setText(by("state"), why === "no token" ? "the token is wanted" : "the token is wrong");
  by("state").className = "bad";
});
by("door").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(by("token").value.trim());
  by("token").value = "";
  connect();
});
document.addEventListener("click", async (event) => {
  const copied = event.target.closest?.("[data-copy]");
  if (!copied) return;
  try {
    await navigator.clipboard.writeText(copied.dataset.copy);
    toast("copied");
  } catch {
    toast(copied.dataset.copy);
  }
});
addEventListener("hashchange", () => {
  if (location.hash.includes("token=")) {
    takeToken();
    connect();
  } else {
    show();
    scrollTo(0, 0);
  }
});

takeToken();
connect();
