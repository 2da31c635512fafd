// The token comes in the part of the link behind `#`, which no browser sends to anybody, and is kept for this tab alone.
// It is no cookie: those go to every port of this machine.
const KEY = "p2pow-admin-token";
const PATTERN = /^[0-9a-f]{64}$/i;

/** An answer that is none: the token is missing or wrong. */
export class NotLetIn extends Error {}

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

/** Asks the listener that this page comes from. */
export async function ask(path) {
  const token = sessionStorage.getItem(KEY);
  if (token === null) throw new NotLetIn("no token");
  const answer = await fetch(path, {
    headers: { Authorization: `Bearer ${token}` }, cache: "no-store", redirect: "error",
    signal: AbortSignal.timeout(8000),
  });
  if (answer.status === 401) {
    sessionStorage.removeItem(KEY);
    throw new NotLetIn("wrong token");
  }
  if (!answer.ok) throw new Error(`the worker answers ${answer.status}`);
  return answer.json();
}
