import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { Visits, visitDays } from "./lib/cabinet/days.js";
import { cabinetPath } from "./lib/cabinet/state.js";
import { Tracker, tracker } from "./lib/health/habits/tracker.js";
import { Intake } from "./lib/health/nutrition/intake.js";
import { nutrition } from "./lib/health/nutrition/view.js";
import { heading, patient } from "./lib/health/patient.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const place = document.getElementById("app");
const habits = new Tracker(draw);
const intake = new Intake(draw);
const visits = new Visits(patient, draw);

const tools = () => (visits.cabinets ?? []).map((cabinet) => html`<a class="button quiet" href=${cabinetPath(cabinet.id)}>${icon("cabinet")}${cabinet.name}</a>`);

function draw() {
  render(html`${heading("habits", "Habit tracker", "What you want to do each day, and what was eaten.", tools())}
    ${tracker(habits)}
    ${visits.cabinets?.length ? html`<section><div class="head"><h2>Nutrition from the cabinet</h2></div>${nutrition(intake)}</section>` : nothing}
    <section><div class="head"><h2>When the cabinet was opened</h2></div>${visitDays(visits)}</section>
    <p class="note small">${icon("habits")}<span>Facts and daily values are approximations; this is no medical device. What was taken is what the scale and the pictures say; who took it, nobody knows.</span></p>`, place);
}

const reload = () => Promise.all([habits.load(), intake.load(), visits.load()]);

let timer = null;
const soon = (work) => {
  clearTimeout(timer);
  timer = setTimeout(work, 300);
};

draw();
reload();
live({
  record(data) {
    if (data.patient !== patient.id || data.section !== "habits") return;
    habits.heard(data);
    soon(() => Promise.all([habits.load(), intake.load()]));
  },
  cabinet(data) {
    if (data.patient === patient.id) soon(reload);
  },
  resync: reload, reconnected: reload,
});
setInterval(() => document.hidden || habits.load(), 60000); // a new day begins by itself
