// Small pieces of the register.
import { html, nothing } from "lit-html";
import { api } from "../../api.js";
import { icon, stateBadge } from "../../parts.js";
import { CATEGORIES, NAMES } from "../filters.js";

export const path = (rollno, rest = "") => `/api/v1/campus/students/${encodeURIComponent(rollno)}${rest}`;
export const call = (method, rollno, rest, body) => api(method, path(rollno, rest), body);
export const pageOf = (rollno) => `/campus/students?student=${encodeURIComponent(rollno)}`;

const STATES = { inside: ["good", "entry", "inside"], outside: ["", "exit", "outside"], unknown: ["warn", "unknown", "never seen"] };
export const whereabouts = (student) => stateBadge(...(STATES[student.state] ?? STATES.unknown));

const KINDS = { mac: ["phone", "Phone"], rfid: ["badge", "RFID badge"], fingerprint: ["user", "Fingerprint"], face: ["look", "Face"] };
const kindOf = (identifier) => KINDS[identifier.kind] ?? [identifier.kind?.startsWith("mac") ? "phone" : "badge", identifier.kind];
export const kindName = (identifier) => kindOf(identifier)[1];
export const kindPicture = (identifier) => icon(kindOf(identifier)[0]);

/** A phone or badge by the last two signs, which is all that is kept of it in clear. */
export const tailOf = (identifier) => html`<code>…${identifier.tail}</code>`;

const dayOf = (text) => new Intl.DateTimeFormat(navigator.language, { dateStyle: "medium" }).format(new Date(text));

export function expiry(identifier) {
  if (!identifier.expires_at) return nothing;
  return identifier.expired ? stateBadge("bad", "clock", "expired") : html`<span class="muted small">until ${dayOf(identifier.expires_at)}</span>`;
}

const HELP = { year: "Of study, or of joining: a whole number." };
const LISTED = (name) => `known-${name}`;

/** The five categories as inputs that offer what is in the register already. */
export const categoryFields = (student, categories) => html`<div class="inline-form">${CATEGORIES.map((name) => html`<div class="field">
    <label for="f-${name}">${NAMES[name]}</label>
    <input id="f-${name}" name=${name} autocomplete="off" maxlength="64" ?required=${name === "year"} inputmode=${name === "year" ? "numeric" : nothing}
      list=${LISTED(name)} .value=${String(student?.[name] ?? "")} aria-describedby="f-${name}-help f-${name}-wrong">
    <datalist id=${LISTED(name)}>${(categories[name] ?? []).map((value) => html`<option value=${value}></option>`)}</datalist>
    <small id="f-${name}-help">${HELP[name] ?? ""}</small><span class="wrong" id="f-${name}-wrong" role="alert"></span></div>`)}</div>`;

/** What such a form says; a year that is no number is told by the server, at its field. */
export function categoriesOf(form) {
  const found = Object.fromEntries(CATEGORIES.map((name) => [name, form.elements[name].value.trim()]));
  return { ...found, year: /^\d+$/.test(found.year) ? Number(found.year) : found.year };
}

export const dialogEnd = (close, words, danger = false) => html`<p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button class=${danger ? "danger" : ""}>${words}</button></div>`;
