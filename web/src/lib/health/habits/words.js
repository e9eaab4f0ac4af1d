// Habits in words: goals, days, streaks.
import { number, plural } from "../../format.js";

const language = globalThis.navigator?.language;
const long = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const short = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat(language, { month: "short" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });

/** A day such as "2026-11-21" as a Date at noon, which is that day in any zone's clock. */
export const dateOf = (day) => new Date(`${day}T12:00:00`);
export const dayOf = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
export const dayName = (day) => long.format(dateOf(day));
export const shortDay = (day) => short.format(dateOf(day));
export const monthName = (day) => month.format(dateOf(day));
export const weekdayName = (day) => weekday.format(dateOf(day));

export function before(day, days) {
  const date = dateOf(day);
  date.setDate(date.getDate() - days);
  return dayOf(date);
}

/** Monday 0 to Sunday 6. */
export const weekdayOf = (day) => (dateOf(day).getDay() + 6) % 7;

/** "1.25", without zeros that say nothing. */
export const amount = (value) => number(value, Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2);

export const withUnit = (value, unit) => `${amount(value)}${unit ? ` ${unit}` : ""}`;

/** "2 L a day", "3 days a week". */
export function goal(habit) {
  if (habit.target !== null) return `${withUnit(habit.target, habit.unit)} a ${habit.per}`;
  if (habit.per === "week") return `${plural(habit.times, "day")} a week`;
  return habit.times === 1 ? "every day" : `${habit.times} times a day`;
}

/** "1.25 of 2 L", "1 of 3 days this week"; empty where done or not is all there is. */
export function progress(habit) {
  const { count, value } = habit.period;
  const when = habit.per === "week" ? " this week" : "";
  if (habit.target !== null) return `${amount(value ?? 0)} of ${withUnit(habit.target, habit.unit)}${when}`;
  if (habit.per === "week") return `${count} of ${plural(habit.times, "day")}${when}`;
  return habit.times > 1 ? `${count} of ${habit.times}` : "";
}

export const streakWords = (count, habit) => (count ? `${plural(count, habit.per)} in a row` : "no streak yet");

export const STATES = {
  done: ["good", "check", "done"],
  skip: ["", "skip", "skipped"],
  missed: ["warn", "close", "missed"],
  open: ["", "wait", "open"],
};
