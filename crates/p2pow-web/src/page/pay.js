// Asking for payments: what it costs and who would be hired is shown first, and the key is chosen before anything is
// asked, so that a second click is the same payment.
import { ask } from "./access.js";
import { by, table } from "./dom.js";
import { accountOf, exact, ordersOf, rawOf } from "./money.js";
import { order } from "./payment.js";
import { learnPayment, state } from "./state.js";
import { facts } from "./worker.js";

/** Lines of a preview that are shown. */
const PREVIEW = 50;

export function toast(text) {
  const shown = by("toast");
  shown.textContent = text;
  shown.classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => shown.classList.remove("shown"), 4000);
}

const sum = (orders) => orders.reduce((total, one) => total + BigInt(one.send?.amount ?? 0), 0n);

/** Shows amount, destination and fee, and waits for a yes. */
async function isConfirmed(asked, quote) {
  const sends = asked.orders.filter((one) => one.send), who = quote.quotes.slice(0, asked.hire).map((one) => one.address);
  facts("confirm-facts", [
    asked.orders.length === 1 ? (sends.length === 1 ? null : ["What", order(asked.orders[0])]) : ["What", `${asked.orders.length} blocks in ${quote.jobs.length === 1 ? "one job" : `${quote.jobs.length} jobs`}`],
    sends.length === 1 ? ["Destination", sends[0].send.destination] : null,
    sends.length > 0 ? ["Amount", `${exact(sum(asked.orders))} XNO${sends.length > 1 ? " in all" : ""}`] : null,
    ["Fee", `${exact(quote.total_raw)} XNO, if ${who[0]} does it`],
    ["At most", `${exact(asked.max_fee_raw)} XNO for the work of one send`],
    ["Would hire", who.join(", ")],
  ]);
  by("confirm-note").textContent = "Whoever is hired has the signed blocks: what is signed cannot be taken back.";
  const dialog = by("confirm");
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((done) => { dialog.addEventListener("close", done, { once: true }); });
  return dialog.returnValue === "yes";
}

/** Begins a payment, after a look at what it costs. Whether it was begun. */
export async function pay(orders, { workers = [], hire, maxFee, isTest = false, isAsked = true } = {}) {
  const asked = { key: crypto.randomUUID(), orders, workers, hire: hire ?? state.about.hire, is_test: isTest, max_fee_raw: String(maxFee ?? state.about.max_fee_raw) };
  if (isAsked) {
    const quote = await ask("/api/quote", { body: asked, within: 60000 });
    if (!await isConfirmed(asked, quote)) return false;
  }
  learnPayment(await ask("/api/payments", { body: asked }));
  location.hash = `#/payment/${asked.key}`;
  return true;
}

/** Tests workers by a payment; on a network without value nobody is asked first. */
export async function testWorkers(workers) {
  try {
    const own = await ask("/api/account");
    const orders = [{ send: { destination: own.test_payee, amount: own.test_raw } }];
    return await pay(orders, { workers, hire: workers.length, isTest: true, isAsked: !state.about.is_trial });
  } catch (error) {
    toast(error.message);
    return false;
  }
}

export function showPay() {
  if (!by("limit").value) by("limit").value = exact(state.about.max_fee_raw);
}

function read() {
  const named = (what, read) => { try { return read(); } catch (error) { throw new Error(`${what}: ${error.message}`); } };
  const { decimals } = state.about, many = by("many").value;
  const orders = many.trim() ? ordersOf(many, decimals) : [{ send: {
    destination: named("Destination", () => accountOf(by("to").value)),
    amount: String(named("Amount", () => {
      const raw = rawOf(by("how-much").value, decimals);
      if (raw === 0n) throw new Error("a payment of nothing is none");
      return raw;
    })),
  } }];
  return { orders, maxFee: named("The most to pay", () => rawOf(by("limit").value, decimals)) };
}

/** Shows what the pasted lines mean, before anything is asked. */
function preview() {
  const text = by("many").value, says = by("preview-sum");
  by("preview-part").hidden = true;
  says.className = "";
  says.textContent = "";
  if (!text.trim()) return;
  try {
    const orders = ordersOf(text, state.about.decimals);
    says.textContent = `${orders.length === 1 ? "1 payment" : `${orders.length} payments`}, ${exact(sum(orders))} XNO in all`;
    by("preview-part").hidden = false;
    const shown = orders.slice(0, PREVIEW).map((one) => [{ text: one.send.destination, kind: "wrap" }, exact(one.send.amount)]);
    if (orders.length > PREVIEW) shown.push([`… and ${orders.length - PREVIEW} more`, ""]);
    table("preview", ["Destination", "Amount (XNO)#"], shown, "");
  } catch (error) {
    says.className = "wrong";
    says.textContent = error.message;
  }
}

export function startPay() {
  by("many").addEventListener("input", preview);
  by("send").addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = by("send-error"), button = by("send").querySelector("button");
    wrong.hidden = true;
    button.disabled = true;
    try {
      const { orders, maxFee } = read();
      if (await pay(orders, { maxFee })) {
        for (const id of ["to", "how-much", "many"]) by(id).value = "";
        preview();
      }
    } catch (error) {
      wrong.hidden = false;
      wrong.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}
