import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { act } from "./lib/act.js";
import { api1, cabinetPath, taken } from "./lib/cabinet/state.js";
import { number, plural } from "./lib/format.js";
import { heading, patient } from "./lib/health/patient.js";
import { user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const place = document.getElementById("app");
const dayOf = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const timeOf = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
let cabinets = null;
let visits = []; // of all cabinets, the newest first
let onward = []; // where each history goes on
let problem = "";

const at = (visit) => visit.opened_at ?? visit.closed_at;

async function history(cabinet, path = api1(cabinet.id, "/history?limit=100")) {
  const page = await api("GET", path);
  return { cabinet, next: page.next, visits: page.items.map((visit) => ({ ...visit, cabinet, key: `${cabinet.id}-${visit.id}` })) };
}

async function reload() {
  try {
    cabinets = (await items("/api/v1/cabinets?limit=1000")).filter((one) => one.patient === patient.id);
    take(await Promise.all(cabinets.map((cabinet) => history(cabinet))), []);
    problem = "";
  } catch (failure) {
    problem = failure.message;
  }
  draw();
}

function take(histories, before) {
  visits = [...before, ...histories.flatMap((one) => one.visits)].sort((a, b) => at(b).localeCompare(at(a)));
  onward = histories.filter((one) => one.next);
}

async function more(button) {
  const found = await act(button, () => Promise.all(onward.map((one) => history(one.cabinet, one.next))));
  if (!found) return;
  take(found, visits);
  draw();
}

/** Visits by the day of whoever looks, the newest day first. */
function days() {
  const found = new Map();
  for (const visit of visits) {
    const day = dayOf.format(new Date(at(visit)));
    found.set(day, [...(found.get(day) ?? []), visit]);
  }
  return [...found];
}

function things(list) {
  const sums = new Map();
  for (const visit of list) {
    for (const [item, [before, after]] of Object.entries(visit.changes ?? {})) {
      if (before !== null && after !== null) sums.set(item, (sums.get(item) ?? 0) + before - after);
    }
  }
  const gone = [...sums].filter(([, count]) => count > 0).map(([item, count]) => `${count} × ${item}`);
  const come = [...sums].filter(([, count]) => count < 0).map(([item, count]) => `${-count} × ${item}`);
  return [gone.length ? `taken: ${gone.join(", ")}` : "", come.length ? `put in: ${come.join(", ")}` : ""].filter(Boolean).join("; ");
}

function total(list) {
  const grams = list.map((visit) => visit.taken_g).filter((value) => value !== null && value > 0);
  return grams.length ? `${number(grams.reduce((sum, value) => sum + value, 0))} g taken in all` : "no weight taken";
}

const line = (visit) => html`<li><span><strong>${timeOf.format(new Date(at(visit)))}</strong> ${visit.closed_at ? taken(visit.taken_g) : "opened, closing not heard"}
    ${things([visit]) ? html`<span class="muted">(${things([visit])})</span>` : nothing}</span>
  ${cabinets.length > 1 ? html`<span class="muted small">${visit.cabinet.name}</span>` : nothing}</li>`;

const dayCard = ([day, list]) => html`<article class="stack day"><div class="row between"><h2 class="h3">${day}</h2><span class="muted small">opened ${plural(list.length, "time")}, ${total(list)}</span></div>
  ${things(list) ? html`<p class="small">By its pictures ${things(list)}.</p>` : nothing}
  <ul class="lines">${repeat(list, (visit) => visit.key, line)}</ul></article>`;

const empty = (strong, text) => html`<div class="empty"><p><strong>${strong}</strong></p><p class="muted">${text}</p></div>`;

const tools = () => (cabinets ?? []).map((cabinet) => html`<a class="button quiet" href=${cabinetPath(cabinet.id)}>${icon("cabinet")}${cabinet.name}</a>`);

function body() {
  if (problem) return html`<p class="note bad">${icon("warning")}<span>${problem}</span></p>`;
  if (!cabinets) return html`<p aria-busy="true">Asking the cabinet…</p>`;
  if (!cabinets.length) {
    return empty("No cabinet is assigned yet.", user.role === "admin"
      ? html`Say under <a href="/devices">Devices</a> which cabinet is ${patient.name}'s; then this page shows when it was opened and what was taken.`
      : html`When an admin says which cabinet is ${patient.name}'s, this page shows when it was opened and what was taken.`);
  }
  if (!visits.length) return empty("The cabinet was not opened yet.", "Each opening appears here by itself.");
  return html`<div class="stack">${repeat(days(), ([day]) => day, dayCard)}</div>
    ${onward.length ? html`<p class="row"><button type="button" class="quiet" @click=${(event) => more(event.currentTarget)}>Show older</button></p>` : nothing}`;
}

function draw() {
  render(html`${heading("habits", "Habit tracker", `When the cabinet was opened, and what was taken, day by day.`, tools())}${body()}
    <p class="note small">${icon("habits")}<span>What was taken is what the scale and the pictures say; who took it, nobody knows. Own habits, such as a daily walk, can't be entered yet.</span></p>`, place);
}

let timer = null;
draw();
reload();
live({
  cabinet(data) {
    if (data.patient !== patient.id) return;
    clearTimeout(timer);
    timer = setTimeout(reload, 300);
  },
  resync: reload, reconnected: reload,
});
