// The habits of a patient: what is shown of them, and what is done with them.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api, items } from "../../api.js";
import { act } from "../../act.js";
import { confirm } from "../../dialogs.js";
import { user } from "../../initial.js";
import { say } from "../../messages.js";
import { plural } from "../../format.js";
import { icon } from "../../parts.js";
import { patient } from "../patient.js";
import { firstDay } from "./calendar.js";
import { card } from "./card.js";
import { editHabit, enterAmount, habitPath, habitsPath, otherDays, ownDays } from "./dialogs.js";
import { dayName, goal } from "./words.js";

/** `draw()` shows the page anew. */
export class Tracker {
  constructor(draw) {
    this.draw = draw;
    this.mine = user.role !== "doctor"; // doctors read
    this.habits = null;
    this.ready = [];
    this.settings = null;
    this.today = "";
    this.days = {}; // by habit, what was said by day
    this.opened = new Set();
    this.problem = "";
  }

  async load() {
    try {
      const [found, ready] = await Promise.all([api("GET", `${habitsPath}?limit=1000`), this.ready.length || !this.mine ? this.ready : items("/api/v1/habits/ready")]);
      Object.assign(this, { habits: found.items, settings: found.settings, today: found.day, ready, problem: "" });
      await Promise.all([...this.opened].map((id) => this.readDays(id)));
    } catch (failure) {
      this.problem = failure.message;
    }
    this.draw();
  }

  get first() {
    return this.habits.find((one) => !one.archived)?.id;
  }

  async readDays(id) {
    const list = await items(`${habitPath({ id }, "/checkins")}?limit=1000&since=${firstDay(this.today)}`);
    this.days[id] = Object.fromEntries(list.map((one) => [one.day, one]));
  }

  open = async (habit) => {
    if (this.opened.has(habit.id)) return;
    this.opened.add(habit.id);
    await act(null, () => this.readDays(habit.id));
    this.draw();
  };

  /** Say something of today; without a body what was said is taken back. */
  check = (habit, body, button) => this.done(button, () => (body
    ? api("POST", habitPath(habit, "/checkins"), { day: this.today, ...body })
    : api("DELETE", habitPath(habit, `/checkins/${this.today}`))));

  async done(button, work, words = "") {
    const result = await act(button, work, words);
    if (result !== undefined) await this.load();
    return result !== undefined;
  }

  enter = (habit) => enterAmount(habit).then((made) => made && this.load());

  change = (habit) => editHabit(habit).then((made) => made && this.load());

  add = () => editHabit().then((made) => made && this.load());

  fill = async (habit) => {
    await this.open(habit);
    const send = (day, state, button) => this.done(button, () => api("POST", habitPath(habit, "/checkins"), { day, state }), `${dayName(day)} is noted.`);
    if (await otherDays(habit, this.days[habit.id] ?? {}, this.today, send)) await this.load();
  };

  archive = (habit, button) => this.done(button, () => api("PATCH", habitPath(habit), { archived: !habit.archived }), habit.archived ? `${habit.name} is back.` : `${habit.name} is in the archive, below.`);

  remove = async (habit, button) => {
    const sure = await confirm(`Remove ${habit.name}?`, "All its days are deleted for good.", { yes: "Remove for good" });
    if (sure) await this.done(button, () => api("DELETE", habitPath(habit)), `${habit.name} is removed.`);
  };

  up = (habit, button) => {
    const ids = this.habits.filter((one) => !one.archived).map((one) => one.id);
    const at = ids.indexOf(habit.id);
    ids.splice(at - 1, 2, habit.id, ids[at - 1]);
    return this.done(button, () => api("PUT", `${habitsPath}/order`, { ids }));
  };

  take = (ready, button) => this.done(button, () => api("POST", habitsPath, { ready: ready.id }), `${ready.name} is added.`);

  set = () => ownDays(this.settings).then((made) => made && this.load());

  /** Something of the record changed: true when it was a reminder. */
  heard(data) {
    if (data.patient !== patient.id || data.section !== "habits" || data.what !== "reminder") return false;
    const habit = this.habits?.find((one) => one.id === data.habit);
    if (habit) say(`It is time: ${habit.name}.`);
    return true;
  }
}

const offered = (tracker) => {
  const taken = new Set((tracker.habits ?? []).filter((one) => !one.archived).map((one) => one.ready));
  return tracker.ready.filter((one) => !taken.has(one.id));
};

const readyOnes = (tracker) => {
  const list = offered(tracker);
  if (!tracker.mine || !list.length) return nothing;
  return html`<div class="ready"><p class="small muted">Ready to take:</p><p class="row">${list.map((one) => html`<button type="button" class="quiet" title=${one.source} @click=${(event) => tracker.take(one, event.currentTarget)}>${icon("plus")}${one.name} <span class="muted small">${goal(one)}</span></button>`)}</p>
    <details class="more"><summary>Where these goals come from</summary><ul class="small">${list.map((one) => html`<li>${one.name}: ${one.source}</li>`)}</ul></details></div>`;
};

function summary(tracker, active) {
  const done = active.filter((one) => one.today.state === "done" || one.period.state === "done").length;
  const due = active.filter((one) => one.due).length;
  return html`<p class="small muted" role="status">${dayName(tracker.today)}: ${done} of ${plural(active.length, "habit")} done${due ? `, ${due} due` : ""}. Days in ${tracker.settings.timezone}, from ${tracker.settings.day_start}.</p>`;
}

const nothingYet = (tracker) => html`<div class="begin"><p><strong>No habits yet.</strong></p>
  <p class="muted">${tracker.mine ? "Take a ready one, or add one of your own." : `${patient.name} keeps no habits here.`}</p></div>`;

function lists(tracker) {
  const active = tracker.habits.filter((one) => !one.archived);
  const archived = tracker.habits.filter((one) => one.archived);
  return html`${active.length ? summary(tracker, active) : nothing}
    ${active.length ? html`<ul class="habits">${repeat(active, (one) => one.id, card(tracker))}</ul>` : nothingYet(tracker)}
    ${readyOnes(tracker)}
    ${archived.length ? html`<details class="more"><summary>${plural(archived.length, "archived habit")}</summary><ul class="habits">${repeat(archived, (one) => one.id, card(tracker))}</ul></details>` : nothing}`;
}

export const tracker = (page) => html`<section aria-labelledby="today"><div class="head"><h2 id="today">Today</h2>
  ${page.mine && page.habits ? html`<p class="row no-print"><button type="button" class="quiet" @click=${page.set}>${icon("clock")}Your days</button><button type="button" @click=${page.add}>${icon("plus")}Add a habit</button></p>` : nothing}</div>
  ${page.problem ? html`<p class="note bad">${icon("warning")}<span>${page.problem}</span></p>` : page.habits ? lists(page) : html`<p aria-busy="true">Asking for habits…</p>`}</section>`;
