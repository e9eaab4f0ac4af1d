// The patient whom a page is about, and the way to this patient's other pages.
import { html } from "lit-html";
import { initial } from "../initial.js";
import { icon } from "../parts.js";
import { sees } from "./sections.js";

export const patient = initial.patient;
export const home = patient ? `/health/${encodeURIComponent(patient.id)}` : "/health";
export const api1 = patient ? `/api/v1/patients/${encodeURIComponent(patient.id)}` : "";

// the page's path, its name, its picture, and the section, or one of those, that who looks must
// be let into
const PAGES = [
  ["monitoring", "Monitoring", "heart", "readings"],
  ["charts", "Charts", "chart", "readings"],
  ["data", "Data", "table", "readings"],
  ["report", "Report", "report", null],
  ["labs", "Results", "scale", "labs"],
  ["habits", "Habits", "habits", "habits"],
  ["advice", sees("advice") ? "Advice" : "Notes", "health", ["advice", "notes"]],
  ["questionnaire", "Questions", "pencil", "questionnaire"],
  ["sharing", "Sharing", "users", "own"],
];

const link = (here) => ([name, words, picture]) =>
  html`<li><a class="button quiet" href="${home}/${name}" aria-current=${name === here ? "page" : "false"}>${icon(picture)}${words}</a></li>`;

/** Back to the four doors, the page's heading, and the patient's other pages. */
export const heading = (here, title, lead, tools = "") => html`
  <p class="small back no-print"><a href=${home}>${icon("left")}${patient.name}</a></p>
  <div class="head"><div><h1>${title}</h1><p class="lead">${lead}</p></div><div class="row no-print">${tools}</div></div>
  <nav class="doors-row no-print" aria-label="Pages of ${patient.name}"><ul>${PAGES.filter((page) => sees(page[3])).map(link(here))}</ul></nav>`;

/** Full years on this day from "1950-02-28". */
export function years(birthDate, today = new Date()) {
  if (!birthDate) return null;
  const [year, month, day] = birthDate.split("-").map(Number);
  const before = today.getMonth() + 1 < month || (today.getMonth() + 1 === month && today.getDate() < day);
  return today.getFullYear() - year - (before ? 1 : 0);
}
