// Dialogs of habits: a new one, a change, other days, an amount, the person's own days.
import { html, nothing } from "lit-html";
import { api } from "../../api.js";
import { submit } from "../../act.js";
import { openDialog } from "../../dialogs.js";
import { field, icon } from "../../parts.js";
import { api1 } from "../patient.js";
import { STATES, amount, before, dayName, goal } from "./words.js";

const DAYS = 14; // that the dialog of other days offers; the field below goes a year back
export const habitsPath = `${api1}/habits`;
export const habitPath = (habit, rest = "") => `${habitsPath}/${habit.id}${rest}`;

const actions = (close, words) => html`<p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>${words}</button></div>`;

const wrong = (name, text) => Object.assign(new Error(text), { field: name });

/** A number that may have a comma; throws what is wrong beside its field. */
export function parsed(text, name, words = "Type a number, such as 2 or 0.5.") {
  const value = Number((text ?? "").trim().replace(",", "."));
  if (!text?.trim() || !Number.isFinite(value)) throw wrong(name, words);
  return value;
}

const select = (label, name, options, value, changed) => html`<div class="field"><label for="f-${name}">${label}</label>
  <select id="f-${name}" name=${name} aria-describedby="f-${name}-wrong" @change=${changed ?? nothing}>${options.map(([key, words]) => html`<option value=${key} ?selected=${key === value}>${words}</option>`)}</select>
  <span class="wrong" id="f-${name}-wrong" role="alert"></span></div>`;

/** What the form says, as the API takes it. */
export function body(values) {
  const measured = values.kind === "amount";
  return {
    name: values.name, per: values.per, remind_at: values.remind_at || null,
    times: measured ? 1 : parsed(values.times || "1", "times", "Type a whole number."),
    target: measured ? parsed(values.target, "target") : null, unit: measured ? values.unit ?? "" : "",
  };
}

const kindOf = (habit) => (habit && habit.target !== null ? "amount" : "times");

function choose(event) {
  const form = event.currentTarget.form;
  const measured = form.elements.kind.value === "amount";
  form.querySelector(".by-amount").hidden = !measured;
  form.querySelector(".by-times").hidden = measured;
}

const habitForm = (habit, close) => html`<form novalidate @submit=${(event) => submit(event, async (values) => {
    if (!values.name) throw wrong("name", "Give it a name, such as Take a walk.");
    close(await api(habit ? "PATCH" : "POST", habit ? habitPath(habit) : habitsPath, body(values)));
  }, habit ? "The habit is changed." : "The habit is added.")}>
  ${field("Name", "name", { maxlength: 60, autofocus: true, value: habit?.name ?? "" })}
  <div class="inline-form">
    ${select("Counted as", "kind", [["times", "done or not, or several times"], ["amount", "an amount, such as litres"]], kindOf(habit), choose)}
    ${select("In each", "per", [["day", "day"], ["week", "week (Monday to Sunday)"]], habit?.per ?? "day")}</div>
  <div class="by-times" ?hidden=${kindOf(habit) === "amount"}>${field("How often", "times", { type: "number", inputmode: "numeric", required: false, value: String(habit?.times ?? 1), help: "Times a day, or on how many days of a week." })}</div>
  <div class="by-amount inline-form" ?hidden=${kindOf(habit) !== "amount"}>
    ${field("Goal", "target", { inputmode: "decimal", required: false, value: habit?.target ? amount(habit.target) : "", help: "Such as 2." })}
    ${field("Unit", "unit", { required: false, maxlength: 16, value: habit?.unit ?? "", help: "Such as L, min, pages." })}</div>
  ${field("Remind at", "remind_at", { type: "time", required: false, value: habit?.remind_at ?? "", help: "On pages that are open then. Empty: never." })}
  ${actions(close, habit ? "Save" : "Add")}</form>`;

/** A new habit, or another form of one; resolves with it, or nothing. */
export const editHabit = (habit = null) =>
  openDialog(habit ? `Change ${habit.name}` : "A habit of your own", (close) => habitForm(habit, close));

/** How much it was; added to what there is. */
export const enterAmount = (habit) => openDialog(habit.name, (close) => html`<form novalidate @submit=${(event) =>
    submit(event, async ({ value }) => close(await api("POST", habitPath(habit, "/checkins"), { state: "done", value: parsed(value, "value") })), "Noted.")}>
  ${field(`How much more${habit.unit ? ` (${habit.unit})` : ""}`, "value", { inputmode: "decimal", autofocus: true, help: `Today so far: ${amount(habit.today.value ?? 0)}. With a minus it is taken away.` })}
  ${actions(close, "Add")}</form>`);

const dayLine = (habit, day, said, send) => html`<li><span><strong>${dayName(day)}</strong><br><span class="small muted">${said ? STATES[said.state][2] : "nothing noted"}${said?.value ? `, ${amount(said.value)} ${habit.unit}` : ""}</span></span>
  <span class="row">${["done", "skip", "missed"].map((state) => html`<button type="button" class="quiet" aria-pressed=${String(said?.state === state)} @click=${(event) => send(day, state, event.currentTarget)}>${icon(STATES[state][1])}${STATES[state][2]}<span class="sr">, ${dayName(day)}</span></button>`)}</span></li>`;

/** The last days, to be filled in late; `send(day, state, button)` says one. */
export const otherDays = (habit, days, today, send) => openDialog(`Other days of ${habit.name}`, (close) => html`
  <p class="small muted">${goal(habit)}. A day without a word counts as missed; skipping spares the streak.</p>
  <ul class="lines other-days">${Array.from({ length: DAYS }, (_, n) => before(today, n + 1)).map((day) => dayLine(habit, day, days[day], async (...what) => {
    if (await send(...what)) close();
  }))}</ul>
  <form class="inline-form" @submit=${(event) => submit(event, async ({ day, state }) => {
    await api("POST", habitPath(habit, "/checkins"), { day, state });
    close(true);
  }, "Noted.")}>
    ${field("An earlier day", "day", { type: "date" })}
    ${select("was", "state", [["done", "done"], ["skip", "skipped"], ["missed", "missed"]], "done")}
    <button>Note it</button></form>`);

const zones = () => Intl.supportedValuesOf?.("timeZone") ?? [];

/** In which zone the days are, and when they begin. */
export const ownDays = (settings) => openDialog("Your days", (close) => html`<form novalidate @submit=${(event) =>
    submit(event, async ({ timezone, day_start }) => close(await api("PUT", `${habitsPath}/settings`, { timezone: timezone || null, day_start: day_start || null })), "Your days are changed.")}>
  <div class="field"><label for="f-timezone">Time zone</label>
    <input id="f-timezone" name="timezone" list="zones" maxlength="64" autocomplete="off" spellcheck="false" .value=${settings.own_timezone ? settings.timezone : ""} placeholder=${settings.own_timezone ? "" : settings.timezone} aria-describedby="f-timezone-help f-timezone-wrong">
    <datalist id="zones">${zones().map((zone) => html`<option value=${zone}></option>`)}</datalist>
    <small id="f-timezone-help">Such as Asia/Kuala_Lumpur. Empty: that of this site. This device is in ${Intl.DateTimeFormat().resolvedOptions().timeZone}.</small>
    <span class="wrong" id="f-timezone-wrong" role="alert"></span></div>
  ${field("A day begins at", "day_start", { type: "time", required: false, value: settings.day_start, help: "At 04:00, what is done after midnight still belongs to the day before." })}
  ${actions(close, "Save")}</form>`);
