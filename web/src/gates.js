import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { gateCard } from "./lib/campus/gate-card.js";
import { heading } from "./lib/campus/head.js";
import { intake } from "./lib/campus/intake.js";
import { loader } from "./lib/campus/loader.js";
import { nameOf } from "./lib/campus/status.js";
import { openDialog } from "./lib/dialogs.js";
import { initial } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { field, icon, secret } from "./lib/parts.js";

const place = document.getElementById("app");
const EVERY_MS = 5000;
const data = loader({
  gates: [() => items("/api/v1/campus/gates?limit=1000"), 1],
  intake: [() => api("GET", "/api/v1/campus/intake"), 1],
}, draw, { gates: initial.gates ?? [], intake: initial.intake ?? {} });

const ORDER = { pending: 0, online: 1, offline: 2, revoked: 3 };
const sorted = () => [...data.gates].sort((a, b) => (ORDER[a.state] ?? 1) - (ORDER[b.state] ?? 1) || nameOf(a).localeCompare(nameOf(b)));

function put(gate) {
  data.give({ gates: data.gates.map((one) => (one.id === gate.id ? gate : one)) });
  return gate;
}

const make = () => openDialog("Add a gate", (close) => html`<p>Choose the gate's id and put id and key on the board: it signs in to the broker with them, and publishes only under its own name.</p>
  <form @submit=${(event) => submit(event, async ({ id }) => close(await api("POST", `/api/v1/devices/${encodeURIComponent(id)}/key`, { kind: "gate" })))}>
    ${field("Id", "id", { id: "f-gate-id", pattern: "[A-Za-z0-9._\\-]{1,32}", maxlength: 32, autocapitalize: "none", spellcheck: "false", autofocus: true, help: "Letters, digits and . _ -, at most 32, such as main-entry." })}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Make a key</button></div></form>`).then(async (made) => {
  if (!made) return;
  data.stale(["gates"]);
  await openDialog(`Key of ${made.id}`, (close) => html`<p><strong>It is shown only now.</strong> On the board: id <code>${made.id}</code>, and this as its key. The broker knows them as user name and password.</p>
    ${secret(made.key)}<div class="actions"><button type="button" @click=${() => close()}>Done</button></div>`);
});

const FIELD = {
  off: html`<p>Gates in the field that know no passwords are not heard: <code>mqtt.legacy_topic</code> is empty.</p>`,
  keyed: html`<p>Gates in the field that know no passwords are not heard, because only devices with a key are let in (<code>devices.enrolment = "keyed"</code>).</p>`,
};

function fieldGates() {
  if (!initial.legacy_topic) return FIELD.off;
  if (initial.enrolment === "keyed") return FIELD.keyed;
  return html`<p>Gates in the field that know no passwords publish to the topic <code>${initial.legacy_topic}</code>. They can't be told apart, so all of them together appear as <code>${initial.legacy_topic}-entry</code> and
    <code>${initial.legacy_topic}-exit</code>, marked as unprotected: anybody who reaches the broker can pose as one. Approve these two to count what they say; set <code>mqtt.legacy_topic = ""</code> to hear them no longer.</p>`;
}

const howTo = () => html`<h2>How to add a gate</h2><div class="grid-cards wide">
  <article><h3>${icon("shield")}With a key</h3><p>The firmware in <code>firmware/gate</code> numbers what it says, so nothing is lost unnoticed, and signs in with a key of its own.</p>
    <p><button type="button" @click=${make}>${icon("key")}Make id and key</button></p>
    ${initial.embedded ? nothing : html`<p class="small muted">With a broker of your own its password file is written anew when a key is made.</p>`}</article>
  <article><h3>${icon("unprotected")}From the field</h3>${fieldGates()}</article></div>`;

const none = html`<div class="empty"><p><strong>No gate yet.</strong></p><p class="muted">Whatever speaks to the broker as a gate appears here, and waits under <a href="/devices">Devices</a> until you approve it.</p></div>`;

const failed = () => (data.problem ? html`<p class="note bad" role="status">${icon("warning")}<span>${data.problem} Trying again.</span></p>` : nothing);

function draw() {
  render(html`${heading("gates", "Gates", "What gates hear, how it gets here, and what could be lost on the way.",
      html`<button type="button" class="quiet" @click=${make}>${icon("plus")}Add a gate</button>`)}
    ${failed()}${intake(data.intake ?? {})}
    <h2>Gates</h2>
    ${data.gates.length ? html`<div class="grid-cards">${repeat(sorted(), (gate) => gate.id, (gate) => gateCard(gate, put))}</div>` : none}
    ${howTo()}`, place);
}

draw();
live({ device: ({ kind }) => (kind === undefined || kind === "gate") && data.stale(["gates"]), resync: data.all, reconnected: data.all });
setInterval(() => document.hidden || data.stale(["gates", "intake"]), EVERY_MS);
