// Entering values by hand: what was measured is filled in, the rest stays empty.
import { html } from "lit-html";
import { api } from "../api.js";
import { submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { field } from "../parts.js";
import { say } from "../messages.js";
import { api1 } from "./patient.js";

// what nobody can mean, as the server has it: told before a part of the values is stored
const INPUTS = [
  ["bp_systolic", "Blood pressure, the larger number (systolic)", "mm[Hg]", 0, 400, "mmHg"],
  ["bp_diastolic", "Blood pressure, the smaller number (diastolic)", "mm[Hg]", 0, 400, "mmHg"],
  ["spo2", "Blood oxygen (SpO2)", "%", 0, 100, "%"],
  ["body_temperature", "Temperature", "Cel", 0, 60, "°C"],
  ["heart_rate", "Heart rate", "/min", 0, 400, "per minute"],
];

const wrong = (name, text) => Object.assign(new Error(text), { field: name });

/** What is to be sent; throws what is wrong with a field. */
export function readings(values) {
  const found = [];
  for (const [kind, , unit, low, high, words] of INPUTS) {
    const text = (values[kind] ?? "").trim().replace(",", ".");
    if (!text) continue;
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text)) throw wrong(kind, "Type a number, such as 72 or 36.6.");
    if (value < low || value > high) throw wrong(kind, `This must lie between ${low} and ${high} ${words}. Check what was typed.`);
    found.push({ kind, unit, value });
  }
  const given = Object.fromEntries(found.map(({ kind, value }) => [kind, value]));
  if (!found.length) throw new Error("Fill in at least one value.");
  if (("bp_systolic" in given) !== ("bp_diastolic" in given)) {
    throw wrong("bp_systolic" in given ? "bp_diastolic" : "bp_systolic", "Blood pressure has two numbers: fill in both.");
  }
  if (given.bp_diastolic >= given.bp_systolic) throw wrong("bp_diastolic", "The smaller number must be below the larger one.");
  return found;
}

function moment(values) {
  if (!values.measured_at) return new Date();
  const at = new Date(values.measured_at);
  if (Number.isNaN(at.getTime())) throw wrong("measured_at", "Choose a day and a time.");
  if (at.getTime() > Date.now() + 60000) throw wrong("measured_at", "This lies in the future.");
  return at;
}

async function send(form, values) {
  const wanted = readings(values);
  const measured_at = moment(values).toISOString();
  const stored = [];
  for (const reading of wanted) {
    try {
      stored.push(await api("POST", `${api1}/readings`, { ...reading, measured_at }));
    } catch (problem) {
      // told beside the field of the value; what went well before must not be sent twice
      if (["value", "kind", "unit", null].includes(problem.field)) problem.field = reading.kind;
      throw problem;
    }
    form.elements[reading.kind].value = "";
  }
  return stored;
}

function saidOf(qualities) {
  if (qualities.includes("rejected")) return "Stored, but marked as rejected: a value is not possible and counts nowhere. Check what was typed.";
  return qualities.includes("suspect") ? "Stored, and marked as suspect: it is unusual." : "Stored.";
}

const number = ([kind, label, , , , words]) => field(label, kind, { required: false, inputmode: "decimal", maxlength: 6, help: words });

/** Resolves with the stored readings, or undefined. */
export const enterValues = () => openDialog("Enter values", (close) => html`<form novalidate @submit=${(event) => {
  const form = event.currentTarget;
  return submit(event, async (values) => {
    const stored = await send(form, values);
    close(stored);
    say(saidOf(stored.map((one) => one.quality)));
  });
}}>
  <p class="muted">Fill in what you measured and leave the rest empty.</p>
  <div class="inline-form">${INPUTS.map(number)}
    ${field("Measured at", "measured_at", { type: "datetime-local", required: false, help: "Empty: now." })}</div>
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Store</button></div>
</form>`);
