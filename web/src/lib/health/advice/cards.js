// The nine sections as cards.
import { html, nothing } from "lit-html";
import { icon, stateBadge, when } from "../../parts.js";
import { editorForm } from "./editor.js";

const ICONS = {
  cardiovascular: "heart", glucose: "chart", diet: "item", exercise: "play", mental: "look", respiratory: "oxygen",
  digestive: "scale", bone: "shield", immunizations: "check",
};

const text = (section, advice) => (advice[section.id]
  ? html`<p class="words">${advice[section.id]}</p>`
  : html`<p class="muted">${advice.about[section.id] ? "Nothing is advised here any more." : "Nothing yet."}</p>`);

const author = (about) => (about ? html`<p class="small muted">${about.author_name}, ${when(about.at)}</p>` : nothing);

const draft = (one, own) => (one ? html`<p class="small draft-line">${icon("pencil")}<span>${one.author === own ? "Your draft" : `A draft of ${one.author_name}`}, ${when(one.at)}${one.state === "kept" ? ": somebody else was faster" : ""}</span></p>` : nothing);

const buttons = (section, { advice, writes, edit, history }) => html`<div class="row">
  ${writes ? html`<button type="button" class="quiet" aria-label="${advice.drafts[section.id] ? "Go on with the draft" : advice[section.id] ? "Change" : "Write"}: ${section.title}" @click=${() => edit(section)}>${icon("pencil")}${advice.drafts[section.id] ? "Go on with the draft" : advice[section.id] ? "Change" : "Write"}</button>` : nothing}
  ${advice.about[section.id] || advice.drafts[section.id] ? html`<button type="button" class="plain-button more-versions" aria-label="Versions: ${section.title}" @click=${() => history(section)}>${icon("clock")}Versions</button>` : nothing}</div>`;

/** One section; `page` has what is known, who looks, and what the buttons do. */
export const card = (section, page) => {
  const { advice, fresh, editors, own } = page;
  const editor = editors.get(section.id);
  return html`<article class="advice-card stack ${editor ? "writing" : ""}" id="advice-${section.id}" aria-labelledby="a-${section.id}">
    <div class="row between"><h2 class="h3" id="a-${section.id}">${icon(ICONS[section.id])}${section.title}</h2>
      ${fresh.includes(section.id) ? stateBadge("good", "bell", "new") : nothing}</div>
    ${editor ? editorForm(editor) : html`${text(section, advice)}${author(advice.about[section.id])}${draft(advice.drafts[section.id], own)}${buttons(section, page)}`}
  </article>`;
};
