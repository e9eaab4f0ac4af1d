// Who is inside, by one of the five categories.
import { html, nothing } from "lit-html";
import { number } from "../format.js";
import { sparkbars, share } from "./charts.js";
import { hourName, span } from "./days.js";
import { CATEGORIES, named, NAMES } from "./filters.js";

/** Tabs with arrow keys, as screen readers expect them. */
export const tabs = (by, chosen) => html`<div class="tab-row" role="tablist" aria-label="By category" @keydown=${arrows}>
  ${CATEGORIES.map((name) => html`<button type="button" role="tab" id="tab-${name}" aria-controls="people" aria-selected=${name === by ? "true" : "false"}
    tabindex=${name === by ? "0" : "-1"} class="quiet" @click=${() => chosen(name)}>${NAMES[name]}</button>`)}</div>`;

function arrows(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll("[role=tab]")];
  const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
  next.focus();
  next.click();
}

const profile = ({ hourly }, what) => {
  const most = Math.max(...hourly);
  return sparkbars(hourly, most ? `${what} by hour, most at ${hourName(hourly.indexOf(most))}` : `${what} by hour: none`);
};

function row(item) {
  const all = item.inside + item.outside;
  const part = all ? item.inside / all : 0;
  return html`<tr><th scope="row">${named(item.value)}</th>
    <td data-label="Inside"><span class="share-cell"><span class="num"><strong>${number(item.inside)}</strong> of ${number(all)}</span>${share(part)}<span class="num">${all ? `${number(part * 100)} %` : "–"}</span></span></td>
    <td data-label="Entries" class="num">${number(item.entries)}</td><td data-label="Exits" class="num">${number(item.exits)}</td>
    <td data-label="Outside for" class="num">${item.mean_minutes_outside === null ? "–" : span(item.mean_minutes_outside)}</td>
    <td data-label="By hour">${profile(item, `Movements of ${named(item.value)}`)}</td></tr>`;
}

const HEADS = [["", ""], ["Inside now", ""], ["Entries", "num"], ["Exits", "num"], ["Mean time outside", "num"], ["Movements by hour", ""]];

const table = (by, items) => html`<table class="table people"><thead><tr>${HEADS.map(([head, name], i) => html`<th scope="col" class=${name || nothing}>${i ? head : NAMES[by]}</th>`)}</tr></thead>
  <tbody>${items.map(row)}</tbody></table>`;

/** `items` null while they are asked for. */
export const people = (by, items, chosen) => html`${tabs(by, chosen)}
  <div id="people" role="tabpanel" aria-labelledby="tab-${by}" aria-busy=${items ? "false" : "true"}>
    ${!items ? nothing : items.length ? table(by, items) : html`<p class="muted">Nobody is registered yet, or nobody is left by the filters.</p>`}</div>`;
