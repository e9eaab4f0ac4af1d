// What is in an item: what a piece weighs, and what 100 g of it hold.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { act, submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { field, icon } from "../parts.js";
import { api1 } from "./state.js";

const FACTS = [
  ["piece_g", "One piece weighs (g)"], ["energy_kcal", "Energy (kcal)"], ["fat_g", "Fat (g)"], ["sugar_g", "Sugar (g)"],
  ["fibre_g", "Fibre (g)"], ["protein_g", "Protein (g)"], ["salt_g", "Salt (g)"], ["iron_mg", "Iron (mg)"],
  ["calcium_mg", "Calcium (mg)"], ["b12_ug", "Vitamin B12 (µg)"],
];
const path = (page, item) => api1(page.cabinet.id, `/items/${encodeURIComponent(item.id)}/nutrition`);
const shown = (value) => (value === null ? "" : String(value));

function parsed(values) {
  const found = { source: values.source || null };
  for (const [key] of FACTS) {
    const text = (values[key] ?? "").trim().replace(",", ".");
    const value = text ? Number(text) : null;
    if (value !== null && !Number.isFinite(value)) throw Object.assign(new Error("Type a number, or leave it empty."), { field: key });
    found[key] = value;
  }
  return found;
}

/** Offered, never taken by itself: puts it into the fields, to be looked over and saved. */
function fill(form, offered) {
  for (const [key] of FACTS) form.elements[key].value = shown(offered[key]);
  form.elements.source.value = offered.source;
  form.elements.piece_g.focus();
}

const offer = ({ suggestion }) => suggestion ? html`<div class="note">${icon("bulb")}<span>For this name there are figures, approximate: ${suggestion.energy_kcal} kcal in 100 g.
  <button type="button" class="quiet" @click=${(event) => fill(event.currentTarget.closest("form"), suggestion)}>Fill them in</button> Compare them with your package, then save.</span></div>` : nothing;

const form = (page, item, known, close) => html`<form novalidate @submit=${(event) =>
    submit(event, async (values) => close(await api("PUT", path(page, item), parsed(values))), `What is in ${item.name} is saved.`)}>
  <p class="small muted">From its package, in 100 g. Leave empty what is not known: then sums say so. 0 means that there is none in it.</p>
  ${known.known ? nothing : offer(known)}
  <div class="inline-form four">${FACTS.map(([key, label]) => field(label, key, { required: false, inputmode: "decimal", value: shown(known[key]) }))}</div>
  <p class="small muted">1 kcal is 4.184 kJ${known.energy_kj ? `; this is ${known.energy_kj} kJ` : ""}.</p>
  ${field("Where it is from", "source", { required: false, maxlength: 200, value: known.source, help: "Such as the label." })}
  ${known.known ? offer(known) : nothing}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div></form>`;

/** The dialog of an item's facts. */
export async function editFacts(page, item, button = null) {
  const known = await act(button, () => api("GET", path(page, item)));
  if (known) await openDialog(`What is in ${item.name}`, (close) => form(page, item, known, close));
}

/** A link from another page, `#facts-7`, opens the dialog of that item. */
export function openLinked(page) {
  const id = Number(/^#facts-(\d+)$/.exec(location.hash)?.[1]);
  const item = page.items.find((one) => one.id === id);
  if (item) editFacts(page, item);
}
