// Calls of the JSON API. Every failure becomes a Problem whose message a person can read.
import { initial } from "./initial.js";

const NO_ANSWER = "No answer from the server. Check that it is running and that you are connected, then try again.";
const TITLES = {
  403: "Your role may not do this.",
  404: "This is not there any more. Reload the page to see what is.",
  413: "That is too large.",
  500: "The server failed on this. Its log says why; try again.",
  503: "A part of the server is away. Try again in a moment.",
};

export class Problem extends Error {
  constructor(status, body = {}, retryAfter = null) {
    super(sentence(status, body, retryAfter));
    this.status = status;
    this.field = body.field ?? null;
    this.body = body;
  }
}

function sentence(status, body, retryAfter) {
  const text = body.detail || TITLES[status] || body.title || `The server answered ${status}.`;
  const again = retryAfter ? ` Try again in ${retryAfter} s.` : "";
  return text.charAt(0).toUpperCase() + text.slice(1) + again;
}

/** The answer's JSON (null when empty); throws Problem. Off to the login when the session ended. */
export async function api(method, path, body, { signedIn = true } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && initial.csrf) headers["X-CSRF-Token"] = initial.csrf;
  const options = { method, headers, cache: "no-store", body: body && JSON.stringify(body) };
  const response = await fetch(path, options).catch(() => null);
  if (!response) throw new Problem(0, { detail: NO_ANSWER });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401 && signedIn) toLogin();
  throw new Problem(response.status, answer ?? {}, response.headers.get("Retry-After"));
}

/** All items of a paged list. */
export async function items(path) {
  const found = [];
  for (let next = path; next; ) {
    const page = await api("GET", next);
    found.push(...page.items);
    next = page.next ?? null;
  }
  return found;
}

export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Where to go after signing in: only ever a path of this site. */
export function nextPath() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin && wanted.startsWith("/") ? url.pathname + url.search : "/";
}
