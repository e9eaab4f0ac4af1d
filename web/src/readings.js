import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { act } from "./lib/act.js";
import { moment } from "./lib/format.js";
import { api1, heading, patient } from "./lib/health/patient.js";
import { disclaimer, quality, shown, sourceName, VITALS, vitalOf } from "./lib/health/vitals.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const LIMIT = 50;
const COLUMNS = [
  ["heart_rate", "Heart rate"], ["body_temperature", "Temperature"], ["spo2", "Blood oxygen"],
  ["bp_systolic", "Systolic"], ["bp_diastolic", "Diastolic"],
];
const place = document.getElementById("app");
const asked = new URLSearchParams(location.search);
let since = asked.get("since") ?? ""; // days, as the inputs have them
let until = asked.get("until") ?? "";
let rows = [];
let next = null;
let newer = []; // addresses of the pages before this one
let here = "";
let busy = true;

/** The moment a day of whoever looks begins, `more` days later. */
function dayStart(text, more = 0) {
  const [year, month, day] = text.split("-").map(Number);
  return new Date(year, month - 1, day + more).toISOString();
}

function span() {
  const query = new URLSearchParams();
  if (since) query.set("since", dayStart(since));
  if (until) query.set("until", dayStart(until, 1)); // the day itself belongs to it
  return query;
}

function first() {
  const query = span();
  query.set("limit", LIMIT);
  return `${api1}/sheet?${query}`;
}

async function load(address, button = null) {
  busy = true;
  draw();
  const page = await act(button, () => api("GET", address));
  busy = false;
  if (page) [rows, next, here] = [page.items, page.next, address];
  draw();
  return page;
}

async function show() {
  const query = new URLSearchParams(Object.entries({ since, until }).filter(([, value]) => value));
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  newer = [];
  await load(first());
}

async function older(button) {
  const from = here;
  if (await load(next, button)) newer = [...newer, from];
  draw();
  scrollTo(0, 0);
}

async function back(button) {
  if (await load(newer.at(-1), button)) newer = newer.slice(0, -1);
  draw();
  scrollTo(0, 0);
}

const cell = ([kind, name]) => (row) => html`<td class="num ${row[kind] === null ? "none" : ""}" data-label="${name}, ${VITALS[vitalOf(kind)].short}">${row[kind] === null ? html`<span class="muted">–</span>` : shown(vitalOf(kind), row[kind])}</td>`;
const cells = COLUMNS.map(cell);

const line = (row) => html`<tr><td data-label="Time"><time datetime=${row.measured_at}>${moment(row.measured_at)}</time></td>${cells.map((one) => one(row))}
  <td data-label="Source">${sourceName(row.source, patient.devices)}</td><td data-label="Quality">${quality(row.quality)}</td></tr>`;

const table = () => html`<div class="panel"><table class="table sheet" aria-busy=${busy ? "true" : "false"}>
  <caption class="sr">Values of ${patient.name}, the newest first</caption>
  <thead><tr><th scope="col">Time</th>${COLUMNS.map(([kind, name]) => html`<th scope="col" class="num">${name}<br><span class="muted">${VITALS[vitalOf(kind)].short}</span></th>`)}<th scope="col">Source</th><th scope="col">Quality</th></tr></thead>
  <tbody>${repeat(rows, (row) => `${row.measured_at} ${row.source}`, line)}</tbody></table></div>`;

const none = () => html`<div class="empty"><p><strong>${since || until ? "Nothing was measured on these days." : "Nothing was measured yet."}</strong></p>
  <p class="muted">${since || until ? "Choose other days, or empty both fields." : "Values of the watch appear here by themselves; others can be entered under Monitoring."}</p></div>`;

const paging = () => html`<nav class="row between paging" aria-label="Pages of the sheet">
  <button type="button" class="quiet" ?disabled=${!newer.length} @click=${(event) => back(event.currentTarget)}>${icon("left")}Newer</button>
  <span class="small muted" role="status">${busy ? "Loading…" : rows.length ? `${moment(rows.at(-1).measured_at)} to ${moment(rows[0].measured_at)}` : ""}</span>
  <button type="button" class="quiet" ?disabled=${!next} @click=${(event) => older(event.currentTarget)}>Older${icon("right")}</button></nav>`;

const day = (name, label, value, change) => html`<div class="field"><label for="f-${name}">${label}</label>
  <input id="f-${name}" type="date" name=${name} .value=${value} @change=${(event) => { change(event.currentTarget.value); show(); }}></div>`;

const filter = () => html`<form class="inline-form filter" @submit=${(event) => event.preventDefault()}>
  ${day("since", "From this day", since, (value) => (since = value))}${day("until", "To this day", until, (value) => (until = value))}</form>`;

const csv = () => html`<a class="button quiet" href="${api1}/sheet.csv?${span()}" download>${icon("download")}CSV of ${since || until ? "these days" : "everything"}</a>`;

function draw() {
  render(html`${heading("data", "Data sheet", `Every value of ${patient.name}, as it was measured.`, csv())}
    ${filter()}
    ${rows.length || busy ? table() : none()}
    ${rows.length || newer.length ? paging() : nothing}${disclaimer}`, place);
}

let timer = null;
draw();
show();
live({
  reading(data) {
    if (data.patient !== patient.id || newer.length) return; // who reads older pages is not disturbed
    clearTimeout(timer);
    timer = setTimeout(() => load(first()), 400);
  },
  resync: () => newer.length || load(first()),
});
