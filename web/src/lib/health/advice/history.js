// Earlier versions of a section, the newest first, each with what it changed.
import { html, nothing, render } from "lit-html";
import { api } from "../../api.js";
import { openDialog } from "../../dialogs.js";
import { stateBadge, when } from "../../parts.js";
import { api1 } from "../patient.js";
import { marked } from "./difference.js";

const BADGES = { draft: ["", "pencil", "draft"], kept: ["warn", "pencil", "kept draft"], published: ["good", "check", "published"] };

/** The published text before the one at this place of the list. */
const before = (versions, place) => versions.slice(place + 1).find((one) => one.state === "published");

const entry = (versions, place, complete, use) => {
  const one = versions[place];
  const older = before(versions, place);
  const text = older || complete ? marked(older?.text ?? "", one.text) : html`<p class="words">${one.text}</p>`;
  return html`<li><p class="row between"><span><strong>${one.author_name}</strong>, ${when(one.at)}</span>${stateBadge(...BADGES[one.state])}</p>
    ${one.text ? text : html`<p class="muted">Withdrawn: no text.</p>`}
    ${use && one.text ? html`<p><button type="button" class="quiet" @click=${() => use(one.text)}>Write on from this text</button></p>` : nothing}</li>`;
};

/** A dialog; resolves with the text that is to be written on from, or undefined. */
export const openHistory = (section, writes) => openDialog(`${section.title}: versions`, (close) => {
  const place = document.createElement("div");
  let versions = [];
  let next = `${api1}/advice/versions?section=${section.id}&limit=20`;
  let fault = "";
  const draw = () => render(html`${versions.length ? html`<p class="small muted">What a version added is <ins>marked so</ins>, what it left out <del>so</del>.</p>` : nothing}
    <ol class="versions">${versions.map((_, at) => entry(versions, at, !next, writes ? close : null))}</ol>
    ${fault ? html`<p class="note bad" role="alert">${fault}</p>` : nothing}
    ${!versions.length && !next && !fault ? html`<p class="muted">Nothing was written here yet.</p>` : nothing}
    ${next ? html`<p><button type="button" class="quiet" @click=${load}>Show older</button></p>` : nothing}`, place);
  async function load() {
    try {
      const page = await api("GET", next);
      versions = [...versions, ...page.items];
      next = page.next;
    } catch (problem) {
      fault = problem.message;
    }
    draw();
  }
  load();
  return place;
});
