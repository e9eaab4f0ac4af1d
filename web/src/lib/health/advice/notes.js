// Free notes below the advice: by doctors and the patient, each written anew by its author only.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../../api.js";
import { submit } from "../../act.js";
import { openDialog } from "../../dialogs.js";
import { plural } from "../../format.js";
import { icon, when } from "../../parts.js";
import { api1 } from "../patient.js";

const PAGE = 20;

let notes = [];
let next = null;
let state = "loading"; // loading, shown, or in words why not

/** Read the newest; those that were unfolded below stay away until asked for. */
export async function loadNotes(drawn) {
  try {
    const page = await api("GET", `${api1}/notes?limit=${PAGE}`);
    [notes, next, state] = [page.items, page.next, "shown"];
  } catch (problem) {
    state = problem.message;
  }
  drawn();
}

async function older(drawn) {
  const page = await api("GET", next);
  notes = [...notes, ...page.items];
  next = page.next;
  drawn();
}

const area = (id, label, text, limit) => html`<div class="field"><label for=${id}>${label}</label>
  <textarea id=${id} name="text" rows="4" maxlength=${limit} required aria-describedby="${id}-wrong" .value=${text}></textarea>
  <span class="wrong" id="${id}-wrong" role="alert"></span></div>`;

const add = (limit, drawn) => html`<form class="note-form" novalidate @submit=${(event) => {
  const form = event.currentTarget;
  return submit(event, async (values) => {
    await api("POST", `${api1}/notes`, { text: values.text });
    form.reset();
    await loadNotes(drawn);
  }, "The note is stored.");
}}>${area("note-new", "Write a note", "", limit)}<p class="form-error note bad" role="alert"></p><p><button>${icon("plus")}Add the note</button></p></form>`;

const change = (note, limit, drawn) => openDialog("Change the note", (close) => html`<form novalidate @submit=${(event) => submit(event, async (values) => {
  await api("PUT", `${api1}/notes/${note.id}`, { text: values.text });
  close();
  await loadNotes(drawn);
}, "Stored as a new version.")}>${area("note-change", "Note", note.text, limit)}<p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Store</button></div></form>`);

async function versions(note) {
  const page = await api("GET", `${api1}/notes/${note.id}/versions?limit=200`);
  openDialog("Versions of the note", () => html`<ol class="versions">${page.items.map((one) => html`<li><p><strong>${one.author_name}</strong>, ${when(one.at)}</p><p class="words">${one.text}</p></li>`)}</ol>`);
}

const one = (note, { own, limit, drawn }) => html`<li class="note-entry"><p class="row between"><span><strong>${note.author_name}</strong> <span class="small muted">${when(note.at)}${note.versions > 1 ? html`, changed ${when(note.changed_at)}` : nothing}</span></span>
  <span class="row">${note.versions > 1 ? html`<button type="button" class="plain-button more-versions" @click=${() => versions(note)}>${icon("clock")}${plural(note.versions, "version")}</button>` : nothing}
  ${note.author === own ? html`<button type="button" class="plain-button more-versions" aria-label="Change this note" @click=${() => change(note, limit, drawn)}>${icon("pencil")}Change</button>` : nothing}</span></p>
  <p class="words">${note.text}</p></li>`;

/** The list and its form; `drawn` draws the page anew. */
export const noteList = (own, limit, drawn) => html`<section class="notes" aria-labelledby="notes"><h2 id="notes">Notes</h2>
  ${add(limit, drawn)}
  ${state === "loading" ? html`<p class="muted" aria-busy="true">Loading…</p>` : nothing}
  ${state === "loading" || state === "shown" ? nothing : html`<p class="note bad" role="alert">${state}</p>`}
  ${state === "shown" && !notes.length ? html`<p class="muted">No notes yet.</p>` : nothing}
  <ul class="note-list">${repeat(notes, (note) => note.id, (note) => one(note, { own, limit, drawn }))}</ul>
  ${next ? html`<p><button type="button" class="quiet" @click=${() => older(drawn)}>Show older</button></p>` : nothing}</section>`;
