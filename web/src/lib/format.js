// Times and sizes in the words of whoever looks (the browser's language and time zone).
const language = globalThis.navigator?.language;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];

/** "3 minutes ago" for an RFC 3339 time; a moment ahead of this clock counts as now. */
export function ago(text, now = Date.now()) {
  let amount = Math.max(0, (now - Date.parse(text)) / 1000);
  for (const [unit, size] of STEPS) {
    if (amount < size) return relative.format(-Math.floor(amount), unit);
    amount /= size;
  }
  return moment(text);
}

export const moment = (text) => exact.format(new Date(text));

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/** "1.4 MB", powers of 1000. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${number(value, unit === 0 || value >= 99.5 ? 0 : 1)} ${units[unit]}`;
}

/** "4 s", "2 min", "3 h": the age of a picture. */
export function age(seconds) {
  if (seconds < 90) return `${number(Math.max(0, seconds))} s`;
  if (seconds < 5400) return `${number(seconds / 60)} min`;
  return `${number(seconds / 3600)} h`;
}

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
