import { html, nothing, render } from "lit-html";
import { guard } from "lit-html/directives/guard.js";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { bars, legend, lines } from "./lib/campus/charts.js";
import { hourName, longDay, shortDay, siteDay, siteHour, weekday, zoneName } from "./lib/campus/days.js";
import { people } from "./lib/campus/demographics.js";
import { CATEGORIES, filterBar, filterWords, isFiltered, keepInAddress, query, read } from "./lib/campus/filters.js";
import { csvLink, heading } from "./lib/campus/head.js";
import { headcount, recent } from "./lib/campus/headcount.js";
import { heatmap, MEASURES, upright } from "./lib/campus/heatmap.js";
import { insights } from "./lib/campus/insights.js";
import { loader } from "./lib/campus/loader.js";
import { twin, twinsOpen } from "./lib/campus/plot.js";
import { notice, troubles } from "./lib/campus/status.js";
import { initial, operates } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const RECENT = 5;
const DAYS = 30; // of lines, heatmap, demographics and insights
const WEEK = 7;

const place = document.getElementById("app");
let filters = read(initial.categories);
let by = CATEGORIES.includes(new URLSearchParams(location.search).get("by")) ? new URLSearchParams(location.search).get("by") : "year";
let measure = "both";

const call = (path, more) => api("GET", `/api/v1/campus/${path}${query(filters, more)}`);
const listed = (path, more) => call(path, more).then((answer) => answer.items);
const plain = (path) => api("GET", `/api/v1/campus/${path}`);

// what is asked for, and how many seconds apart at most when there is news
const data = loader({
  summary: [() => call("summary"), 1],
  recent: [() => (operates ? plain(`recent?limit=${RECENT}`).then((answer) => answer.items) : []), 0.5],
  days: [() => listed("trends", { days: DAYS, bucket: "day" }), 3],
  hours: [() => listed("trends", { days: 2, bucket: "hour" }), 60],
  heat: [() => listed("heatmap", { days: DAYS }), 20],
  people: [() => listed("demographics", { by, days: DAYS }), 5],
  insights: [() => call("insights", { days: DAYS }), 20],
  gates: [() => (operates ? plain("gates?limit=1000").then((answer) => answer.items) : []), 5],
  intake: [() => (operates ? plain("intake") : null), 5],
}, draw, { summary: initial.summary, recent: initial.recent ?? [] });

// ---- pieces

const dayRow = (item, label) => ({ name: longDay(item.bucket), label, entries: item.entries, exits: item.exits });
const hourRow = (item) => {
  const hour = siteHour(item.bucket);
  return { name: hourName(hour), label: String(hour).padStart(2, "0"), entries: item.entries, exits: item.exits };
};
const yesterday = () => (data.hours ?? []).filter((item) => siteDay(new Date(item.bucket)) === siteDay(new Date(), 1)).map(hourRow);
const week = () => (data.days ?? []).slice(-WEEK).map((item) => dayRow(item, weekday(item.bucket)));
const month = () => (data.days ?? []).map((item) => dayRow(item, shortDay(item.bucket)));

const table = (what, first, rows) => twin(what, [first, "Entries", "Exits"], () => rows().map((row) => [row.name, row.entries, row.exits]), draw);

const panel = (title, link, inside, there) => html`<article class="chart-panel" aria-busy=${there ? "false" : "true"}>
  <div class="row between"><h2>${title}</h2>${link}</div>${there ? inside() : nothing}</article>`;

const trendsCsv = (days, bucket) => `/api/v1/campus/trends.csv${query(filters, { days, bucket })}`;

const weekPanel = () => panel("The last 7 days", csvLink(trendsCsv(WEEK, "day"), "as CSV", "of the last 7 days"),
  () => html`${legend}${bars("The last 7 days", week())}${table("The last 7 days", "Day", week)}`, data.days);

const hoursPanel = () => panel("Yesterday by hour", csvLink(trendsCsv(2, "hour"), "as CSV", "of yesterday and today by hour"),
  () => html`${legend}${bars("Yesterday by hour", yesterday())}${table("Yesterday by hour", "Hour", yesterday)}`, data.hours);

const monthPanel = () => panel("The last 30 days", csvLink(trendsCsv(DAYS, "day"), "as CSV", "of the last 30 days"),
  () => html`${legend}${lines("The last 30 days", month())}${table("The last 30 days", "Day", month)}`, data.days);

const measureChips = () => html`<div class="chips ranges no-print" role="radiogroup" aria-label="What is counted">
  ${Object.entries(MEASURES).map(([name, words]) => html`<label class="chip"><input type="radio" name="measure" value=${name} .checked=${name === measure} @change=${() => measured(name)}>${words}</label>`)}</div>`;

