// Boards that wait for somebody to approve them.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../api.js";
import { submit } from "../act.js";
import { plural } from "../format.js";
import { fact, icon, kindIcon, when } from "../parts.js";
import { refuse } from "./jobs.js";
import { kindSelect, nameOf, pageOf, path, protection, states } from "./parts.js";

const CARDS = 8; // more of them are better looked at in the list
const FEW = 3;

function sameAs(device, all) {
  const alike = (other) => other.kind === device.kind && other.state !== "pending" && !other.keyed;
  // gates are known by their names alone, or by their keys
  const others = device.keyed || device.kind === "gate" ? [] : all.filter(alike);
  if (!others.length) return nothing;
  const id = `same-${device.id}`;
  return html`<div class="field">
    <label for=${id}>Is it new?</label>
    <select name="same_as" id=${id} aria-describedby="${id}-help">
      <option value="">Yes, a new device</option>
      ${others.map((other) => html`<option value=${other.id}>No, it is ${nameOf(other)} (${other.address ?? "no address"}, ${other.state})</option>`)}
    </select>
    <small id="${id}-help">A device that got another address looks new. Choose its old entry to keep its name and settings.</small>
  </div>`;
}

const approve = (device, fleet) => (event) =>
  submit(event, async (values) => {
    await api("POST", path(device, "/approve"), values);
    await fleet.reload();
  }, `${nameOf(device)} is approved.`);

/** How one is let in, or not. */
export const approval = (device, fleet) => html`<form @submit=${approve(device, fleet)}>
    ${kindSelect(device, `kind-${device.id}`)}${sameAs(device, fleet.all())}
    <p class="form-error note bad" role="alert"></p>
    <p class="row"><button>${icon("check")}Approve<span class="sr"> ${nameOf(device)}</span></button>
      <button type="button" class="quiet" @click=${(event) => refuse(device, event.currentTarget, fleet)}>Refuse<span class="sr"> ${nameOf(device)}</span></button></p>
  </form>`;

const card = (fleet) => (device) => html`<article class="device pending stack">
  <div class="row between"><h3>${kindIcon(device.kind)}<a href=${pageOf(device)}>${nameOf(device)}</a></h3>${states(device)}</div>
  <p>${device.waits_because || "It is new here and sends nothing until somebody approves it."}</p>
  <dl class="facts">
    ${fact("Id", html`<code>${device.id}</code>`)}${fact("Address", device.address)}
    ${fact("Last seen", when(device.last_seen))}${fact("Protection", protection(device))}
  </dl>
  ${approval(device, fleet)}
</article>`;

/** The cards of those that wait; nothing when nobody does. */
export function waiting(fleet) {
  const list = fleet.all().filter((device) => device.state === "pending");
  if (!list.length) return nothing;
  const shown = list.slice(0, list.length > CARDS ? FEW : CARDS);
  const more = list.length - shown.length;
  return html`<h2>Waiting for you</h2>
  <p class="muted">Approve what you know. If you don't expect a device, check its address first.</p>
  <div class="grid-cards">${repeat(shown, (device) => device.id, card(fleet))}</div>
  ${more > 0 ? html`<p class="actions-row"><button type="button" class="quiet" @click=${() => fleet.choose({ state: "pending", page: 1 })}>${icon("filter")}${plural(more, "more waits", "more wait")}: show all in the list</button></p>` : nothing}`;
}
