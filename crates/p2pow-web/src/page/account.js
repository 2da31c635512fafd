// The account of this process: what it has, what waits for it, and what it did.
import { ask } from "./access.js";
import { build, by, table, tiles } from "./dom.js";
import { fullMoment, xno } from "./format.js";
import { pay, toast } from "./pay.js";
import { copyable, explorerLink } from "./row.js";
import { on } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";
/** Receivables of one payment, at most. */
const MOST = 50;

function code(rows) {
  const size = rows.length + 4, svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", `-2 -2 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "The account as a QR code");
  path.setAttribute("d", rows.map((row, y) => [...row].map((one, x) => (one === "1" ? `M${x} ${y}h1v1h-1z` : "")).join("")).join(""));
  svg.append(path);
  return svg;
}

const receive = ({ hash, amount_raw: amount }) => ({ receive: { source: hash, amount } });

async function pocket(waiting) {
  try {
    await pay(waiting.slice(0, MOST).map(receive));
  } catch (error) {
    toast(error.message);
  }
}

export async function showAccount() {
  try {
    const own = await ask("/api/account");
    by("account-error").hidden = true;
    by("own-account").replaceChildren(copyable(own.account, "the account"), " ", explorerLink(own.account) ?? "", own.is_opened ? "" : " has no block yet: what is sent to it opens it when it is received");
    tiles("purse", [
      ["Balance", `${xno(own.balance_raw)} XNO`, `${own.balance_raw} raw`],
      ["To be received", `${xno(own.receivable_raw)} XNO`, own.receivables.length === 1 ? "1 payment" : `${own.receivables.length} payments`],
    ]);
    by("qr").replaceChildren(code(own.qr));
    by("receive-all").hidden = own.receivables.length < 2;
    by("receive-all").onclick = () => pocket(own.receivables);
    table("receivables", ["Amount (XNO)#", "From", ""], own.receivables.map((entry) => {
      const button = build("button", { type: "button", "aria-label": `Receive ${xno(entry.amount_raw)} XNO` }, "Receive");
      button.addEventListener("click", () => pocket([entry]));
      return [xno(entry.amount_raw), copyable(entry.source, "the account"), button];
    }), "nothing waits");
    table("account-history", ["When", "What", "Amount (XNO)#", "Account", "State"], own.history.map((entry) => [
      entry.time ? fullMoment(entry.time * 1000) : "–", entry.kind ?? "?", entry.amount_raw === null ? "–" : xno(entry.amount_raw),
      entry.account ? copyable(entry.account, "the account") : "–", entry.confirmed === false ? "not confirmed yet" : { text: "confirmed", kind: "good" },
    ]), "no block yet");
  } catch (error) {
    by("account-error").hidden = false;
    by("account-error").textContent = error.message;
  }
}

export function startAccount() {
  on("payment", (view) => {
    if (view !== null && view.state !== "running" && !by("page-account").hidden) showAccount();
  });
}
