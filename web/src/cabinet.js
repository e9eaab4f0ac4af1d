import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { act } from "./lib/act.js";
import { openLinked } from "./lib/cabinet/facts.js";
import { addItem } from "./lib/cabinet/photos.js";
import { shelf } from "./lib/cabinet/shelf.js";
import { api1, connected, countsBadge, stateList } from "./lib/cabinet/state.js";
import { stockList } from "./lib/cabinet/stock.js";
import { visitList } from "./lib/cabinet/visits.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const LOOK_SECONDS = 25; // a picture takes a few; the server gives up after 20
const COUNT_TRIES = 16; // a picture is given up after 20 s
const place = document.getElementById("app");
const page = { cabinet: initial.cabinet, seen: initial.boxes, items: initial.items, reload };
let visits = initial.history.items;
let older = initial.history.next;
let boxesShown = true;
let gone = false;
let tries = { picture: null, left: 0, timer: null }; // how often a picture is asked about that is being counted
let looking = null; // {since: picture's number, timer} while a picture is awaited

const put = (cabinet) => {
  page.cabinet = { ...page.cabinet, ...cabinet };
  draw();
};

async function lights(on, button) {
  const now = await act(button, () => api("POST", api1(page.cabinet.id, "/lights"), { on }), `Lights ${on ? "on" : "off"}: the cabinet was told.`);
  if (now) put(now);
}

async function look(button) {
  const now = await act(button, () => api("POST", api1(page.cabinet.id, "/look")));
  if (now === undefined) return;
  clearTimeout(looking?.timer);
  looking = { since: page.seen.picture, timer: setTimeout(() => { looking = null; draw(); }, LOOK_SECONDS * 1000) };
  if (now) put(now);
}

async function more(button) {
  const next = await act(button, () => api("GET", older));
  if (!next) return;
  visits = [...visits, ...next.items];
  older = next.next;
  draw();
}

const buttons = () => (user.role === "doctor" ? nothing : html`<div class="row tools">
  <button type="button" ?disabled=${!page.cabinet.connected} @click=${(event) => lights(true, event.currentTarget)}>${icon("bulb")}Lights on</button>
  <button type="button" class="quiet" ?disabled=${!page.cabinet.connected} @click=${(event) => lights(false, event.currentTarget)}>${icon("bulb-off")}Lights off</button>
  <button type="button" class="quiet" ?disabled=${page.cabinet.camera_state !== "online"} aria-busy=${looking ? "true" : "false"} @click=${(event) => look(event.currentTarget)}>${icon("look")}${looking ? "Waiting for the picture…" : "Look now"}</button>
</div>`);

const message = () => (page.cabinet.message ? html`<p class="note ${page.cabinet.connected ? "" : "warn"}">${icon(page.cabinet.connected ? "cabinet" : "warning")}<span>${page.cabinet.message}</span></p>` : nothing);

const picture = () => html`<section><div class="head"><h2>Last picture</h2>
    ${page.seen.boxes.length ? html`<label class="choice"><input type="checkbox" role="switch" .checked=${boxesShown} @change=${(event) => { boxesShown = event.currentTarget.checked; draw(); }}><span>Show what was found</span></label>` : nothing}</div>
  ${shelf(page.cabinet, page.seen, boxesShown, page.items.some((item) => item.photos.length))}</section>`;

function draw() {
  const { cabinet } = page;
  if (gone) return render(html`<h1>Cabinet</h1><p class="note warn">${icon("ban")}<span>This cabinet is not there any more, or not yours. <a href="/cabinets">All cabinets</a></span></p>`, place);
  render(html`<p class="small back"><a href="/cabinets">${icon("left")}All cabinets</a></p>
    <div class="head"><div class="row"><h1>${cabinet.name}</h1>${connected(cabinet)}${countsBadge(cabinet.counts_state)}</div>
      <div class="row">${cabinet.patient ? html`<a class="button quiet" href="/health/${encodeURIComponent(cabinet.patient)}">${icon("user")}Whose it is</a>` : nothing}</div></div>
    <div role="status">${message()}</div>
    ${stateList(cabinet)}${buttons()}
    <div class="cabinet-grid">${picture()}<section>${stockList(page, () => addItem(page))}</section></div>
    ${visitList(visits, older ? more : null)}`, place);
  document.title = `${cabinet.name} · ${initial.site.name}`;
  return undefined;
}

async function reload() {
  const { id } = page.cabinet;
  const [cabinet, seen, stock, history] = await Promise.all([
    api("GET", api1(id)), api("GET", api1(id, "/boxes")), items(api1(id, "/items?limit=1000")), api("GET", api1(id, "/history?limit=12")),
  ]);
  Object.assign(page, { cabinet, seen, items: stock });
  const known = new Set(history.items.map((visit) => visit.id));
  const oldest = Math.min(...known);
  older = visits.some((visit) => visit.id < oldest) ? older : history.next;
  visits = [...history.items, ...visits.filter((visit) => !known.has(visit.id))];
  if (looking && seen.picture !== looking.since) {
    clearTimeout(looking.timer);
    looking = null;
  }
  askAgain();
  draw();
}

// a count that changes no number tells nobody: what was found on the picture is asked for
function askAgain() {
  const { picture, state } = page.seen;
  if (tries.picture !== picture) tries = { picture, left: COUNT_TRIES, timer: tries.timer };
  clearTimeout(tries.timer);
  if (state !== "not counted" || !page.items.some((item) => item.photos.length) || !tries.left) return;
  tries.left -= 1;
  tries.timer = setTimeout(soon, 1500);
}

let timer = null;
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(() => reload().catch((problem) => {
    gone = problem.status === 404;
    draw();
  }), 150);
};

draw();
askAgain();
openLinked(page);
live({
  cabinet(data) {
    if (data.id !== page.cabinet.id) return;
    if (data.state === "deleted") { gone = true; return draw(); }
    put(data);
    return soon();
  },
  resync: soon, reconnected: soon,
});
setInterval(draw, 15000);
