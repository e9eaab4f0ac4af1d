// The section of blood results on the page of a link: the newest reports side by side.
import { html, nothing } from "lit-html";
import { number } from "../../format.js";
import { initial } from "../../initial.js";
import { stateBadge } from "../../parts.js";

const MOST = 4; // reports side by side; older ones are counted
const day = new Intl.DateTimeFormat(globalThis.navigator?.language, { dateStyle: "medium" });
const dayOf = (text) => day.format(new Date(`${text}T12:00:00`));

/** With as many digits as on the page of results; what would be nothing gets one more. */
function text(key, value) {
  const digits = initial.digits?.[key] ?? 2;
  return number(value, value && Math.abs(value) < 10 ** -digits ? digits + 1 : digits);
}

function flag(one) {
  if (!one.flag) return nothing;
  const word = one.flag.startsWith("H") ? "high" : "low";
  return stateBadge("warn", "warning", word);
}

const cell = (report, key) => {
  const one = report.values[key];
  return html`<td data-label=${dayOf(report.date)}>${one ? html`<span><strong>${one.comparator ?? ""}${text(key, one.value)}</strong> ${flag(one)}${one.computed ? html`<small class="muted"> computed</small>` : nothing}</span>` : "–"}</td>`;
};

const row = (shown) => (key) => {
  const newest = shown.map((report) => report.values[key]).find(Boolean);
  return html`<tr><th scope="row" data-label="Analyte">${newest.name ?? key} <small class="muted">${initial.units?.[key] ?? newest.unit}</small></th>
    ${shown.map((report) => cell(report, key))}<td data-label="Range">${newest.range_text ?? "–"}</td></tr>`;
};

/** Keys in the order of the reports, each once. */
const keysOf = (reports) => [...new Set(reports.flatMap((report) => Object.keys(report.values)))];

export function labsPart(section) {
  const reports = section.items ?? [];
  if (!reports.length) return html`<p class="muted">There are no results yet.</p>`;
  const shown = reports.slice(0, MOST);
  return html`<table class="table"><caption class="sr">Blood results</caption>
    <thead><tr><th scope="col">Analyte</th>${shown.map((report) => html`<th scope="col">${dayOf(report.date)}${report.laboratory ? html`<small class="muted"> ${report.laboratory}</small>` : nothing}</th>`)}<th scope="col">Range</th></tr></thead>
    <tbody>${keysOf(shown).map(row(shown))}</tbody></table>
    ${reports.length > MOST ? html`<p class="small muted">${number(reports.length - MOST)} older reports are not shown here.</p>` : nothing}`;
}
