// The row above the list: search, filters, and on phones the order.
import { html, nothing } from "lit-html";
import { icon, kindName } from "../parts.js";
import { NONE, STATES, values } from "./choose.js";
import { firmwareOf } from "./parts.js";

const SORTS = [["name", "name"], ["state", "what needs a look first"], ["-signal", "best signal first"], ["signal", "weakest signal first"], ["-restarts", "most restarts first"],
  ["uptime", "started last first"], ["memory", "least free memory first"], ["firmware", "oldest firmware first"], ["-seen", "heard last first"], ["seen", "longest away first"], ["place", "place"]];

const select = (id, label, options, value, change, more = "") => html`<div class="field ${more}"><label for=${id}>${label}</label>
  <select id=${id} .value=${value} @change=${(event) => change(event.target.value)}>${options.map(([one, words]) => html`<option value=${one} ?selected=${one === value}>${words}</option>`)}</select></div>`;

const counted = (boards, of, words, any) => [["", any], ...values(boards, of).map(([value, count]) => [value, `${value === NONE ? "none" : words(value)} (${count})`])];

/** `change(fields)` is told what is asked for now. */
export function filterBar(boards, choice, change) {
  const by = (name) => (value) => change({ [name]: value, page: 1 });
  const isAsked = ["q", "kind", "state", "firmware", "place"].some((name) => choice[name]);
  return html`<search><form class="fleet-filters no-print" @submit=${(event) => event.preventDefault()}>
    <div class="field wide"><label for="f-q">Search</label><input id="f-q" type="search" .value=${choice.q} placeholder="Name, id, place or address" autocomplete="off" spellcheck="false" @input=${(event) => by("q")(event.target.value)}></div>
    ${select("f-kind", "Kind", counted(boards, (one) => one.kind, kindName, "any kind"), choice.kind, by("kind"))}
    ${select("f-state", "State", STATES, choice.state, by("state"))}
    ${select("f-firmware", "Firmware", counted(boards, firmwareOf, String, "any firmware"), choice.firmware, by("firmware"))}
    ${select("f-place", "Place", counted(boards, (one) => one.place, String, "any place"), choice.place, by("place"))}
    ${select("f-sort", "Order", SORTS, choice.sort, by("sort"), "narrow-only-block")}
    ${isAsked ? html`<button type="button" class="quiet" @click=${() => change({ q: "", kind: "", state: "", firmware: "", place: "", page: 1 })}>${icon("close")}Show all</button>` : nothing}
  </form></search>`;
}
