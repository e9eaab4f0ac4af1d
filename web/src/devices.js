import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { act } from "./lib/act.js";
import { api, items } from "./lib/api.js";
import { absent, refused } from "./lib/fleet/away.js";
import { boardView } from "./lib/fleet/board.js";
import { chosen, read, write } from "./lib/fleet/choose.js";
import { filterBar } from "./lib/fleet/filters.js";
import { newKey } from "./lib/fleet/jobs.js";
import { manyBar } from "./lib/fleet/many.js";
import { idIn, nameOf } from "./lib/fleet/parts.js";
import { boardTable } from "./lib/fleet/table.js";
import { updates } from "./lib/fleet/updates.js";
import { waiting } from "./lib/fleet/waiting.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const CALM_MS = 400; // news of a thousand boards is not drawn one by one
const AGAIN_MS = 10000;

const place = document.getElementById("app");
const boards = new Map(initial.boards.map((board) => [board.id, board]));
const selected = new Set();
let refusals = initial.refusals ?? [];
let patients = []; // only an admin may know of them
let choice = read(location.search);
let one = null; // the board whose own page is shown
let sorted = null;
let timer = null;
let hosts = null; // this machine's addresses, once somebody looks why a board does not appear

const fleet = {
  all: () => (sorted ??= [...boards.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)))),
  board: (id) => boards.get(id),
  patients: () => patients,
  put(board) {
    keep(board);
    draw();
  },
  gone(id) {
    forget(id);
    if (one?.id === id) location.hash = "";
    draw();
  },
  choose(fields) {
    choice = { ...choice, ...fields };
    history.replaceState(null, "", location.pathname + write(choice) + location.hash);
    draw();
  },
  select(ids) {
    selected.clear();
    for (const id of ids) selected.add(id);
    draw();
    // the buttons that were used are gone
    if (!selected.size) document.querySelector(".pick-all input")?.focus({ preventScroll: true });
  },
  async reload() {
    const [now, refusedNow] = await Promise.all([items("/api/v1/boards?limit=1000"), items("/api/v1/devices/refusals")]);
    boards.clear();
    for (const board of now) boards.set(board.id, board);
    for (const id of selected) if (!boards.has(id)) selected.delete(id);
    refusals = refusedNow;
    one?.stale();
    draw();
  },
};

const firmware = updates(fleet, () => draw(), selected);
const { waits } = firmware;

function keep(board) {
  boards.set(board.id, { ...boards.get(board.id), ...board });
  sorted = null;
}

function forget(id) {
  boards.delete(id);
  selected.delete(id);
  sorted = null;
}

function toggle(ids, on) {
  for (const id of ids) on ? selected.add(id) : selected.delete(id);
  draw();
}

// ---- the page

const none = html`<div class="empty"><p><strong>No devices yet.</strong></p>
  <p class="muted">Whatever connects to this machine appears here by itself.</p></div>`;

const MODES = {
  open: html`<p class="note warn">${icon("warning")}<span>Every device that connects is approved at once (<code>enrolment = "open"</code>). Good for trying out, not for a network with strangers.</span></p>`,
  keyed: html`<p class="note">${icon("shield")}<span>Only devices with a key are let in (<code>enrolment = "keyed"</code>).</span></p>`,
};

/** The dialog that writes a board by USB is large, and few open it: it comes when it is asked for. */
const add = (button) => act(button, () => import("./lib/boards/add.js")).then(async (part) => {
  if (!part) return;
  await part.addBoard();
  await fleet.reload();
});

const buttons = () => html`<p class="row no-print">
  <button type="button" @click=${(event) => add(event.currentTarget)}>${icon("plus")}Add a board</button>
  <button type="button" class="quiet" @click=${() => newKey(fleet)}>${icon("key")}New key</button></p>`;

function list() {
  const all = fleet.all();
  const view = chosen(all, choice, waits);
  choice.page = view.page;
  return html`${MODES[initial.enrolment] ?? nothing}
    ${waiting(fleet)}
    ${firmware.underWay ? firmware.template() : nothing}
    <div class="head"><h2>All devices</h2>${buttons()}</div>
    ${all.length ? html`${all.length > 1 ? filterBar(all, choice, fleet.choose) : nothing}
      ${manyBar(fleet, selected)}
      ${boardTable({ view, choice, change: fleet.choose, selected, toggle, waits, total: all.length })}` : none}
    ${firmware.underWay ? nothing : firmware.template()}
    ${refused(refusals)}
    ${absent(initial.doors, !all.length, hosts, askHosts)}`;
}

function draw() {
  clearTimeout(timer);
  timer = null;
  render(one ? one.template() : list(), place);
}

const soon = () => { timer ??= setTimeout(draw, CALM_MS); };

/** The address names a board, or none. */
function turn() {
  if (location.hash === "#main") return draw(); // the content that is shown
  const id = idIn(location.hash);
  const before = one?.id;
  one?.end();
  one = id ? boardView(id, fleet, draw, waits) : null;
  draw();
  if (one) document.getElementById("board-title")?.focus();
  else if (before) document.querySelector(`tr[data-id="${CSS.escape(before)}"] a`)?.focus();
  return undefined;
}

// ---- what changes

function heard(board) {
  if (board.gone || board.state === "deleted") forget(board.id);
  else keep(board);
  if (board.id === one?.id) one.stale();
  soon();
}

async function loadPatients() {
  if (user.role !== "admin") return;
  patients = await items("/api/v1/patients?limit=1000").catch(() => patients);
  draw();
}

async function askHosts() {
  if (hosts) return;
  hosts = (await api("GET", "/api/v1/flash/kinds").catch(() => null))?.hosts ?? null;
  draw();
}

async function look() {
  if (document.hidden) return;
  refusals = await items("/api/v1/devices/refusals").catch(() => refusals);
  one?.stale(); // a command changes nothing of the board, and stands in its history
  draw(); // times go on too
}

turn();
loadPatients();
firmware.load();
addEventListener("hashchange", turn);
live({
  board: heard, device: heard, rollout: firmware.heard,
  resync: fleet.reload, reconnected: () => Promise.all([fleet.reload(), firmware.load()]),
});
setInterval(look, AGAIN_MS);
