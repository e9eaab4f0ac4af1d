// The two ways to share: let a doctor in who signs in, or make a link.
import { html, nothing } from "lit-html";
import { submit } from "../../act.js";
import { api, items } from "../../api.js";
import { openDialog } from "../../dialogs.js";
import { field, icon, secret } from "../../parts.js";
import { api1 } from "../patient.js";
import { SECTIONS, until } from "../sections.js";

const UNTIL = [["30", "for 30 days"], ["90", "for 90 days"], ["365", "for a year"], ["", "until I take it back"]];
let doctors = null; // who can be picked; in words why there are none to pick from

const sectionBoxes = (prefix) => html`<fieldset class="field sections">
  <legend>What may be seen</legend>
  <div class="section-boxes">${Object.entries(SECTIONS).map(([key, { name, help }]) => html`<label class="section-box" for="${prefix}-${key}">
    <input type="checkbox" id="${prefix}-${key}" name="sections" value=${key}><span><strong>${name}</strong><small>${help}</small></span></label>`)}</div>
  <span class="wrong" role="alert"></span></fieldset>`;

const chosen = (form) => [...form.querySelectorAll("[name=sections]:checked")].map((box) => box.value);

/** The form's values as the API takes them; numbers as numbers, what is empty left out. */
function body(form, given) {
  const { days, openings, ...more } = given;
  const sent = { ...more, sections: chosen(form) };
  if (days !== undefined) sent.days = Number(days);
  if (openings !== undefined) sent.openings = Number(openings);
  return sent;
}

/** Whether something is ticked; says so beside the boxes if not. */
function ticked(form) {
  const some = chosen(form).length > 0;
  form.querySelector(".sections .wrong").textContent = some ? "" : "Tick at least one.";
  if (!some) form.querySelector("[name=sections]").focus();
  return some;
}

async function share(event, made, extra = () => ({})) {
  const form = event.currentTarget;
  event.preventDefault();
  if (!ticked(form)) return;
  const done = await submit(event, (given) => api("POST", `${api1}/shares`, { ...body(form, given), ...extra(form) }));
  if (!done) return;
  form.reset();
  made(done);
}

const noDoctors = () => html`<p class="muted">${doctors === null ? "Looking who can be picked…"
  : doctors.length ? nothing : "No doctor has an account here yet that an admin has verified. A link needs no account."}</p>`;

/** "Share with your doctor"; `made(share)` when it is done. */
export const doctorForm = (made) => html`<article class="stack" id="share-doctor"><h2>${icon("user")}Share with your doctor</h2>
  <p class="muted">Your doctor signs in with an account and a code, and sees what you tick here, nothing else.</p>
  ${doctors?.length ? html`<form @submit=${(event) => share(event, made, (form) => (form.elements.days.value === "" ? { days: null } : {}))}>
    <div class="field"><label for="d-doctor">Doctor</label>
      <select id="d-doctor" name="doctor" required aria-describedby="d-doctor-wrong"><option value="">Choose…</option>
        ${doctors.map((one) => html`<option value=${one.name}>${one.full_name || one.name}${one.full_name && one.full_name !== one.name ? ` (${one.name})` : ""}</option>`)}</select>
      <span class="wrong" id="d-doctor-wrong" role="alert"></span></div>
    ${sectionBoxes("d")}
    <div class="field"><label for="d-days">How long</label>
      <select id="d-days" name="days" aria-describedby="d-days-wrong">${UNTIL.map(([value, words]) => html`<option value=${value} ?selected=${value === "365"}>${words}</option>`)}</select>
      <span class="wrong" id="d-days-wrong" role="alert"></span></div>
    <p class="form-error note bad" role="alert"></p>
    <button>${icon("check")}Let this doctor in</button></form>` : noDoctors()}</article>`;

/** "Make a link"; `made(share)` when it is done. */
export const linkForm = (made) => html`<article class="stack" id="share-link"><h2>${icon("key")}Make a link</h2>
  <p class="muted">For somebody without an account. Whoever has the link, and the passcode if you set one, can open it.</p>
  <form @submit=${(event) => share(event, (done) => showLink(done).then(() => made(done)))}>
    ${sectionBoxes("l")}
    <div class="inline-form">
      ${field("Days", "days", { id: "l-days", type: "number", value: "7", inputmode: "numeric", help: "1 to 365, then it opens nothing more." })}
      ${field("Passcode", "passcode", { id: "l-passcode", required: false, maxlength: 128, spellcheck: "false", autocapitalize: "none", help: "Optional, 6 characters or more. Tell it another way than the link. Five wrong ones lock the link." })}
      ${field("Openings", "openings", { id: "l-openings", type: "number", required: false, inputmode: "numeric", help: "Optional: how often it can be opened, 1 to 1000." })}
      ${field("For whom", "label", { id: "l-label", required: false, maxlength: 100, help: "Optional, so that you know it again; only you see it." })}
    </div>
    <p class="form-error note bad" role="alert"></p>
    <button>${icon("key")}Make the link</button></form></article>`;

/** The link, this once. */
const showLink = (made) => openDialog("Your link", (close) => html`<p><strong>It is shown only now.</strong> Copy it and send it to the person it is for; it opens ${until(made.expires_at)}.</p>
  <p class="share-url">${secret(made.url)}</p>
  <p class="qr"><img src=${made.qr_svg} alt="QR code of the link" width="200" height="200"></p>
  ${made.passcode ? html`<p class="note">${icon("key")}<span>It asks for the passcode you set. Tell that by telephone, or another way than the link.</span></p>` : nothing}
  <div class="actions"><button type="button" @click=${() => close()}>I have it</button></div>`);

/** Ask who can be picked; `drawn` draws the page anew. */
export async function loadDoctors(drawn) {
  doctors = await items("/api/v1/doctors?limit=1000").catch(() => []);
  drawn();
}
