// One habit: its big buttons for today, how it goes, and what is behind it.
import { html, nothing } from "lit-html";
import { number } from "../../format.js";
import { icon, stateBadge } from "../../parts.js";
import { calendar } from "./calendar.js";
import { STATES, amount, goal, progress, streakWords } from "./words.js";

const done = (habit) => habit.period.state === "done" || habit.today.state === "done";

/** What the badge says: of a week its own state, of a day today's. */
const state = (habit) => (habit.today.state === "open" && habit.period.state === "done" ? "done" : habit.today.state);

const button = (page, habit, words, name, body, more = {}) => html`<button type="button" class=${more.className ?? "quiet"}
  aria-pressed=${more.pressed ?? nothing} ?disabled=${more.disabled ?? false}
  @click=${(event) => page.check(habit, body, event.currentTarget)}>${name ? icon(name) : nothing}${words}<span class="sr"> ${habit.name}</span></button>`;

const skip = (page, habit) => (habit.today.state === "skip"
  ? button(page, habit, "Not skipped", "undo", null)
  : button(page, habit, "Skip", "skip", { state: "skip" }));

function once(page, habit) {
  const is = habit.today.state === "done";
  return [
    button(page, habit, is ? "Done" : "Mark as done", "check", is ? null : { state: "done" }, { className: is ? "check is-done" : "check", pressed: String(is) }),
    is ? nothing : skip(page, habit),
  ];
}

function several(page, habit) {
  const { count, state: said } = habit.today;
  return [
    button(page, habit, html`<span class="sr">One less of</span>`, "minus", { state: "done", count: -1 }, { disabled: !count, className: "quiet step" }),
    button(page, habit, said === "done" ? `Done, ${count} of ${habit.times}` : `Check, ${count} of ${habit.times}`, "check", { state: "done" }, { className: said === "done" ? "check is-done" : "check" }),
    skip(page, habit),
  ];
}

function measured(page, habit) {
  const { value } = habit.today;
  const step = habit.step ?? 1;
  const rest = habit.target - (habit.period.value ?? 0);
  return [
    button(page, habit, html`${amount(step)}<span class="sr"> ${habit.unit} less of</span>`, "minus", { state: "done", value: -step }, { disabled: !value, className: "quiet step" }),
    button(page, habit, `${amount(step)} ${habit.unit}`, "plus", { state: "done", value: step }, { className: done(habit) ? "check is-done" : "check" }),
    html`<button type="button" class="quiet" @click=${() => page.enter(habit)}>${icon("pencil")}Other amount<span class="sr"> of ${habit.name}</span></button>`,
    rest > 0 && value ? nothing : skip(page, habit),
  ];
}

const checks = (page, habit) => html`<div class="checks">${habit.target !== null ? measured(page, habit) : habit.per === "day" && habit.times > 1 ? several(page, habit) : once(page, habit)}</div>`;

const bar = (habit) => {
  const words = progress(habit);
  if (!words) return nothing;
  const [is, all] = habit.target !== null ? [habit.period.value ?? 0, habit.target] : [habit.period.count, habit.times];
  return html`<div class="goal"><span class="small">${words}</span><progress max=${all} value=${Math.min(is, all)} aria-label="${habit.name}: ${words}"></progress></div>`;
};

const figures = (habit) => html`<p class="habit-figures small"><span>${icon("flame")}${streakWords(habit.streak, habit)}</span>
  <span class="muted">best ${number(habit.best_streak)}</span>
  <span class="muted">strength ${number(habit.strength * 100)} %</span></p>`;

const more = (page, habit) => html`<details class="more" @toggle=${(event) => event.currentTarget.open && page.open(habit)}>
  <summary>Calendar${page.mine ? ", other days, change" : ""}<span class="sr"> of ${habit.name}</span></summary><div class="stack">
  ${page.days[habit.id] ? calendar(habit, page.days[habit.id], page.today) : html`<p aria-busy="true">Asking for its days…</p>`}
  ${page.mine ? html`<p class="row no-print">
    ${habit.archived ? nothing : html`<button type="button" class="quiet" @click=${() => page.fill(habit)}>${icon("clock")}Other days<span class="sr"> of ${habit.name}</span></button>`}
    <button type="button" class="quiet" @click=${() => page.change(habit)}>${icon("pencil")}Change<span class="sr"> ${habit.name}</span></button>
    <button type="button" class="quiet" @click=${(event) => page.archive(habit, event.currentTarget)}>${icon("archive")}${habit.archived ? "Take out of the archive" : "Archive"}<span class="sr"> ${habit.name}</span></button>
    ${habit.archived ? html`<button type="button" class="danger" @click=${(event) => page.remove(habit, event.currentTarget)}>${icon("trash")}Remove<span class="sr"> ${habit.name}</span></button>` : order(page, habit)}</p>` : nothing}</div></details>`;

const order = (page, habit) => html`<button type="button" class="quiet" ?disabled=${page.first === habit.id} @click=${(event) => page.up(habit, event.currentTarget)}>${icon("left")}Move up<span class="sr"> ${habit.name}</span></button>`;

/** `page`: {mine, today, days, first, check, enter, open, fill, change, archive, remove, up}. */
export const card = (page) => (habit) => html`<li><article class="habit stack ${habit.archived ? "resting" : ""}" id="habit-${habit.id}">
  <div class="row between"><div><h3>${habit.name}</h3><p class="small muted">${goal(habit)}${habit.remind_at ? html`, ${icon("bell")}<span class="sr">reminder at </span>${habit.remind_at}` : nothing}</p></div>
    <span class="row">${habit.due ? stateBadge("warn", "bell", "due") : nothing}${habit.archived ? stateBadge("", "archive", "archived") : stateBadge(...STATES[state(habit)])}</span></div>
  ${bar(habit)}${page.mine && !habit.archived ? checks(page, habit) : nothing}${figures(habit)}${more(page, habit)}
</article></li>`;
