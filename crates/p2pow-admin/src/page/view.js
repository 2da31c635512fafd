// What the page shows of a status and a history. Everything goes in as text: names of devices and errors are not markup.
import { draw } from "./chart.js";
import { by, short, table, tiles as showTiles } from "./dom.js";
import { duration, fullMoment, hashes, hashrate, moment, percent, xno, xnoNumber } from "./format.js";

const SECONDS = { hour: 3600, day: 86400, month: 30 * 86400 };
const BARS = 30;
// Confirmed blocks by which a node lags, where fewer are those of the last moment.
const FAR = 1000;

export function showState(words, kind) {
  by("state").textContent = words;
  by("state").className = kind;
}

/** What holds now. */
export function showStatus(status) {
  if (status.refusing) showState(`refuses jobs: ${status.refusing}`, "bad");
  else if (status.journal_error) showState("takes jobs, but cannot write its journal", "bad");
  else showState("takes jobs", "good");
  const uptime = Math.max(0, status.now_ms - status.started_ms) / 1000;
  by("about").textContent = `${status.program} · ${status.network} network · up ${duration(uptime)} · a send costs ` +
    `${xno(status.fee)} XNO · rewards go to ${status.reward_account}`;
  by("trouble").hidden = !status.journal_error;
  by("trouble").textContent = status.journal_error
    ? `The journal cannot be written, so no new jobs are taken until it can: ${status.journal_error}` : "";
  tiles(status);
  table("jobs", ["Job", "State", "Sender", "Blocks#", "Works#", "Hashes#", "Pays (XNO)#"], status.jobs.map((job) => [
    `${job.id.slice(0, 8)}…`, job.phase, short(job.account), job.user_blocks, `${job.works_done} of ${job.works_needed}`, hashes(job.hashes), xno(job.paid),
  ]), "none");
  table("devices", ["Device", "Speed#", "Hashes#", "Works found#", "Failures#", "State"], status.devices.map((device) => [
    device.name, device.rate === null ? "–" : hashrate(device.rate), hashes(device.hashes), device.solutions, device.failures,
    device.quarantine_seconds === null ? { text: "well", kind: "good" }
      : { text: `left alone for ${duration(device.quarantine_seconds)}`, kind: "bad" },
  ]), "none");
  table("nodes", ["Node", "State", "Answers in#", "Blocks#", "Behind#", "WebSocket", "Last error"], status.nodes.map((node) => [
    node.name, nodeState(node),
    node.latency_ms === null ? "–" : duration(node.latency_ms / 1000), node.blocks ?? "–",
    node.behind === null ? "–" : lags(node) ? { text: String(node.behind), kind: "bad number" } : node.behind,
    websocket(node.websocket), node.last_error === null ? "none" : { text: `${ago(status.now_ms - node.last_error_ms)}: ${node.last_error}`, kind: "wrap" },
  ]), "none");
}

const lags = (node) => node.behind !== null && node.behind >= FAR;

function nodeState(node) {
  if (node.error !== null) return { text: node.error, kind: "bad wrap" };
  return lags(node) ? { text: "lags", kind: "bad" } : { text: "well", kind: "good" };
}

function websocket(feed) {
  if (feed === null) return "none";
  return feed.error === null ? { text: "live", kind: "good" } : { text: feed.error, kind: "bad wrap" };
}

const ago = (ms) => `${duration(Math.max(0, ms) / 1000)} ago`;

function tiles(status) {
  const { won, lost, failed, income } = status.ended;
  const wait = status.queue.expected_seconds;
  const well = status.nodes.filter((node) => node.error === null && !lags(node)).length;
  const shown = [
    ["Hash rate", status.hashrate === null ? "–" : hashrate(status.hashrate), `${hashes(status.hashes)} hashes since the start`],
    ["Queue", `${status.queue.jobs} of ${status.queue.max_jobs}`, wait === null ? "" : wait > 0 ? `done in about ${duration(wait)}` : "nothing waits"],
    ["Won", String(won), won + lost > 0 ? `${percent(won / (won + lost))} of ${won + lost} races` : "no race yet"],
    ["Lost", String(lost), failed > 0 ? `${failed} failed besides` : "none failed"],
    ["Earned", `${xno(income)} XNO`, "confirmed, since the start"],
    ["Nodes", `${well} of ${status.nodes.length}`, well === status.nodes.length ? "all well" : "see below"],
  ];
  showTiles("tiles", shown);
}

