// One tile per vital: last value, how good and how old it is, a small trend, and "Show more".
import { html, nothing } from "lit-html";
import { number } from "../format.js";
import { icon, when } from "../parts.js";
import { bandChart, sparkline } from "./trend.js";
import { freshness, quality, rangeLine, shown, sourceName, VITALS } from "./vitals.js";

// how many units a trend spans at least, so that a calm line looks calm
const LEAST = { heart_rate: 20, body_temperature: 1, spo2: 5, blood_pressure: 30 };

const ORDER = ["stale", "late", "fresh"];

/** What a tile shows of /vitals: {key, text, items, measured_at, ...}; blood pressure is two kinds. */
export function tileOf(key, vitals) {
  const items = VITALS[key].kinds.map((kind) => vitals.items.find((one) => one.kind === kind)).filter(Boolean);
  const newest = items.reduce((best, one) => (!best || (one.measured_at ?? "") > (best.measured_at ?? "") ? one : best), null);
  const pair = vitals.blood_pressure;
  const text = key === "blood_pressure"
    ? pair ? `${shown(key, pair.systolic)}/${shown(key, pair.diastolic)}` : "–"
    : shown(key, newest?.value);
  const state = ORDER.find((word) => items.some((one) => one.state === word)) ?? "none";
  const from = key === "blood_pressure" && pair ? { ...newest, ...pair } : newest;
  return { key, items, text, state, newest: from, has: text !== "–" };
}

const trendLabel = (tile) => {
  const values = tile.items.flatMap((one) => (one.trend ?? []).map((point) => point[1]));
  if (!values.length) return "";
  const { digits, unit, name } = VITALS[tile.key];
  return `${name} lately: from ${number(Math.min(...values), digits)} to ${number(Math.max(...values), digits)} ${unit}`;
};

const trend = (tile) => {
  const lists = tile.items.map((one) => one.trend ?? []);
  return lists.some((list) => list.length)
    ? html`<div class="trend-box">${sparkline(lists, trendLabel(tile), { least: LEAST[tile.key] })}</div>`
    : html`<div class="trend-box none muted small">no trend yet</div>`;
};

const reason = (one) => (one?.reason && one.quality !== "good" ? html`<p class="small warn-text">${one.reason}</p>` : nothing);

function day(tile, more) {
  if (!more || more === "loading") return html`<p class="muted" aria-busy="true">Loading the last day…</p>`;
  if (more === "failed") return html`<p class="muted">The last day could not be loaded.</p>`;
  const rows = more.rows.filter((row) => row.count);
  if (!rows.length) return html`<p class="muted">Nothing was measured in the last 24 hours.</p>`;
  const { short } = VITALS[tile.key];
  const line = (row) => html`<tr><td data-label="24 hours">${row.name.replace("Blood pressure, s", "S").replace("Blood pressure, d", "D")}</td><td data-label="Lowest">${shown(tile.key, row.min)}</td>
    <td data-label="Median">${shown(tile.key, row.median)}</td><td data-label="Highest">${shown(tile.key, row.max)}</td></tr>`;
  return html`<table class="table mini"><thead><tr><th scope="col">24 hours</th><th scope="col">Lowest</th><th scope="col">Median</th><th scope="col">Highest</th></tr></thead>
      <tbody>${rows.map(line)}</tbody></table>
    <div class="chart-small">${bandChart(more.lists, `${VITALS[tile.key].name} of the last 24 hours, in ${short}: ${rows.map((row) => `${row.name} from ${shown(tile.key, row.min)} to ${shown(tile.key, row.max)}`).join("; ")}`,
      { from: more.from, until: more.until, size: more.size, least: LEAST[tile.key], range: tile.items.length === 1 ? tile.items[0].range : null })}</div>
    <p class="small muted">The line is the median of each ${number(more.size / 60)} minutes, the band reaches from the lowest to the highest value. Nothing is drawn where nothing was measured.</p>`;
}

const ranges = (tile) => tile.items.map((one) => html`<p class="small">${rangeLine(one.range, tile.key,
  tile.items.length > 1 ? (one.kind === "bp_systolic" ? "Range, systolic" : "Range, diastolic") : "Range")}</p>`);

/** `more` is what was loaded for the open part; `toggled(open)` is called when it opens. */
export const vitalTile = (tile, devices, more, toggled, charts) => {
  const { name, icon: picture, unit, explain } = VITALS[tile.key];
  const last = tile.newest;
  return html`<article class="vital ${tile.state}" id="tile-${tile.key}">
    <div class="row between"><h2 class="h3">${icon(picture)}${name}</h2>${freshness(tile.has ? tile.state : "none")}</div>
    <p class="big"><span class="value">${tile.text}</span> <small>${unit}</small></p>
    ${tile.has
      ? html`<p class="small facts-line">${quality(last.quality)}<span class="muted">${when(last.measured_at)}, ${sourceName(last.source, devices)}</span></p>${reason(last)}`
      : html`<p class="small muted">Nothing was measured yet. ${tile.key === "blood_pressure" || tile.key === "spo2" ? "The watch does not measure this: type it in, or connect a device that does." : "It comes from a watch, or is typed in."}</p>`}
    ${trend(tile)}
    <details class="more" @toggle=${(event) => toggled(event.currentTarget.open)}><summary>Show more<span class="sr"> about ${name}</span></summary>
      <p>${explain}</p>${ranges(tile)}${day(tile, more)}
      <p class="row"><a class="button quiet" href=${charts}>${icon("chart")}Open in charts<span class="sr">: ${name}</span></a></p>
    </details>
  </article>`;
};
