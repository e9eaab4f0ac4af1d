// The register as a list: search, filters, what is shown and what more there is.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../../api.js";
import { act } from "../../act.js";
import { plural } from "../../format.js";
import { icon } from "../../parts.js";
import { filterBar, named, query, read } from "../filters.js";
import { csvLink } from "../head.js";
import { kindName, kindPicture, pageOf, whereabouts } from "./parts.js";

const PAGE = 50;
const TYPING_MS = 250;
const STATES = [["", "everybody"], ["inside", "inside"], ["outside", "outside"], ["unknown", "never seen"]];

/** The list's own state and template; `changed()` asks for drawing. */
export function studentList(categories, changed) {
  let items = null;
  let next = null;
  let problem = "";
  let round = 0;
  let timer = null;
  let filters = read(categories);
  const asked = new URLSearchParams(location.search);
  let text = asked.get("q") ?? "";
  let state = asked.get("state") ?? "";

  const more = () => ({ ...(text ? { q: text } : {}), ...(state ? { state } : {}) });

  async function load() {
    const mine = ++round;
    history.replaceState(null, "", location.pathname + query(filters, more()));
    try {
      const page = await api("GET", `/api/v1/campus/students${query(filters, { ...more(), limit: PAGE })}`);
      if (mine !== round) return;
      ({ items, next } = page);
      problem = "";
    } catch (failure) {
      if (mine !== round) return;
      problem = failure.message;
    }
    changed();
  }

  const showMore = (button) => act(button, async () => {
    const page = await api("GET", next);
    items = [...items, ...page.items];
    next = page.next;
    changed();
  });

  function typed(event) {
    text = event.target.value.trim();
    clearTimeout(timer);
    timer = setTimeout(load, TYPING_MS);
  }

  function filtered(wanted) {
    filters = wanted;
    load();
  }

  function stateChosen(event) {
    state = event.target.value;
    load();
  }

  const search = () => html`<search><form class="search-row" @submit=${(event) => { event.preventDefault(); load(); }}>
    <div class="field"><label for="f-q">Search</label><input id="f-q" type="search" name="q" .value=${text} @input=${typed} placeholder="Roll number or any word" autocomplete="off" spellcheck="false"></div>
    <div class="field"><label for="f-state">Where</label><select id="f-state" @change=${stateChosen}>${STATES.map(([value, words]) => html`<option value=${value} ?selected=${value === state}>${words}</option>`)}</select></div>
  </form></search>`;

  const things = (student) => (student.identifiers.length
    ? html`<span class="things">${student.identifiers.map((one) => html`<span title="${kindName(one)} …${one.tail}${one.expired ? ", expired" : ""}" class=${one.expired ? "gone" : ""}>${kindPicture(one)}<span class="sr">${kindName(one)} ending in</span> ${one.tail}</span>`)}</span>`
    : html`<span class="muted">none yet</span>`);

  const row = (student) => html`<tr><td data-label="Roll number"><strong><a class="roll" href=${pageOf(student.rollno)}>${student.rollno}</a></strong></td>
    <td data-label="Year">${student.year}</td><td data-label="Branch">${named(student.branch)}</td><td data-label="Stream">${named(student.stream)}</td>
    <td data-label="Hostel">${named(student.hostel)}</td><td data-label="Gender">${named(student.gender)}</td>
    <td data-label="Is">${whereabouts(student)}</td><td data-label="Known by">${things(student)}</td></tr>`;

  const HEADS = ["Roll number", "Year", "Branch", "Stream", "Hostel", "Gender", "Is", "Known by"];
  const table = () => html`<div class="panel"><table class="table students"><thead><tr>${HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${repeat(items, (student) => student.rollno, row)}</tbody></table></div>`;

  const isAsked = () => text || state || query(filters);
  const none = () => (isAsked()
    ? html`<div class="empty"><p><strong>No student is like that.</strong></p><p class="muted">Take off a filter, or search for less.</p></div>`
    : html`<div class="empty"><p><strong>The register is empty.</strong></p><p class="muted">Import a file of all students, or add one by hand. Then gates know whom they hear.</p></div>`);

  return {
    load,
    /** A movement tells where its student is now. */
    moved(one) {
      const student = items?.find((other) => other.rollno === one.rollno);
      if (student) student.state = one.direction === "entry" ? "inside" : "outside";
      changed();
    },
    template: () => html`${search()}${filterBar(filters, categories, filtered)}
      <div class="row between"><p class="muted shown-count" role="status">${items ? `${plural(items.length, "student")} shown${next ? ", and there are more" : ""}` : ""}</p>${csvLink(`/api/v1/campus/students.csv${query(filters, more())}`, "as CSV", "students")}</div>
      ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}
      <div aria-busy=${items ? "false" : "true"}>${!items ? nothing : items.length ? table() : none()}</div>
      ${next ? html`<p class="actions-row"><button type="button" class="quiet" @click=${(event) => showMore(event.currentTarget)}>Show more</button></p>` : nothing}`,
  };
}
