// The days of a habit as a heatmap: a real table, a column for each week, read out day by day.
import { html } from "lit-html";
import { STATES, before, dayName, monthName, shortDay, weekdayName, weekdayOf, withUnit } from "./words.js";

const SHADES = 6;
const SIGNS = { skip: "–", missed: "·", open: "", none: "" };

/** How many weeks fit beside each other. */
export const weeks = () => (matchMedia("(max-width: 599px)").matches ? 14 : matchMedia("(max-width: 899px)").matches ? 22 : 34);

/** The first day that the table shows. */
export const firstDay = (today) => before(today, weekdayOf(today) + 7 * (weeks() - 1));

/** What is to be shown of a day: its state, and how much of a goal it was. */
export function shown(habit, said, day, today) {
  if (said) return { state: said.state, part: part(habit, said), said };
  if (day > today) return { state: "none", part: 0 };
  if (day < habit.since) return { state: "none", part: 0 };
  if (day === today) return { state: "open", part: 0 };
  return { state: habit.per === "week" ? "free" : "missed", part: 0 };
}

function part(habit, said) {
  if (said.state === "skip") return 0;
  if (habit.target !== null) return Math.min(1, (said.value ?? 0) / (habit.per === "week" ? habit.target / 3 : habit.target));
  return Math.min(1, said.count / (habit.per === "week" ? 1 : habit.times));
}

/** "Saturday, 21 November: done, 2 L" */
export function words(habit, cell, day) {
  const name = cell.state === "none" ? "nothing" : cell.state === "free" ? "nothing noted" : STATES[cell.state][2];
  const how = cell.said && habit.target !== null && cell.said.value ? `, ${withUnit(cell.said.value, habit.unit)}` : "";
  const often = cell.said && habit.target === null && habit.times > 1 && habit.per === "day" && cell.said.count ? `, ${cell.said.count} of ${habit.times}` : "";
  return `${dayName(day)}: ${name}${how}${often}`;
}

const shade = (cell) => (cell.part ? Math.max(1, Math.ceil(cell.part * SHADES)) : 0);

function cellOf(habit, said, day, today) {
  const cell = shown(habit, said, day, today);
  const sign = cell.state === "done" ? "✓" : SIGNS[cell.state] ?? "";
  if (cell.state === "none") return html`<td></td>`;
  const text = words(habit, cell, day);
  return html`<td class="heat-${shade(cell)} ${cell.state} ${day === today ? "now" : ""}" title=${text}><span aria-hidden="true">${sign}</span><span class="sr">${text}</span></td>`;
}

const head = (monday, earlier) => html`<th scope="col"><span class="sr">Week of ${shortDay(monday)}</span>${earlier && monthName(monday) === monthName(earlier) ? "" : html`<span aria-hidden="true">${monthName(monday)}</span>`}</th>`;

export function calendar(habit, days, today) {
  const first = firstDay(today);
  const mondays = Array.from({ length: weeks() }, (_, week) => before(first, -7 * week));
  return html`<table class="heat habit-days">
    <caption class="sr">${habit.name}: what became of each day, a column for each week</caption>
    <thead><tr><td></td>${mondays.map((monday, week) => head(monday, mondays[week - 1]))}</tr></thead>
    <tbody>${[0, 1, 2, 3, 4, 5, 6].map((row) => html`<tr><th scope="row">${weekdayName(before(first, -row))}</th>
      ${mondays.map((monday) => {
        const day = before(monday, -row);
        return cellOf(habit, days[day], day, today);
      })}</tr>`)}</tbody></table>
  <p class="small muted" aria-hidden="true">✓ done, – skipped, · missed; darker is more of the goal</p>`;
}
