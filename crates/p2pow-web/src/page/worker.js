// One worker: what it has registered, what it was paid, and the deals with it.
import { ask } from "./access.js";
import { build, by, element, table } from "./dom.js";
import { duration, fullMoment, hashrate, xno } from "./format.js";
import { copyable, expected, explorerLink, ago, pill } from "./row.js";
import { isPublic, state } from "./state.js";

/** Names and values; a value is a text or an element. */
export function facts(id, shown) {
  by(id).replaceChildren(...shown.filter((one) => one !== null).flatMap(([name, ...values]) =>
    [element("dt", "", name), build("dd", null, ...values.flatMap((value) => [value, " "]))]));
}

export async function showWorker(address) {
  by("title-worker").textContent = address;
  by("worker-error").hidden = true;
  by("worker-deals-part").hidden = isPublic();
  const known = state.workers.get(address);
  if (known) about(known);
  try {
    const { worker, rewards, deals } = await ask(`/api/workers/${encodeURIComponent(address)}`, { isOpen: isPublic() });
    if (by("title-worker").textContent !== address) return;
    about(worker);
    table("rewards", ["When", "Amount (XNO)#", "From", "State"], rewards.map((entry) => [
      entry.time ? fullMoment(entry.time * 1000) : "–", xno(entry.amount_raw ?? "0"), entry.account ? copyable(entry.account, "the account") : "–",
      entry.kind === "receivable" ? "not received yet" : "received",
    ]), "none");
    table("worker-deals", ["Begun", "Deal", "Its reward (XNO)#", "State"], deals.map((deal) => {
      const own = deal.rewards.find((reward) => reward.address === address);
      return [fullMoment(deal.created * 1000), { text: deal.summary, kind: "wrap" }, xno(own.price_raw), { text: own.says, kind: own.fate === "confirmed" ? "good" : "" }];
    }), "none");
  } catch (error) {
    by("worker-error").hidden = false;
    by("worker-error").textContent = error.message;
  }
}

function about(row) {
  const time = expected(row);
  facts("facts", [
    ["State", row.state === "unasked" ? "not asked yet" : row.state, row.error ?? ""],
    row.standing ? ["Standing", pill(row.standing, row.standing === "distrusted" ? "bad" : row.standing === "proven" ? "good" : ""), row.bound ? "is paid on the account that registered it" : "is paid on an account that did not register it"] : null,
    row.account ? ["Is paid on", copyable(row.account, "the account"), explorerLink(row.account) ?? ""] : null,
    row.registered_by ? ["Registered by", copyable(row.registered_by, "the account"), row.registered_at ? ago(row.registered_at * 1000) : ""] : null,
    row.registration ? ["Registration", copyable(row.registration, "the block")] : null,
    row.fee_raw ? ["Fee", `${xno(row.fee_raw)} XNO for a send, ${xno(row.fee_receive_raw)} for a receive`] : null,
    row.fee_raw ? ["Speed", row.believed_hashrate ? `${hashrate(row.believed_hashrate)} shown` : "nothing shown yet", row.hashrate ? `· claims ${hashrate(row.hashrate)}` : "", time === null ? "" : `· a send ≈ ${duration(time)}${row.believed_hashrate ? "" : ", by its word"}`] : null,
    row.fee_raw ? ["Batches", `${row.believed_user_blocks} blocks at once`, row.max_user_blocks > row.believed_user_blocks ? `(claims ${row.max_user_blocks})` : ""] : null,
    row.fee_raw ? ["Program", row.implementation ?? "not said", `· protocol ${row.version}`, row.features.length ? `· ${row.features.join(", ")}` : ""] : null,
    row.fee_raw ? ["Answers in", duration(row.latency_ms / 1000), `· seen ${ago(row.seen_ms)}`] : null,
  ]);
}
