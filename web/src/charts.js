import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { warn } from "./lib/messages.js";
import { moment } from "./lib/format.js";
import { load } from "./lib/health/buckets.js";
import { sentence, tableTwin } from "./lib/health/chart-words.js";
import { heading, patient } from "./lib/health/patient.js";
import { gapAt, merged, points } from "./lib/health/series.js";
import { disclaimer, VITALS } from "./lib/health/vitals.js";
import { keep, kept } from "./lib/keep.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const RANGES = { day: ["Day", 86400], week: ["Week", 7 * 86400], month: ["Month", 30 * 86400], quarter: ["90 days", 90 * 86400], year: ["Year", 365 * 86400] };
const KEPT = "charts";
const LEAST_WINDOW = 300; // seconds
const BUCKETS = { 60: "minute", 300: "5 minutes", 900: "15 minutes", 3600: "hour", 21600: "6 hours", 86400: "day" };

// on its way while the readings are asked for; no other page loads it
const library = Promise.all([import("./lib/health/echarts.js"), import("./lib/health/chart-options.js")]);
const place = document.getElementById("app");
const asked = new URLSearchParams(location.search);
let range = RANGES[asked.get("range")] ? asked.get("range") : "day";
let shownVitals = choice();
let until = Date.now() / 1000;
let from = until - RANGES[range][1];
let view = [from, until]; // what of it is looked at
let coarse = {}; // kind: {items, size} of the whole range
let fine = {}; // the same of what is looked at
let fineWindow = null;
let chart = null;
let busy = false;
let tableOpen = false;
let asking = 0;

function choice() {
  const wanted = (asked.get("show") ?? kept(KEPT) ?? Object.keys(VITALS).join(",")).split(",");
  const known = Object.keys(VITALS).filter((key) => wanted.includes(key));
  return known.length ? known : Object.keys(VITALS);
}

const kinds = () => shownVitals.flatMap((key) => VITALS[key].kinds);

async function fetchAll(since, to, bucket) {
  const wanted = kinds();
  const lists = await Promise.all(wanted.map((kind) => load(kind, since, to, bucket)));
  return Object.fromEntries(wanted.map((kind, i) => [kind, lists[i]]));
}

/** Ask, and take the answer unless something newer was asked meanwhile. */
async function ask(work, take) {
  const mine = (asking += 1);
  busy = true;
  draw();
  try {
    const found = await work();
    if (mine === asking) take(found);
  } catch (problem) {
    warn(problem.message);
  }
  if (mine !== asking) return;
  busy = false;
  draw();
  plot();
}

function loadRange() {
  until = Date.now() / 1000;
  from = until - RANGES[range][1];
  view = [from, until];
  return ask(() => fetchAll(from, until), (found) => {
    coarse = found;
    fine = {};
    fineWindow = null;
  });
}

const isWhole = () => view[1] - view[0] > (until - from) * 0.7;

function loadView() {
  if (isWhole()) {
    fine = {};
    fineWindow = null;
    plot();
    return draw();
  }
  // a little more on both sides, so that small moves need no new question
  const room = (view[1] - view[0]) * 0.15;
  const wanted = [Math.max(from, view[0] - room), Math.min(until, view[1] + room)];
  return ask(() => fetchAll(...wanted), (found) => {
    fine = found;
    fineWindow = wanted;
  });
}

// ---- what is drawn

function listOf(kind) {
  const base = coarse[kind];
  if (!base) return null;
  const detail = fineWindow && fine[kind];
  const [a, b] = fineWindow ?? [0, 0];
  const list = merged(points(base, until), detail ? points(detail, until) : null, a, b);
  return { list, gap: gapAt(base.size, detail ? detail.size : null, a, b) };
}

const state = () => ({
  vitals: shownVitals, from, until, window: view,
  kinds: Object.fromEntries(kinds().map((kind) => [kind, listOf(kind)]).filter(([, found]) => found)),
});

async function plot() {
  const canvas = document.getElementById("chart");
  const [{ init }, { heightOf, options }] = await library;
  const height = heightOf(shownVitals.length);
  if (!chart) {
    chart = init(canvas, null, { height });
    chart.on("datazoom", zoomed);
    new ResizeObserver(fit).observe(canvas);
  }
  if (chart.getHeight() !== height) chart.resize({ height });
  chart.setOption(options(state()), { notMerge: true });
  canvas.dataset.drawn = String(Date.now());
}

// only when the width changed: each resizing blanks the picture for a moment
function fit() {
  const { clientWidth } = document.getElementById("chart");
  if (clientWidth && clientWidth !== chart.getWidth()) chart.resize({ width: clientWidth });
}

let zoomTimer = null;
function zoomed() {
  const zoom = chart.getOption().dataZoom[0];
  view = [zoom.startValue / 1000, zoom.endValue / 1000];
  clearTimeout(zoomTimer);
  zoomTimer = setTimeout(loadView, 250);
  draw();
}

function look(a, b) {
  const span = Math.min(until - from, Math.max(LEAST_WINDOW, b - a));
  const start = Math.min(Math.max(from, a), until - span);
  view = [start, start + span];
  loadView();
}

const zoom = (factor) => {
  const [a, b] = view;
  // near the newest end it stays in sight
  const middle = b > until - (b - a) * 0.02 ? b - ((b - a) * factor) / 2 : (a + b) / 2;
  look(middle - ((b - a) * factor) / 2, middle + ((b - a) * factor) / 2);
};
const move = (part) => look(view[0] + (view[1] - view[0]) * part, view[1] + (view[1] - view[0]) * part);

