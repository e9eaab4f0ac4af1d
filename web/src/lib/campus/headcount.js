// How many are inside now, and who came or went last.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { number } from "../format.js";
import { operates } from "../initial.js";
import { icon, stateBadge, when } from "../parts.js";
import { share } from "./charts.js";
import { momentOf, timeOf } from "./days.js";

export const studentLink = (rollno) => (operates ? html`<a href="/campus/students?student=${encodeURIComponent(rollno)}">${rollno}</a>` : rollno);

export const directionBadge = (direction) => (direction === "entry" ? stateBadge("good", "entry", "came in") : stateBadge("", "exit", "went out"));

const figure = (name, value, note = nothing) => html`<div><dt>${name}</dt><dd>${value === null || value === undefined ? "–" : number(value)}${note}</dd></div>`;

/** `today`: {entries, exits} or null while not known. */
export function headcount(seen, today) {
  const part = seen.registered ? seen.inside / seen.registered : 0;
  return html`<article class="headcount"><h2>${icon("users")}Inside now</h2>
    <p class="big" id="inside"><span class="value">${number(seen.inside)}</span> <small>of ${number(seen.registered)} registered</small></p>
    <p class="share-line">${share(part)}<span class="small muted">${seen.registered ? `${number(part * 100)} %` : ""}</span></p>
    <dl class="figures">
      ${figure("Outside", seen.outside, seen.unknown ? html`<small>${number(seen.unknown)} never seen</small>` : nothing)}
      ${figure("Entries today", today?.entries)}${figure("Exits today", today?.exits)}
    </dl>
    ${seen.unknown_devices === null || seen.unknown_devices === undefined ? nothing : html`<p class="apart">${icon("unknown")}<span><strong>${number(seen.unknown_devices)}</strong> unidentified ${seen.unknown_devices === 1 ? "device" : "devices"} today.
      <span class="muted">They belong to no registered student and are not part of the headcount.</span></span></p>`}
    <p class="small muted">As of ${seen.as_of ? html`<time datetime=${seen.as_of}>${momentOf(seen.as_of)}</time>` : "now"}${seen.last_movement_at ? html`; last movement ${when(seen.last_movement_at)}` : "; no movement yet"}.</p>
  </article>`;
}

const line = (one) => html`<tr><td data-label="Student"><strong>${studentLink(one.rollno)}</strong></td>
  <td data-label="What"><span class="row">${directionBadge(one.direction)}${one.late ? stateBadge("warn", "clock", "late") : nothing}${one.method === "correction" ? html`<span class="muted small">corrected</span>` : nothing}</span></td>
  <td data-label="Gate">${one.gate_name || one.gate || "–"}</td>
  <td data-label="Time"><time datetime=${one.at} title=${momentOf(one.at)}>${timeOf(one.at)}</time></td></tr>`;

const keyOf = (one) => `${one.at} ${one.rollno} ${one.direction}`;

const table = (items) => html`<table class="table recent"><thead><tr>${["Student", "What", "Gate", "Time"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
  <tbody>${repeat(items, keyOf, line)}</tbody></table>`;

/** The newest movements, for those who may know names. */
export const recent = (items, link) => html`<article><div class="row between"><h2>${icon("clock")}Last movements</h2>${link}</div>
  ${items.length ? table(items) : html`<p class="muted">Nobody came or went yet. When a gate hears a registered phone or badge, it appears here.</p>`}</article>`;

