// A cabinet's door, lights, weight and camera in words and pictures; never by colour alone.
import { html } from "lit-html";
import { number } from "../format.js";
import { icon, stateBadge } from "../parts.js";

const DOORS = { open: ["door-open", "open"], closed: ["door-closed", "closed"], unknown: ["unknown", "not known yet"] };
const LIGHTS = { on: ["bulb", "on"], off: ["bulb-off", "off"], unknown: ["unknown", "not known"] };
const CAMERAS = { online: "connected", offline: "not connected", none: "none", several: "which one?" };

export const cabinetPath = (id) => `/cabinets/${encodeURIComponent(id)}`;
export const api1 = (id, rest = "") => `/api/v1/cabinets/${encodeURIComponent(id)}${rest}`;

export const connected = (cabinet) =>
  cabinet.connected ? stateBadge("good", "check", "connected") : stateBadge("", "offline", "not connected");

/** "1,023 g", whole grams: a kitchen scale knows no better. */
export const grams = (value) => (value === null || value === undefined ? "not known yet" : `${number(value)} g`);

/** "120 g taken", "35 g put in", in words. */
export function taken(value) {
  if (value === null || value === undefined) return "weight not known";
  const whole = Math.round(value);
  if (whole === 0) return "nothing taken";
  return whole > 0 ? `${number(whole)} g taken` : `${number(-whole)} g put in`;
}

export const doorWords = (cabinet) => (DOORS[cabinet.door] ?? DOORS.unknown)[1];
export const lightWords = (cabinet) => (LIGHTS[cabinet.lights] ?? LIGHTS.unknown)[1];

const cell = (picture, name, value, tone = "") => html`<div class=${tone}><dt>${name}</dt><dd>${icon(picture)}${value}</dd></div>`;

export const stateList = (cabinet) => {
  const [doorIcon, door] = DOORS[cabinet.door] ?? DOORS.unknown;
  const [lightIcon, lights] = LIGHTS[cabinet.lights] ?? LIGHTS.unknown;
  return html`<dl class="cabinet-state">
    ${cell(doorIcon, "Door", door)}
    ${cell(lightIcon, "Lights (LED)", lights, cabinet.lights === "on" ? "on" : "")}
    ${cell("scale", "Weight on the shelf", grams(cabinet.weight_g))}
    ${cell("camera", "Camera", CAMERAS[cabinet.camera_state] ?? cabinet.camera_state)}
  </dl>`;
};

const COUNTS = {
  known: ["good", "check", "counts known"],
  provisional: ["warn", "wait", "counts to be confirmed"],
  unknown: ["", "unknown", "counts not known"],
};
export const countsBadge = (state) => stateBadge(...(COUNTS[state] ?? COUNTS.unknown));
