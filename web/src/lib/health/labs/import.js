// A laboratory's file: looked at first, its columns explained where nobody knows them, then taken whole or not at all.
import { html, nothing } from "lit-html";
import { Problem } from "../../api.js";
import { number, plural } from "../../format.js";
import { initial } from "../../initial.js";
import { say } from "../../messages.js";
import { icon } from "../../parts.js";
import { api1, home } from "../patient.js";
import { BY_KEY, columnChoices, dayOf, unitNamed } from "./data.js";

const MOST_FAULTS = 200;
const LARGEST = 1024 * 1024;
const TEMPLATE = "date,analyte,value,unit,laboratory\r\n2026-03-01,Total cholesterol,5.1,mmol/L,Example Lab\r\n2026-03-01,Glucose,97,mg/dL,Example Lab\r\n";

const ROLES = [
  ["date", "Day of the sample"], ["analyte", "Name of the analyte"], ["value", "Result"], ["unit", "Unit"], ["laboratory", "Laboratory"],
  ["low", "Usual from"], ["high", "Usual to"], ["fasting", "Fasting (yes or no)"], ["computed", "Computed (yes or no)"],
];

/** What the server says of a file, also of one with faults. */
async function send(file, { preview, mapping, dates }) {
  const query = new URLSearchParams({ preview, dates, ...(Object.keys(mapping).length ? { mapping: JSON.stringify(mapping) } : {}) });
  const headers = { Accept: "application/json", "Content-Type": "text/csv", ...(initial.csrf ? { "X-CSRF-Token": initial.csrf } : {}) };
  const response = await fetch(`${api1}/labs/import?${query}`, { method: "POST", headers, body: file }).catch(() => null);
  if (!response) throw new Problem(0, { detail: "The connection broke while the file was sent. Nothing was changed; try again." });
  const body = await response.json().catch(() => ({}));
  if (response.ok || body.faults) return body;
  throw new Problem(response.status, body, response.headers.get("Retry-After"));
}

