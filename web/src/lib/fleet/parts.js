// What of a board is shown the same way everywhere.
import { html, nothing } from "lit-html";
import { bytes, number } from "../format.js";
import { deviceState, kindName, KINDS, stateBadge } from "../parts.js";

export const nameOf = (board) => board.name || board.id;
export const path = (board, rest = "") => `/api/v1/devices/${encodeURIComponent(board.id)}${rest}`;
// "#main" is where the link goes that skips the navigation
export const pageOf = (board) => (board.id === "main" ? "#%6dain" : `#${encodeURIComponent(board.id)}`);

/** The id in such an address, "" when there is none. */
export function idIn(hash) {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return "";
  }
}

/** State, and what is wrong beside it, each with its icon and word. */
export const states = (board, brief = false) => html`<span class="states">${brief && board.state === "pending" ? stateBadge("warn", "wait", "waiting") : deviceState(board.state)}
  ${board.silent ? stateBadge("bad", "bell", "silent") : nothing}${board.flapping ? stateBadge("warn", "same", "flapping") : nothing}</span>`;

const WORDS = ["none", "weak", "weak", "fair", "good"];
export const barsOf = (rssi) => [-85, -75, -67, -60].filter((least) => rssi >= least).length;

/** Four bars, the strength in dBm, and a word for who can't see bars. */
export function signal(board) {
  if (board.rssi === null || board.rssi === undefined) return nothing;
  const lit = barsOf(board.rssi);
  const bar = (n) => (n <= lit ? "bar on" : "bar");
  return html`<span class="signal nowrap"><svg class="bars" viewBox="0 0 19 14" width="19" height="14" aria-hidden="true">
    <rect class=${bar(1)} x="0" y="10" width="4" height="4"/><rect class=${bar(2)} x="5" y="7" width="4" height="7"/>
    <rect class=${bar(3)} x="10" y="4" width="4" height="10"/><rect class=${bar(4)} x="15" y="0" width="4" height="14"/></svg>
    ${board.rssi} dBm<span class="sr">, ${WORDS[lit]}</span></span>`;
}

/** "40 s", "12 min", "5 h 10 min", "3 d 4 h". */
export function span(seconds) {
  if (seconds < 90) return `${number(Math.max(0, seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${number(Math.floor(hours / 24))} d ${hours % 24} h`;
}

export const uptimeOf = (board) => (board.connected && board.booted_at ? Math.max(0, (Date.now() - Date.parse(board.booted_at)) / 1000) : null);

export function uptime(board) {
  const seconds = uptimeOf(board);
  return seconds === null ? nothing : html`<span class="nowrap">${span(seconds)}</span>`;
}

const RESETS = {
  power: "switched on", watchdog: "watchdog", crash: "crash", update: "new firmware",
  hard: "reset button", soft: "program started anew", sleep: "woke up",
};

/** How often it started anew, and why the last time. */
export function restarts(board) {
  if (board.restarts === null || board.restarts === undefined) return nothing;
  return html`${board.restarts}${board.reset ? html` <small class="muted">${RESETS[board.reset] ?? board.reset}</small>` : nothing}`;
}

export const memory = (board) => (board.free_memory ?? null) === null ? nothing : html`<span class="nowrap">${bytes(board.free_memory)}</span>`;

export const firmwareOf = (board) => board.firmware ?? "";

export function firmware(board) {
  if (!board.version) return firmwareOf(board) || nothing;
  return html`${board.version}${board.build === null ? nothing : html` <small class="muted nowrap">build ${board.build}</small>`}`;
}

export const kindSelect = (board, id, { any = "" } = {}) => html`<div class="field">
  <label for=${id}>What is it?</label>
  <select name="kind" id=${id}>${any ? html`<option value="">${any}</option>` : nothing}${Object.keys(KINDS).map(
    (kind) => html`<option value=${kind} ?selected=${kind === board.kind}>${kindName(kind)}</option>`)}
  </select>
</div>`;

const UNPROTECTED = {
  gate: "It has no password at the broker: whoever reaches the broker can speak in its name.",
  other: "It proves itself by its address only: another machine with that address could pose as it.",
};

export const protection = (board) =>
  board.keyed
    ? stateBadge("good", "shield", "protected by a key")
    : html`<span title=${UNPROTECTED[board.kind] ?? UNPROTECTED.other}>${stateBadge("warn", "unprotected", "unprotected")}</span>`;
