// What the pages of the campus have in common: their head and the way between them.
import { html, nothing } from "lit-html";
import { operates } from "../initial.js";
import { icon } from "../parts.js";

const PAGES = [["", "chart", "Dashboard"], ["students", "users", "Students"], ["gates", "gate", "Gates"]];

const link = (here) => ([page, picture, words]) => html`<li><a class="button quiet" href=${page ? `/campus/${page}` : "/campus"}
  aria-current=${page === here ? "page" : nothing}>${icon(picture)}${words}</a></li>`;

/** `here`: "", "students" or "gates"; viewers have one page only. */
export const heading = (here, title, lead, actions = nothing) => html`<div class="head"><div><h1>${title}</h1><p class="lead">${lead}</p></div>
    <p class="row no-print">${actions}</p></div>
  ${operates ? html`<nav class="doors-row no-print" aria-label="Campus"><ul>${PAGES.map(link(here))}</ul></nav>` : nothing}`;

export const csvLink = (path, words = "as CSV", what = "") => html`<a class="csv no-print" href=${path} download>${icon("download")}${words}${what ? html`<span class="sr"> ${what}</span>` : nothing}</a>`;
