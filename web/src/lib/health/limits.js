// The dialog of alert limits: what is unusual enough to tell somebody.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { act, submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { api1 } from "./patient.js";
import { KIND_NAMES, VITALS, vitalOf } from "./vitals.js";

const SIDES = [["urgent_low", "Urgent below"], ["low", "Warn below"], ["high", "Warn above"], ["urgent_high", "Urgent above"]];
const RUNS = [["need", "Readings outside"], ["of", "of the last"], ["margin", "Back inside by"]];

const text = (value) => (value === null || value === undefined ? "" : String(value));

const limit = (kind, rule, required) => ([name, label]) => {
  const id = `limit-${kind}-${name}`;
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} name="${kind}.${name}" inputmode="decimal" autocomplete="off" maxlength="6" ?required=${required} .value=${text(rule[name])} aria-describedby="${id}-wrong">
    <span class="wrong" id="${id}-wrong" role="alert"></span></div>`;
};

const enabled = (kind, rule, words) => html`<label class="choice"><input type="checkbox" name="${kind}.enabled" ?checked=${rule.enabled}><span>${words}</span></label>`;

const vital = ([kind, rule]) => html`<fieldset class="limits"><legend>${KIND_NAMES[kind]}, ${VITALS[vitalOf(kind)].short}</legend>
  ${enabled(kind, rule, "Alert when outside these limits")}
  <div class="inline-form four">${SIDES.map(limit(kind, rule, false))}</div>
  <details class="more"><summary>When it begins and ends<span class="sr"> for ${KIND_NAMES[kind]}</span></summary>
    <div class="inline-form four">${RUNS.map(limit(kind, rule, true))}</div></details></fieldset>`;

const stale = (rule) => html`<fieldset class="limits"><legend>No values any more</legend>
  ${enabled("stale", rule, "Alert when nothing good is heard")}
  <div class="inline-form four">${[["warning_minutes", "Warn after, minutes"], ["urgent_minutes", "Urgent after, minutes"]].map(limit("stale", rule, true))}</div></fieldset>`;

function number(name, value) {
  const typed = (value ?? "").trim().replace(",", ".");
  if (!typed) return null;
  if (!/^\d+(\.\d+)?$/.test(typed)) throw Object.assign(new Error("Type a number, or leave it empty for no limit."), { field: name });
  return Number(typed);
}

/** The whole set of rules as the form has it. */
export function rulesOf(form, rules) {
  const found = {};
  for (const [kind, rule] of Object.entries(rules)) {
    found[kind] = {};
    for (const name of Object.keys(rule)) {
      const input = form.elements[`${kind}.${name}`];
      if (!input) continue;
      found[kind][name] = input.type === "checkbox" ? input.checked : number(input.name, input.value);
    }
  }
  return found;
}

const save = (rules, close) => (event) => {
  const form = event.currentTarget;
  // what is wrong inside a closed part must be seen
  for (const details of form.querySelectorAll("details")) details.open = true;
  return submit(event, async () => close(await api("PUT", `${api1}/alert-rules`, rulesOf(form, rules))), "The limits are stored.");
};

/** Show the limits of this patient, and store what is changed. */
export async function changeLimits(button) {
  const rules = await act(button, () => api("GET", `${api1}/alert-rules`));
  if (!rules) return;
  const kinds = Object.keys(KIND_NAMES).filter((kind) => rules[kind]).map((kind) => [kind, rules[kind]]);
  await openDialog("Alert limits", (close) => html`<form novalidate @submit=${save(rules, close)}>
    <p class="muted">Somebody is told when values stay outside. These limits are meant for adults at rest: set those that fit this person, best with a doctor. An empty field is no limit.</p>
    ${kinds.map(vital)}${rules.stale ? stale(rules.stale) : nothing}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Store</button></div>
  </form>`);
}
