// Entries and exits: bars side by side, and lines; exits are told by more than their colour.
import { html, nothing, svg } from "lit-html";
import { number } from "../format.js";
import { below, canvas, grid, PAD, plot, round, short } from "./plot.js";
import { ticks } from "./ticks.js";

const HEIGHT = 220;
const SERIES = [["entries", "Entries", "in"], ["exits", "Exits", "out"]];

export const legend = html`<p class="legend small">${SERIES.map(([, words, name]) => html`<span><span class="key ${name}" aria-hidden="true"></span>${words}</span>`)}</p>`;

const highest = (rows) => Math.max(0, ...rows.flatMap((row) => [row.entries, row.exits]));

function scales(rows, width) {
  const marks = ticks(highest(rows));
  const room = width - PAD.left - PAD.right;
  const tall = HEIGHT - PAD.top - PAD.bottom;
  return { marks, room, y: (value) => round(HEIGHT - PAD.bottom - (value / marks.at(-1)) * tall) };
}

function bar(row, [key, words, name], x, y, wide, told) {
  const top = y(row[key]);
  return svg`<g><title>${row.name}: ${number(row[key])} ${words.toLowerCase()}</title>
    <rect class="mark ${name}" x=${round(x)} y=${top} width=${round(wide)} height=${Math.max(0, round(y(0) - top))} rx="2"></rect>
    ${told && row[key] ? svg`<text class="told" x=${round(x + wide / 2)} y=${top - 5} text-anchor="middle">${short(row[key])}</text>` : nothing}</g>`;
}

function paintBars(rows, width) {
  const { marks, room, y } = scales(rows, width);
  const slot = room / Math.max(1, rows.length);
  const wide = Math.min(34, (slot * 0.72) / 2);
  const middle = (i) => round(PAD.left + slot * (i + 0.5));
  return canvas(width, HEIGHT, svg`${grid(marks, y, width)}
    ${rows.map((row, i) => SERIES.map((series, j) => bar(row, series, middle(i) + (j ? 1 : -wide - 1), y, wide, wide > 22)))}
    ${below(rows.map((row) => row.label), middle, HEIGHT, room)}`);
}

const path = (rows, key, x, y) => rows.map((row, i) => `${i ? "L" : "M"}${x(i)} ${y(row[key])}`).join("");

function paintLines(rows, width) {
  const { marks, room, y } = scales(rows, width);
  const step = room / Math.max(1, rows.length - 1);
  const x = (i) => round(PAD.left + step * i);
  return canvas(width, HEIGHT, svg`${grid(marks, y, width)}
    ${SERIES.map(([key, , name]) => svg`<path class="line ${name}" d=${path(rows, key, x, y)}></path>`)}
    ${rows.map((row, i) => SERIES.map(([key, words, name]) => svg`<circle class="dot ${name}" cx=${x(i)} cy=${y(row[key])} r="3"><title>${row.name}: ${number(row[key])} ${words.toLowerCase()}</title></circle>`))}
    ${below(rows.map((row) => row.label), x, HEIGHT, room)}`);
}

/** One sentence for those who see no picture. */
function sentence(what, rows) {
  if (!rows.length) return `${what}: nothing yet.`;
  const sum = (key) => number(rows.reduce((all, row) => all + row[key], 0));
  const most = rows.reduce((best, row) => (row.entries + row.exits > best.entries + best.exits ? row : best));
  return `${what}: ${sum("entries")} entries and ${sum("exits")} exits in all, most on ${most.name}.`;
}

/** `rows`: [{name, label, entries, exits}]. */
export const bars = (what, rows) => plot(sentence(what, rows), (width) => paintBars(rows, width));
export const lines = (what, rows) => plot(sentence(what, rows), (width) => paintLines(rows, width));

const SPARK = 5; // pixels of an hour

/** 24 small bars of the movements of an hour. */
export function sparkbars(hourly, label) {
  const most = Math.max(1, ...hourly);
  return html`<svg class="sparkbars" viewBox="0 0 ${24 * SPARK} 24" role="img" aria-label=${label}>
    ${hourly.map((count, hour) => svg`<rect class=${count ? "mark in" : "nothing"} x=${hour * SPARK} width=${SPARK - 1} y=${round(24 - Math.max(1, (count / most) * 23))} height=${round(Math.max(1, (count / most) * 23))}><title>${hour}:00, ${number(count)}</title></rect>`)}</svg>`;
}

/** A share of a whole, 0 to 1, as a bar; the figure itself stands beside it. */
export const share = (part) => html`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
  <rect class="all" width="100" height="8"></rect><rect class="mark in" width=${round(Math.min(1, Math.max(0, part)) * 100)} height="8"></rect></svg>`;
