// A file of students: looked at first, with every fault by line and column, then taken whole or not at all.
import { html, nothing } from "lit-html";
import { initial } from "../../initial.js";
import { api, Problem } from "../../api.js";
import { number, plural } from "../../format.js";
import { icon } from "../../parts.js";
import { say } from "../../messages.js";
import { named } from "../filters.js";

const ADDRESS = "/api/v1/campus/students/import";
const MOST_FAULTS = 200;
const ASK_MS = 300;
const LARGEST = 16 * 1024 * 1024;
const TEMPLATE = "rollno,year,branch,stream,hostel,gender,mac\r\nCS-23-0001,2,CSE,B.Tech,North,female,aa:bb:cc:dd:ee:ff\r\n";

/** Send a file and hear how far it is; the answer, also that of a file with faults. */
function send(file, preview, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", preview ? `${ADDRESS}?preview=true` : ADDRESS);
    request.setRequestHeader("Content-Type", "text/csv");
    request.setRequestHeader("Accept", "application/json");
    if (initial.csrf) request.setRequestHeader("X-CSRF-Token", initial.csrf);
    request.upload.onprogress = (event) => progress(event.loaded / Math.max(1, event.total));
    request.onerror = () => reject(new Problem(0, { detail: "The connection broke while the file was sent. Nothing was changed; try again." }));
    request.onload = () => answered(request, resolve, reject);
    request.send(file);
  });
}

function answered(request, resolve, reject) {
  let body = {};
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // a proxy's own page, perhaps: the status says enough
  }
  if (body.faults || (request.status >= 200 && request.status < 300)) resolve(body);
  else reject(new Problem(request.status, body, request.getResponseHeader("Retry-After")));
}

const PHASES = { reading: "Reading the lines", comparing: "Comparing with the register", saving: "Storing" };