const heatPanel = () => panel("Weekday and hour", csvLink(`/api/v1/campus/heatmap.csv${query(filters, { days: DAYS })}`, "as CSV", "of weekdays and hours"),
  () => html`${measureChips()}${heatmap(data.heat, measure, DAYS)}`, data.heat);

const peoplePanel = () => html`<article><div class="row between"><h2>Who they are</h2>${csvLink(`/api/v1/campus/demographics.csv${query(filters, { by, days: DAYS })}`, "as CSV", "by category")}</div>
  ${people(by, data.people, chosenBy)}<p class="small muted">Inside: now. Entries, exits, time outside and hours: the last ${DAYS} days.</p></article>`;

const safety = () => html`<div class="row between"><h2>Safety and load</h2>${csvLink(`/api/v1/campus/insights.csv${query(filters, { days: DAYS })}`, "as CSV", "of safety and load")}</div>${data.insights ? insights(data.insights) : html`<article aria-busy="true"></article>`}`;

// a headcount may change four times a second: what it doesn't touch is not drawn again
const unchanged = (parts, draws) => guard([...parts, filters, siteDay(), twinsOpen()], draws);

function today() {
  const item = data.days?.at(-1);
  return item && item.bucket === siteDay() ? item : null;
}

const movementsLink = () => html`<span class="row">${csvLink("/api/v1/campus/movements.csv", "all as CSV", "all movements")}</span>`;

const first = () => html`<div class="campus-top ${operates ? "" : "alone"}">${data.summary ? headcount(data.summary, today()) : html`<article class="headcount" aria-busy="true"></article>`}
  ${operates ? recent(data.recent.slice(0, RECENT), movementsLink()) : nothing}</div>`;

const failed = () => (data.problem ? html`<p class="note bad" role="status">${icon("warning")}<span>Some figures could not be brought up to date: ${data.problem} Trying again.</span></p>` : nothing);

function draw() {
  render(html`${heading("", "Campus", "Who is inside, who came last, and how the days run.",
      html`<button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print</button>`)}
    ${notice(troubles(data.gates ?? [], data.intake))}${failed()}
    ${filterBar(filters, initial.categories ?? {}, filtered)}
    <p class="filter-words ${isFiltered(filters) ? "" : "sr"}" role="status">${filterWords(filters)}</p>
    <div class="stack board">${first()}
      ${unchanged([data.days, data.hours], () => html`<div class="chart-pair">${weekPanel()}${hoursPanel()}</div>${monthPanel()}`)}
      ${unchanged([data.heat, measure, upright.matches], heatPanel)}${unchanged([data.people, by], peoplePanel)}</div>
    ${safety()}
    <p class="small muted">Days and hours are those of ${zoneName}.</p>`, place);
}

// ---- what people choose

function filtered(wanted) {
  filters = wanted;
  keepInAddress(filters, by === "year" ? {} : { by });
  data.anew(["summary", "days", "hours", "heat", "people", "insights"]);
}

function chosenBy(name) {
  by = name;
  keepInAddress(filters, by === "year" ? {} : { by });
  data.give({ people: null });
  data.anew(["people"]);
}

function measured(name) {
  measure = name;
  draw();
}

addEventListener("popstate", () => {
  filters = read(initial.categories);
  by = new URLSearchParams(location.search).get("by") ?? "year";
  data.anew(["summary", "days", "hours", "heat", "people", "insights"]);
});
upright.addEventListener("change", draw);

// ---- live

function occupancy(now) {
  if (isFiltered(filters)) data.stale(["summary"]);
  else data.give({ summary: { ...data.summary, ...now } });
  data.stale(["days", "people", "heat", "insights"]);
}

const key = (one) => `${one.at} ${one.rollno}`;

/** Shown at once; several that came together are told as one, so the list is asked for too. */
function movement(one) {
  const others = data.recent.filter((other) => key(other) !== key(one));
  const all = [one, ...others].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  data.give({ recent: all.slice(0, RECENT) });
  data.stale(["recent", "days"]);
}

draw();
data.anew(Object.keys(data.parts).filter((name) => initial.summary ? !["summary", "recent"].includes(name) : true));
live({ movement, occupancy, device: () => data.stale(["gates", "intake"]), resync: data.all, reconnected: data.all });
setInterval(() => document.hidden || data.stale(["gates", "intake"]), 5000);
setInterval(() => document.hidden || data.stale(["days", "hours", "insights"]), 60000);
