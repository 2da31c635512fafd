// The token comes in the part of the link behind `#`, which no browser sends to anybody, and is kept for this tab alone.
// It is no cookie: those go to every port of this machine.
const KEY = "p2pow-token";
const PATTERN = /^[0-9a-f]{64}$/i;

/** An answer that is none: the token is missing or wrong. */
export class NotLetIn extends Error {}

/** An answer that says what is wrong. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Takes the token out of the link, so that it stands in no address bar and no history. */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname);
  keepToken(token);
}

export function keepToken(token) {
  if (PATTERN.test(token)) sessionStorage.setItem(KEY, token);
}

function headers(isOpen) {
  const token = sessionStorage.getItem(KEY);
  if (token === null && !isOpen) throw new NotLetIn("no token");
  return isOpen ? {} : { Authorization: `Bearer ${token}` };
}

async function checked(answer) {
  if (answer.status === 401) {
    sessionStorage.removeItem(KEY);
    throw new NotLetIn("wrong token");
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refused(said.error ?? `the program answers ${answer.status}`, answer.status);
}

/** Asks the listener that this page comes from. With a body it is a POST. `isOpen`: no token is wanted there. */
export async function ask(path, { body, isOpen = false, within = 8000 } = {}) {
  const asked = { headers: headers(isOpen), redirect: "error", signal: AbortSignal.timeout(within) };
  if (!isOpen) asked.cache = "no-store";
  if (body !== undefined) {
    asked.method = "POST";
    asked.headers["Content-Type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  return (await checked(await fetch(path, asked))).json();
}

/**
 * Listens to server-sent events until the stream ends: `hear(event, data)` with the data read from JSON. `EventSource`
 * would show no token.
 */
export async function listen(path, hear, signal) {
  const answer = await checked(await fetch(path, { headers: headers(false), cache: "no-store", redirect: "error", signal }));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      let event = "message";
      const data = [];
      for (const line of part.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      }
      if (data.length > 0) hear(event, JSON.parse(data.join("\n")));
    }
  }
}
