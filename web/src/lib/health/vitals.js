// What the pages say about each vital: name, unit, picture, colour, and a plain explanation.
import { html, nothing } from "lit-html";
import { age, number } from "../format.js";
import { icon, stateBadge } from "../parts.js";

export const DISCLAIMER =
  "Health Plus is not a medical device. Its values, ranges and scores are for information; they replace no examination and no doctor.";

export const VITALS = {
  heart_rate: {
    name: "Heart rate", icon: "heart", unit: "per minute", short: "/min", digits: 0, kinds: ["heart_rate"],
    explain: `How often the heart beats in a minute. At rest most adults lie between 60 and 100; it rises with movement, fever,
      pain or fear, and is often lower in people who train. What counts is a value measured at rest, and how it changes.`,
  },
  body_temperature: {
    name: "Temperature", icon: "thermometer", unit: "°C", short: "°C", digits: 1, kinds: ["body_temperature"],
    explain: `The temperature of the body. It is lowest in the early morning and about half a degree higher in the evening. A watch
      measures at the skin, which is cooler than inside: such values show a trend, and a thermometer settles doubts.`,
  },
  spo2: {
    name: "Blood oxygen", icon: "oxygen", unit: "%", short: "%", digits: 0, kinds: ["spo2"],
    explain: `How much of the blood's haemoglobin carries oxygen (SpO2). Cold fingers, movement and nail varnish make it read too low:
      measure again with a warm, still hand before worrying. People with lung disease may have a lower range of their own.`,
  },
  blood_pressure: {
    name: "Blood pressure", icon: "pressure", unit: "mmHg", short: "mmHg", digits: 0, kinds: ["bp_systolic", "bp_diastolic"],
    explain: `The pressure in the arteries when the heart beats (systolic, the larger number) and between beats (diastolic). Measure it
      sitting, after five minutes of rest, with the cuff at the height of the heart. Single values vary; several days tell more.`,
  },
};

export const KIND_NAMES = {
  heart_rate: "Heart rate", body_temperature: "Temperature", spo2: "Blood oxygen",
  bp_systolic: "Blood pressure, systolic", bp_diastolic: "Blood pressure, diastolic",
};

/** The vital's key that a kind of reading belongs to. */
export const vitalOf = (kind) => (kind?.startsWith("bp_") ? "blood_pressure" : kind);

export const shown = (vital, value) =>
  value === null || value === undefined ? "–" : number(value, VITALS[vital].digits);

const QUALITIES = {
  good: ["good", "check", "good"],
  suspect: ["warn", "warning", "suspect"],
  rejected: ["bad", "ban", "rejected"],
};
export const quality = (word) => stateBadge(...(QUALITIES[word] ?? ["", "unknown", word ?? "unknown"]));

const STATES = {
  fresh: ["good", "check", "up to date"],
  late: ["warn", "wait", "late"],
  stale: ["bad", "clock", "old"],
  none: ["", "idle", "no value yet"],
};
export const freshness = (state) => stateBadge(...(STATES[state] ?? STATES.none));

/** Where a value came from, in words. */
export function sourceName(source, devices = []) {
  if (!source) return "unknown";
  const id = source.replace(/^device:/, "");
  const device = devices.find((one) => one.id === id);
  if (device) return device.name || device.id;
  if (source.startsWith("hand") || source === "manual") return `by hand${source.includes(":") ? ` (${source.split(":")[1]})` : ""}`;
  if (source.startsWith("api")) return `from a program${source.includes(":") ? ` (${source.split(":")[1]})` : ""}`;
  return id;
}

/** "60 to 100 /min", with where the figures come from; one-sided ranges too. */
export function rangeText(range, vital) {
  if (!range || (range.low === null && range.high === null)) return null;
  const { short } = VITALS[vital];
  const [low, high] = [range.low ?? null, range.high ?? null].map((value) => (value === null ? null : number(value, value % 1 ? 1 : 0)));
  if (low !== null && high !== null) return `${low} to ${high} ${short}`;
  return low !== null ? `${low} ${short} or more` : `below ${high} ${short}`;
}

export const rangeLine = (range, vital, label = "Range") => {
  const text = rangeText(range, vital);
  return text ? html`<span>${label}: ${text}${range.source ? html` <span class="muted">(${range.source})</span>` : nothing}</span>` : nothing;
};

export const oldText = (seconds) => (seconds === null || seconds === undefined ? "" : `${age(seconds)} old`);

export const disclaimer = html`<p class="note small disclaimer">${icon("shield")}<span>${DISCLAIMER}</span></p>`;
