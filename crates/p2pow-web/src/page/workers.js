// The list of workers: found, sorted, in parts of fifty, whatever their number.
import { by, setText, tiles } from "./dom.js";
import { duration, hashrate, xno } from "./format.js";
import { rawOf } from "./money.js";
import { expected, fillRow, makeRow } from "./row.js";
import { isPublic, on, state } from "./state.js";
import { testWorkers } from "./pay.js";

const PART = 50;
const TRUST = { proven: 0, vouched: 1, new: 2, distrusted: 4 };
const picked = new Set(), lines = new Map();
let part = 0, fees = [], limit = null;

const fee = (row) => (row.fee_raw ? BigInt(row.fee_raw) : null);
/** What is not known comes last. */
const rising = (a, b) => (a === b ? 0 : a === null || a === undefined ? 1 : b === null || b === undefined ? -1 : a < b ? -1 : 1);
const trust = (row) => (row.state === "online" ? 0 : row.state === "busy" ? 10 : row.state === "offline" ? 20 : 30) + (TRUST[row.standing] ?? 3);
const ORDERS = {
  trust: (a, b) => trust(a) - trust(b) || rising(fee(a), fee(b)),
  fee: (a, b) => rising(fee(a), fee(b)) || trust(a) - trust(b),
  time: (a, b) => rising(expected(a), expected(b)) || trust(a) - trust(b),
  rewards: (a, b) => rising(a.ledger ? -BigInt(a.ledger.earned_raw) : null, b.ledger ? -BigInt(b.ledger.earned_raw) : null),
  seen: (a, b) => rising(a.seen_ms ? -a.seen_ms : null, b.seen_ms ? -b.seen_ms : null),
  age: (a, b) => rising(a.registered_at, b.registered_at),
};

function payment() {
  try {
    const raw = rawOf(by("amount").value, state.about?.decimals);
    by("amount").removeAttribute("aria-invalid");
    return raw;
  } catch {
    by("amount").setAttribute("aria-invalid", "true");
    return null;
  }
}

/** Those that are to be shown, in their order. */
function chosen() {
  const text = by("filter").value.trim().toLowerCase(), show = by("show").value;
  const rows = [...state.workers.values()].filter((row) => {
    if (show === "online" && row.state !== "online") return false;
    if (show === "trusted" && row.standing === "distrusted") return false;
    if (limit !== null && (!row.fee_raw || BigInt(row.fee_raw) > limit)) return false;
    return !text || [row.address, row.account, row.registered_by, row.implementation].some((one) => one?.toLowerCase().includes(text));
  });
  return rows.sort((a, b) => ORDERS[by("sort").value](a, b) || rising(a.address, b.address));
}

/** The slider has a place for each fee that somebody asks, and one for any fee at its end. */
function setSlider() {
  const known = new Set();
  for (const row of state.workers.values()) if (row.fee_raw) known.add(row.fee_raw);
  const sorted = [...known].map(BigInt).sort(rising), slider = by("max-fee");
  const before = limit;
  fees = sorted;
  slider.max = String(fees.length);
  const place = before === null ? fees.length : fees.findLastIndex((one) => one <= before);
  slider.value = String(Math.max(0, place));
  slider.disabled = fees.length === 0;
  showLimit();
}

function showLimit() {
  const place = Number(by("max-fee").value);
  limit = place >= fees.length ? null : fees[place];
  const says = limit === null ? "any" : `${xno(limit)} XNO`;
  setText(by("max-fee-out"), says);
  by("max-fee").setAttribute("aria-valuetext", says);
}

