// The ranges of this site: what an admin puts in the place of those built in, with who says so.
import { html, nothing } from "lit-html";
import { api } from "../../api.js";
import { act, submit } from "../../act.js";
import { field, icon } from "../../parts.js";
import { home } from "../patient.js";
import { ANALYTES, BY_KEY, rangeWords } from "./data.js";

const ADDRESS = "/api/v1/labs/ranges";
const SEXES = [["any", "everybody"], ["female", "women"], ["male", "men"]];
const FIELDS = ["sex", "age_from", "age_to", "low", "high", "source"];

const bare = (row) => Object.fromEntries(FIELDS.map((name) => [name, row[name]]));

function figure(values, name, fallback) {
  const text = (values[name] ?? "").trim().replace(",", ".");
  if (!text) return fallback;
  if (!/^\d+(\.\d+)?$/.test(text)) throw Object.assign(new Error("Type a number, or leave it empty."), { field: name });
  return Number(text);
}

/** The state and template; `changed()` asks for drawing. */
export function rangesView(changed) {
  let rows = null;
  let problem = "";
  let chosen = ANALYTES[0].key;

  async function load() {
    try {
      rows = (await api("GET", ADDRESS)).items;
      problem = "";
    } catch (failure) {
      problem = failure.message;
    }
    changed();
  }

  const of = (key) => rows.filter((row) => row.analyte === key);

  async function put(key, list) {
    try {
      rows = (await api("PUT", ADDRESS, { ranges: { [key]: list.map(bare) } })).items;
    } catch (failure) {
      // told of the row that was added last: its fields are those of the form
      if (failure.field) failure.field = failure.field.split(".").at(-1);
      throw failure;
    }
    changed();
  }

  const remove = (row, button) => act(button, () => put(row.analyte, of(row.analyte).filter((other) => other !== row)), "Removed.");

  const add = (event) => {
    const form = event.currentTarget;
    return submit(event, async (values) => {
      const row = {
        sex: values.sex, age_from: figure(values, "age_from", 0), age_to: figure(values, "age_to", 150),
        low: figure(values, "low", null), high: figure(values, "high", null), source: (values.source ?? "").trim(),
      };
      await put(chosen, [...of(chosen), row]);
      form.reset();
      form.elements.analyte.value = chosen;
    }, "The range is in force.");
  };

  const line = (row, mine) => html`<tr><td data-label="Analyte"><strong>${BY_KEY[row.analyte].name}</strong></td><td data-label="Of">${SEXES.find(([sex]) => sex === row.sex)[1]}, ${row.age_from} to ${row.age_to}</td>
    <td data-label="Usual">${rangeWords(row, BY_KEY[row.analyte].units[0])} ${BY_KEY[row.analyte].units[0].shown}</td><td data-label="Source">${row.source}</td>
    <td>${mine ? html`<button type="button" class="quiet" @click=${(event) => remove(row, event.currentTarget)}>${icon("trash")}Remove<span class="sr"> the range of ${BY_KEY[row.analyte].name}</span></button>` : nothing}</td></tr>`;

  const table = (list, mine) => html`<div class="panel"><table class="table"><thead><tr>${["Analyte", "Of", "Usual", "Source"].map((head) => html`<th scope="col">${head}</th>`)}<th><span class="sr">Remove</span></th></tr></thead><tbody>${list.map((row) => line(row, mine))}</tbody></table></div>`;

  const builtIn = ANALYTES.flatMap((one) => one.ranges.filter((row) => row.kind === "built-in"));

  const form = () => html`<form class="stack" novalidate @submit=${add}><h2>${icon("plus")}Add a range</h2>
    <div class="inline-form">
      <div class="field"><label for="f-analyte">Analyte</label><select id="f-analyte" name="analyte" @change=${(event) => { chosen = event.target.value; changed(); }}>${ANALYTES.map((one) => html`<option value=${one.key} ?selected=${one.key === chosen}>${one.name}</option>`)}</select></div>
      <div class="field"><label for="f-sex">Of</label><select id="f-sex" name="sex">${SEXES.map(([sex, words]) => html`<option value=${sex}>${words}</option>`)}</select></div>
      ${field("From the age of", "age_from", { required: false, inputmode: "numeric", maxlength: 3, help: "Empty: 0" })}${field("to the age of", "age_to", { required: false, inputmode: "numeric", maxlength: 3, help: "Empty: 150" })}
      ${field("Usual from", "low", { required: false, inputmode: "decimal", maxlength: 12, help: `In ${BY_KEY[chosen].units[0].shown || "no unit"}; empty: no lower side` })}
      ${field("Usual to", "high", { required: false, inputmode: "decimal", maxlength: 12, help: "Empty: no upper side; alone it means below" })}
      ${field("Source", "source", { maxlength: 200, help: "Who says so, and of when: the laboratory's sheet, a guideline." })}</div>
    <p class="form-error note bad" role="alert"></p><p><button>${icon("check")}Put it in force</button></p></form>`;

  return {
    title: "Usual ranges",
    load,
    template: () => html`<p class="back"><a href="${home}/labs">${icon("left")}All results</a></p>
      ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}
      ${rows ? html`<div class="stack wide-stack"><h2>Of this site</h2>${rows.length ? table(rows, true) : html`<div class="empty"><p><strong>None yet.</strong></p><p class="muted">The ranges built in hold, unless a laboratory printed its own.</p></div>`}
        <article>${form()}</article><details class="more"><summary>Those built in</summary>${table(builtIn, false)}</details></div>` : html`<p aria-busy="true">Loading…</p>`}`,
  };
}
