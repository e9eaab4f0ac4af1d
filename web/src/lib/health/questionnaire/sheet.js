// All answers to look through: by section, with what follows from them.
import { html, nothing } from "lit-html";
import { number } from "../../format.js";
import { icon } from "../../parts.js";
import { inWords } from "./values.js";

const rows = (question, list) => html`<div class="scroll-x"><table class="table mini"><caption class="sr">${question.text}</caption>
  <thead><tr>${question.columns.map((column) => html`<th scope="col">${column.text}</th>`)}</tr></thead>
  <tbody>${list.map((row) => html`<tr>${question.columns.map((column) => html`<td data-label=${column.text}>${column.id in row ? inWords(column, row[column.id]) : html`<span class="muted">–</span>`}</td>`)}</tr>`)}</tbody></table></div>`;

const one = (question, value) => (question.kind === "list"
  ? html`<dt class="wide">${question.text}</dt><dd class="wide">${rows(question, value)}</dd>`
  : html`<dt>${question.text}</dt><dd class="words">${inWords(question, value)}</dd>`);

const answers = (section, given) => {
  if (given === null) return html`<p class="muted">Not answered.</p>`;
  if (typeof given === "string") return html`<p class="words">${given}</p>`;
  return html`<dl class="facts answers">${section.questions.filter((question) => question.id in given).map((question) => one(question, given[question.id]))}</dl>`;
};

const score = (found) => html`<p class="score"><strong>${found.name}: ${number(found.value, Number.isInteger(found.value) ? 0 : 1)}${found.most === null ? "" : ` of ${found.most}`}</strong>${found.unit === "min/wk" ? " a week" : ""}
  <span class="small muted">${found.note}</span></p>`;

const source = (section) => (section.source ? html`<p class="small muted">${section.source}</p>` : nothing);

/** The sheet; `change(section)` leads back to a page of the wizard, none for who only reads. */
export const sheet = (form, given, change) => html`<div class="report q-sheet">${form.sections.map((section) => html`<article class="q-answers" aria-labelledby="s-${section.id}">
  <div class="row between"><h2 id="s-${section.id}">${section.title}</h2>
    ${change ? html`<button type="button" class="quiet no-print" aria-label="Change ${section.title}" @click=${() => change(section.id)}>${icon("pencil")}Change</button>` : nothing}</div>
  ${answers(section, given[section.id])}
  ${given.scores.filter((found) => found.section === section.id).map(score)}${given[section.id] ? source(section) : nothing}</article>`)}</div>`;
