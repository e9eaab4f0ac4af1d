import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { act } from "./lib/act.js";
import { api } from "./lib/api.js";
import { plural } from "./lib/format.js";
import { card } from "./lib/health/advice/cards.js";
import { Editor } from "./lib/health/advice/editor.js";
import { openHistory } from "./lib/health/advice/history.js";
import { loadNotes, noteList } from "./lib/health/advice/notes.js";
import { keepSeen, seenVersions, unseen } from "./lib/health/advice/seen.js";
import { api1, heading, patient } from "./lib/health/patient.js";
import { disclaimer } from "./lib/health/vitals.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon, stateBadge } from "./lib/parts.js";

const place = document.getElementById("app");
const { sections, writes, own, limit } = initial;
const seen = seenVersions(patient.id);
const reads = user.role === "patient";
const advises = Boolean(initial.advice); // else a doctor was let into the notes alone
const editors = new Map(); // by section, while it is written

let advice = initial.advice;
let news = null; // what came while the page was open

const fresh = () => (reads ? unseen(advice, seen) : []);
const titleOf = (id) => sections.find((section) => section.id === id)?.title ?? id;

function changed(now) {
  advice = now;
  if (reads) keepSeen(patient.id, advice);
}

function edit(section, text = null) {
  const closed = () => {
    editors.delete(section.id);
    draw();
  };
  editors.set(section.id, new Editor(section, limit, { advice: () => advice, changed, draw, closed }, text));
  draw();
  document.getElementById(`e-${section.id}`)?.focus();
}

async function history(section) {
  const text = await openHistory(section, writes);
  if (text !== undefined) edit(section, text);
}

const banner = () => (news ? html`<p class="note" role="status">${icon("bell")}<span><strong>${news.by} has written: ${news.what}.</strong>
  ${news.first ? html`<a href="#advice-${news.first}">Read it</a>` : nothing}</span></p>` : html`<p class="sr" role="status"></p>`);

const count = () => (advises && fresh().length ? stateBadge("good", "bell", `${plural(fresh().length, "section")} new`) : nothing);

const titleHere = () => {
  if (!advises) return `Notes about ${patient.name}`;
  return writes ? `Advice for ${patient.name}` : "Doctor's advice";
};

const lead = () => {
  if (!advises) return "What the patient and doctors noted, the newest first.";
  return writes
    ? `What you publish, ${patient.name} reads at once, here and on the watch. Drafts are seen by you only, and by admins.`
    : `What your doctors advise, in nine sections.`;
};

function draw() {
  const page = { advice, fresh: fresh(), editors, own, writes, edit, history: (section) => act(null, () => history(section)) };
  render(html`${heading("advice", titleHere(), lead(), count())}
    ${advises ? html`${banner()}<div class="advice">${sections.map((section) => card(section, page))}</div>` : nothing}
    ${initial.notes ? noteList(own, limit, draw) : nothing}${disclaimer}`, place);
}

async function reload(data = null) {
  if (!advises) return;
  changed(await api("GET", `${api1}/advice`));
  if (data && data.by) {
    const keys = data.what.split(", ");
    news = { by: data.by, what: keys.map(titleOf).join(", "), first: keys[0] };
  }
  draw();
}

function record(data) {
  if (data.patient !== patient.id) return;
  if (data.section === "advice") reload(reads ? data : null).catch(() => {});
  if (data.section === "notes" && initial.notes) loadNotes(draw);
}

draw();
if (reads) keepSeen(patient.id, advice);
if (initial.notes) loadNotes(draw);
live({ record, resync: () => reload(), reconnected: () => reload() });

// leaving with words that are not saved is asked about
addEventListener("beforeunload", (event) => [...editors.values()].some((editor) => !editor.saved) && event.preventDefault());
