// Which students are looked at: year, gender, hostel, branch, stream; it stands in the address.
import { html, nothing } from "lit-html";
import { icon } from "../parts.js";

export const CATEGORIES = ["year", "gender", "hostel", "branch", "stream"];
export const NAMES = { year: "Year", gender: "Gender", hostel: "Hostel", branch: "Branch", stream: "Stream" };
export const named = (value) => (value === "" || value === null ? "not given" : String(value));

/** {category: [values]} of the address; a text that is itself one of the `categories`' values is that one, comma and all. */
export function read(categories = {}) {
  const asked = new URLSearchParams(location.search);
  const found = {};
  for (const name of CATEGORIES) {
    if (!asked.has(name)) continue;
    const text = asked.get(name);
    found[name] = (categories[name] ?? []).includes(text) ? [text] : text.split(",");
  }
  return found;
}

/** The same as part of a query, beside `more`. */
export function query(filters, more = {}) {
  const asked = new URLSearchParams(more);
  for (const [name, values] of Object.entries(filters)) if (values.length) asked.set(name, values.join(","));
  const text = asked.toString();
  return text ? `?${text}` : "";
}

export const isFiltered = (filters) => Object.values(filters).some((values) => values.length);

/** Put into the address; the way back leads to what was looked at before. */
export function keepInAddress(filters, more = {}) {
  const wanted = location.pathname + query(filters, more);
  if (wanted !== location.pathname + location.search) history.pushState(null, "", wanted);
}

function toggled(filters, name, value, on) {
  const values = (filters[name] ?? []).filter((one) => one !== value);
  return { ...filters, [name]: on ? [...values, value] : values };
}

function words(filters, name) {
  const values = filters[name] ?? [];
  if (!values.length) return "all";
  return values.length > 2 ? `${values.length} chosen` : values.map(named).join(", ");
}

const choice = (filters, name, value, changed) => html`<label class="choice"><input type="checkbox" name=${name} value=${value}
    .checked=${(filters[name] ?? []).includes(String(value))} @change=${(event) => changed(toggled(filters, name, String(value), event.target.checked))}>
  <span>${named(value)}</span></label>`;

// values that are asked for and are not (or no longer) in the register can be taken off as well
const choicesOf = (filters, name, categories) => {
  const known = (categories[name] ?? []).map(String);
  return [...known, ...(filters[name] ?? []).filter((value) => !known.includes(value))];
};

const one = (filters, categories, changed) => (name) => {
  const values = choicesOf(filters, name, categories);
  return html`<details class="menu filter" name="filter" @keydown=${escape}>
    <summary class=${(filters[name] ?? []).length ? "chosen" : ""}><span class="muted">${NAMES[name]}</span> <strong>${words(filters, name)}</strong></summary>
    <fieldset class="menu-list"><legend class="sr">${NAMES[name]}</legend>
      ${values.length ? values.map((value) => choice(filters, name, value, changed)) : html`<p>Nobody is registered yet.</p>`}</fieldset>
  </details>`;
};

function escape(event) {
  if (event.key !== "Escape" || !event.currentTarget.open) return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary").focus();
}

addEventListener("click", (event) => {
  for (const details of document.querySelectorAll("details.filter[open]")) if (!details.contains(event.target)) details.open = false;
});

/** The row of filters; `changed(filters)` when one is chosen or taken off. */
export const filterBar = (filters, categories, changed) => html`<section class="filters no-print" aria-label="Filters">
  <span class="muted">${icon("filter")} Show</span>
  ${CATEGORIES.map(one(filters, categories, changed))}
  ${isFiltered(filters) ? html`<button type="button" class="quiet" @click=${() => changed({})}>${icon("close")}All students</button>` : nothing}
</section>`;

/** What is looked at, in words, for paper and for those who don't see the row. */
export function filterWords(filters) {
  const parts = Object.entries(filters).filter(([, values]) => values.length).map(([name, values]) => `${NAMES[name].toLowerCase()} ${values.map(named).join(" or ")}`);
  return parts.length ? `Only students of ${parts.join(", ")}.` : "";
}
