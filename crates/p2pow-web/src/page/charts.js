// What workers asked, how quickly they answered and what they had earned, over an hour, a day or a month.
import { ask } from "./access.js";
import { draw } from "./chart.js";
import { by } from "./dom.js";
import { duration, fullMoment, moment, xno, xnoNumber } from "./format.js";
import { isPublic } from "./state.js";

const SECONDS = { hour: 3600, day: 86400, month: 30 * 86400 };
const short = (value) => String(Number(value.toPrecision(3)));
let range = "hour";

const CHARTS = {
  fee: { title: "Fee (XNO)", lowest: "Lowest fee (XNO)", kind: "steps", ink: "work", format: short, value: (one) => xnoNumber(one.fee_raw), says: (one) => `${xno(one.fee_raw)} XNO` },
  latency: { title: "Answers in", kind: "line", ink: "work", format: (value) => duration(value), value: (one) => one.latency_ms / 1000, says: (one) => duration(one.latency_ms / 1000) },
  online: { title: "Workers online", kind: "steps", ink: "good", format: short, value: (one) => one.online, says: (one) => String(one.online) },
  earned: { title: "Rewards since then (XNO)", kind: "steps", ink: "good", format: short, value: (one) => xnoNumber(one.gain), says: (one) => `${xno(one.gain)} XNO` },
};

/** With what was earned since the first of them. */
function gains(samples) {
  const first = samples.length ? BigInt(samples[0].earned_raw) : 0n;
  return samples.map((one) => {
    const gain = BigInt(one.earned_raw) - first;
    return { ...one, gain: gain > 0n ? gain : 0n };
  });
}

/** Draws the charts of a worker, or without one those of the market. */
export async function showCharts(place, worker) {
  const asked = range, query = worker ? `&worker=${encodeURIComponent(worker)}` : "";
  const { samples } = await ask(`/api/history?range=${asked}${query}`, { isOpen: isPublic() });
  if (asked !== range || by(place).clientWidth === 0) return;
  const to = Date.now(), from = to - SECONDS[asked] * 1000;
  const seen = gains(samples.filter((one) => one.at * 1000 >= from));
  for (const figure of by(place).querySelectorAll("figure")) {
    const { title, lowest, kind, ink, format, value, says } = CHARTS[figure.dataset.chart];
    const points = seen.map((one) => ({ at: one.at * 1000, value: value(one), says: `${fullMoment(one.at * 1000)}: ${says(one)}` }));
    draw(figure, { title: worker ? title : lowest ?? title, kind, ink, format, from, to, points,
      tick: (at) => moment(at, asked), summary: seen.length ? says(seen.at(-1)) : "nothing seen yet" });
  }
}

export function startCharts(again) {
  by("ranges").addEventListener("click", (event) => {
    const chosen = event.target.dataset.range;
    if (chosen === undefined) return;
    range = chosen;
    for (const button of by("ranges").children) button.setAttribute("aria-pressed", String(button.dataset.range === range));
    again();
  });
  let width = 0;
  new ResizeObserver(() => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    again();
  }).observe(document.body);
  setInterval(() => { if (!document.hidden) again(); }, 15000);
}
