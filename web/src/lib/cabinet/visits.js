// The history of a cabinet: when it was opened, what was taken, and the picture after it.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { moment } from "../format.js";
import { icon, when } from "../parts.js";
import { grams, taken } from "./state.js";

const change = ([item, [before, after]]) => `${item}: ${before ?? "unknown"} → ${after ?? "unknown"}`;

const changes = (visit) => {
  const list = Object.entries(visit.changes ?? {});
  return list.length ? html`<p class="small">${list.map(change).join(", ")}</p>` : nothing;
};

const thumb = (visit) => (visit.picture
  ? html`<a class="thumb" href=${visit.picture} target="_blank" rel="noopener"><img src=${visit.picture} loading="lazy" width="112" height="84" alt="Picture after the door was closed at ${moment(visit.closed_at ?? visit.opened_at)}"></a>`
  : html`<span class="thumb">${icon("camera")}<span class="sr">No picture</span></span>`);

const time = (visit) => {
  const from = visit.opened_at ?? visit.closed_at;
  const long = visit.opened_at && visit.closed_at ? Math.round((Date.parse(visit.closed_at) - Date.parse(visit.opened_at)) / 1000) : null;
  return html`${when(from)}${long === null ? nothing : html`, open for ${long < 90 ? `${long} s` : `${Math.round(long / 60)} min`}`}`;
};

const line = (visit) => html`<li><article class="visit">${thumb(visit)}
  <div class="stack"><p><strong>${visit.closed_at ? taken(visit.taken_g) : "door opened"}</strong><br><span class="small muted">${time(visit)}</span></p>
    <p class="small muted">${visit.before_g === null ? nothing : html`before ${grams(visit.before_g)}`}${visit.before_g !== null && visit.after_g !== null ? ", " : nothing}${visit.after_g === null ? nothing : html`after ${grams(visit.after_g)}`}</p>
    ${changes(visit)}
    ${visit.outcome ? html`<p class="small muted">${visit.outcome}</p>` : nothing}</div></article></li>`;

export const visitList = (visits, more) => html`<div class="head"><h2>History</h2></div>
  ${visits.length
    ? html`<ul class="visits">${repeat(visits, (visit) => visit.id, line)}</ul>`
    : html`<p class="muted">The door was not opened yet since the cabinet is known here.</p>`}
  ${more ? html`<p><button type="button" class="quiet" @click=${(event) => more(event.currentTarget)}>Show older</button></p>` : nothing}`;
