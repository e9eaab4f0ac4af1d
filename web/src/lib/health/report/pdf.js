// The report as PDF: which days and sections, made while the button says so, seen or kept.
import { html, nothing } from "lit-html";
import { Problem, toLogin } from "../../api.js";
import { number, plural } from "../../format.js";
import { icon } from "../../parts.js";
import { api1, home, patient } from "../patient.js";
import { SECTIONS, sees } from "../sections.js";

export const PERIODS = [[30, "30 days"], [90, "90 days"], [366, "A year"]];
const NO_ANSWER = "No answer from the server. Nothing is lost: try again when you are connected.";
const WHILE_MADE = "A page may open behind this one; close it and allow pop-ups to see the report at once.";

const seen = Object.keys(SECTIONS).filter((one) => sees(one));
const chosen = new Set(seen);
let days = 90;
let making = ""; // "view", "download", or nothing is made
let since = 0;
let told = ""; // how it went
let problem = "";
let clock = null;

/** The days that the page and the PDF are about. */
export const period = () => days;

async function fetched(download) {
  const query = new URLSearchParams({ days, sections: [...chosen].join(","), download });
  const response = await fetch(`${api1}/report.pdf?${query}`, { cache: "no-store" }).catch(() => null);
  if (!response) throw new Problem(0, { detail: NO_ANSWER });
  if (response.status === 401) toLogin();
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})), response.headers.get("Retry-After"));
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "health-report.pdf";
  return { blob: await response.blob().catch(() => { throw new Problem(0, { detail: NO_ANSWER }); }), name };
}

function keep({ blob, name }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** The PDF in the tab that the click opened: one that is opened later, browsers hold back. */
function show({ blob }, tab) {
  const address = URL.createObjectURL(blob);
  if (tab && !tab.closed) tab.location = address;
  else location.assign(address);
}

async function make(how, drawn) {
  if (making) return;
  const tab = how === "view" ? window.open("", "_blank") : null;
  if (tab) tab.document.title = "Making the report…";
  [making, since, told, problem] = [how, Date.now(), "", ""];
  clock = setInterval(drawn, 1000);
  drawn();
  try {
    const file = await fetched(how === "download");
    if (how === "view") show(file, tab);
    else keep(file);
    told = `The report is ${how === "view" ? "open" : "saved"}: ${plural(days, "day")}, ${number(Math.ceil(file.blob.size / 1024))} kB.`;
  } catch (failure) {
    tab?.close();
    problem = failure.message;
  }
  clearInterval(clock);
  making = "";
  drawn();
}

const words = (how, text) => {
  const seconds = Math.round((Date.now() - since) / 1000);
  return making === how ? `Making the report…${seconds > 1 ? ` ${seconds} s` : ""}` : text;
};

const button = (how, picture, text, kind, drawn) => html`<button type="button" class=${kind} aria-busy=${making === how ? "true" : "false"}
  ?disabled=${!chosen.size || (making && making !== how)} @click=${() => make(how, drawn)}>${making === how ? nothing : icon(picture)}${words(how, text)}</button>`;

const which = (drawn) => html`<fieldset class="pdf-sections"><legend>What goes in it</legend><div class="chips">${seen.map((key) => html`<label class="chip">
  <input type="checkbox" .checked=${chosen.has(key)} @change=${(event) => { chosen[event.target.checked ? "add" : "delete"](key); drawn(); }}>${SECTIONS[key].name}</label>`)}</div>
  ${chosen.size ? nothing : html`<p class="small" role="alert">Choose at least one part.</p>`}</fieldset>`;

const when = (changed) => html`<div class="field pdf-days"><label for="f-days">Period</label><select id="f-days" @change=${(event) => { days = Number(event.target.value); changed(); }}>
  ${PERIODS.map(([value, name]) => html`<option value=${value} ?selected=${value === days}>${name}</option>`)}</select></div>`;

/** The part of the page; `drawn` draws it anew, `changed` when the days are others. */
export const pdfPart = (drawn, changed) => html`<article class="stack no-print" id="pdf"><h2>${icon("report")}The report as PDF</h2>
  <p class="muted">To read, to print or to send. It has what you may see of the record, in any language's letters. ${patient.name}'s name is on it: keep it safe.</p>
  ${when(changed)}${which(drawn)}
  <div class="row">${button("view", "report", "View report in PDF", "", drawn)}${button("download", "download", "Download as PDF", "quiet", drawn)}
    ${sees("own") ? html`<a class="button quiet" href="${home}/sharing">${icon("users")}Share with your doctor</a>` : nothing}</div>
  <p class="small muted" role="status">${making === "view" ? WHILE_MADE : told}</p>
  ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}</article>`;
