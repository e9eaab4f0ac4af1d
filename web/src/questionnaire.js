import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { moment } from "./lib/format.js";
import { api1, heading, patient } from "./lib/health/patient.js";
import { fields, focusWrong, ownWords } from "./lib/health/questionnaire/fields.js";
import { sheet } from "./lib/health/questionnaire/sheet.js";
import { answersOf, rawSection } from "./lib/health/questionnaire/values.js";
import { disclaimer } from "./lib/health/vitals.js";
import { initial } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { warn } from "./lib/messages.js";
import { icon, when } from "./lib/parts.js";

const place = document.getElementById("app");
const { form, writes } = initial;
const STEPS = [...form.sections.map((section) => section.id), "review"];
const REVIEW = STEPS.length - 1;
const ADDRESS = `${api1}/questionnaire`;

let known = initial.questionnaire; // as the server has it
let step = Math.max(0, STEPS.indexOf(known.step));
let raw = {};
let dirty = false;
let errors = {};
let state = ""; // saving, saved, failed
let elsewhere = false;

const section = () => form.sections[step];
const fresh = () => (raw = Object.fromEntries(form.sections.map((one) => [one.id, rawSection(one, known[one.id])])));
const titleOf = (number) => form.sections[number]?.title ?? "Look through";

function put(question, value, drawn) {
  const { values } = raw[section().id];
  values[question] = typeof value === "function" ? value(values[question]) : value;
  touched(drawn);
}

function touched(drawn = true) {
  dirty = true;
  state = "";
  if (drawn) draw();
}

/** Save this page and be at `next`; true when that worked. */
async function save(next, more = {}) {
  const body = { step: STEPS[next], ...more };
  if (step < REVIEW && dirty) {
    const { answers, errors: found } = answersOf(section(), raw[section().id]);
    errors = found;
    if (Object.keys(found).length) return stay();
    body[section().id] = answers;
  }
  state = "saving";
  draw();
  try {
    known = await api("PUT", ADDRESS, body);
  } catch (problem) {
    if (problem.field) errors = { [problem.field]: problem.message };
    else warn(problem.message);
    return stay();
  }
  [state, dirty, elsewhere, errors] = ["saved", false, false, {}];
  fresh();
  return true;
}

function stay() {
  state = "failed";
  draw();
  if (Object.keys(errors).length && !focusWrong(errors)) warn(Object.values(errors)[0]);
  return false;
}

async function go(next) {
  if (state === "saving" || !(await save(next))) return;
  step = next;
  draw();
  scrollTo(0, 0);
  document.getElementById("step-title").focus();
}

async function finish() {
  if (await save(REVIEW, { finished: true })) draw();
}

function toWords(wanted) {
  raw[section().id].text = wanted ? "" : null;
  touched();
}

const STATES = { saving: "Saving…", saved: "Saved", failed: "Not saved: see below." };

const status = () => html`<p class="small q-state" role="status">${state === "saved" ? icon("check") : nothing}${STATES[state] ?? (dirty ? "Saved when you go on." : "")}</p>`;

const mark = (number) => (number < REVIEW && known[STEPS[number]] !== null ? "answered" : "");

const stepButton = (number) => html`<li><button type="button" class="q-step ${mark(number)}" aria-current=${number === step ? "step" : "false"} @click=${() => number !== step && go(number)}>
  <span class="q-number">${mark(number) ? icon("check") : number === REVIEW ? icon("report") : number + 1}</span><span class="q-title">${titleOf(number)}</span>
  ${number < REVIEW ? html`<span class="sr">${mark(number) ? ", answered" : ", not answered"}</span>` : nothing}</button></li>`;

const progress = () => html`<nav class="q-steps no-print" aria-label="Steps of the questionnaire">
  <p class="small muted"><label for="q-progress">Step ${step + 1} of ${STEPS.length}</label></p><progress id="q-progress" max=${STEPS.length} value=${step + 1}></progress>
  <ol>${STEPS.map((_, number) => stepButton(number))}</ol></nav>`;

