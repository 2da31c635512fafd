// Asks the worker again and again, and shows what it says.
import { NotLetIn, ask, keepToken, takeToken } from "./access.js";
import { by } from "./dom.js";
import { showHistory, showState, showStatus } from "./view.js";

const STATUS_EVERY = 2000, HISTORY_EVERY = 10000;
let range = "hour", status = null, past = null, timer = 0, historyDue = 0;

/** "starting", "door" (the token is wanted), "live", "away" (the worker does not answer). */
function enter(state) {
  document.body.dataset.state = state;
  by("door").hidden = state !== "door";
  if (state === "live") by("main").hidden = false;
  if (state === "door") by("main").hidden = true;
}

function drawHistory() {
  if (status !== null && past !== null) showHistory(past, status);
}

async function look() {
  clearTimeout(timer);
  try {
    status = await ask("/status");
    showStatus(status);
    if (by("main").hidden) by("main").hidden = false;
    if (Date.now() >= historyDue) {
      const asked = range, answer = await ask(`/history?range=${asked}`);
      if (asked === range) {
        past = answer;
        historyDue = Date.now() + HISTORY_EVERY;
        drawHistory();
      }
    }
    enter("live");
  } catch (error) {
    if (error instanceof NotLetIn) {
      enter("door");
      showState(error.message === "no token" ? "the token is wanted" : "the token is wrong", "bad");
      return;
    }
    enter("away");
    showState("the worker does not answer", "bad");
  }
  clearTimeout(timer); // a click may have asked meanwhile
  timer = setTimeout(look, STATUS_EVERY);
}

by("door").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(by("token").value.trim());
  by("token").value = "";
  look();
});
by("ranges").addEventListener("click", (event) => {
  const chosen = event.target.dataset.range;
  if (chosen === undefined) return;
  range = chosen;
  historyDue = 0;
  for (const button of by("ranges").children) button.setAttribute("aria-pressed", String(button.dataset.range === range));
  look();
});
let width = 0;
new ResizeObserver(() => {
  if (document.body.clientWidth === width) return;
  width = document.body.clientWidth;
  drawHistory();
}).observe(document.body);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
addEventListener("hashchange", () => { takeToken(); look(); });

takeToken();
look();
