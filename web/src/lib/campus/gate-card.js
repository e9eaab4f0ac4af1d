// One gate: whether it is there, how trustworthy, what it says, what was lost and asked for again.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { number, plural } from "../format.js";
import { deviceState, fact, field, icon, stateBadge, when } from "../parts.js";
import { isSilent, nameOf } from "./status.js";

const protection = (gate) => (gate.protected
  ? stateBadge("good", "shield", "protected by a key")
  : stateBadge("warn", "unprotected", "unprotected"));

const state = (gate) => (isSilent(gate) ? stateBadge("bad", "warning", "silent") : deviceState(gate.state));

const DIRECTIONS = { entry: "entry", exit: "exit" };

const floor = (gate, put) => openDialog(`Floor of ${nameOf(gate)}`, (close) => html`<form @submit=${(event) =>
  submit(event, async ({ min_rssi: text }) => close(put(await api("PATCH", `/api/v1/campus/gates/${encodeURIComponent(gate.id)}`, { min_rssi: text === undefined ? null : Number(text) }))), "Stored.")}>
  ${field("Weakest signal that counts, in dBm", "min_rssi", { type: "number", inputmode: "numeric", required: false, autofocus: true, value: gate.min_rssi === null ? "" : String(gate.min_rssi),
    help: `From -127 to 0: -60 is near, -90 far away. A phone that is heard more weakly passes elsewhere. Empty: ${gate.default_min_rssi} as for all gates.` })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Store</button></div></form>`);

const faultRow = (one) => html`<tr><td data-label="When">${when(one.at)}</td><td data-label="Why">${one.reason}</td><td data-label="Sample"><code>${one.sample}</code></td></tr>`;

const faults = (gate) => (gate.recent_faults?.length
  ? html`<details class="more"><summary>What it said wrong<span class="sr"> (${nameOf(gate)})</span></summary>
      <table class="table small-table"><thead><tr>${["When", "Why", "Sample"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${gate.recent_faults.map(faultRow)}</tbody></table>
      <p class="small muted">Addresses are masked. What can't be read is counted and acknowledged: it would be wrong for ever.</p></details>`
  : nothing);

const gap = (one) => html`<li>${plural(one.to - one.from + 1, "message")} missing (<code>${one.boot}</code> ${one.from} to ${one.to}); ${one.asked ? `asked for ${plural(one.asked, "time")}` : "asked for soon"}</li>`;

const gaps = (gate) => (gate.gaps?.length ? html`<ul class="gaps small">${gate.gaps.map(gap)}</ul>` : nothing);

const count = (value) => (value ? number(value) : null);

function figures(gate) {
  return html`<dl class="facts">
    ${fact("Direction", DIRECTIONS[gate.direction] ?? null)}
    ${fact("Last heard", gate.last_seen ? when(gate.last_seen) : "never")}
    ${fact("Messages", html`${number(gate.messages_per_minute, gate.messages_per_minute < 10 ? 1 : 0)} a minute <span class="muted">(${number(gate.messages)} since the start)</span>`)}
    ${fact("Malformed", count(gate.faults))}${fact("Said twice", count(gate.duplicates))}
    ${fact("Too weak", count(gate.below_floor))}${fact("Wrong clock", count(gate.skewed))}${fact("No clock yet", count(gate.no_clock))}
    ${fact("Strangers", count(gate.strangers))}${fact("Dropped", count(gate.dropped))}${fact("Replays", count(gate.replays))}
    ${fact("Lost", gate.lost ? html`<strong class="warn-text">${number(gate.lost)}</strong> <span class="muted">never came, although asked for</span>` : null)}
    ${fact("Floor", html`${gate.min_rssi ?? gate.default_min_rssi} dBm${gate.min_rssi === null ? html` <span class="muted">(of all)</span>` : nothing}`)}
  </dl>`;
}

export const gateCard = (gate, put) => html`<article class="device stack ${gate.state === "pending" ? "pending" : ""}" id="gate-${gate.id}">
  <div class="row between"><h3>${icon("gate")}${nameOf(gate)}</h3>${state(gate)}</div>
  <div class="stack">
    <p>${protection(gate)} ${nameOf(gate) === gate.id ? nothing : html`<code>${gate.id}</code>`}</p>
    ${gate.protected || !gate.why_unprotected || gate.state === "pending" ? nothing : html`<p class="small">${gate.why_unprotected}</p>`}
    ${gate.state === "pending" ? html`<p>${gate.waits_because || "What it says is dropped until somebody approves it."}</p>` : nothing}
    ${figures(gate)}${gaps(gate)}${faults(gate)}
  </div>
  <p class="row">${gate.state === "pending" ? html`<a class="button" href="/devices">Look and approve<span class="sr"> ${nameOf(gate)}</span></a>` : html`<a class="button quiet" href="/devices">Name, key, approval<span class="sr"> of ${nameOf(gate)}</span></a>
    <button type="button" class="quiet" @click=${() => floor(gate, put)}>${icon("gear")}Floor<span class="sr"> of ${nameOf(gate)}</span></button>`}</p>
</article>`;
