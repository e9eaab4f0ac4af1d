// What the page knows of analytes: units, conversions by analyte, and how values are written.
import { number } from "../../format.js";
import { initial } from "../../initial.js";
import { keep, kept } from "../../keep.js";

export const ANALYTES = initial.analytes ?? [];
export const BY_KEY = Object.fromEntries(ANALYTES.map((one) => [one.key, one]));

/** How people want to read values: "si" as they are stored, "mass" in mg/dL and g/dL. */
export const SYSTEMS = [["si", "mmol/L"], ["mass", "mg/dL"]];
const MASS = ["mg/dL", "g/dL"];
const REMEMBERED = "iotd-lab-units";

export const system = () => (kept(REMEMBERED) === "mass" ? "mass" : "si");
export const useSystem = (name) => keep(REMEMBERED, name);

/** The unit in which an analyte is shown: one of its own, so that every value can be converted. */
export const unitOf = (analyte, wanted = system()) =>
  (wanted === "mass" && analyte.units.find((unit) => MASS.includes(unit.unit))) || analyte.units[0];

export const unitNamed = (analyte, ucum) => analyte.units.find((unit) => unit.unit === ucum) ?? analyte.units[0];

/** From the unit in which it is stored. */
export const converted = (value, unit) => (value - unit.offset) / unit.scale;

/** A stored value in a unit, as people write it; a small one keeps a digit that counts. */
export function written(value, unit, digits = unit.digits) {
  const shown = converted(value, unit);
  return number(shown, shown && Math.abs(shown) < 10 ** -digits ? digits + 1 : digits);
}

/** A difference between two stored values. */
export const writtenChange = (change, unit) => {
  const size = Math.abs(change / unit.scale);
  return number(size, size && size < 10 ** -unit.digits ? unit.digits + 1 : unit.digits);
};

const side = (value, unit) => (value === null || value === undefined ? null
  : new Intl.NumberFormat(globalThis.navigator?.language, { maximumFractionDigits: unit.digits + (value && value < 10 ** -unit.digits ? 1 : 0) }).format(value));

/** The sides of a range in a unit: as its source states them there, if `stated`, else converted. */
function sides(range, unit, stated) {
  const told = stated ? range.limits?.[unit.unit] : null;
  return (told ?? [range.low, range.high].map((one) => (one === null || one === undefined ? null : converted(one, unit)))).map((one) => side(one, unit));
}

/** "3.5 to 5", "below 5.2", "1.3 and above"; null without a range. */
export function rangeWords(range, unit, stated = true) {
  const [low, high] = sides(range, unit, stated);
  if (low !== null && high !== null) return `${low} to ${high}`;
  const flagged = range.flag_low === null || range.flag_low === undefined ? "" : `, low below ${side(converted(range.flag_low, unit), unit)}`;
  if (low !== null) return `${low} and above${flagged}`;
  return high === null ? null : `below ${high}`;
}

const day = new Intl.DateTimeFormat(globalThis.navigator?.language, { dateStyle: "medium" });
/** A day such as "2026-03-01" in words. */
export const dayOf = (text) => day.format(new Date(`${text}T12:00:00`));
export const timeOf = (text) => Date.parse(`${text}T12:00:00`) / 1000;

export const LIMIT_WORDS = { "<": "less than", "<=": "at most", ">": "more than", ">=": "at least" };

/** Analytes of a form or a list of choices, each with the units it may be told in. */
export const columnChoices = ANALYTES.flatMap((one) => one.units.map((unit) => [`${one.key} ${unit.unit}`, `${one.name}${unit.shown ? ` in ${unit.shown}` : ""}`]))
  .concat(BY_KEY.glucose ? BY_KEY.glucose.units.map((unit) => [`glucose_random ${unit.unit}`, `Glucose, not fasting, in ${unit.shown}`]) : []);
