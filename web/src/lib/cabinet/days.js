// Visits of a patient's cabinets, day by day: when they were opened, and what was taken.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api, items } from "../api.js";
import { act } from "../act.js";
import { number, plural } from "../format.js";
import { user } from "../initial.js";
import { icon } from "../parts.js";
import { api1, taken } from "./state.js";

const dayOf = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const timeOf = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const at = (visit) => visit.opened_at ?? visit.closed_at;

async function history(cabinet, path = api1(cabinet.id, "/history?limit=15")) {
  const page = await api("GET", path);
  return { cabinet, next: page.next, visits: page.items.map((visit) => ({ ...visit, cabinet, key: `${cabinet.id}-${visit.id}` })) };
}

/** The visits of one patient; `draw()` shows the page anew. */
export class Visits {
  constructor(patient, draw) {
    Object.assign(this, { patient, draw, cabinets: null, visits: [], onward: [], problem: "" });
  }

  async load() {
    try {
      this.cabinets = (await items("/api/v1/cabinets?limit=1000")).filter((one) => one.patient === this.patient.id);
      this.take(await Promise.all(this.cabinets.map((cabinet) => history(cabinet))), []);
      this.problem = "";
    } catch (failure) {
      this.problem = failure.message;
    }
    this.draw();
  }

  take(histories, before) {
    this.visits = [...before, ...histories.flatMap((one) => one.visits)].sort((a, b) => at(b).localeCompare(at(a)));
    this.onward = histories.filter((one) => one.next);
  }

  async more(button) {
    const found = await act(button, () => Promise.all(this.onward.map((one) => history(one.cabinet, one.next))));
    if (!found) return;
    this.take(found, this.visits);
    this.draw();
  }

  /** By the day of whoever looks, the newest day first. */
  get days() {
    const found = new Map();
    for (const visit of this.visits) {
      const day = dayOf.format(new Date(at(visit)));
      found.set(day, [...(found.get(day) ?? []), visit]);
    }
    return [...found];
  }
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

const line = (several) => (visit) => html`<li><span><strong>${timeOf.format(new Date(at(visit)))}</strong> ${visit.closed_at ? taken(visit.taken_g) : "opened, closing not heard"}
    ${things([visit]) ? html`<span class="muted">(${things([visit])})</span>` : nothing}</span>
  ${several ? html`<span class="muted small">${visit.cabinet.name}</span>` : nothing}</li>`;

const dayCard = (several) => ([day, list]) => html`<article class="stack day"><div class="row between"><h3>${day}</h3><span class="muted small">opened ${plural(list.length, "time")}, ${total(list)}</span></div>
  ${things(list) ? html`<p class="small">By its pictures ${things(list)}.</p>` : nothing}
  <ul class="lines">${repeat(list, (visit) => visit.key, line(several))}</ul></article>`;

const empty = (strong, text) => html`<div class="empty"><p><strong>${strong}</strong></p><p class="muted">${text}</p></div>`;

/** The visits, or what to do so that there are some. */
export function visitDays(page) {
  if (page.problem) return html`<p class="note bad">${icon("warning")}<span>${page.problem}</span></p>`;
  if (!page.cabinets) return html`<p aria-busy="true">Asking the cabinet…</p>`;
  if (!page.cabinets.length) {
    return empty("No cabinet is assigned yet.", user.role === "admin"
      ? html`Say under <a href="/devices">Devices</a> which cabinet is ${page.patient.name}'s; then this page shows when it was opened and what was taken.`
      : html`When an admin says which cabinet is ${page.patient.name}'s, this page shows when it was opened and what was taken.`);
  }
  if (!page.visits.length) return empty("The cabinet was not opened yet.", "Each opening appears here by itself.");
  return html`<div class="stack">${repeat(page.days, ([day]) => day, dayCard(page.cabinets.length > 1))}</div>
    ${page.onward.length ? html`<p class="row"><button type="button" class="quiet" @click=${(event) => page.more(event.currentTarget)}>Show older</button></p>` : nothing}`;
}
