// What an operator does with a student, each in a dialog of its own.
import { html, nothing } from "lit-html";
import { api } from "../../api.js";
import { act, submit } from "../../act.js";
import { openDialog } from "../../dialogs.js";
import { field, icon, secret } from "../../parts.js";
import { momentOf } from "../days.js";
import { plural } from "../../format.js";
import { call, categoriesOf, categoryFields, dialogEnd } from "./parts.js";

/** Close a dialog with what was answered; the same is then told. */
function done(close, answer) {
  close(answer);
  return answer;
}

export const add = (categories) => openDialog("Add a student", (close) => html`<form @submit=${(event) =>
  submit(event, async ({ rollno }) => done(close, await api("POST", "/api/v1/campus/students", { rollno, ...categoriesOf(event.target) })), (made) => `${made.rollno} is added.`)}>
  ${field("Roll number", "rollno", { maxlength: 32, autofocus: true, spellcheck: "false", help: "Letters, digits and . _ / -" })}
  ${categoryFields(null, categories)}${dialogEnd(close, "Add")}</form>`);

export const change = (student, categories) => openDialog(`Change ${student.rollno}`, (close) => html`<form @submit=${(event) =>
  submit(event, async ({ rollno }) => close((await call("PATCH", student.rollno, "", { rollno, ...categoriesOf(event.target) })) ?? true), "Changed.")}>
  ${field("Roll number", "rollno", { value: student.rollno, maxlength: 32, spellcheck: "false", autofocus: true })}
  ${categoryFields(student, categories)}${dialogEnd(close, "Save")}</form>`);

export const addPhone = (student, settings) => openDialog(`Add a phone of ${student.rollno}`, (close) => html`<form @submit=${(event) =>
  submit(event, async ({ mac, expires_at: until }) => close((await call("PUT", student.rollno, "/mac", { mac, ...(until ? { expires_at: new Date(`${until}T23:59:59`).toISOString() } : {}) })) ?? true), "The phone is added.")}>
  ${field("Address (MAC) of its hotspot", "mac", { autofocus: true, spellcheck: "false", autocapitalize: "none", maxlength: 32, help: "12 hex digits in any spelling: aa:bb:cc:dd:ee:ff" })}
  ${field("Valid until", "expires_at", { type: "date", required: false, help: `Empty: for ever. Students who register themselves are valid for ${plural(settings.registration_days, "day")}.` })}
  ${dialogEnd(close, "Add")}</form>`);

const METHODS = [["rfid", "RFID badge"], ["fingerprint", "Fingerprint"], ["face", "Face"]];

export const addBadge = (student) => openDialog(`Add a badge of ${student.rollno}`, (close) => html`<form @submit=${(event) =>
  submit(event, async ({ uid, method }) => close((await call("PUT", student.rollno, "/badge", { uid, method })) ?? true), "The badge is added.")}>
  ${field("Number", "uid", { autofocus: true, spellcheck: "false", autocapitalize: "characters", maxlength: 64, help: "As the reader shows it: 04A1B2C3" })}
  <div class="field"><label for="f-method">Read by</label><select id="f-method" name="method" aria-describedby="f-method-wrong">${METHODS.map(([value, words]) => html`<option value=${value}>${words}</option>`)}</select>
    <span class="wrong" id="f-method-wrong" role="alert"></span></div>
  ${dialogEnd(close, "Add")}</form>`);

/** A code that lets the student add a phone without an account; seen by whoever stands here, once. */
export async function giveCode(student, settings, button) {
  const made = await act(button, () => call("POST", student.rollno, "/code"));
  if (!made) return;
  const address = `${location.origin}/campus/register`;
  await openDialog(`Code for ${student.rollno}`, (close) => html`<p><strong>It is shown only now,</strong> works once, and until ${momentOf(made.expires_at)}. An older code no longer works.</p>
    ${secret(made.code)}
    <div class="print"><h3>Tell the student</h3><ol><li>Open <strong>${address}</strong> on any phone or computer.</li><li>Type the roll number <strong>${student.rollno}</strong> and the code <strong>${made.code}</strong>.</li>
      <li>Type the address (MAC) of the phone's hotspot; the page says how to find it.</li><li>Keep the hotspot on when passing a gate. Register again when the phone's address has changed${settings.registration_days ? `, and after ${plural(settings.registration_days, "day")}` : ""}.</li></ol></div>
    <div class="actions"><button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print</button><button type="button" @click=${() => close()}>Done</button></div>`);
}

const WORDS = { entry: "inside", exit: "outside" };

const correction = (student, direction, values) => call("POST", student.rollno, "/corrections", {
  direction, ...(values.note ? { note: values.note } : {}), ...(values.at ? { at: new Date(values.at).toISOString() } : {}),
});

export const correct = (student, direction) => openDialog(`${student.rollno} is ${WORDS[direction]} now`, (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close((await correction(student, direction, values)) ?? true), `${student.rollno} is ${WORDS[direction]}.`)}>
  ${field("Since", "at", { type: "datetime-local", required: false, help: "Empty: now. On your own clock." })}
  ${field("Why", "note", { required: false, maxlength: 500, autofocus: true, help: "It is kept in the audit log with your name." })}
  ${dialogEnd(close, "Correct")}</form>`);

export const reset = () => openDialog("Everybody is outside", (close) => html`<form @submit=${(event) =>
  submit(event, async ({ note }) => done(close, await api("POST", "/api/v1/campus/reset", { note })), ({ outside }) => `Everybody is outside now: ${plural(outside ?? 0, "student was", "students were")} inside.`)}>
  <p><strong>Every student who is inside is set to outside,</strong> each by a correction. Do it when the campus is empty, such as at the end of a term. It can't be taken back at once: students come in again as gates hear them.</p>
  ${field("Why", "note", { maxlength: 500, autofocus: true, help: "It is kept in the audit log with your name." })}
  <label class="choice"><input type="checkbox" required><span>Nobody is on the campus.<small>Without this nothing happens.</small></span></label>
  ${dialogEnd(close, "Set everybody to outside", true)}</form>`);

const erased = (answer) => openDialog("Erased", (close) => html`<p>${answer.notice ?? "The student is erased."}</p>
  ${answer.backups?.length ? html`<p>These backups are older and still have the student; restore none of them, or erase again after it:</p><ul>${answer.backups.map((name) => html`<li><code>${name}</code></li>`)}</ul>` : nothing}
  <div class="actions"><button type="button" @click=${() => close()}>Done</button></div>`);

export async function erase(student) {
  const answer = await openDialog(`Erase ${student.rollno}?`, (close) => html`<form @submit=${(event) =>
    submit(event, async () => close(await api("DELETE", `/api/v1/campus/students/${encodeURIComponent(student.rollno)}`)), `${student.rollno} is erased.`)}>
    <p>The entry, phones and badges, all movements and what waits to be stored are deleted for good, and taken out of the statistics. Copies in backups are beyond reach: which these are is told afterwards.</p>
    <div class="field"><label for="f-again">Type the roll number to confirm</label><input id="f-again" name="again" required autocomplete="off" spellcheck="false" autofocus pattern=${literal(student.rollno)} aria-describedby="f-again-help">
      <small id="f-again-help">${student.rollno}</small></div>
    ${dialogEnd(close, "Erase for good", true)}</form>`);
  if (!answer) return;
  await erased(answer);
  location.assign("/campus/students");
}

// a pattern attribute is a regular expression in the v mode: what has a meaning there is escaped
const literal = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
