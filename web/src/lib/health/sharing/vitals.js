// The section of vitals on the page of a link: the newest values, and a small chart of each.
import { html, nothing } from "lit-html";
import { number } from "../../format.js";
import { icon, when } from "../../parts.js";
import { bandChart } from "../trend.js";
import { KIND_NAMES, quality, rangeText, shown, VITALS, vitalOf } from "../vitals.js";

const DAY = 86400;
const LEAST = { heart_rate: 20, body_temperature: 1, spo2: 5, blood_pressure: 30 };

const points = (items, kind) => items
  .filter((one) => one.kind === kind && one.count)
  .map((one) => [Date.parse(one.start) / 1000 + DAY / 2, one.min, one.median, one.max]);

const row = (one) => html`<tr><th scope="row" data-label="Vital">${KIND_NAMES[one.kind] ?? one.label}</th>
  <td data-label="Newest value">${one.value === null ? "none yet" : html`<strong>${shown(vitalOf(one.kind), one.value)}</strong> ${VITALS[vitalOf(one.kind)].short}`}</td>
  <td data-label="Measured">${one.measured_at ? when(one.measured_at) : "–"}</td>
  <td data-label="Quality">${one.quality ? quality(one.quality) : "–"}</td>
  <td data-label="Usual range">${rangeText(one.range, vitalOf(one.kind)) ?? "–"}</td></tr>`;

function chart(key, { items, days, vitals }) {
  const { name, unit, kinds } = VITALS[key];
  const lists = kinds.map((kind) => points(items, kind));
  const all = lists.flat();
  if (!all.length) return nothing;
  const until = Date.now() / 1000;
  const range = kinds.length === 1 ? vitals.items.find((one) => one.kind === key)?.range : null;
  return html`<figure id="chart-${key}"><figcaption>${icon(VITALS[key].icon)}${name}, ${unit}: ${number(Math.min(...all.map((one) => one[1])), VITALS[key].digits)} to ${number(Math.max(...all.map((one) => one[3])), VITALS[key].digits)}</figcaption>
    <div class="chart-small">${bandChart(lists, `${name}, day by day`, { from: until - days * DAY, until, size: DAY, least: LEAST[key], range })}</div></figure>`;
}

export const vitalsPart = (section) => html`<table class="table"><caption class="sr">Newest values</caption>
    <thead><tr>${["Vital", "Newest value", "Measured", "Quality", "Usual range"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${section.vitals.items.map(row)}</tbody></table>
  <h3>The last ${section.days} days</h3>
  ${section.items.some((one) => one.count) ? html`<div class="shared-charts">${Object.keys(VITALS).map((key) => chart(key, section))}</div>` : html`<p class="muted">Nothing was measured.</p>`}`;
