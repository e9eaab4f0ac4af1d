import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { plural } from "./lib/format.js";
import { accessCard } from "./lib/health/accesses.js";
import { api1, home, patient, years } from "./lib/health/patient.js";
import { named, sees, until } from "./lib/health/sections.js";
import { disclaimer, shown, VITALS } from "./lib/health/vitals.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { fact, icon, stateBadge, when } from "./lib/parts.js";

const place = document.getElementById("app");
const seesVitals = sees("readings");
let vitals = initial.vitals ?? { items: [] };
let alerts = initial.alerts ?? [];
let cabinets = (patient.devices ?? []).filter((one) => one.kind === "cabinet"); // their state comes in a moment

const newest = () => vitals.items.filter((one) => one.measured_at).sort((a, b) => b.measured_at.localeCompare(a.measured_at))[0];
const valueOf = (kind) => vitals.items.find((one) => one.kind === kind)?.value ?? null;

function monitoringLine() {
  const last = newest();
  if (!last) return "No value yet: assign a watch, or type one in.";
  const heart = valueOf("heart_rate");
  const warmth = valueOf("body_temperature");
  return html`${[
    heart === null ? null : `${shown("heart_rate", heart)} /min`,
    warmth === null ? null : `${shown("body_temperature", warmth)} °C`,
    vitals.blood_pressure ? `${shown("blood_pressure", vitals.blood_pressure.systolic)}/${shown("blood_pressure", vitals.blood_pressure.diastolic)} mmHg` : null,
  ].filter(Boolean).join(", ")}${heart ?? warmth ?? vitals.blood_pressure ? ", " : ""}${when(last.measured_at)}.`;
}

const DOORS = { open: "Door open", closed: "Door closed", unknown: "Door not known" };

function cabinetLine() {
  if (!cabinets.length) return "No cabinet is assigned yet.";
  const [one] = cabinets;
  if (!one.door) return "Asking how it is…";
  const unsure = one.counts_state === "unknown" ? ", counts not known" : "";
  return `${cabinets.length > 1 ? `${plural(cabinets.length, "cabinet")}. ${one.name}: ` : ""}${DOORS[one.door] ?? DOORS.unknown}, lights ${one.lights}${unsure}.`;
}

const habitsLine = () => (cabinets.length ? "Habits of the day, and what came out of the cabinet." : "Water, walks, medicine: what you did today.");
const adviceLine = () => (sees("advice") ? "What your doctor wrote, and notes." : "What the patient and doctors noted.");
const reportLine = () => "As PDF or on paper: to keep, or to hand to a doctor.";
const cabinetLink = () => (cabinets.length === 1 ? `/cabinets/${encodeURIComponent(cabinets[0].id)}` : "/cabinets");

const door = (section, picture, title, address, line) => (sees(section) ? html`<a class="door" href=${address}>
  <span class="door-icon">${icon(picture)}</span><span class="door-text"><strong>${title}</strong><span class="door-line">${line()}</span></span>${icon("right")}</a>` : nothing);

const alertNote = () => (alerts.length
  ? html`<p class="note bad" role="status">${icon("bell")}<span><strong>${plural(alerts.length, "open alert")}.</strong> ${alerts[0].text} <a href="${home}/monitoring">See and answer</a></span></p>`
  : nothing);

const about = () => {
  const age = years(patient.birth_date);
  const devices = patient.devices ?? [];
  return html`<details class="more about"><summary>About ${patient.name}</summary><dl class="facts">
    ${fact("Born", age === null ? null : `${patient.birth_date}, ${plural(age, "year")} old`)}
    ${fact("Sex", patient.sex)}
    ${fact("Devices", devices.length ? devices.map((one) => `${one.name || one.id} (${one.state})`).join(", ") : html`none yet${user.role === "admin" ? html`; assign one under <a href="/devices">Devices</a>` : nothing}`)}
  </dl></details>`;
};

const alertsBadge = () => (alerts.length ? stateBadge("bad", "bell", plural(alerts.length, "open alert")) : stateBadge("good", "check", "no open alert"));

/** To a doctor: what the patient lets them see, and until when. */
const consent = () => (user.role === "doctor"
  ? html`<p class="note">${icon("shield")}<span>Shared with you: <strong>${named(patient.sections)}</strong>, ${until(patient.shared_until)}.</span></p>`
  : nothing);

function draw() {
  render(html`<p class="small back"><a href="/health?all=1">${icon("left")}All patients</a></p>
    <div class="head"><div><h1>${patient.name}</h1><p class="lead">Welcome. Where do you want to go?</p></div>
      <div class="row">${seesVitals ? alertsBadge() : nothing}</div></div>
    ${consent()}${alertNote()}
    <nav class="doors" aria-label="Health Plus">
      ${door("habits", "habits", "Habit tracker", `${home}/habits`, habitsLine)}
      ${door(null, "print", "Health report", `${home}/report`, reportLine)}
      ${door("labs", "report", "Laboratory results", `${home}/labs`, () => "Blood values, what is high or low, and how it goes.")}
      ${door(["advice", "notes"], "shield", sees("advice") ? "Doctor's advice" : "Notes", `${home}/advice`, adviceLine)}
      ${door("questionnaire", "pencil", "Questionnaire", `${home}/questionnaire`, () => "Medicines, sleep, exercise and more, told once.")}
      ${door("habits", "cabinet", "Cabinet", cabinetLink(), cabinetLine)}
      ${door("readings", "health", "Health monitoring", `${home}/monitoring`, monitoringLine)}
      ${door("own", "users", "Sharing", `${home}/sharing`, () => "Who may see what, and who looked.")}
    </nav>
    ${about()}${sees("own") ? accessCard(draw) : nothing}${disclaimer}`, place);
}

async function reload() {
  if (seesVitals) [vitals, alerts] = await Promise.all([api("GET", `${api1}/vitals`), items(`${api1}/alerts?state=live`)]);
  if (sees("habits")) cabinets = (await items("/api/v1/cabinets?limit=1000")).filter((one) => one.patient === patient.id);
  draw();
}

let timer = null;
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(() => reload().catch(() => {}), 200);
};

draw();
live({
  reading: (data) => data.patient === patient.id && soon(),
  alert: (data) => data.patient === patient.id && soon(),
  cabinet: (data) => data.patient === patient.id && soon(),
  resync: reload, reconnected: reload,
});
soon();
setInterval(draw, 30000);
