// Weekday by hour: a real table whose cells are coloured by their own figure.
import { html } from "lit-html";
import { number } from "../format.js";
import { hourName, weekdayName } from "./days.js";
import { short } from "./plot.js";

export const MEASURES = { both: "both", entries: "entries", exits: "exits" };
const LEVELS = 6;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** On a phone the hours go down the page: 24 columns would not fit. */
export const upright = matchMedia("(max-width: 899px)");

const measured = (item, measure) => (measure === "both" ? item.entries + item.exits : item[measure]);

function cells(items, measure) {
  const found = new Map(items.map((item) => [item.weekday * 24 + item.hour, measured(item, measure)]));
  return (day, hour) => found.get(day * 24 + hour) ?? 0;
}

const level = (value, most) => (value ? Math.max(1, Math.ceil((value / most) * LEVELS)) : 0);

const cell = (value, most, day, hour) => html`<td class="heat-${level(value, most)}" title="${weekdayName(day, "long")}, ${hourName(hour)}: ${number(value)}">${value ? short(value) : html`<span aria-hidden="true">·</span><span class="sr">0</span>`}</td>`;

const day = (number) => html`<abbr title=${weekdayName(number, "long")}>${weekdayName(number)}</abbr>`;

const lying = (at, most) => html`<thead><tr><td></td>${HOURS.map((hour) => html`<th scope="col">${String(hour).padStart(2, "0")}<span class="sr">:00</span></th>`)}</tr></thead>
  <tbody>${DAYS.map((one) => html`<tr><th scope="row">${day(one)}</th>${HOURS.map((hour) => cell(at(one, hour), most, one, hour))}</tr>`)}</tbody>`;

const standing = (at, most) => html`<thead><tr><td></td>${DAYS.map((one) => html`<th scope="col">${day(one)}</th>`)}</tr></thead>
  <tbody>${HOURS.map((hour) => html`<tr><th scope="row">${String(hour).padStart(2, "0")}<span class="sr">:00</span></th>${DAYS.map((one) => cell(at(one, hour), most, one, hour))}</tr>`)}</tbody>`;

export function heatmap(items, measure, days) {
  const at = cells(items, measure);
  const most = Math.max(1, ...items.map((item) => measured(item, measure)));
  return html`<table class="heat ${upright.matches ? "standing" : ""}">
    <caption class="sr">Movements (${MEASURES[measure] === "both" ? "entries and exits" : MEASURES[measure]}) by weekday and hour, the last ${days} days</caption>
    ${upright.matches ? standing(at, most) : lying(at, most)}</table>
  <p class="heat-scale small muted" aria-hidden="true">few ${Array.from({ length: LEVELS }, (_, i) => html`<span class="heat-${i + 1}"></span>`)} many</p>`;
}
