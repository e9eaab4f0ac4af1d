// The fields of a section: one for each question, with help, limits and what is wrong beside it.
import { html, nothing } from "lit-html";
import { icon } from "../../parts.js";
import { emptyRow, isAsked } from "./values.js";

const idOf = (name) => `q-${name.replaceAll(".", "-")}`;
const LONG = 300; // characters from which on a text gets several lines

const hint = (question) => {
  if (question.kind === "number") return [question.help, `${question.low} to ${question.high} ${question.unit}`].filter(Boolean).join(" ");
  return question.help;
};

const wrong = (name, errors) => html`<span class="wrong" id="${idOf(name)}-wrong" role="alert">${errors[name] ?? ""}</span>`;
const invalid = (name, errors) => (errors[name] ? "true" : nothing);
const described = (name, help) => `${help ? `${idOf(name)}-help ` : ""}${idOf(name)}-wrong`;

const framed = (name, question, errors, control) => {
  const help = hint(question);
  return html`<div class="field"><label for=${idOf(name)}>${question.text}</label>${control(described(name, help))}
    ${help ? html`<small id="${idOf(name)}-help">${help}</small>` : nothing}${wrong(name, errors)}</div>`;
};

const line = (name, question, value, put, errors, more = {}) => framed(name, question, errors, (by) => html`<input id=${idOf(name)} name=${name} type="text"
  inputmode=${more.inputmode ?? nothing} maxlength=${more.most ?? nothing} autocomplete="off" aria-describedby=${by} aria-invalid=${invalid(name, errors)}
  .value=${value} @input=${(event) => put(event.currentTarget.value)}>`);

const CONTROLS = {
  text: (name, question, value, put, errors) => (question.most < LONG
    ? line(name, question, value, put, errors, { most: question.most })
    : framed(name, question, errors, (by) => html`<textarea id=${idOf(name)} name=${name} rows="3" maxlength=${question.most} aria-describedby=${by}
        aria-invalid=${invalid(name, errors)} .value=${value} @input=${(event) => put(event.currentTarget.value)}></textarea>`)),
  number: (name, question, value, put, errors) => line(name, question, value, put, errors, { inputmode: "decimal", most: 8 }),
  date: (name, question, value, put, errors) => line(name, question, value, put, errors, { most: 10 }),
  choice: (name, question, value, put, errors) => framed(name, question, errors, (by) => html`<select id=${idOf(name)} name=${name} aria-describedby=${by}
      aria-invalid=${invalid(name, errors)} .value=${value} @change=${(event) => put(event.currentTarget.value)}>
      <option value="" ?selected=${!value}>No answer</option>
      ${question.options.map((option) => html`<option value=${option.value} ?selected=${option.value === value}>${option.label}</option>`)}</select>`),
  yes_no: (name, question, value, put, errors) => html`<fieldset class="field yes-no"><legend>${question.text}</legend><div class="chips">
      ${[[true, "Yes"], [false, "No"], [null, "No answer"]].map(([answer, words]) => html`<label class="chip"><input type="radio" name=${name}
        .checked=${value === answer} @change=${() => put(answer)}>${words}</label>`)}</div>${wrong(name, errors)}</fieldset>`,
  list,
};

function list(name, question, rows, put, errors) {
  const atLeastOne = (some) => (some.length ? some : [emptyRow(question)]);
  const shown = atLeastOne(rows);
  // of the rows as they are then: what is typed is kept without drawing anew
  const change = (place, column) => (value) => put((now) => atLeastOne(now).map((row, other) => (other === place ? { ...row, [column]: value } : row)), false);
  const add = () => put((now) => [...atLeastOne(now), emptyRow(question)]);
  return html`<div class="field q-list"><h3>${question.text}</h3>
    ${shown.map((row, place) => html`<fieldset class="q-row"><legend>${place + 1}.</legend><div class="inline-form">
      ${question.columns.map((column) => CONTROLS[column.kind](`${name}.${place}.${column.id}`, column, row[column.id], change(place, column.id), errors))}</div>
      <button type="button" class="quiet" aria-label="Remove row ${place + 1}" @click=${() => put((now) => now.filter((_, other) => other !== place))}>${icon("trash")}Remove</button></fieldset>`)}
    ${wrong(name, errors)}
    <p><button type="button" class="quiet" ?disabled=${shown.length >= question.most} @click=${add}>${icon("plus")}Add another</button></p></div>`;
}

/** The section's fields; `put(question, value, drawn)` takes what is typed, or what makes it of what was. */
export const fields = (section, raw, put, errors) => section.questions
  .filter((question) => isAsked(section, question, raw.values))
  .map((question) => CONTROLS[question.kind](`${section.id}.${question.id}`, question, raw.values[question.id], (value, drawn = true) => put(question.id, value, drawn), errors));

/** The section in one's own words instead. */
export const ownWords = (section, raw, limit, put, errors) => framed(section.id, {
  text: `${section.title}, in your own words`, kind: "text", help: `Up to ${limit.toLocaleString()} characters.`,
}, errors, (by) => html`<textarea id=${idOf(section.id)} name=${section.id} rows="8" maxlength=${limit} aria-describedby=${by}
  aria-invalid=${invalid(section.id, errors)} .value=${raw.text} @input=${(event) => put(event.currentTarget.value)}></textarea>`);

/** To the first field that is wrong. */
export function focusWrong(errors) {
  const [name] = Object.keys(errors);
  const input = name && document.getElementById(idOf(name));
  input?.focus();
  return Boolean(input);
}
