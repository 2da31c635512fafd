// What the page knows, and how it hears of changes: one list, one stream of events.
import { NotLetIn, ask, listen } from "./access.js";

export const state = { about: null, workers: new Map(), counts: { at_ms: 0, registered: 0, not_dialable: 0, error: null }, payments: new Map(), isLive: false };
const ears = new Map();

/** Has `hear` called after something of this name changed: "workers", "payment", "live", "door". */
export function on(name, hear) {
  ears.set(name, [...(ears.get(name) ?? []), hear]);
}

function tell(name, what) {
  for (const hear of ears.get(name) ?? []) hear(what);
}

export const isPublic = () => state.about !== null && !state.about.needs_token;

function learn({ workers, gone = [], ...counts }, isWhole) {
  if (isWhole) state.workers.clear();
  for (const row of workers) state.workers.set(row.address, row);
  for (const address of gone) state.workers.delete(address);
  state.counts = counts;
  tell("workers");
}

export function learnPayment(view) {
  state.payments.set(view.asked.key, view);
  tell("payment", view);
}

async function load() {
  learn(await ask("/api/workers", { isOpen: isPublic(), within: 20000 }), true);
  if (isPublic()) return;
  const { payments } = await ask("/api/payments");
  for (const view of payments) state.payments.set(view.asked.key, view);
  tell("payment", null);
}

function live(isLive) {
  state.isLive = isLive;
  tell("live");
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
let ending = null;

/** Loads all and listens, for ever; when the program is gone, tries again. */
export async function connect() {
  ending?.abort();
  const mine = new AbortController();
  ending = mine;
  for (let wait = 500; !mine.signal.aborted; wait = Math.min(wait * 2, 8000)) {
    try {
      state.about = await ask("/api/about", { isOpen: true });
      if (isPublic()) {
        await load();
        live(true);
        wait = 500;
        await pause(Math.max(10_000, state.about.look_every_ms));
        continue;
      }
      const parts = new AbortController();
      const stop = () => parts.abort();
      mine.signal.addEventListener("abort", stop);
      try {
        await listen("/api/events", (event, data) => {
          if (event === "hello" || event === "missed") load().then(() => { live(true); wait = 500; }, stop);
          else if (event === "workers") learn(data, false);
          else if (event === "payment") learnPayment(data);
        }, parts.signal);
      } finally {
        mine.signal.removeEventListener("abort", stop);
      }
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error instanceof NotLetIn) {
        tell("door", error.message);
        return;
      }
    }
    if (mine.signal.aborted) return;
    live(false);
    await pause(wait);
  }
}