function summary() {
  const rows = [...state.workers.values()], online = rows.filter((row) => row.state === "online");
  const cheapest = online.map(fee).sort(rising)[0];
  const speeds = online.map((row) => row.believed_hashrate).filter(Boolean).sort((a, b) => b - a);
  const times = online.filter((row) => row.believed_hashrate).map(expected).sort(rising);
  tiles("tiles", [
    ["Online", String(online.length), `of ${state.counts.registered} registered`],
    ["Lowest fee", cheapest === undefined || cheapest === null ? "–" : `${xno(cheapest)} XNO`, "for the work of a send"],
    ["Fastest shown", speeds.length ? hashrate(speeds[0]) : "–", speeds.length ? `a send ≈ ${duration(times[0])}` : "nobody has shown its speed yet"],
    ["Asked", state.counts.at_ms ? new Date(state.counts.at_ms).toLocaleTimeString("en-GB") : "–", `again every ${duration(state.about.look_every_ms / 1000)}`],
  ]);
  setText(by("lead"), `${state.about.network} network · ${state.about.program}`
    + (state.counts.not_dialable ? ` · ${state.counts.not_dialable} registered at addresses that are not public` : ""));
  by("registry-error").hidden = !state.counts.error;
  setText(by("registry-error"), state.counts.error ? `The registry cannot be read: ${state.counts.error}` : "");
}

export function showWorkers() {
  if (!state.about) return;
  summary();
  const rows = chosen(), parts = Math.max(1, Math.ceil(rows.length / PART));
  part = Math.min(part, parts - 1);
  const shown = rows.slice(part * PART, (part + 1) * PART), about = payment();
  const made = shown.map((row) => {
    let line = lines.get(row.address);
    if (!line) {
      line = makeRow(row, { canPay: state.about.can_pay, pick, test: testWorkers });
      lines.set(row.address, line);
    }
    fillRow(line, row, { payment: about, isPicked: picked.has(row.address) });
    return line;
  });
  place(made);
  for (const address of lines.keys()) if (!shown.some((row) => row.address === address)) lines.delete(address);
  const none = state.workers.size === 0
    ? (state.counts.at_ms ? "No worker is registered on the ledger." : "Looking at the registry …") : "No worker is like that.";
  by("none").hidden = rows.length > 0;
  setText(by("none"), none);
  by("pager").hidden = parts < 2;
  setText(by("place"), `${part * PART + 1}–${part * PART + shown.length} of ${rows.length}`);
  by("back").disabled = part === 0;
  by("on").disabled = part === parts - 1;
  raceBar();
}

/** Puts lines into their places; where nothing changes place, nothing is moved. */
function place(made) {
  const body = by("rows"), now = [...body.children];
  if (now.length === made.length && now.every((line, index) => line === made[index])) return;
  const focused = document.activeElement;
  body.replaceChildren(...made);
  if (focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
}

function pick(address, isPicked) {
  if (isPicked) picked.add(address);
  else picked.delete(address);
  showWorkers();
}

function raceBar() {
  by("race-bar").hidden = picked.size < 2;
  setText(by("race-count"), `${picked.size} workers chosen`);
}

export function startWorkers() {
  const again = () => { part = 0; showWorkers(); };
  for (const id of ["filter", "amount"]) by(id).addEventListener("input", again);
  for (const id of ["show", "sort"]) by(id).addEventListener("change", again);
  by("max-fee").addEventListener("input", () => { showLimit(); again(); });
  by("tools").addEventListener("submit", (event) => event.preventDefault());
  by("back").addEventListener("click", () => { part -= 1; showWorkers(); });
  by("on").addEventListener("click", () => { part += 1; showWorkers(); });
  by("race").addEventListener("click", () => testWorkers([...picked]).then((isBegun) => { if (isBegun) picked.clear(); }));
  by("race-clear").addEventListener("click", () => { picked.clear(); showWorkers(); });
  let isDue = false;
  on("workers", () => {
    setSlider();
    // Many changes are one picture.
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; if (!by("page-workers").hidden) showWorkers(); });
  });
  setInterval(() => { if (!document.hidden && !by("page-workers").hidden) showWorkers(); }, 5000);
  if (isPublic()) by("show").value = "online";
  setSlider(); // the list was there before anybody heard of it
}
