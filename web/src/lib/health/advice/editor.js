// Writing a section: drafts that save themselves, publishing, and two who wrote at once.
import { html, nothing } from "lit-html";
import { act } from "../../act.js";
import { api } from "../../api.js";
import { number } from "../../format.js";
import { say, warn } from "../../messages.js";
import { icon, when } from "../../parts.js";
import { api1 } from "../patient.js";
import { marked } from "./difference.js";

const IDLE_MS = 3000; // without a key until a draft is saved

/** `advice()` is what the page knows; `changed(advice)` tells it more; `draw()` draws it. */
export class Editor {
  constructor(section, limit, { advice, changed, draw, closed }, text = null) {
    Object.assign(this, { section, limit, advice, changed, draw, closed });
    const draft = advice().drafts[section.id];
    this.text = text ?? draft?.text ?? advice()[section.id];
    // what the author has read: of a draft, what held when it was begun
    this.base = draft ? draft.base : this.current?.version ?? null;
    this.saved = text === null;
    this.error = "";
    this.timer = null;
    this.saving = null; // a draft on its way: what comes after it must not overtake it
  }

  get current() {
    return this.advice().about[this.section.id];
  }

  /** Whether somebody published another text since ours was begun. */
  get overtaken() {
    return (this.current?.version ?? null) !== this.base && this.advice()[this.section.id] !== this.text;
  }

  typed(text) {
    [this.text, this.saved, this.error] = [text, false, ""];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveDraft().catch(() => {}), IDLE_MS);
    this.draw();
  }

  send(text, more) {
    const { id } = this.section;
    return api("PUT", `${api1}/advice`, { [id]: text, base: { [id]: this.base }, ...more });
  }

  async saveDraft() {
    clearTimeout(this.timer);
    await this.saving;
    this.saving = this.keepDraft(this.text);
    await this.saving;
  }

  async keepDraft(text) {
    try {
      this.changed(await this.send(text, { draft: true }));
      this.saved = this.text === text;
    } catch (problem) {
      this.error = problem.message;
    }
    this.draw();
  }

  async publish() {
    clearTimeout(this.timer);
    await this.saving;
    try {
      this.changed(await this.send(this.text, {}));
      say(`Published: ${this.section.title}.`);
      this.closed();
    } catch (problem) {
      if (problem.status !== 409 || !problem.body.current) this.error = problem.message;
      else await this.conflict(problem);
    }
    this.draw();
  }

  async conflict(problem) {
    this.saved = true;
    warn(problem.message);
    this.changed(await api("GET", `${api1}/advice`));
  }

  /** Theirs was read: what is published next replaces it. */
  agree() {
    this.base = this.current?.version ?? null;
    this.saved = false;
    this.draw();
    document.getElementById(`e-${this.section.id}`)?.focus();
  }

  take() {
    this.typed(`${this.text}\n\n${this.advice()[this.section.id]}`.trim());
    this.agree();
  }

  async discard() {
    clearTimeout(this.timer);
    await this.saving;
    this.changed(await this.send(null, { draft: true }));
    this.closed();
    this.draw();
  }
}

const sides = (editor) => html`<div class="note warn" role="alert">${icon("warning")}<span><strong>${editor.current?.author_name ?? "Somebody"} published another text${editor.current ? html` ${when(editor.current.at)}` : nothing}.</strong>
    Yours is kept as a draft. Read both, change yours, then publish it.</span></div>
  <div class="sides"><section aria-label="Published now"><h4>Published now</h4><p class="words">${editor.advice()[editor.section.id] || html`<span class="muted">No text.</span>`}</p></section>
    <section aria-label="Yours"><h4>Yours</h4><p class="words">${editor.text}</p></section></div>
  <details class="more"><summary>What is different</summary><p class="small muted">Only published: <del>so</del>. Only in yours: <ins>so</ins>.</p>${marked(editor.advice()[editor.section.id], editor.text)}</details>
  <div class="row"><button type="button" class="quiet" @click=${() => editor.take()}>Add theirs to mine</button>
    <button type="button" class="quiet" @click=${() => editor.agree()}>I have read it: go on with mine</button></div>`;

const state = (editor) => {
  const left = editor.limit - editor.text.length;
  if (left < 0) return `${number(-left)} characters too many`;
  const room = left < 2000 ? `, room for ${number(left)} characters` : "";
  return `${editor.saved ? "Saved" : "Not saved yet"}${room}`;
};

/** The form in the card of a section. */
export const editorForm = (editor) => html`<form class="stack" novalidate @submit=${(event) => { event.preventDefault(); act(event.submitter, () => editor.publish()); }}>
  ${editor.overtaken ? sides(editor) : nothing}
  <div class="field"><label for="e-${editor.section.id}">Advice: ${editor.section.title}</label>
    <textarea id="e-${editor.section.id}" name=${editor.section.id} rows="6" aria-describedby="e-${editor.section.id}-state e-${editor.section.id}-wrong" aria-invalid=${editor.error ? "true" : nothing}
      .value=${editor.text} @input=${(event) => editor.typed(event.currentTarget.value)}></textarea>
    <small id="e-${editor.section.id}-state">${state(editor)}</small>
    <span class="wrong" id="e-${editor.section.id}-wrong" role="alert">${editor.error}</span></div>
  <div class="row"><button ?disabled=${editor.overtaken}>${icon("check")}Publish</button>
    <button type="button" class="quiet" @click=${(event) => act(event.currentTarget, () => editor.saveDraft())}>Save draft</button>
    ${editor.advice().drafts[editor.section.id] ? html`<button type="button" class="quiet" @click=${(event) => act(event.currentTarget, () => editor.discard())}>${icon("trash")}Discard draft</button>` : nothing}
    <button type="button" class="quiet" @click=${() => editor.closed()}>Close</button></div></form>`;
