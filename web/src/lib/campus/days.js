// Days and hours of the site, whose time zone need not be the browser's.
import { initial } from "../initial.js";

const language = globalThis.navigator?.language;
const zone = initial.site?.timezone ?? "UTC";
const format = (options) => new Intl.DateTimeFormat(language, options);

// a day without an hour is read as UTC
const weekdayOf = format({ weekday: "short", timeZone: "UTC" });
const dayOf = format({ day: "numeric", month: "short", timeZone: "UTC" });
const longDayOf = format({ weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
const exact = format({ dateStyle: "medium", timeStyle: "medium", timeZone: zone });
const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
const hourOf = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", hourCycle: "h23", timeZone: zone });

export const zoneName = zone;
export const weekday = (day) => weekdayOf.format(new Date(day));
export const shortDay = (day) => dayOf.format(new Date(day));
export const longDay = (day) => longDayOf.format(new Date(day));

/** "14:03" of a moment, on the site's clock. */
export const timeOf = (text) => clock.format(new Date(text));
export const momentOf = (text) => exact.format(new Date(text));

/** "2026-11-26": the site's day of a moment, `before` days earlier. */
export function siteDay(moment = new Date(), before = 0) {
  const day = new Date(isoDay.format(moment));
  day.setUTCDate(day.getUTCDate() - before);
  return day.toISOString().slice(0, 10);
}

export const siteHour = (text) => Number(hourOf.format(new Date(text)));
export const hourName = (hour) => `${String(hour).padStart(2, "0")}:00`;

// 2024-01-01 was a Monday
export const weekdayName = (number, style = "short") => format({ weekday: style, timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, number)));

/** "3 h 20 min" of minutes. */
export function span(minutes) {
  const whole = Math.round(minutes);
  if (whole < 60) return `${whole} min`;
  if (whole < 60 * 48) return `${Math.floor(whole / 60)} h ${whole % 60} min`;
  return `${Math.round(whole / 1440)} days`;
}
