import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { items } from "./lib/api.js";
import { plural } from "./lib/format.js";
import { dayOf, SYSTEMS, system, useSystem } from "./lib/health/labs/data.js";
import { enterReport, removeReport } from "./lib/health/labs/entry.js";
import { importView } from "./lib/health/labs/import.js";
import { rangesView } from "./lib/health/labs/ranges.js";
import { reportTable, sources } from "./lib/health/labs/table.js";
import { api1, heading, home, patient } from "./lib/health/patient.js";
import { disclaimer } from "./lib/health/vitals.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const place = document.getElementById("app");
const asked = new URLSearchParams(location.search);
let reports = initial.labs?.items ?? [];
let date = asked.get("date");
let problem = "";

const shown = () => reports.find((one) => one.date === date) ?? reports[0];

const page = reportsView();
const view = asked.has("import") ? importView(draw)
  : asked.has("ranges") && user.role === "admin" ? rangesView(draw)
    : page;

async function reload() {
  try {
    reports = await items(`${api1}/labs?limit=1000`);
    problem = "";
  } catch (failure) {
    problem = failure.message;
  }
  draw();
}

function look(wanted) {
  date = wanted;
  history.replaceState(null, "", `?date=${wanted}`);
  draw();
}

function stored(report) {
  if (!report) return;
  if (report.id) look(report.date);
  reload();
}

function reportsView() {
  const choose = (report) => html`<label class="lab-date">Report of <select @change=${(event) => look(event.target.value)}>
    ${reports.map((one) => html`<option value=${one.date} ?selected=${one === report}>${dayOf(one.date)}${one.laboratory ? `, ${one.laboratory}` : ""}</option>`)}</select></label>`;

  const units = () => html`<fieldset class="lab-units"><legend class="sr">Units</legend>${SYSTEMS.map(([name, words]) => html`<label class="choice"><input type="radio" name="units" value=${name} .checked=${system() === name}
    @change=${() => { useSystem(name); draw(); }}><span>${words}</span></label>`)}</fieldset>`;

  const outside = (report) => Object.values(report.values).filter((one) => one.flag);

  const summary = (report) => {
    const flagged = outside(report);
    if (!flagged.length) return html`<p class="note">${icon("check")}<span>Nothing in this report lies outside what is usual.</span></p>`;
    return html`<p class="note warn">${icon("warning")}<span><strong>${plural(flagged.length, "result lies", "results lie")} outside what is usual:</strong>
      ${flagged.map((one) => `${one.name} (${one.flag === "H" ? "high" : "low"})`).join(", ")}. What it means, a doctor says who knows you.</span></p>`;
  };

  const body = (report) => html`<div class="row between lab-tools no-print">${choose(report)}${units()}</div>
    <p class="lab-head"><strong>${dayOf(report.date)}</strong>${report.laboratory ? html`, ${report.laboratory}` : nothing}<span class="muted small"> version ${report.version}, ${plural(reports.length, "report")} in all</span></p>
    ${summary(report)}${reportTable(report, reports)}
    <p class="row no-print"><button type="button" class="quiet" @click=${() => enterReport(report).then(stored)}>${icon("pencil")}Change this report</button>
      <button type="button" class="quiet" @click=${(event) => removeReport(report, event.currentTarget).then((gone) => gone && reload())}>${icon("trash")}Remove it</button></p>
    ${sources(report)}`;

  const empty = () => html`<div class="empty"><p><strong>There are no results yet.</strong></p><p class="muted">Type in what a laboratory printed, or import its file.</p></div>`;

  return {
    lead: `Blood values of ${patient.name}: what is high or low, and how it goes.`,
    title: "Laboratory results",
    template: () => html`<div class="report">${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}
      ${reports.length ? body(shown()) : empty()}</div>`,
    tools: () => html`<button type="button" @click=${() => enterReport().then(stored)}>${icon("plus")}Enter results</button>
      <a class="button quiet" href="${home}/labs?import=1">${icon("upload")}Import a file</a>
      ${reports.length ? html`<a class="button quiet" href="${api1}/labs.csv" download>${icon("download")}CSV</a>
        <button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print</button>` : nothing}
      ${user.role === "admin" ? html`<a class="button quiet" href="${home}/labs?ranges=1">${icon("gear")}Ranges</a>` : nothing}`,
  };
}

function draw() {
  render(html`${heading("labs", view.title, view.lead ?? "", view.tools?.() ?? "")}${view.template()}${disclaimer}`, place);
}

let timer = null;
draw();
view.load?.();
live({
  record(data) {
    if (data.patient !== patient.id || data.section !== "labs" || view !== page) return;
    clearTimeout(timer);
    timer = setTimeout(reload, 200);
  },
  resync: () => view === page && reload(),
  reconnected: () => view === page && reload(),
});
