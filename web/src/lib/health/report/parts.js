// The parts of the record that have pages of their own, for the end of the report's page.
import { html, nothing } from "lit-html";
import { icon } from "../../parts.js";
import { home } from "../patient.js";
import { sees } from "../sections.js";

const PARTS = [
  ["labs", "labs", "scale", "Laboratory results", "with ranges, what is high or low, and how it goes"],
  ["advice", "advice", "health", "Doctor's advice", "in nine sections, with who wrote it"],
  ["questionnaire", "questionnaire", "pencil", "Questionnaire", "medicines, sleep, exercise and more"],
  ["notes", "advice", "queue", "Notes", "of the patient and of doctors"],
  ["habits", "habits", "habits", "Habits", "day by day"],
];

/** Where the rest of the record is seen; the PDF has all of it. */
export const otherParts = () => {
  const shown = PARTS.filter(([section]) => sees(section));
  if (!shown.length) return nothing;
  return html`<section class="no-print"><h2>The rest of the record</h2><p class="muted">It is in the PDF; to look at it here:</p>
    <ul class="lines">${shown.map(([, page, picture, name, help]) => html`<li><span>${icon(picture)} <a href="${home}/${page}">${name}</a> <span class="muted">${help}</span></span></li>`)}</ul></section>`;
};