const back = () => html`<button type="button" class="quiet" ?disabled=${step === 0} @click=${() => go(step - 1)}>${icon("left")}Back</button>`;

const page = () => {
  const mine = raw[section().id];
  const words = mine.text !== null;
  return html`<form class="q-page" novalidate @submit=${(event) => { event.preventDefault(); go(step + 1); }}>
    <h2 id="step-title" tabindex="-1">${section().title}</h2><p class="muted">${section().lead} All of it may be left out.</p>
    ${elsewhere ? html`<p class="note warn" role="status">${icon("warning")}<span>Something was changed elsewhere meanwhile. What you save here replaces it on this page only.</span></p>` : nothing}
    ${words ? ownWords(section(), mine, form.text_limit, (text) => { mine.text = text; touched(false); }, errors) : fields(section(), mine, put, errors)}
    <p><button type="button" class="plain-button q-words" @click=${() => toWords(!words)}>${words ? "Answer question by question instead" : "Write it in my own words instead"}</button></p>
    ${section().source ? html`<p class="small muted">${section().source}</p>` : nothing}
    <div class="row between q-way">${back()}${status()}<button>Next${icon("right")}</button></div></form>`;
};

const tools = () => html`<a class="button quiet" href="${ADDRESS}.csv" download>${icon("download")}Export report (CSV)</a>
  <button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print</button>
  <a class="button quiet" href="${api1}/report.pdf">${icon("report")}Report as PDF</a>`;

const changed = () => (known.changed_at ? html`<p class="muted">Last changed ${when(known.changed_at)}, ${moment(known.changed_at)}.${known.finished_at ? html` Finished ${when(known.finished_at)}.` : nothing}</p>`
  : html`<p class="muted">Nothing was answered yet.</p>`);

const review = () => html`<div class="q-page"><h2 id="step-title" tabindex="-1">Look through your answers</h2>${changed()}
  <div class="row no-print q-tools">${tools()}</div>${sheet(form, known, (id) => go(STEPS.indexOf(id)))}
  <div class="row between q-way no-print">${back()}${status()}<button type="button" @click=${finish}>${icon("check")}${known.finished_at ? "Finished: confirm again" : "I am done"}</button></div></div>`;

const reading = () => html`<h2 class="sr">Answers</h2>${changed()}<div class="row no-print q-tools">${tools()}</div>${sheet(form, known, null)}`;

const wizard = () => html`<div class="q-wizard">${progress()}<section aria-labelledby="step-title">${step === REVIEW ? review() : page()}</section></div>`;

function draw() {
  const lead = writes ? "Answer once, change it whenever something changes. It is saved at every step." : `What ${patient.name} has answered.`;
  render(html`${heading("questionnaire", "Questionnaire", lead)}${writes ? wizard() : reading()}${disclaimer}`, place);
}

async function reload() {
  const now = await api("GET", ADDRESS);
  if (now.version === known.version) return;
  if (dirty) elsewhere = true;
  else [known, state] = [now, ""];
  if (!dirty) fresh();
  draw();
}

// who leaves in the middle of a page finds it again
document.addEventListener("visibilitychange", () => {
  if (!document.hidden || !writes || !dirty || step === REVIEW) return;
  const { answers, errors: found } = answersOf(section(), raw[section().id]);
  if (Object.keys(found).length) return;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": initial.csrf };
  const body = JSON.stringify({ step: STEPS[step], [section().id]: answers });
  fetch(ADDRESS, { method: "PUT", headers, body, keepalive: body.length < 60000 }).catch(() => {});
});

fresh();
draw();
live({ record: (data) => data.patient === patient.id && data.section === "questionnaire" && state !== "saving" && reload().catch(() => {}), resync: reload, reconnected: reload });