/** The state and template of the import; `changed()` asks for drawing. */
export function importView(changed) {
  let file = null;
  let stage = "choose"; // choose, sending, seen, done
  let part = 0; // of the file that is sent
  let phase = null; // what the server does with it: {phase, done, total}
  let applying = false;
  let answer = null;
  let problem = "";

  async function run(preview) {
    [stage, part, phase, problem, applying] = ["sending", 0, null, "", !preview];
    changed();
    const asking = setInterval(ask, ASK_MS);
    try {
      answer = await send(file, preview, (sent) => { part = sent; changed(); });
      stage = answer.applied ? "done" : "seen";
      if (answer.applied) say("The file is imported.");
    } catch (failure) {
      problem = failure.message;
      stage = answer && !preview ? "seen" : "choose";
    } finally {
      clearInterval(asking);
    }
    changed();
  }

  async function ask() {
    if (part < 1) return;
    const now = await api("GET", ADDRESS).catch(() => null);
    if (now && now.phase !== "none" && stage === "sending") phase = now;
    changed();
  }

  function chosen(event) {
    [file] = event.target.files;
    answer = null;
    if (!file) return;
    if (file.size > LARGEST) {
      problem = "The file is larger than 16 MiB. Split it.";
      changed();
      return;
    }
    run(true);
  }

  const chooser = () => html`<article><h2>${icon("upload")}Choose a file</h2>
    <p>A table as CSV with the columns <code>rollno, year, branch, stream, hostel, gender</code> and, if there are any, <code>mac</code>; in any order, with commas or semicolons. It is only looked at first.
      Students who are in the register already are changed; nobody is removed.</p>
    <div class="field"><label for="f-file">File</label><input id="f-file" type="file" accept=".csv,text/csv,text/plain" @change=${chosen}></div>
    <p class="small"><a class="csv" download="students.csv" href="data:text/csv;charset=utf-8,${encodeURIComponent(TEMPLATE)}">${icon("download")}An example to fill in</a></p></article>`;

  // nothing: how far it is isn't known, and the bar says so
  const howFar = () => (part < 1 ? part : phase?.total && phase.done ? phase.done / phase.total : nothing);

  const sending = () => html`<article><h2>${icon("wait")}${applying ? "Importing" : "Looking at"} ${file.name}</h2>
    <label>${part < 1 ? "Sending the file" : (PHASES[phase?.phase] ?? "Reading the lines")}<progress max="1" value=${howFar()}></progress></label></article>`;

  const figure = (name, value) => html`<div><dt>${name}</dt><dd>${number(value ?? 0)}</dd></div>`;
  const figures = () => html`<dl class="figures">${figure("New students", answer.added)}${figure("Changed", answer.changed)}${figure("As they are", answer.unchanged)}${figure("New phones", answer.macs)}</dl>`;

  const fault = (one) => html`<tr><td data-label="Line">${one.line}</td><td data-label="Column">${one.column || "the whole line"}</td><td data-label="Value">${one.value ? html`<code>${one.value}</code>` : "–"}</td><td data-label="What is wrong">${one.reason}</td></tr>`;
  const faultCount = () => answer.faults_in_all ?? answer.faults.length;

  const faults = () => html`<p class="note bad" role="alert">${icon("warning")}<span><strong>${plural(faultCount(), "fault")}.</strong> Nothing was changed. Put these right in the file and choose it again.</span></p>
    <div class="panel"><table class="table"><thead><tr>${["Line", "Column", "Value", "What is wrong"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${answer.faults.slice(0, MOST_FAULTS).map(fault)}</tbody></table></div>
    ${faultCount() > MOST_FAULTS ? html`<p class="muted">The first ${MOST_FAULTS} of ${number(faultCount())}.</p>` : nothing}`;

  const was = (row, name) => (row.before && row.before[name] !== row[name] ? html`<br><del class="muted small">${named(row.before[name])}</del>` : nothing);
  const COLUMNS = ["year", "branch", "stream", "hostel", "gender"];
  const previewRow = (row) => html`<tr><td data-label="Line">${row.line}</td><td data-label="Roll number"><strong>${row.rollno}</strong> ${row.before ? nothing : html`<span class="muted small">new</span>`}</td>
    ${COLUMNS.map((name) => html`<td data-label=${name}>${named(row[name])}${was(row, name)}</td>`)}<td data-label="New phones">${row.macs || "–"}</td></tr>`;

  const rows = () => (answer.rows?.length ? html`<h3>The first ${number(answer.rows.length)} of what it changes</h3>
    <div class="panel"><table class="table"><thead><tr><th scope="col">Line</th><th scope="col">Roll number</th>${COLUMNS.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">New phones</th></tr></thead><tbody>${answer.rows.map(previewRow)}</tbody></table></div>` : nothing);

  const isIdle = () => !answer.added && !answer.changed && !answer.macs;

  const seen = () => html`<article class="stack"><h2>${icon("table")}What ${file.name} does</h2>${figures()}
    ${answer.faults?.length ? faults() : isIdle() ? html`<p class="note">${icon("check")}<span>The register has all of this already.</span></p>` : rows()}
    <p class="row">${answer.faults?.length || isIdle() ? nothing : html`<button type="button" @click=${() => run(false)}>${icon("check")}Import it</button>`}
      <button type="button" class="quiet" @click=${again}>Choose another file</button></p></article>`;

  const done = () => html`<article class="stack"><h2>${icon("check")}${file.name} is imported</h2>${figures()}
    <p class="row"><a class="button" href="/campus/students">See the students</a><button type="button" class="quiet" @click=${again}>Import another file</button></p></article>`;

  function again() {
    [stage, file, answer, problem] = ["choose", null, null, ""];
    changed();
  }

  const STAGES = { choose: chooser, sending, seen, done };
  return {
    load() {},
    moved() {},
    title: "Import students",
    template: () => html`<p class="back"><a href="/campus/students">${icon("left")}All students</a></p>
      ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}${STAGES[stage]()}`,
  };
}