/** How it went. */
export function showHistory({ range, step_seconds: step, samples }, status) {
  const to = status.now_ms, from = to - SECONDS[range] * 1000;
  const seen = samples.filter((sample) => sample.at_ms >= from);
  const frame = { from, to, tick: (at) => moment(at, range) };
  const pairs = seen.slice(1).map((sample, index) => [seen[index], sample]);
  // Looks farther apart than this have a stop of the worker between them.
  const isWhole = ([before, after]) => after.at_ms - before.at_ms <= 3 * step * 1000;
  work(frame, pairs, status);
  draw(by("queue"), { ...frame, title: "Queue", kind: "steps", ink: "work", format: String, limit: status.queue.max_jobs,
    summary: `${status.queue.jobs} of ${status.queue.max_jobs} jobs`,
    points: seen.flatMap((sample, index) => {
      const now = { at: sample.at_ms, value: sample.queue, says: `${fullMoment(sample.at_ms)}: ${sample.queue}` };
      if (index === 0 || isWhole(pairs[index - 1])) return [now];
      const at = seen[index - 1].at_ms;
      return [{ at, value: 0, says: `${fullMoment(at)}: not running` }, now];
    }) });
  races(frame, seen);
  earned(frame, seen);
  health(frame, pairs.filter(isWhole));
}

function work(frame, pairs, status) {
  const points = pairs.map(([before, after]) => {
    const value = Math.max(0, after.hashes - before.hashes) / ((after.at_ms - before.at_ms) / 1000 || 1);
    return { at: after.at_ms, value, says: `${fullMoment(after.at_ms)}: ${hashrate(value)}` };
  });
  const last = points.at(-1);
  draw(by("work"), { ...frame, title: "Work done", kind: "line", ink: "work", format: hashrate, points,
    limit: status.hashrate ?? 0, summary: last ? `${hashrate(last.value)} of ${hashrate(status.hashrate ?? 0)} possible` : "no look yet" });
}

function races(frame, seen) {
  const width = (frame.to - frame.from) / BARS;
  const points = Array.from({ length: BARS }, (_, index) => {
    const from = frame.from + index * width;
    return { from, at: from + width, value: 0, down: 0 };
  });
  for (const [index, sample] of seen.entries()) {
    const before = seen[index - 1];
    if (before === undefined) continue;
    const bar = points[Math.min(BARS - 1, Math.floor((sample.at_ms - frame.from) / width))];
    bar.value += Math.max(0, sample.won - before.won);
    bar.down += Math.max(0, sample.lost + sample.failed - before.lost - before.failed);
  }
  for (const bar of points) bar.says = `until ${fullMoment(bar.at)}: ${bar.value} won, ${bar.down} lost or failed`;
  const sum = (key) => points.reduce((total, bar) => total + bar[key], 0);
  draw(by("races"), { ...frame, title: "Won and lost", kind: "bars", points, format: (value) => String(Math.round(value * 100) / 100),
    summary: `${sum("value")} won, ${sum("down")} lost or failed` });
}

function earned(frame, seen) {
  const start = seen.length ? BigInt(seen[0].income) : 0n;
  const points = seen.map((sample) => {
    const raw = BigInt(sample.income) - start;
    return { at: sample.at_ms, value: xnoNumber(raw), says: `until ${fullMoment(sample.at_ms)}: ${xno(raw)} XNO` };
  });
  const total = seen.length ? BigInt(seen.at(-1).income) - start : 0n;
  draw(by("earned"), { ...frame, title: "Earned", kind: "steps", ink: "good", points,
    format: (value) => String(Number(value.toPrecision(3))), summary: `${xno(total)} XNO confirmed` });
}

function health(frame, pairs) {
  const points = pairs.map(([before, after]) => {
    const value = after.nodes === 0 ? 0 : after.nodes_up / after.nodes;
    return { from: before.at_ms, at: after.at_ms, value, says: `${fullMoment(after.at_ms)}: ${after.nodes_up} of ${after.nodes} nodes` };
  });
  const total = pairs.reduce((sum, [before, after]) => sum + after.at_ms - before.at_ms, 0);
  const well = pairs.reduce((sum, [before, after]) => sum + (after.nodes_up > 0 ? after.at_ms - before.at_ms : 0), 0);
  draw(by("health"), { ...frame, title: "Node health", kind: "strip", points,
    summary: total > 0 ? `a node could be used ${percent(well / total)} of the time` : "no look yet" });
}
