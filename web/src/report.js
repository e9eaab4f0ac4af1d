import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { moment, number, plural } from "./lib/format.js";
import { load, summary } from "./lib/health/buckets.js";
import { fhirPart } from "./lib/health/fhir.js";
import { heading, patient, years } from "./lib/health/patient.js";
import { otherParts } from "./lib/health/report/parts.js";
import { pdfPart, period } from "./lib/health/report/pdf.js";
import { sees } from "./lib/health/sections.js";
import { bandChart } from "./lib/health/trend.js";
import { DISCLAIMER, KIND_NAMES, rangeText, shown, sourceName, VITALS, vitalOf } from "./lib/health/vitals.js";
import { initial } from "./lib/initial.js";
import { icon } from "./lib/parts.js";

const DAY = 86400;
const place = document.getElementById("app");
const until = Date.now() / 1000;
/** The first moment of the period: today and the days before, as in the PDF. */
const from = () => {
  const first = new Date(until * 1000);
  first.setHours(0, 0, 0, 0);
  first.setDate(first.getDate() - period() + 1);
  return first.getTime() / 1000;
};
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
let months = null; // per kind: {items, size}; null while they are loaded
let problem = "";

const vital = (kind) => initial.vitals?.items.find((one) => one.kind === kind);

/** How much of the days was measured; only what a watch measures all the time has one. */
const coverage = (kind, items) => {
  if (vitalOf(kind) !== "heart_rate" && vitalOf(kind) !== "body_temperature") return "–";
  return `${number((items.reduce((sum, one) => sum + (one.coverage ?? 0), 0) / period()) * 100)} %`;
};

const row = (kind) => {
  const { items } = months[kind];
  const all = summary(items);
  const key = vitalOf(kind);
  return html`<tr><th scope="row" data-label="Vital">${KIND_NAMES[kind]}</th>
    <td data-label="Lowest">${shown(key, all.min)}</td><td data-label="Median">${shown(key, all.median)}</td><td data-label="Highest">${shown(key, all.max)}</td>
    <td data-label="Unit">${VITALS[key].unit}</td><td data-label="Values">${number(all.count)}</td>
    <td data-label="Days with values">${items.filter((one) => one.count).length} of ${period()}</td><td data-label="Coverage">${coverage(kind, items)}</td></tr>`;
};

const HEADS = ["Vital", "Lowest", "Median", "Highest", "Unit", "Values", "Days with values", "Coverage"];

const table = () => html`<div class="panel"><table class="table"><caption class="sr">The last ${period()} days</caption>
  <thead><tr>${HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${Object.keys(KIND_NAMES).map(row)}</tbody></table></div>`;

const points = ({ items, size }) => items.filter((one) => one.count).map((one) => [one.at + size / 2, one.min, one.median, one.max]);

const LEAST = { heart_rate: 20, body_temperature: 1, spo2: 5, blood_pressure: 30 };

const chart = (key) => {
  const { name, unit, kinds, explain } = VITALS[key];
  const lists = kinds.map((kind) => points(months[kind]));
  const ranges = kinds.map((kind) => {
    const range = vital(kind)?.range;
    return range ? html`<li>${kinds.length > 1 ? `${KIND_NAMES[kind]}: ` : ""}${rangeText(range, key)} <span class="muted">(${range.source})</span></li>` : nothing;
  });
  return html`<section class="report-vital" id="report-${key}"><h4>${icon(VITALS[key].icon)}${name}, ${unit}</h4>
    ${lists.some((list) => list.length)
      ? html`<div class="chart-small">${bandChart(lists, `${name}, day by day`, { from: from(), until, size: DAY, least: LEAST[key], range: kinds.length === 1 ? vital(key)?.range : null })}</div>`
      : html`<p class="muted">Nothing was measured in these ${period()} days.</p>`}
    <p class="small">Usual range of adults:</p><ul class="small ranges">${ranges}</ul>
    <p class="small muted no-print">${explain}</p></section>`;
};

const sources = () => {
  const seen = [...new Set((initial.vitals?.items ?? []).map((one) => one.source).filter(Boolean))];
  return seen.length ? seen.map((source) => sourceName(source, patient.devices)).join(", ") : "none yet";
};

const about = () => {
  const age = years(patient.birth_date);
  return html`<dl class="facts">
    <dt>Name</dt><dd>${patient.name}</dd>
    <dt>Born</dt><dd>${patient.birth_date ? `${day.format(new Date(`${patient.birth_date}T12:00:00`))} (${plural(age, "year")})` : "not known"}</dd>
    <dt>Sex</dt><dd>${patient.sex === "unknown" ? "not told" : patient.sex}</dd>
    <dt>Period</dt><dd>${day.format(from() * 1000)} to ${day.format(until * 1000)}</dd>
    <dt>Sources</dt><dd>${sources()}</dd>
    <dt>Made</dt><dd>${moment(new Date())}, by ${initial.site.name}</dd></dl>`;
};

const body = () => {
  if (problem) return html`<p class="note bad">${icon("warning")}<span>${problem}</span></p>`;
  if (!months) return html`<p aria-busy="true">Adding up ${period()} days…</p>`;
  return html`${table()}
    <p class="small muted">Only good readings count: suspect and rejected ones are kept, but not added up. The median is that of the days' medians, each weighing as many values as it has.
      Coverage is the share of the watch's polls that gave a good value.</p>
    <h3>Day by day</h3>
    <p class="small muted">The line is the median of each day, the band reaches from its lowest to its highest value. Days without values are gaps.</p>
    <div class="report-charts">${Object.keys(VITALS).map(chart)}</div>`;
};

const changed = () => {
  months = null;
  problem = "";
  draw();
  if (sees("readings")) reload();
};

function draw() {
  render(html`${heading("report", "Health report", `The last ${plural(period(), "day")} of ${patient.name}, to print, to keep or to hand on.`,
      html`<button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print this page</button>`)}
    ${pdfPart(draw, changed)}
    <div class="report">${about()}${sees("readings") ? html`<h2>Vitals</h2>${body()}` : nothing}${otherParts()}
      <p class="note small">${icon("shield")}<span>${DISCLAIMER} Ranges are those of healthy adults from the sources named; the range that a doctor or a laboratory gives comes first.</span></p>
    </div><div class="no-print">${fhirPart(draw)}</div>`, place);
}

async function reload() {
  const days = period();
  try {
    const kinds = Object.keys(KIND_NAMES);
    const lists = await Promise.all(kinds.map((kind) => load(kind, from(), until, "day")));
    if (days !== period()) return; // others are asked for meanwhile
    months = Object.fromEntries(kinds.map((kind, i) => [kind, { ...lists[i], items: lists[i].items.slice(-days) }]));
  } catch (failure) {
    problem = failure.message;
  }
  draw();
}

draw();
if (sees("readings")) reload();
