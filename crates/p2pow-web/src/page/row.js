// A worker as a row, which is a card on a narrow screen. A row stays the same element: what has the focus keeps it.
import { build, element, setText, short } from "./dom.js";
import { duration, hashrate, percent, xno } from "./format.js";
import { share } from "./money.js";
import { state } from "./state.js";

const STANDINGS = { proven: "good", vouched: "work", new: "", distrusted: "bad" };
const PRESENCE = { online: ["online", "good"], busy: ["takes no jobs", ""], offline: ["offline", "bad"], unasked: ["not asked yet", ""] };

export const ago = (ms) => (ms ? `${duration(Math.max(0, Date.now() - ms) / 1000)} ago` : "never");

/** What a worker is believed to do in a second; what it only claims says so. */
const speedOf = (row) => row.believed_hashrate ?? row.hashrate ?? null;

/** Seconds that a send is expected to take: the wait, and both works. */
export function expected(row) {
  const speed = speedOf(row);
  if (!speed || !state.about) return null;
  return (row.wait_seconds ?? 0) + state.about.send_hashes / speed;
}

/** The part of jobs that it was paid for, of those that it was hired for here. */
export function winRate(row) {
  const seen = row.experience;
  const all = seen ? seen.won + seen.lost + seen.failed + seen.withheld : 0;
  return all < 0.05 ? null : seen.won / all;
}

const count = (number) => String(Math.round(number * 10) / 10);

function deeds({ won, lost, failed, withheld }) {
  const words = [["won", won], ["lost", lost], ["failed", failed], ["withheld", withheld]];
  return words.filter(([, number]) => number >= 0.05).map(([word, number]) => `${count(number)} ${word}`).join(", ");
}

/** A text that a click puts into the clipboard. */
export function copyable(text, says) {
  return build("button", { type: "button", class: "copy", "data-copy": text, title: `Copy ${says} ${text}` }, short(text));
}

/** A link to an account in the explorer that was configured, if one was. */
export function explorerLink(account) {
  const where = state.about?.explorer;
  if (!where) return null;
  return build("a", { href: where.replace("{}", encodeURIComponent(account)), rel: "noreferrer noopener", target: "_blank" }, "explorer");
}

export function pill(text, kind) {
  return element("span", `pill ${kind}`, text);
}

/** The words of a row's cells, each with a main line and a minor one. */
function words(row, payment) {
  const speed = speedOf(row), time = expected(row), rate = winRate(row), ledger = row.ledger;
  return {
    fee: row.fee_raw ? [`${xno(row.fee_raw)} XNO`, [share(row.fee_raw, payment), `receive ${xno(row.fee_receive_raw)}`].filter(Boolean).join("\n")] : ["–", ""],
    speed: speed ? [row.believed_hashrate ? hashrate(speed) : `claims ${hashrate(speed)}`, time === null ? "" : `a send ≈ ${duration(time)}${row.believed_hashrate ? "" : ", it says"}`] : ["–", ""],
    queue: row.fee_raw ? [row.jobs === null ? "–" : row.jobs === 1 ? "1 job" : `${row.jobs} jobs`, row.wait_seconds ? `wait ${duration(row.wait_seconds)}` : ""] : ["–", ""],
    rewards: ledger ? [`${xno(ledger.earned_raw)} XNO`, `${ledger.rewards} from ${ledger.senders === 1 ? "1 sender" : `${ledger.senders} senders`}`] : ["–", ""],
    own: rate === null ? ["–", ""] : [`${percent(rate)} won`, deeds(row.experience)],
    seen: [row.seen_ms ? ago(row.seen_ms) : row.state === "unasked" ? "–" : "never", row.registered_at ? `registered ${ago(row.registered_at * 1000)}` : ""],
  };
}

function cell(label, className, ...children) {
  return build("td", { class: className, "data-label": label }, ...children);
}

/** A row of the table, with what `fill` needs to find again. */
export function makeRow(row, { canPay, pick, test }) {
  const parts = {};
  const two = (name, label, className = "number") => {
    parts[name] = [element("span", "", ""), element("span", "minor", "")];
    return cell(label, className, ...parts[name]);
  };
  parts.program = element("span", "minor", "");
  parts.account = element("span", "minor", "");
  parts.presence = element("span", "dot", "");
  parts.standing = pill("", "");
  parts.error = element("span", "minor bad", "");
  const name = build("a", { class: "name", href: `#/worker/${encodeURIComponent(row.address)}` }, row.address);
  const line = build("tr", { "data-address": row.address },
    build("td", { class: "pick" }, canPay ? build("input", { type: "checkbox", "aria-label": `Choose ${row.address} for a race` }) : null),
    build("td", { class: "name-cell" }, name, parts.program, parts.account),
    cell("Standing", "", parts.standing, parts.presence, parts.error),
    two("fee", "Fee"), two("speed", "Speed"), two("queue", "Queue"), two("rewards", "Rewards"), two("own", "With you"),
    two("seen", "Seen", ""),
    build("td", { class: "act" }, canPay ? build("button", { type: "button" }, "Test") : null));
  line.querySelector(".pick input")?.addEventListener("change", (event) => pick(row.address, event.target.checked));
  line.querySelector(".act button")?.addEventListener("click", () => test([row.address]));
  line.parts = parts;
  return line;
}

/** Shows in a row what is known now. */
export function fillRow(line, row, { payment, isPicked }) {
  const { parts } = line, shown = words(row, payment);
  for (const [name, [main, minor]] of Object.entries(shown)) {
    setText(parts[name][0], main);
    setText(parts[name][1], minor);
    parts[name][0].parentElement.classList.toggle("nothing", main === "–");
  }
  setText(parts.program, row.implementation ?? (row.fee_raw ? `version ${row.version}` : ""));
  const account = row.account ?? row.registered_by;
  if (account && parts.account.dataset.account !== account) {
    parts.account.dataset.account = account;
    parts.account.replaceChildren(copyable(account, "the account"));
    const link = explorerLink(account);
    if (link) parts.account.append(" ", link);
  }
  const [says, kind] = PRESENCE[row.state];
  setText(parts.presence, says);
  parts.presence.className = `dot ${kind} minor`;
  parts.standing.hidden = !row.standing;
  setText(parts.standing, row.standing ?? "");
  parts.standing.className = `pill ${STANDINGS[row.standing] ?? ""}`;
  setText(parts.error, row.state === "online" ? "" : row.error ?? "");
  line.classList.toggle("dim", row.state !== "online");
  line.classList.toggle("picked", isPicked);
  const box = line.querySelector(".pick input"), button = line.querySelector(".act button");
  if (box) {
    box.checked = isPicked;
    box.disabled = row.state !== "online" && !isPicked;
  }
  if (button) button.disabled = row.state !== "online";
}