// ---- the page

function toggle(key, wanted) {
  const next = Object.keys(VITALS).filter((one) => (one === key ? wanted : shownVitals.includes(one)));
  if (!next.length) return draw();
  shownVitals = next;
  keep(KEPT, next.join(","));
  const missing = kinds().some((kind) => !coarse[kind]);
  if (!missing) {
    draw();
    return plot();
  }
  const kept = view;
  return ask(() => fetchAll(from, until), (found) => {
    coarse = found;
    fine = {};
    fineWindow = null;
    view = kept;
  });
}

function choose(name) {
  range = name;
  history.replaceState(null, "", `?range=${name}`);
  loadRange();
}

const toggleChip = (key) => html`<label class="chip"><input type="checkbox" name="show" value=${key} .checked=${shownVitals.includes(key)}
  ?disabled=${shownVitals.length === 1 && shownVitals[0] === key} @change=${(event) => toggle(key, event.currentTarget.checked)}>
  <span class="swatch ${key}" aria-hidden="true"></span>${VITALS[key].name}</label>`;

const rangeChip = ([name, [words]]) => html`<label class="chip"><input type="radio" name="range" value=${name} .checked=${range === name} @change=${() => choose(name)}>${words}</label>`;

const tool = (picture, words, work, disabled) => html`<button type="button" class="quiet" ?disabled=${disabled} @click=${work} aria-label=${words} title=${words}>${icon(picture)}</button>`;

const controls = () => html`<div class="chart-controls">
  <fieldset class="chips"><legend class="sr">Vitals to show</legend>${Object.keys(VITALS).map(toggleChip)}</fieldset>
  <fieldset class="chips ranges"><legend class="sr">Range</legend>${Object.entries(RANGES).map(rangeChip)}</fieldset>
</div>`;

const zoomTools = () => html`<div class="row between zoom-tools">
  <p class="small muted" role="status">${what()}</p>
  <div class="row">${tool("left", "Earlier", () => move(-0.5), view[0] <= from)}${tool("right", "Later", () => move(0.5), view[1] >= until)}
    ${tool("zoom-in", "Zoom in", () => zoom(0.5), view[1] - view[0] <= LEAST_WINDOW)}${tool("zoom-out", "Zoom out", () => zoom(2), view[0] <= from && view[1] >= until)}
    <button type="button" class="quiet" ?disabled=${view[0] <= from && view[1] >= until} @click=${() => look(from, until)}>Whole range</button></div>
</div>`;

const sizeNow = () => Object.values(fineWindow ? fine : coarse)[0]?.size;

function what() {
  const size = sizeNow();
  const span = `${moment(new Date(view[0] * 1000))} to ${moment(new Date(view[1] * 1000))}`;
  if (busy) return `${span}; loading…`;
  return size ? `${span}; median of each ${BUCKETS[size] ?? `${size} s`}, band from lowest to highest.` : `${span}; every reading.`;
}

/** The points of each kind that are looked at. */
const seen = () => Object.fromEntries(kinds().map((kind) =>
  [kind, (listOf(kind)?.list ?? []).filter((one) => one.at >= view[0] && one.at <= view[1])]));

const isEmpty = () => !busy && kinds().every((kind) => coarse[kind] && !points(coarse[kind]).length);

function tableToggled(open) {
  tableOpen = open;
  draw();
}

function draw() {
  render(html`${heading("charts", "Charts", `How the values of ${patient.name} went.`)}
    ${controls()}
    <article class="chart-card" aria-busy=${busy ? "true" : "false"}>
      ${zoomTools()}
      ${isEmpty() ? html`<p class="note">${icon("idle")}<span>Nothing was measured in this time. Choose a longer range, or enter values under Monitoring.</span></p>` : nothing}
      <div id="chart" class="chart" role="img" aria-label=${sentence(seen())}></div>
      <p class="small muted">A line ends where nothing was measured. ${sizeNow() ? "Only good readings count here; zoom in to see each one." : html`A <strong>◆</strong> marks a suspect reading.`} Drag to move; Ctrl and the wheel, two fingers or the bar zoom.</p>
    </article>
    ${tableTwin(seen, tableOpen, tableToggled)}${disclaimer}`, place);
}

// ---- live

let liveTimer = null;
function reading(data) {
  if (data.patient !== patient.id || !kinds().includes(data.kind)) return;
  clearTimeout(liveTimer);
  liveTimer = setTimeout(follow, sizeNow() ? 2000 : 300);
}

/** The newest end again, from the last bucket on; a view that shows the end moves along. */
async function follow() {
  const now = Date.now() / 1000;
  const atEnd = view[1] >= until - 1;
  const step = now - until;
  for (const store of fineWindow && fineWindow[1] >= until - 1 ? [coarse, fine] : [coarse]) {
    for (const kind of Object.keys(store)) {
      const held = store[kind];
      const since = held.items.at(-1)?.at ?? from;
      const newer = await load(kind, since, now + 1, held.bucket === "auto" ? "raw" : held.bucket).catch(() => null);
      if (newer) held.items = [...held.items.filter((one) => one.at < since), ...newer.items];
    }
  }
  if (fineWindow && fineWindow[1] >= until - 1) fineWindow = [fineWindow[0], now + 1];
  until = now;
  from += step;
  if (atEnd) view = [view[0] + step, now];
  draw();
  plot();
}

draw();
loadRange();
live({ reading, resync: loadView, reconnected: loadView });
addEventListener("theme-chosen", () => setTimeout(plot));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(plot));
