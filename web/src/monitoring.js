import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { alertList, withAlert } from "./lib/health/alerts.js";
import { load, summary } from "./lib/health/buckets.js";
import { enterValues } from "./lib/health/entry.js";
import { changeLimits } from "./lib/health/limits.js";
import { news2Card } from "./lib/health/news2.js";
import { api1, heading, home, patient } from "./lib/health/patient.js";
import { tileOf, vitalTile } from "./lib/health/tiles.js";
import { disclaimer, KIND_NAMES, VITALS } from "./lib/health/vitals.js";
import { initial } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const DAY = 86400;
const MOST_POINTS = 60;
const place = document.getElementById("app");
const opened = new Map(); // what is loaded for tiles whose "Show more" is open
let vitals = initial.vitals;
let alerts = initial.alerts ?? [];

async function openTile(key) {
  opened.set(key, opened.get(key) ?? "loading");
  draw();
  const until = Date.now() / 1000;
  const lists = await Promise.all(VITALS[key].kinds.map((kind) => load(kind, until - DAY, until, "15min"))).catch(() => null);
  opened.set(key, lists ? {
    from: until - DAY, until, size: lists[0].size,
    rows: lists.map((list, i) => ({ name: KIND_NAMES[VITALS[key].kinds[i]], ...summary(list.items) })),
    lists: lists.map((list) => list.items.filter((one) => one.count).map((one) => [one.at + list.size / 2, one.min, one.median, one.max])),
  } : "failed");
  draw();
}

const toggled = (key) => (open) => {
  if (!open) opened.delete(key);
  else if (!opened.has(key)) openTile(key);
};

const tile = (key) => vitalTile(tileOf(key, vitals), patient.devices, opened.get(key), toggled(key), `${home}/charts?show=${key}`);

const changed = (alert) => {
  alerts = withAlert(alerts, alert);
  draw();
};

const tools = html`<button type="button" @click=${() => enterValues().then((done) => done && reload())}>${icon("plus")}Enter values</button>
  <button type="button" class="quiet" @click=${(event) => changeLimits(event.currentTarget)}>${icon("bell")}Alert limits</button>`;

const noWatch = () => (patient.devices?.some((device) => device.kind === "watch") ? nothing
  : html`<p class="note">${icon("watch")}<span>No watch is assigned to ${patient.name} yet. An admin can do that under Devices; until then, values can be typed in.</span></p>`);

function draw() {
  render(html`${heading("monitoring", "Health monitoring", `Live values of ${patient.name}.`, tools)}
    <div role="status">${alertList(alerts, changed)}</div>
    ${noWatch()}
    <div class="vitals">${Object.keys(VITALS).map(tile)}</div>
    ${news2Card(vitals.news2)}${disclaimer}`, place);
}

async function reload() {
  [vitals, alerts] = await Promise.all([api("GET", `${api1}/vitals`), items(`${api1}/alerts?state=live`)]);
  draw();
}

let timer = null;
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(() => reload().catch(() => {}), 300);
};

/** Shown at once; what the server makes of it (range, score, pairs) follows a moment later. */
function reading(data) {
  if (data.patient !== patient.id) return;
  const known = vitals.items.find((one) => one.kind === data.kind);
  if (known && data.measured_at >= (known.measured_at ?? "")) {
    const point = data.quality === "rejected" ? [] : [[Date.parse(data.measured_at) / 1000, data.value]];
    const trend = [...(known.trend ?? []), ...point].slice(-MOST_POINTS);
    Object.assign(known, data, { trend, state: "fresh", age_seconds: 0, range: known.range });
    draw();
  }
  soon();
}

draw();
live({ reading, alert: (data) => data.patient === patient.id && changed(data), resync: reload, reconnected: reload });
setInterval(draw, 10000);
setInterval(() => document.hidden || soon(), 60000); // states grow old without any event
