import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { items } from "./lib/api.js";
import { cabinetPath, connected, countsBadge, doorWords, grams, lightWords } from "./lib/cabinet/state.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon, when } from "./lib/parts.js";

const place = document.getElementById("app");
let cabinets = initial.cabinets;

const content = (cabinet) => Object.entries(cabinet.items).map(([name, count]) => `${count} × ${name}`).join(", ");

const card = (cabinet) => html`<article class="stack">
  <div class="row between"><h2 class="h3"><a href=${cabinetPath(cabinet.id)}>${cabinet.name}</a></h2>${connected(cabinet)}</div>
  <dl class="facts">
    <dt>Door</dt><dd>${doorWords(cabinet)}</dd><dt>Lights</dt><dd>${lightWords(cabinet)}</dd><dt>Weight</dt><dd>${grams(cabinet.weight_g)}</dd>
    <dt>Last picture</dt><dd>${when(cabinet.last_picture_at, "none yet")}</dd>
  </dl>
  <p class="row small">${countsBadge(cabinet.counts_state)}${cabinet.counts_state === "unknown" ? nothing : html`<span class="muted">${content(cabinet)}</span>`}</p>
  ${cabinet.patient ? nothing : html`<p class="small muted">Assigned to nobody yet.${user.role === "admin" ? html` <a href="/devices">Assign it under Devices</a>.` : nothing}</p>`}
</article>`;

const NONE = user.role === "admin"
  ? html`Connect a cabinet to TCP port 5001 of this machine and approve it under <a href="/devices">Devices</a>; its camera too.`
  : html`When an admin assigns a cabinet to you, it appears here.`;

function draw() {
  render(html`<h1>Cabinets</h1><p class="lead">Door, lights, weight, and what is on the shelf.</p>
    ${cabinets.length
      ? html`<div class="grid-cards">${repeat(cabinets, (cabinet) => cabinet.id, card)}</div>`
      : html`<div class="empty">${icon("cabinet")}<p><strong>No cabinets yet.</strong></p><p class="muted">${NONE}</p></div>`}`, place);
}

function cabinet(data) {
  cabinets = [...cabinets.filter((one) => one.id !== data.id), ...(data.state === "deleted" ? [] : [data])].sort((a, b) => a.id.localeCompare(b.id));
  draw();
}

async function reload() {
  cabinets = await items("/api/v1/cabinets?limit=1000");
  draw();
}

draw();
live({ cabinet, resync: reload, reconnected: reload });
setInterval(draw, 30000);
