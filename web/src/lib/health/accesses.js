// Who looked at this patient or changed something: loaded when somebody wants to know.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../api.js";
import { stateBadge, when } from "../parts.js";
import { api1, patient } from "./patient.js";

const PAGE = 20;
const GENERAL = { all: "in a list of everybody", [patient?.id]: "" };

const rows = [];
let next = `${api1}/accesses?limit=${PAGE}`;
let state = "closed"; // loading, shown, or in words why not

const where = (row) => GENERAL[row.subject] ?? row.subject;

const refused = (row) => row.result && row.result !== "ok";

const line = (row) => html`<li class=${refused(row) ? "refused" : ""}><span><strong>${row.who}</strong>: ${[row.action, where(row)].filter(Boolean).join(", ")}${row.detail ? html` <span class="muted">(${row.detail})</span>` : nothing}
    ${refused(row) ? stateBadge("warn", "ban", row.result) : nothing}${row.address ? html`<span class="small muted from">from ${row.address}</span>` : nothing}</span>
  <span class="small muted">${when(row.at)}</span></li>`;

async function load(drawn) {
  state = "loading";
  drawn();
  try {
    const page = await api("GET", next);
    rows.push(...page.items);
    next = page.next;
    state = "shown";
  } catch (problem) {
    state = problem.message;
  }
  drawn();
}

const list = (drawn) => html`<ul class="lines accesses">${repeat(rows, (row) => row.id, line)}</ul>
  ${state === "loading" ? html`<p class="muted" aria-busy="true">Loading…</p>` : nothing}
  ${state === "loading" || state === "shown" ? nothing : html`<p class="muted" role="alert">${state}</p>`}
  ${next && state !== "loading" ? html`<p><button type="button" class="quiet" @click=${() => load(drawn)}>Show older</button></p>` : nothing}`;

/** The closed card; `drawn` draws the page anew. */
export const accessCard = (drawn) => html`<details class="more" id="accesses" @toggle=${(event) => event.currentTarget.open && state === "closed" && load(drawn)}>
  <summary>Who looked or changed something</summary>
  <p class="small muted">What was done about ${patient.name} and the devices of ${patient.name}, the newest first; also what was tried and refused. Looking at the same thing again within 15 minutes is one look.</p>
  ${state === "closed" ? nothing : list(drawn)}</details>`;
