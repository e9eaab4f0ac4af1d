// Results typed in by hand: a new report, or another version of one.
import { html, nothing } from "lit-html";
import { api } from "../../api.js";
import { act, submit } from "../../act.js";
import { confirm, openDialog } from "../../dialogs.js";
import { initial } from "../../initial.js";
import { field } from "../../parts.js";
import { api1 } from "../patient.js";
import { ANALYTES, dayOf, unitOf } from "./data.js";

const text = (value) => (value === null || value === undefined ? "" : String(value));

/** A laboratory's own range in the unit in which the value was told. */
function ownRange(one, unit) {
  if (one?.range_kind !== "laboratory") return ["", ""];
  return [one.low, one.high].map((side) => (side === null ? "" : text(Number(((side - unit.offset) / unit.scale).toPrecision(6)))));
}

const number = (name, label, value, words) => html`<div class="field"><label for="f-${name}">${label}</label>
  <input id="f-${name}" name=${name} inputmode="decimal" autocomplete="off" maxlength="16" .value=${value} placeholder=${words ?? nothing} aria-describedby="f-${name}-wrong">
  <span class="wrong" id="f-${name}-wrong" role="alert"></span></div>`;

function line(analyte, report) {
  const value = report?.values[analyte.key];
  const one = value && !value.computed ? value : null;
  const place = `values.${analyte.key}`;
  const unit = analyte.units.find((each) => each.unit === one?.given.unit) ?? unitOf(analyte);
  const [low, high] = ownRange(one, unit);
  const label = analyte.key === "glucose" ? "Glucose" : analyte.name;
  return html`<fieldset class="lab-line"><legend class="sr">${label}</legend>
    ${number(`${place}.value`, label, one ? `${one.comparator ?? ""}${one.given.value}` : "")}
    <div class="field"><label for="f-${place}.unit">Unit<span class="sr"> of ${label}</span></label>
      <select id="f-${place}.unit" name="${place}.unit" aria-describedby="f-${place}.unit-wrong">${analyte.units.map((each) => html`<option value=${each.unit} ?selected=${each === unit}>${each.shown || "ratio"}</option>`)}</select>
      <span class="wrong" id="f-${place}.unit-wrong" role="alert"></span></div>
    ${analyte.key === "glucose" ? html`<label class="choice"><input type="checkbox" name="${place}.random" ?checked=${one?.fasting === false}><span>not fasting</span></label>` : nothing}
    <details class="more" ?open=${Boolean(low || high)}><summary>The laboratory’s range<span class="sr"> of ${label}</span></summary>
      <div class="two">${number(`${place}.low`, "from", low)}${number(`${place}.high`, "to", high)}</div></details></fieldset>`;
}

/** What the form says; null for what was there and is empty now. */
export function valuesOf(form, report) {
  const found = {};
  const typed = (name) => form.elements[name]?.value.trim() ?? "";
  for (const { key } of ANALYTES) {
    const place = `values.${key}`;
    const value = typed(`${place}.value`);
    const before = report?.values[key];
    if (!value) {
      if (before && !before.computed) found[key] = null;
      continue;
    }
    found[key] = { value, unit: typed(`${place}.unit`) };
    for (const side of ["low", "high"]) if (typed(`${place}.${side}`)) found[key][side] = typed(`${place}.${side}`);
    const random = form.elements[`${place}.random`];
    if (random && (random.checked || before?.fasting)) found[key].fasting = !random.checked;
  }
  return found;
}

async function send(form, report) {
  const values = valuesOf(form, report);
  if (!Object.keys(values).length) throw new Error("Fill in at least one result.");
  const date = report?.date ?? form.elements.date.value;
  if (!date) throw Object.assign(new Error("Choose the day on which the sample was taken."), { field: "date" });
  return api("PUT", `${api1}/labs`, { date, laboratory: form.elements.laboratory.value.trim(), values });
}

/** Resolves with the stored report, or undefined. */
export const enterReport = (report = null) => openDialog(report ? `Results of ${dayOf(report.date)}` : "Enter results", (close) => html`<form novalidate @submit=${(event) => {
  const form = event.currentTarget;
  return submit(event, async () => {
    const stored = await send(form, report);
    close(stored);
    return stored;
  }, "Stored.");
}}>
  <p class="muted">Copy what the laboratory printed, in its units; leave the rest empty. A limit such as &lt;3 may be typed as it stands.</p>
  <div class="inline-form">${report ? nothing : html`<div class="field"><label for="f-date">Day of the sample</label><input id="f-date" name="date" type="date" max=${initial.today} .value=${initial.today} aria-describedby="f-date-wrong"><span class="wrong" id="f-date-wrong" role="alert"></span></div>`}
    ${field("Laboratory", "laboratory", { required: false, maxlength: 100, value: report?.laboratory ?? "", help: "If you like." })}</div>
  <div class="lab-lines">${ANALYTES.map((analyte) => line(analyte, report))}</div>
  <p class="small muted">eGFR and Cholesterol / HDL are computed when they are left empty and can be.</p>
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Store</button></div>
</form>`);

/** Remove a report; true when it is gone. */
export async function removeReport(report, button) {
  const sure = await confirm(`Remove the results of ${dayOf(report.date)}?`, "All results of this day are removed. It can't be taken back.", { yes: "Remove" });
  if (!sure) return false;
  return (await act(button, () => api("DELETE", `${api1}/labs/${report.date}`), "Removed.")) !== undefined;
}
