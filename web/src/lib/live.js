// The one stream of server-sent events of this tab, and the banner for when it is gone.
import { api } from "./api.js";
import { initial } from "./initial.js";

const ADDRESS = "/api/v1/events";
const BANNER_AFTER_MS = 3000;
const SLEEP_AFTER_MS = 10000; // a hidden tab gives its connection back: a browser has six per site
const LOST = "The connection to the server is lost. What you see may be old; trying again…";

const listeners = {};
let source = null;
let lost = false;
let bannerTimer = null;
let sleepTimer = null;
let retryTimer = null;
let retryMs = 1000;
// what changed since the server began to make this page is told first: it may be a while until we listen
let mark = initial.events ?? "";

/** Hear events: {camera(data), device(data), ...}; `resync()` when some may have been missed. */
export function live(wanted) {
  add(wanted);
  close();
  open();
}

/** Hear these on the stream that the page opens, or on one of their own where it opens none. */
export function alsoLive(wanted) {
  add(wanted);
  setTimeout(() => source ?? open());
}

function add(wanted) {
  for (const [name, listener] of Object.entries(wanted)) (listeners[name] ??= []).push(listener);
}

function tell(name, data) {
  for (const listener of listeners[name] ?? []) listener(data);
}

function open() {
  source = new EventSource(mark ? `${ADDRESS}?last_event_id=${encodeURIComponent(mark)}` : ADDRESS);
  source.onopen = opened;
  source.onerror = failed;
  for (const name of Object.keys(listeners)) {
    source.addEventListener(name, (event) => {
      mark = event.lastEventId || mark;
      tell(name, JSON.parse(event.data || "{}"));
    });
  }
}

function opened() {
  clearTimeout(bannerTimer);
  bannerTimer = null;
  retryMs = 1000;
  banner("");
  if (lost) tell("reconnected", {});
  lost = false;
}

function failed() {
  lost = true;
  bannerTimer ??= setTimeout(() => banner(LOST), BANNER_AFTER_MS);
  // the browser tries again by itself unless the server refused; then we ask why
  if (source.readyState === EventSource.CLOSED) {
    close();
    retryTimer = setTimeout(again, retryMs);
    retryMs = Math.min(retryMs * 2, 15000);
  }
}

async function again() {
  try {
    await api("GET", "/api/v1/session"); // leads to the login when the session ended
  } catch (problem) {
    if (problem.status === 401) return;
  }
  open();
  tell("resync", {});
}

function close() {
  clearTimeout(retryTimer);
  source?.close();
  source = null;
}

function banner(text) {
  const element = document.getElementById("connection");
  element.textContent = text;
  element.hidden = !text;
}

function visibility() {
  clearTimeout(sleepTimer);
  if (document.hidden) {
    sleepTimer = setTimeout(close, SLEEP_AFTER_MS);
  } else if (!source && Object.keys(listeners).length) {
    close();
    open();
    tell("resync", {});
  }
}

document.addEventListener("visibilitychange", visibility);
addEventListener("pagehide", close);
