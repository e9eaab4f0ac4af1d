// What a link shows. The token stands behind the # of the address: no server sees it there, and
// it is taken out of the address bar before anything else happens.
import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { submit } from "./lib/act.js";
import { api } from "./lib/api.js";
import { plural } from "./lib/format.js";
import { years } from "./lib/health/patient.js";
import { SECTIONS, until } from "./lib/health/sections.js";
import { labsPart } from "./lib/health/sharing/labs.js";
import { vitalsPart } from "./lib/health/sharing/vitals.js";
import { advicePart, habitsPart, notesPart, questionnairePart } from "./lib/health/sharing/words.js";
import { disclaimer } from "./lib/health/vitals.js";
import { field, icon } from "./lib/parts.js";

const place = document.getElementById("app");
const PARTS = { readings: vitalsPart, labs: labsPart, advice: advicePart, questionnaire: questionnairePart, notes: notesPart, habits: habitsPart };

let token = "";
let opened = null; // what the server answered
let state = "opening"; // passcode, over, or in words what went wrong

function takeToken() {
  token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

async function open(passcode) {
  opened = await api("POST", "/api/v1/shared", passcode === undefined ? { token } : { token, passcode }, { signedIn: false });
  state = "open";
  document.title = `${opened.patient.name} · ${document.title.split(" · ").at(-1)}`;
  draw();
}

async function begin() {
  takeToken();
  opened = null;
  state = token ? "opening" : "over";
  draw();
  if (token) await open().catch(failed);
}

function failed(problem) {
  if (problem.body?.passcode_required) state = "passcode";
  else state = problem.status === 404 ? "over" : problem.message;
  draw();
}

/** A wrong passcode is told beside the field; a link that it locked is over. */
const tryPasscode = (event) => submit(event, ({ passcode }) => open(passcode).catch((problem) => {
  if (!problem.body?.passcode_required) return failed(problem);
  throw problem;
}));

const passcodeForm = () => html`<article class="narrow"><h1>${icon("key")}A passcode is needed</h1>
  <p>Whoever gave you this link has told you a passcode, or will. After five wrong ones the link is locked.</p>
  <form @submit=${tryPasscode}>
    ${field("Passcode", "passcode", { maxlength: 128, spellcheck: "false", autocapitalize: "none", autofocus: true })}
    <p class="form-error note bad" role="alert"></p><button>${icon("check")}Open</button></form></article>`;

const over = () => html`<article class="narrow"><h1>This link opens nothing</h1>
  <p>Its time is over, it was taken back, it was opened as often as it might be, or a part of it was lost on the way.</p>
  <p>Open it once more from where you got it: the whole of it, with what stands behind the <code>#</code>. This page forgets it when it is reloaded.
    If that does not help, ask the person who gave it to you for a new one.</p></article>`;

const trouble = () => html`<article class="narrow"><h1>This did not work</h1><p class="note bad" role="alert">${icon("warning")}<span>${state}</span></p>
  <p><button type="button" @click=${() => open().catch(failed)}>${icon("undo")}Try again</button></p></article>`;

const about = ({ patient }) => {
  const age = years(patient.birth_date);
  return [age === null ? null : `born ${patient.birth_date} (${plural(age, "year")} old)`, patient.sex === "unknown" ? null : patient.sex].filter(Boolean).join(", ");
};

const left = (count) => (count === null ? "" : count ? ` It can be opened ${plural(count, "more time", "more times")}.` : " This was the last time that it could be opened.");

const part = (section) => html`<article class="shared-part" id="part-${section}"><h2>${icon(SECTIONS[section].icon)}${SECTIONS[section].name}</h2>${PARTS[section](opened[section])}</article>`;

const record = () => html`<div class="head"><div><h1>${opened.patient.name}</h1><p class="lead">${about(opened)}</p></div>
    <div class="row no-print"><button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print</button></div></div>
  <p class="note">${icon("shield")}<span>${opened.patient.name} let you see this, ${until(opened.expires_at)}; that you looked is told to ${opened.patient.name}.${left(opened.openings_left)}
    This page is not kept: when you close it, it is gone.</span></p>
  ${opened.sections.map(part)}${disclaimer}`;

const VIEWS = { opening: () => html`<p aria-busy="true">Opening…</p>`, passcode: passcodeForm, over, open: record };

function draw() {
  render(html`${(VIEWS[state] ?? trouble)()}${nothing}`, place);
}

addEventListener("hashchange", () => location.hash.length > 1 && begin());
begin();
