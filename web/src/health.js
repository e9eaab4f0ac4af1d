import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { openDialog } from "./lib/dialogs.js";
import { years } from "./lib/health/patient.js";
import { named, sees, until } from "./lib/health/sections.js";
import { freshness, shown, VITALS, vitalOf } from "./lib/health/vitals.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { field, icon, stateBadge, when } from "./lib/parts.js";
import { plural } from "./lib/format.js";

const place = document.getElementById("app");
const adds = ["admin", "patient"].includes(user.role);
let patients = initial.patients;
let glances = initial.glances ?? {};

const SEXES = [["female", "female"], ["male", "male"], ["other", "other"], ["unknown", "not told"]];

const sexSelect = () => html`<div class="field">
  <label for="f-sex">Sex</label>
  <select id="f-sex" name="sex" required aria-describedby="f-sex-help f-sex-wrong">
    <option value="">Choose…</option>
    ${SEXES.map(([value, words]) => html`<option value=${value}>${words}</option>`)}
  </select>
  <small id="f-sex-help">Some reference ranges differ between women and men.</small>
  <span class="wrong" id="f-sex-wrong" role="alert"></span>
</div>`;

const send = (values) => api("POST", "/api/v1/patients", values);

const addPatient = () => openDialog("Add a patient", (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await send(values)), (made) => `${made?.name ?? "The patient"} is added.`)}>
  ${field("Name", "name", { maxlength: 100, autofocus: true, autocomplete: "off" })}
  ${sexSelect()}
  ${field("Birth date", "birth_date", { type: "date", help: "Ranges and scores depend on the age." })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Add</button></div>
</form>`).then((made) => made && location.assign(`/health/${encodeURIComponent(made.id)}`));

const addButton = (quiet) => adds
  ? html`<button type="button" class=${quiet ? "quiet" : ""} @click=${addPatient}>${icon("plus")}Add a patient</button>`
  : nothing;

function glance(patient) {
  const seen = glances[patient.id];
  if (!seen) return nothing;
  const parts = (seen.vitals ?? []).filter((vital) => vital.value !== null && vital.kind !== "bp_diastolic");
  return html`<ul class="glances">${parts.map((vital) => html`<li>${icon(VITALS[vitalOf(vital.kind)].icon)}
    <span class="sr">${VITALS[vitalOf(vital.kind)].name}</span><strong>${pressure(seen, vital)}</strong>
    <span class="muted small">${VITALS[vitalOf(vital.kind)].short}</span></li>`)}</ul>
    ${parts.length ? nothing : html`<p class="muted small">No value yet.</p>`}`;
}

function pressure(seen, vital) {
  const text = shown(vitalOf(vital.kind), vital.value);
  if (vital.kind !== "bp_systolic") return text;
  const lower = seen.vitals.find((other) => other.kind === "bp_diastolic");
  return `${text}/${shown("blood_pressure", lower?.value)}`;
}

const alertBadge = (count) =>
  count ? stateBadge("bad", "bell", plural(count, "open alert")) : stateBadge("good", "check", "no open alert");

const card = (patient) => {
  const seen = glances[patient.id] ?? {};
  const age = years(patient.birth_date);
  return html`<article class="stack patient-card">
    <div class="row between"><h2 class="h3">${icon("user")}<a href="/health/${encodeURIComponent(patient.id)}">${patient.name}</a></h2>${sees("readings", patient) ? alertBadge(seen.alerts ?? 0) : nothing}</div>
    <p class="small muted">${[age === null ? null : `${plural(age, "year")} old`, patient.sex === "unknown" ? null : patient.sex].filter(Boolean).join(", ")}</p>
    ${user.role === "doctor" ? html`<p class="small">${named(patient.sections)}, ${until(patient.shared_until)}.</p>` : nothing}
    ${glance(patient)}
    <p class="row small">${seen.state ? freshness(seen.state) : nothing}${seen.last_at ? html`<span class="muted">last value ${when(seen.last_at)}</span>` : nothing}</p>
  </article>`;
};

const NONE = {
  admin: html`Add the person who is cared for. Then say under <a href="/devices">Devices</a> which watch and which cabinet are theirs.`,
  patient: html`Add yourself, or the person you care for. An admin then says which watch and which cabinet are theirs.`,
  doctor: html`No patient has given you access yet. When one does, they appear here.`,
};

const none = () => html`<div class="empty"><p><strong>No patients yet.</strong></p>
  <p class="muted">${NONE[user.role]}</p><p>${addButton(false)}</p></div>`;

function draw() {
  render(html`<div class="head"><div><h1>Health</h1><p class="lead">${patients.length ? "Whom do you want to look after?" : "Vitals, cabinet, habits and report."}</p></div>
      <p class="row">${patients.length ? addButton(true) : nothing}</p></div>
    ${patients.length ? html`<div class="grid-cards">${repeat(patients, (patient) => patient.id, card)}</div>` : none()}`, place);
}

async function reload() {
  patients = await items("/api/v1/patients?limit=1000");
  draw();
}

/** A new value is shown at once on the card it belongs to. */
function reading(data) {
  const seen = glances[data.patient];
  if (!seen) return;
  const vital = seen.vitals?.find((one) => one.kind === data.kind);
  if (vital && data.quality !== "rejected") Object.assign(vital, { value: data.value });
  Object.assign(seen, { last_at: data.measured_at, state: "fresh" });
  draw();
}

draw();
live({ reading, resync: reload, reconnected: reload });
setInterval(draw, 30000);
// who agrees, or no longer does, is told to patients only
if (user.role === "doctor") setInterval(() => reload().catch(() => {}), 60000);
