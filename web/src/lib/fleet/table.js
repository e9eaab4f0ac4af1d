// The list of boards: a table where there is room, cards where there is not; one page at a time.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { number, plural } from "../format.js";
import { icon, kindIcon, kindName, stateBadge, when } from "../parts.js";
import { firmware, memory, nameOf, pageOf, restarts, signal, states, uptime } from "./parts.js";

const COLUMNS = [["name", "Board"], ["state", "State"], ["signal", "Signal"], ["uptime", "Up for", "less"], ["restarts", "Restarts"], ["memory", "Free memory", "less"], ["firmware", "Firmware"], ["seen", "Last contact"]];
const FIRST_DOWN = ["restarts", "seen"]; // of these the most interesting are the largest

function nextSort(sort, name) {
  const first = FIRST_DOWN.includes(name) ? `-${name}` : name;
  if (sort !== name && sort !== `-${name}`) return first;
  return sort.startsWith("-") ? name : `-${name}`;
}

const sortOf = (sort, name) => (sort === name ? "ascending" : sort === `-${name}` ? "descending" : nothing);

const head = (choice, change) => ([name, words, more = ""]) => html`<th scope="col" class=${more} aria-sort=${sortOf(choice.sort, name)}>
  <button type="button" class="sorter" @click=${() => change({ sort: nextSort(choice.sort, name), page: 1 })}>${words}${
    choice.sort.replace(/^-/, "") === name ? icon(choice.sort.startsWith("-") ? "down" : "up") : nothing}</button></th>`;

const cell = (label, value, more = "") => html`<td data-label=${label} class="${more} ${value === nothing ? "none" : ""}"><span>${value}</span></td>`;

const waitsBadge = (target) => (target ? html` ${stateBadge("warn", "up", "update waits")}` : nothing);

function firmwareCell(board, waits) {
  const told = firmware(board);
  return told === nothing && !waits ? nothing : html`${told}${waitsBadge(waits)}`;
}

const row = (selected, toggle, waits) => (board) => html`<tr class="board ${selected.has(board.id) ? "chosen" : ""}" data-id=${board.id}>
  <td class="pick"><label><input type="checkbox" .checked=${selected.has(board.id)} @change=${(event) => toggle([board.id], event.target.checked)}><span class="sr">Select ${nameOf(board)}</span></label></td>
  <td class="title"><a class="row-link" href=${pageOf(board)}>${kindIcon(board.kind)}<span><strong>${nameOf(board)}</strong></span></a>
    <small class="muted">${kindName(board.kind)}${board.place ? html`, ${board.place}` : nothing}${nameOf(board) === board.id ? nothing : html` <code>${board.id}</code>`}</small></td>
  ${cell("State", states(board, true))}
  ${cell("Signal", signal(board))}${cell("Up for", uptime(board), "less")}${cell("Restarts", restarts(board))}
  ${cell("Free memory", memory(board), "less")}${cell("Firmware", firmwareCell(board, waits(board)))}
  ${cell("Last contact", board.connected ? "now" : when(board.last_seen))}
</tr>`;

function pager({ pages, page }, change) {
  if (pages < 2) return nothing;
  const go = (to) => () => {
    change({ page: to });
    document.getElementById("boards")?.scrollIntoView();
  };
  return html`<nav class="pager row no-print" aria-label="Pages of the list">
    <button type="button" class="quiet" ?disabled=${page <= 1} @click=${go(page - 1)}>${icon("left")}Before</button>
    <span>Page ${number(page)} of ${number(pages)}</span>
    <button type="button" class="quiet" ?disabled=${page >= pages} @click=${go(page + 1)}>Next${icon("right")}</button></nav>`;
}

/** `view` is of choose.js; `selected` a Set of ids; `toggle(ids, on)`; `waits(board)`: whether an update does. */
export function boardTable({ view, choice, change, selected, toggle, waits, total }) {
  const { found, shown } = view;
  const all = shown.length > 0 && shown.every((board) => selected.has(board.id));
  const ids = (boards) => boards.map((board) => board.id);
  if (!found.length) {
    return html`<div class="empty"><p><strong>No device is like that.</strong></p><p class="muted">Take off a filter, or search for less.</p></div>`;
  }
  return html`<p class="row between shown-count"><span class="muted" role="status">${found.length === total ? plural(total, "device") : `${number(found.length)} of ${plural(total, "device")}`}</span>
    ${found.length > 1 ? html`<label class="pick-all"><input type="checkbox" .checked=${all} .indeterminate=${!all && shown.some((board) => selected.has(board.id))}
      @change=${(event) => toggle(ids(shown), event.target.checked)}>Select ${view.pages > 1 ? "this page" : "all"}</label>` : nothing}
    ${view.pages > 1 ? html`<button type="button" class="quiet" @click=${() => toggle(ids(found), true)}>Select all ${number(found.length)}</button>` : nothing}</p>
  <div class="panel" id="boards"><table class="table fleet"><caption class="sr">Boards, ${found.length} of ${total}</caption>
    <thead><tr><td class="pick"></td>${COLUMNS.map(head(choice, change))}</tr></thead>
    <tbody>${repeat(shown, (board) => board.id, row(selected, toggle, waits))}</tbody></table></div>
  ${pager(view, change)}`;
}
