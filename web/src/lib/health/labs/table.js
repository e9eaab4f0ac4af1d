// One report as a table: value, what is usual, what is high or low, and how it goes.
import { html, nothing } from "lit-html";
import { icon, stateBadge } from "../../parts.js";
import { sparkline } from "../trend.js";
import { rangeBar } from "./bar.js";
import { ANALYTES, BY_KEY, converted, dayOf, LIMIT_WORDS, rangeWords, timeOf, unitNamed, unitOf, written, writtenChange } from "./data.js";

const FLAGS = { H: ["bad", "up", "H, high"], L: ["warn", "down", "L, low"] };
const TRENDS = { up: ["up", "up"], down: ["down", "down"], same: ["same", "about the same"] };

const flagBadge = (flag) => (FLAGS[flag] ? stateBadge(...FLAGS[flag]) : nothing);

const isRandom = (one) => one.fasting === false;

/** Value and unit; a limit keeps its sign. */
function valueCell(one, unit) {
  const told = one.given && one.given.unit !== unit.unit;
  const given = told && unitNamed(BY_KEY[one.key], one.given.unit);
  return html`<td data-label="Value" class="lab-value"><span><strong>${one.comparator ? html`<span aria-hidden="true">${one.comparator} </span><span class="sr">${LIMIT_WORDS[one.comparator]} </span>` : nothing}${written(one.value, unit)}</strong> <span class="muted">${unit.shown}</span>
    ${one.computed ? html`<small class="computed">computed</small>` : nothing}
    ${told ? html`<small class="muted block">told as ${one.comparator ?? ""}${String(one.given.value)} ${given.shown}</small>` : nothing}</span></td>`;
}

const WHOSE = { laboratory: "the laboratory’s own", site: "of this site", "built-in": "" };

function rangeCell(one, unit) {
  // what was told in another unit was judged there: a limit that is rounded here could say otherwise
  const words = rangeWords(one, unit, one.given?.unit === unit.unit);
  if (!words) return html`<td data-label="Usual"><span class="muted small">${one.range_source ?? "no range is known"}</span></td>`;
  const said = `${written(one.value, unit)}; usual is ${words} ${unit.shown}${one.flag ? `; ${FLAGS[one.flag][2]}` : ""}`;
  return html`<td data-label="Usual" class="lab-range"><span>${one.comparator ? nothing : rangeBar(one, said)}<span class="small">${words}</span>
    ${WHOSE[one.range_kind] ? html`<small class="muted"> ${WHOSE[one.range_kind]}</small>` : nothing}</span></td>`;
}

function trendCell(one, unit, history) {
  const [picture, word] = TRENDS[one.trend] ?? [];
  return html`<td data-label="Trend" class="lab-trend"><div class="trend-in"><span>${one.trend ? html`<span class="trend-word">${icon(picture)}${word}${one.trend === "same" ? nothing : html` ${writtenChange(one.change, unit)}`}</span>
    <small class="muted block">since ${dayOf(one.previous.date)}</small>` : html`<span class="muted small">–</span>`}</span>
    ${history.length > 1 ? html`<span class="lab-spark">${sparkline([history], `${one.name}: ${history.length} results`, { gap: Infinity, least: 1e-9 })}</span>` : nothing}</div></td>`;
}

/** Earlier results of the same kind up to a report, the oldest first. */
export function historyOf(key, one, report, reports) {
  const unit = unitOf(BY_KEY[key]);
  return reports.filter((other) => other.date <= report.date && other.values[key] && !other.values[key].comparator && isRandom(other.values[key]) === isRandom(one))
    .map((other) => [timeOf(other.date), converted(other.values[key].value, unit)]).reverse();
}

const row = (report, reports) => ([key, value]) => {
  const one = { ...value, key };
  const unit = unitOf(BY_KEY[key]);
  return html`<tr id="lab-${key}"><th scope="row">${one.name}</th>${valueCell(one, unit)}
    <td data-label="Flag">${one.flag ? flagBadge(one.flag) : html`<span class="muted" aria-hidden="true">–</span><span class="sr">none</span>`}</td>
    ${rangeCell(one, unit)}${trendCell(one, unit, historyOf(key, one, report, reports))}</tr>`;
};

const HEADS = ["Analyte", "Value", "Flag", "Usual", "Trend"];

/** Why something that could follow from the results does not, and what is not there. */
function rest(report) {
  const reasons = Object.entries(report.missing).map(([key, why]) => html`<li>${BY_KEY[key].name}: ${why}</li>`);
  const absent = ANALYTES.filter((one) => !report.values[one.key] && !report.missing[one.key]).map((one) => one.name);
  return html`${reasons.length ? html`<ul class="small">${reasons}</ul>` : nothing}
    ${absent.length ? html`<p class="small muted">Not in this report: ${absent.join(", ")}.</p>` : nothing}`;
}

export const reportTable = (report, reports) => html`<div class="panel"><table class="table labs"><caption class="sr">Results of ${dayOf(report.date)}</caption>
    <thead><tr>${HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${Object.entries(report.values).filter(([key]) => BY_KEY[key]).map(row(report, reports))}</tbody></table></div>${rest(report)}`;

const sourceRow = (report) => (one) => {
  const value = report?.values[one.key];
  const unit = unitOf(one);
  const ranges = one.ranges.filter((row) => row.kind === "built-in" || row.kind === "site");
  const sex = (row) => (row.sex === "any" ? "" : `${row.sex}: `);
  return html`<tr><th scope="row">${one.name}<small class="muted block">LOINC ${unit.loinc}</small></th>
    <td data-label="What it is">${one.about}</td>
    <td data-label="Usual"><div>${ranges.map((row) => html`<span class="block">${sex(row)}${rangeWords(row, unit)} ${unit.shown} <small class="muted">${row.source}${row.kind === "site" ? " (this site)" : ""}</small></span>`)}
      ${one.note ? html`<small class="muted block">${one.note}</small>` : nothing}
      ${value?.range_kind === "laboratory" ? html`<small class="block">In this report: ${rangeWords(value, unit)}, the laboratory’s own.</small>` : nothing}</div></td>
    <td data-label="Unit"><div>${unit.shown || "a ratio"}${unit === one.units[0] ? nothing : html`<small class="muted block">converted: ${unit.source}</small>`}
      ${value?.computed ? html`<small class="muted block">computed: ${value.formula}</small>` : nothing}</div></td></tr>`;
};

/** What each line means, what is usual and who says so, and how values were converted or computed. */
export const sources = (report) => html`<details class="more lab-sources"><summary>What the values mean, and where ranges and formulas are from</summary>
  <p class="small">The range that the laboratory prints beside a result comes first, then one of this site, then those of healthy adults from the sources named here. H is above, L below it. A trend is told from a change of 5 % on.</p>
  <table class="table"><thead><tr>${["Analyte", "What it is", "Usual", "Unit"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${ANALYTES.map(sourceRow(report))}</tbody></table></details>`;
