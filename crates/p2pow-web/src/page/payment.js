// A payment, step by step: who was hired, how far each is, what the ledger says.
import { Refused, ask } from "./access.js";
import { build, by, element, short, table } from "./dom.js";
import { duration, fullMoment, hashes, xno } from "./format.js";
import { copyable } from "./row.js";
import { learnPayment, on, state } from "./state.js";

const COURSES = {
  running: ["under way", "work"], done: ["confirmed", "good"], open: ["not decided", "bad"], void: ["did not happen", "bad"],
  refused: ["not made", "bad"], interrupted: ["interrupted", "bad"],
};
const FATES = {
  unsigned: "not signed", confirmed: "confirmed", on_ledger: "on the ledger, not confirmed yet", possible: "may still be published",
  impossible: "can never be confirmed", unknown: "not known",
};
const says = (step) => (step.text ? `: ${step.text}` : "");
const WORDS = {
  waiting: (s) => `waits for another payment of the account${says(s)}`,
  replaced: (s) => `signs blocks in the place of others${says(s)}`,
  workers_found: (s) => (s.count === 1 ? "1 worker to choose from" : `${s.count} workers to choose from`),
  quoted: (s) => `${s.address} asks ${xno(s.raw)} XNO`,
  unusable: (s) => `${s.address} is of no use${says(s)}`,
  node_set_aside: (s) => `a node is not gone by${says(s)}`,
  state_verified: (s) => (s.hash ? `the balance is ${xno(s.raw)} XNO, proven by the last block` : "the account has no block yet"),
  signed: (s) => (s.count === 1 ? "signed the block, and rewards on top of it" : `signed ${s.count} blocks, and rewards on top of them`),
  promised: (s) => `signed a reward of ${xno(s.raw)} XNO for ${s.address} too`,
  not_hired: (s) => `${s.address} is not hired too${says(s)}`,
  hired: (s) => `hired ${s.address}`,
  delivered: (s) => `${s.address} found all the work and published the blocks`,
  without_reward: (s) => `${s.address} delivered without its own reward`,
  failed: (s) => `${s.address} failed${says(s)}`,
  lost: (s) => `${s.address} was slower than another${says(s)}`,
  unanswered: (s) => `${s.address} has not answered`,
  own_work: (s) => `nobody delivers: own work for ${s.count === 1 ? "the same block" : `the same ${s.count} blocks`}`,
  own_work_failed: (s) => `own work was not found${says(s)}`,
  not_subscribed: () => "the node does not tell of confirmations, so it is asked again and again",
  not_written: (s) => `not in the journal, and did no harm${says(s)}`,
  user_confirmed: () => "the payment is confirmed",
  reward_confirmed: (s) => `the reward of ${s.address} is confirmed: it is paid`,
};
const KEY_STEPS = new Set(["signed", "hired", "delivered", "user_confirmed", "reward_confirmed"]);
let shownKey = null;

/** What an order does, in words. */
export function order(one) {
  if (one.send) return `send ${xno(one.send.amount)} XNO to ${short(one.send.destination)}`;
  if (one.receive) return `receive ${xno(one.receive.amount)} XNO`;
  return "change the representative";
}

/** What a payment does, in words. */
export function orders({ orders: all, workers, is_test: isTest }) {
  const what = all.length === 1 ? order(all[0]) : `${all.length} blocks: ${order(all[0])} …`;
  if (!isTest) return what;
  return workers.length === 1 ? `Test of ${workers[0]}: ${what}` : `Race of ${workers.length} workers: ${what}`;
}

export async function showPayment(key) {
  shownKey = key;
  by("raw").open = false;
  by("messages").replaceChildren();
  const known = state.payments.get(key);
  if (known) draw(known);
  try {
    learnPayment(await ask(`/api/payments/${encodeURIComponent(key)}`));
  } catch (error) {
    if (shownKey !== key || known || !(error instanceof Refused)) return;
    by("what").textContent = error.message;
  }
}

export const leavePayment = () => { shownKey = null; };

function draw(view) {
  const [text, kind] = COURSES[view.state];
  by("title-payment").textContent = view.asked.is_test ? (view.asked.workers.length > 1 ? "Race" : "Test") : "Payment";
  by("course").textContent = text;
  by("course").className = `pill ${kind}`;
  by("what").textContent = orders(view.asked);
  by("outcome").textContent = outcome(view);
  by("outcome").className = view.state === "done" ? "good" : view.error ? "wrong" : "";
  by("resume").hidden = !["open", "interrupted", "refused"].includes(view.state);
  lanes(view);
  by("steps").replaceChildren(...view.steps.map((step) => {
    const line = element("li", KEY_STEPS.has(step.kind) ? "key" : "");
    const words = (WORDS[step.kind] ?? (() => step.kind))(step);
    line.append(element("span", "when", `+${duration(Math.max(0, step.at_ms - view.started_ms) / 1000)}`), element("span", "", words));
    return line;
  }));
  table("blocks", ["Order", "Block", "State"], view.blocks.map((block) => [
    { text: order(block.order), kind: "wrap" }, block.hash ? copyable(block.hash, "the block") : "–",
    { text: FATES[block.fate] ?? block.fate, kind: block.fate === "confirmed" ? "good" : "" },
  ]), "none");
}

