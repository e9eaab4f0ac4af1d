// A chart for those who see no picture: one sentence, and the same values as a table.
import { html, nothing } from "lit-html";
import { moment, plural } from "../format.js";
import { KIND_NAMES, shown, VITALS, vitalOf } from "./vitals.js";

const MOST_ROWS = 500;
const HEADS = ["Time", "Vital", "Lowest", "Median", "Highest", "Note"];

/** `seen`: {kind: points that are looked at}. */
export function sentence(seen) {
  const parts = Object.entries(seen).map(([kind, list]) => {
    if (!list.length) return `${KIND_NAMES[kind]}: nothing measured`;
    const vital = vitalOf(kind);
    const low = Math.min(...list.map((one) => one.min));
    const high = Math.max(...list.map((one) => one.max));
    return `${KIND_NAMES[kind]}: from ${shown(vital, low)} to ${shown(vital, high)} ${VITALS[vital].unit}`;
  });
  return `Chart. ${parts.join(". ")}. The same values are in the table below.`;
}

const note = (one) => (one.suspect ? "suspect" : one.count > 1 ? plural(one.count, "reading") : "");

const row = (one) => html`<tr><td data-label="Time">${moment(new Date(one.at * 1000))}</td><td data-label="Vital">${KIND_NAMES[one.kind]}</td>
  <td data-label="Lowest">${shown(vitalOf(one.kind), one.min)}</td><td data-label="Median">${shown(vitalOf(one.kind), one.median)}</td>
  <td data-label="Highest">${shown(vitalOf(one.kind), one.max)}</td><td data-label="Note">${note(one)}</td></tr>`;

const newest = (seen) => Object.entries(seen)
  .flatMap(([kind, list]) => list.map((one) => ({ ...one, kind })))
  .sort((a, b) => b.at - a.at).slice(0, MOST_ROWS);

const table = (seen) => html`<div class="panel"><table class="table">
    <thead><tr>${HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${newest(seen).map(row)}</tbody></table></div>
  <p class="small muted">The newest ${MOST_ROWS} at most; the data sheet has every reading.</p>`;

/** The table is made only while it is open; `toggled(open)` asks for drawing. */
export const tableTwin = (seen, open, toggled) => html`<details class="more" @toggle=${(event) => toggled(event.currentTarget.open)}>
  <summary>The same as a table</summary>${open ? table(seen()) : nothing}</details>`;
