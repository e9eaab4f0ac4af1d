// The record as FHIR: to take it elsewhere, and laboratory results out of such a file.
// `fhirPart(drawn)` is drawn with the page; `drawn` draws it anew.
import { html, nothing } from "lit-html";
import { initial } from "../initial.js";
import { Problem, toLogin } from "../api.js";
import { number, plural } from "../format.js";
import { icon } from "../parts.js";
import { say } from "../messages.js";
import { api1, patient } from "./patient.js";

const LARGEST = 8 * 1024 * 1024;
const UNREACHED = "No answer from the server. Nothing was changed; try again.";
const OTHERS = {
  birth_date: `The file is about somebody who was born on another day than ${patient?.name}.`,
  sex: `The file is about somebody of another sex than ${patient?.name}.`,
};

let file = null;
let stage = "choose"; // choose, sending, seen, done
let answer = null;
let problem = "";
let other = false; // the file is about somebody who was born on another day, or of another sex
let force = false;
let opened = false;

async function send(preview) {
  const headers = { Accept: "application/json", "Content-Type": "application/fhir+json" };
  if (initial.csrf) headers["X-CSRF-Token"] = initial.csrf;
  const query = `preview=${preview}&force=${force}`;
  const response = await fetch(`${api1}/fhir?${query}`, { method: "POST", headers, body: file }).catch(() => null);
  if (!response) throw new Problem(0, { detail: UNREACHED });
  if (response.status === 401) toLogin();
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, told, response.headers.get("Retry-After"));
  return told;
}

async function run(preview, drawn) {
  [stage, problem] = ["sending", ""];
  drawn();
  try {
    answer = await send(preview);
    stage = preview ? "seen" : "done";
    if (!preview) say("The results are taken over.");
  } catch (failure) {
    other = failure.status === 409 && failure.field in OTHERS;
    problem = other ? `${OTHERS[failure.field]} Nothing was taken.` : failure.message;
    stage = "choose";
  }
  drawn();
}

function chosen(event, drawn) {
  [file] = event.target.files;
  [answer, problem, other, force] = [null, "", false, false];
  if (file && file.size <= LARGEST) run(true, drawn);
  else if (file) problem = "The file is larger than 8 MiB. Ask for one with laboratory results only.";
  drawn();
}

function again(drawn) {
  [file, answer, problem, stage, other, force] = [null, null, "", "choose", false, false];
  drawn();
}

const trouble = (drawn) => html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>
  ${other ? html`<p><button type="button" class="quiet" @click=${() => { force = true; run(true, drawn); }}>It is ${patient.name} all the same</button></p>` : nothing}`;

const chooser = (drawn) => html`${problem ? trouble(drawn) : nothing}
  <div class="field"><label for="f-fhir">File with results</label><input id="f-fhir" type="file" accept=".json,application/json,application/fhir+json" aria-describedby="f-fhir-help" @change=${(event) => chosen(event, drawn)}>
    <small id="f-fhir-help">A FHIR R4 Bundle. It is only looked at first; of what it holds, laboratory results are taken.</small></div>`;

const figure = (name, value) => html`<dt>${name}</dt><dd>${number(value)}</dd>`;
const figures = () => html`<dl class="facts">${figure("New results", answer.added)}${figure("Changed", answer.changed)}${figure("As they are", answer.unchanged)}${figure("Not taken", answer.skipped_in_all)}</dl>`;

const reasons = () => (answer.skipped.length ? html`<details class="more"><summary>What is not taken, and why</summary>
  <ul class="lines">${answer.skipped.map((one) => html`<li><span>Entry ${number(one.index + 1)}: ${one.reason}</span></li>`)}</ul>
  ${answer.skipped_in_all > answer.skipped.length ? html`<p class="muted">The first ${number(answer.skipped.length)} of ${number(answer.skipped_in_all)}.</p>` : nothing}</details>` : nothing);

const seen = (drawn) => html`<h3>What ${file.name} does</h3>${figures()}${reasons()}
  ${answer.added || answer.changed ? nothing : html`<p class="note">${icon("check")}<span>${answer.unchanged ? "The record has all of this already." : "There is no result in it that can be taken."}</span></p>`}
  <p class="row">${answer.added || answer.changed ? html`<button type="button" @click=${() => run(false, drawn)}>${icon("check")}Take ${plural(answer.added + answer.changed, "result")} over</button>` : nothing}
    <button type="button" class="quiet" @click=${() => again(drawn)}>Choose another file</button></p>`;

const done = (drawn) => html`<h3>${file.name} is taken over</h3>${figures()}${reasons()}
  <p class="row"><button type="button" class="quiet" @click=${() => again(drawn)}>Choose another file</button></p>`;

const STAGES = { choose: chooser, seen, done, sending: () => html`<p class="muted" aria-busy="true">Looking at ${file.name}…</p>` };

/** Download and, for who may write results, import. */
export const fhirPart = (drawn) => html`<article class="stack" id="fhir"><h2>${icon("report")}As data for other programs (FHIR)</h2>
  <p class="muted">All that you may see of this record in the form that hospitals exchange (FHIR R4): vitals of the last 90 days, results, advice, questionnaire, notes.
    Like a report, it names the person it is about: keep it as safe.</p>
  <p class="row"><a class="button" href="${api1}/fhir" download="record-${patient.id}.json">${icon("download")}Download as FHIR</a>
    ${initial.user?.role === "doctor" ? nothing : html`<a class="button quiet" href="${api1}/fhir?audit=true" download="record-${patient.id}.json">${icon("download")}With who looked</a>`}</p>
  ${patient.sections?.includes("labs") === false ? nothing : html`<details class="more" ?open=${opened} @toggle=${(event) => { opened = event.currentTarget.open; }}><summary>Take results from such a file</summary>${STAGES[stage](drawn)}</details>`}</article>`;