/** The state and template of the import; `changed()` asks for drawing. */
export function importView(changed) {
  let file = null;
  let answer = null;
  let busy = false;
  let done = false;
  let problem = "";
  let mapping = {};
  let dates = "auto";

  async function run(preview) {
    [busy, problem] = [true, ""];
    changed();
    try {
      answer = await send(file, { preview, mapping, dates });
      done = answer.applied;
      if (done) say("The file is imported.");
    } catch (failure) {
      problem = failure.message;
    }
    busy = false;
    changed();
    if (!done && !preview) document.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
  }

  function again() {
    [file, answer, done, problem, mapping, dates] = [null, null, false, "", {}, "auto"];
    changed();
  }

  function chosen(event) {
    [file] = event.target.files;
    [answer, mapping, dates] = [null, {}, "auto"];
    if (!file) return;
    if (file.size > LARGEST) {
      problem = "The file is larger than 1 MiB. Split it.";
      changed();
      return;
    }
    run(true);
  }

  const chooser = () => html`<article class="stack"><h2>${icon("upload")}Choose a file</h2>
    <p>A table as CSV, as laboratories and spreadsheets write it: a line for each result with the columns <code>date, analyte, value, unit</code>, or a line for each day with a column for each analyte, such as <code>Glucose (mg/dL)</code>. Other names of columns are asked about. It is only looked at first.</p>
    <div class="field"><label for="f-file">File</label><input id="f-file" type="file" accept=".csv,.txt,text/csv,text/plain,text/tab-separated-values" @change=${chosen}></div>
    <p class="small"><a class="csv" download="results.csv" href="data:text/csv;charset=utf-8,${encodeURIComponent(TEMPLATE)}">${icon("download")}An example to fill in</a></p></article>`;

  const isAsked = (column) => column.how === "none" || column.how === "told" || column.how === "remembered";

  const options = (chosenWords) => html`<option value="" ?selected=${!chosenWords}>Choose what it is</option>
    <option value="ignore" ?selected=${chosenWords === "ignore"}>Leave this column out</option>
    <optgroup label="Columns">${ROLES.map(([words, name]) => html`<option value=${words} ?selected=${words === chosenWords}>${name}</option>`)}</optgroup>
    <optgroup label="Results">${columnChoices.map(([words, name]) => html`<option value=${words} ?selected=${words === chosenWords}>${name}</option>`)}</optgroup>`;

  const column = (one) => {
    const words = mapping[one.heading] ?? (one.as || one.suggestion || "");
    return html`<div class="field"><label for="f-column-${one.column}">“${one.heading}”</label>
      <select id="f-column-${one.column}" name=${one.heading} aria-describedby="f-column-${one.column}-help">${options(words)}</select>
      <small id="f-column-${one.column}-help">${one.how === "remembered" ? "As you said last time." : one.suggestion && !one.as ? "A guess: look at it." : ""}</small></div>`;
  };

  function mapped(event) {
    event.preventDefault();
    const form = event.currentTarget;
    mapping = {};
    for (const select of form.querySelectorAll("select[name]")) if (select.value && select.name !== "dates") mapping[select.name] = select.value;
    dates = form.elements.dates?.value ?? dates;
    run(true);
  }

  const order = () => html`<div class="field"><label for="f-dates">How days are written</label><select id="f-dates" name="dates">
    ${[["auto", "Year first, or clear"], ["dmy", "Day / month / year"], ["mdy", "Month / day / year"]].map(([value, words]) => html`<option value=${value} ?selected=${value === answer.dates}>${words}</option>`)}</select></div>`;

  const mapper = () => {
    const asked = answer.columns.filter(isAsked);
    if (!asked.length && !answer.unclear_dates && answer.dates === "auto") return nothing;
    return html`<form class="stack" id="columns" @submit=${mapped}><h3>What the columns are</h3>
      <p class="small muted">Say it once: the next file with this head line is read the same way.</p>
      <div class="inline-form">${asked.map(column)}${answer.unclear_dates || answer.dates !== "auto" ? order() : nothing}</div>
      <p><button class="quiet">${icon("look")}Read it this way</button></p></form>`;
  };

  const fault = (one) => html`<tr><td data-label="Line">${one.line}</td><td data-label="Column">${one.column || "the whole line"}</td><td data-label="Value">${one.value ? html`<code>${one.value}</code>` : "–"}</td><td data-label="What is wrong">${one.reason}</td></tr>`;
  const faults = () => html`<p class="note bad" role="alert">${icon("warning")}<span><strong>${plural(answer.faults_in_all, "fault")}.</strong> Nothing was changed. Put these right, here or in the file, and look again.</span></p>
    <div class="panel"><table class="table"><thead><tr>${["Line", "Column", "Value", "What is wrong"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${answer.faults.slice(0, MOST_FAULTS).map(fault)}</tbody></table></div>
    ${answer.faults_in_all > MOST_FAULTS ? html`<p class="muted">The first ${MOST_FAULTS} of ${number(answer.faults_in_all)}.</p>` : nothing}`;

  const result = ([key, one]) => html`<li>${BY_KEY[key].name} <strong>${one.comparator ?? ""}${String(one.given.value)}</strong> ${unitNamed(BY_KEY[key], one.given.unit).shown}</li>`;
  const WHAT = { added: "new", changed: "changes", unchanged: "as it is" };
  const dayRow = (one) => html`<tr><td data-label="Day"><strong>${dayOf(one.date)}</strong> <span class="muted small">${WHAT[one.what] ?? one.what}</span></td>
    <td data-label="Laboratory">${one.laboratory ?? "–"}</td><td data-label="Results"><ul class="results">${Object.entries(one.values).map(result)}</ul></td></tr>`;
  const rows = () => html`<div class="panel"><table class="table"><thead><tr>${["Day", "Laboratory", "Results"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${answer.rows.map(dayRow)}</tbody></table></div>`;

  const figure = (name, value) => html`<div><dt>${name}</dt><dd>${number(value)}</dd></div>`;
  const figures = () => html`<dl class="figures">${figure("New reports", answer.added)}${figure("Changed", answer.changed)}${figure("As they are", answer.unchanged)}${figure("Results", answer.values)}${answer.skipped ? figure("Lines passed over", answer.skipped) : nothing}</dl>`;
  const isIdle = () => !answer.added && !answer.changed;

  const seen = () => html`<article class="stack"><h2>${icon("table")}What ${file.name} does</h2>
    ${answer.faults.length ? faults() : html`${figures()}${isIdle() ? html`<p class="note">${icon("check")}<span>All of this is there already.</span></p>` : rows()}`}
    ${mapper()}
    <p class="row">${answer.faults.length || isIdle() ? nothing : html`<button type="button" @click=${() => run(false)}>${icon("check")}Import it</button>`}
      <button type="button" class="quiet" @click=${again}>Choose another file</button></p></article>`;

  const finished = () => html`<article class="stack"><h2>${icon("check")}${file.name} is imported</h2>${figures()}
    <p class="row"><a class="button" href="${home}/labs">See the results</a><button type="button" class="quiet" @click=${again}>Import another file</button></p></article>`;

  const body = () => {
    if (busy) return html`<article aria-busy="true"><h2>Reading ${file.name}</h2></article>`;
    if (!answer) return chooser();
    return done ? finished() : seen();
  };

  return {
    title: "Import results",
    template: () => html`<p class="back"><a href="${home}/labs">${icon("left")}All results</a></p>
      ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}${body()}`,
  };
}
