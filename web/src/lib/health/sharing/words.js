// The sections of a link that are words: advice, questionnaire, notes, habits.
import { html, nothing } from "lit-html";
import { number, plural } from "../../format.js";
import { initial } from "../../initial.js";
import { when } from "../../parts.js";

const none = (words) => html`<p class="muted">${words}</p>`;
const prose = (text) => html`<p class="prose">${text}</p>`;

export function advicePart(section) {
  const parts = Object.entries(initial.advice ?? {}).filter(([key]) => section[key]);
  if (!parts.length) return none("No doctor has written advice yet.");
  return parts.map(([key, title]) => html`<section><h3>${title}</h3>${prose(section[key])}
    <p class="small muted">${section.about?.[key]?.author_name ?? ""}, ${when(section.about?.[key]?.at)}</p></section>`);
}

export const notesPart = (section) => (section.items.length
  ? section.items.map((note) => html`<section>${prose(note.text)}<p class="small muted">${note.author_name}, ${when(note.at)}</p></section>`)
  : none("There are no notes."));

const answer = (question, value) => {
  if (question.kind === "yes_no") return value ? "Yes" : "No";
  if (question.kind === "choice") return question.options?.find((one) => one.value === value)?.label ?? String(value);
  if (question.kind === "list") return html`<ul>${value.map((row) => html`<li>${question.columns.filter((one) => row[one.id] !== undefined && row[one.id] !== null).map((one) => `${one.text}: ${row[one.id]}`).join(", ")}</li>`)}</ul>`;
  return `${value}${question.unit ? ` ${question.unit}` : ""}`;
};

const asked = (part, given) => part.questions.filter((one) => given[one.id] !== undefined && given[one.id] !== null && given[one.id] !== "");

export function questionnairePart(section) {
  const parts = (initial.form ?? []).filter((part) => section[part.id]);
  if (!parts.length) return none("The questionnaire is not filled in yet.");
  return parts.map((part) => html`<section><h3>${part.title}</h3>${typeof section[part.id] === "string"
    ? prose(section[part.id])
    : html`<dl class="facts answers">${asked(part, section[part.id]).map((one) => html`<dt>${one.text}</dt><dd>${answer(one, section[part.id][one.id])}</dd>`)}</dl>`}</section>`);
}

const habit = (one) => html`<tr><th scope="row" data-label="Habit">${one.name}</th>
  <td data-label="Today">${one.today?.state ?? "open"}</td>
  <td data-label="In a row">${one.streak} (best ${one.best_streak})</td>
  <td data-label="Strength">${number((one.strength ?? 0) * 100)} %</td></tr>`;

export function habitsPart(section) {
  const habits = section.items.filter((one) => !one.archived);
  if (!habits.length) return none("No habits are kept.");
  return html`<table class="table"><caption class="sr">${plural(habits.length, "habit")}</caption>
    <thead><tr>${["Habit", "Today", "In a row", "Strength"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${habits.map(habit)}</tbody></table>`;
}