function outcome(view) {
  if (view.state === "running") return "";
  const time = view.elapsed_ms ? ` in ${duration(view.elapsed_ms / 1000)}` : "";
  if (view.state === "done") {
    return view.winner ? `Done${time}: ${view.winner.address} did the work and is paid ${xno(view.winner.price_raw)} XNO.` : `Done${time}.`;
  }
  if (view.state === "interrupted") return "The program ended meanwhile. Going on with it signs nothing twice.";
  return view.error ?? "";
}

function lanes(view) {
  const list = by("lanes");
  if (view.hired.length === 0) {
    list.replaceChildren(element("li", "quiet", view.state === "running" ? "choosing …" : "nobody was hired"));
    return;
  }
  const now = Date.now();
  list.replaceChildren(...view.hired.map((lane) => {
    const part = progress(lane, now), isBad = lane.outcome === "failed";
    const bar = build("progress", { max: 1, value: part, "aria-label": `How far ${lane.address} is` });
    return build("li", { class: lane.is_paid ? "paid" : isBad ? "failed" : lane.outcome === "hired" || lane.outcome === "signed" ? "" : "over" },
      build("div", { class: "lane-head" }, build("a", { href: `#/worker/${encodeURIComponent(lane.address)}` }, lane.address), element("span", "", `${xno(lane.price_raw)} XNO`)),
      bar, element("p", "", laneWords(lane, view)));
  }));
}

/** A search has no end to run to: what is shown is time gone of time expected. */
function progress(lane, now) {
  if (lane.is_paid || ["delivered", "without_reward"].includes(lane.outcome)) return 1;
  if (lane.outcome !== "hired") return lane.outcome === "signed" ? 0 : 1;
  const { job } = lane, gone = (now - (lane.hired_ms ?? now)) / 1000;
  if (!job || job.expected_seconds === undefined || job.expected_seconds === null) return job && job.works_needed ? job.works_done / job.works_needed : 0.02;
  return Math.min(0.98, Math.max(gone / (gone + job.expected_seconds), job.works_done / job.works_needed * 0.98));
}

function laneWords(lane, view) {
  const { job } = lane;
  const tried = job ? ` · ${hashes(job.hashes)} hashes` : "";
  if (lane.is_paid) {
    const time = lane.answered_ms && lane.hired_ms ? ` in ${duration((lane.answered_ms - lane.hired_ms) / 1000)}` : "";
    return `won, and is paid${time}${tried}`;
  }
  if (lane.outcome === "hired") {
    if (!job) return "is asked; does not tell how far it is";
    const left = job.expected_seconds ? ` · about ${duration(job.expected_seconds)} left` : "";
    return `${job.state}: ${job.works_done} of ${job.works_needed} works${tried}${left}`;
  }
  const words = { signed: "its reward is signed", delivered: view.winner ? "delivered too late" : "delivered", without_reward: "delivered without its reward", failed: "failed", lost: "lost the race", unanswered: "did not answer" };
  return `${words[lane.outcome] ?? lane.outcome}${lane.error ? `: ${lane.error}` : ""}${tried}`;
}

async function showMessages() {
  if (!by("raw").open || shownKey === null) return;
  const { messages } = await ask(`/api/payments/${encodeURIComponent(shownKey)}/messages`);
  const readable = (text) => { try { return JSON.stringify(JSON.parse(text), null, 1); } catch { return text; } };
  by("messages").replaceChildren(...messages.flatMap((one) => [
    element("p", "", one.status === undefined ? `to ${one.address}: POST /request_work` : `from ${one.address}: status ${one.status}`),
    element("pre", "", readable(one.text)),
  ]));
  if (messages.length === 0) by("messages").append(element("p", "quiet", "none are kept of a payment of an earlier run"));
}

/** The payments that this program was asked for, and what the journal has open. */
export async function showPayments() {
  const all = [...state.payments.values()].sort((a, b) => b.started_ms - a.started_ms);
  table("payments", ["Begun", "What", "State", ""], all.map((view) => {
    const [text, kind] = COURSES[view.state];
    return [fullMoment(view.started_ms), { text: orders(view.asked), kind: "wrap" }, { text, kind }, build("a", { href: `#/payment/${view.asked.key}`, "aria-label": `Look at: ${orders(view.asked)}` }, "Look")];
  }), "none yet");
  const { deals } = await ask("/api/deals", { within: 30000 });
  table("deals", ["Begun", "What may still happen", "Promised"], deals.filter((deal) => !deal.is_over).map((deal) => [
    fullMoment(deal.created * 1000), { text: deal.summary, kind: "wrap" },
    { text: deal.rewards.map((reward) => `${reward.address}: ${xno(reward.price_raw)} XNO, ${FATES[reward.fate] ?? reward.fate}`).join("; "), kind: "wrap" },
  ]), "none: all that was signed is decided");
}

export function startPayments() {
  on("payment", (view) => {
    if (view !== null && view.asked.key === shownKey) draw(view);
    if (!by("page-payments").hidden) showPayments().catch(() => {});
  });
  by("raw").addEventListener("toggle", () => showMessages().catch(() => {}));
  by("resume").addEventListener("click", async () => {
    try {
      learnPayment(await ask(`/api/payments/${encodeURIComponent(shownKey)}/resume`, { body: {} }));
    } catch (error) {
      by("outcome").textContent = error.message;
    }
  });
}
