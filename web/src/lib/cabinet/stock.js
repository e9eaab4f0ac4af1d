// What is on the shelf: counts in words, corrections with undo, limits, and reference photos.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../api.js";
import { act, submit } from "../act.js";
import { confirm, openDialog } from "../dialogs.js";
import { plural } from "../format.js";
import { user } from "../initial.js";
import { field, icon, stateBadge, when } from "../parts.js";
import { editFacts } from "./facts.js";
import { addPhoto } from "./photos.js";
import { api1 } from "./state.js";

const STATES = {
  known: ["good", "check", "known"],
  provisional: ["warn", "wait", "to be confirmed"],
  unknown: ["", "unknown", "not known"],
};

const reads = user.role === "doctor"; // and changes nothing
const itemPath = (cabinet, item, rest = "") => api1(cabinet.id, `/items/${encodeURIComponent(item.id)}${rest}`);

function words(item) {
  if (item.state === "provisional") {
    return html`A picture showed ${item.provisional}${item.count === null ? "" : html` instead of ${item.count}`}; another picture has to agree.`;
  }
  if (item.count === null) return item.photos.length ? "Not counted yet." : "Not counted yet: add reference photos, or type a count.";
  const from = item.count_from === "hand" ? "typed in" : "from pictures";
  if (item.state === "unknown") return html`Last known: ${item.count}, ${from} ${when(item.count_at)}. The door was closed since and no picture has confirmed it.`;
  return html`${item.count_from === "hand" ? "Typed in" : "Counted from pictures"} ${when(item.count_at)}.`;
}

const shownCount = (item) => (item.state === "unknown" && item.count === null ? "?" : String(item.state === "unknown" ? item.count : item.shown));

// ---- what is done with one item

const correct = (page, item) => openDialog(`How many ${item.name} are there?`, (close) => html`<form @submit=${(event) =>
  submit(event, async ({ count }) => close(await api("POST", itemPath(page.cabinet, item, "/count"), { count: Number(count) })), `${item.name}: the count is corrected.`)}>
  ${field("Count", "count", { type: "number", inputmode: "numeric", value: String(item.count ?? item.shown ?? 0), autofocus: true, help: "It holds until pictures show something new. You can take it back with Undo." })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Correct</button></div>
</form>`).then((done) => done && page.reload());

const undo = async (page, item, button) => {
  const done = await act(button, () => api("POST", itemPath(page.cabinet, item, "/undo")), (now) => `${item.name}: taken back${now?.count === null || now?.count === undefined ? "" : `, it is ${now.count} again`}.`);
  if (done !== undefined) page.reload();
};

const settings = (page, item) => openDialog(`Change ${item.name}`, (close) => html`<form @submit=${(event) =>
  submit(event, async ({ name, low_at, barcode }) =>
    close(await api("PATCH", itemPath(page.cabinet, item), { name, low_at: low_at ? Number(low_at) : null, barcode: barcode || null })), "Changed.")}>
  ${field("Name", "name", { value: item.name, maxlength: 60, autofocus: true })}
  ${field("Tell when this few are left", "low_at", { type: "number", inputmode: "numeric", required: false, value: item.low_at === null ? "" : String(item.low_at), help: "Empty: never." })}
  ${field("Barcode", "barcode", { required: false, inputmode: "numeric", maxlength: 64, value: item.barcode ?? "" })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div>
</form>`).then((done) => done && page.reload());

async function remove(page, item, button) {
  const sure = await confirm(`Remove ${item.name}?`, "Its photos and its count are deleted for good. The history of the cabinet stays.", { yes: "Remove for good" });
  if (!sure) return;
  const done = await act(button, () => api("DELETE", itemPath(page.cabinet, item)), `${item.name} is removed.`);
  if (done !== undefined) page.reload();
}

async function removePhoto(page, item, photo, button) {
  const done = await act(button, () => api("DELETE", itemPath(page.cabinet, item, `/photos/${photo.id}`)), "The photo is removed.");
  if (done !== undefined) page.reload();
}

const photos = (page, item) => html`<ul class="photos">${item.photos.map((photo, i) => html`<li>
    <img src=${photo.url} loading="lazy" width="104" height="104" alt="Reference photo ${i + 1} of ${item.name}">
    ${photo.weak ? html`<span class="small">${stateBadge("warn", "warning", "too plain")}</span>` : nothing}
    ${reads ? nothing : html`<button type="button" class="quiet" @click=${(event) => removePhoto(page, item, photo, event.currentTarget)}>Remove<span class="sr"> photo ${i + 1} of ${item.name}</span></button>`}</li>`)}</ul>
  ${reads ? nothing : html`<p class="row"><button type="button" class="quiet" @click=${() => addPhoto(page, item)}>${icon("camera")}Add a photo<span class="sr"> of ${item.name}</span></button></p>`}`;

const counting = (page, item) => html`<div class="row"><button type="button" class="quiet" @click=${() => correct(page, item)}>${icon("pencil")}Correct<span class="sr"> the count of ${item.name}</span></button>
    <button type="button" class="quiet" ?disabled=${item.count_at === null} @click=${(event) => undo(page, item, event.currentTarget)}>${icon("undo")}Undo<span class="sr"> the last change of ${item.name}</span></button></div>`;

const changing = (page, item) => html`<p class="row"><button type="button" class="quiet" @click=${() => settings(page, item)}>${icon("gear")}Limit, name, barcode</button>
  <button type="button" class="quiet" @click=${(event) => editFacts(page, item, event.currentTarget)}>${icon("scale")}What is in it<span class="sr">: ${item.name}</span></button>
  <button type="button" class="danger" @click=${(event) => remove(page, item, event.currentTarget)}>${icon("trash")}Remove<span class="sr"> ${item.name}</span></button></p>`;

const line = (page) => (item) => html`<li class="stack" id="item-${item.id}">
  <div class="row between"><div class="row"><span class="count" aria-hidden="true">${shownCount(item)}</span>
      <h3>${item.name}<span class="sr">: ${shownCount(item) === "?" ? "not known" : shownCount(item)}</span></h3></div>
    <span class="row">${item.low ? stateBadge("bad", "warning", "running low") : nothing}${stateBadge(...STATES[item.state])}</span></div>
  <p class="small muted">${words(item)} ${item.low_at === null ? nothing : `Tells at ${item.low_at} or fewer.`}</p>
  ${reads ? nothing : counting(page, item)}
  <details class="more"><summary>${plural(item.photos.length, "photo")}${reads ? "" : ", limit, name, what is in it"}<span class="sr"> of ${item.name}</span></summary><div class="stack">
    ${photos(page, item)}
    ${reads ? nothing : changing(page, item)}</div></details>
</li>`;

/** `page`: {cabinet, seen, items, reload()}. */
export const stockList = (page, add) => html`<div class="head"><h2>On the shelf</h2>
    ${reads ? nothing : html`<p class="row"><button type="button" class="quiet" @click=${add}>${icon("plus")}Add an item</button></p>`}</div>
  ${page.items.length
    ? html`<article><ul class="stock">${repeat(page.items, (item) => item.id, line(page))}</ul></article>`
    : html`<div class="empty"><p><strong>Nothing is counted yet.</strong></p>${reads ? nothing : html`<p class="muted">Add what should be in this cabinet, with a photo or two of each.</p>`}</div>`}`;
