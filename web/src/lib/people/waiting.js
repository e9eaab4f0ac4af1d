// Who asked for an account and waits, and what an admin answers.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../api.js";
import { act } from "../act.js";
import { confirm } from "../dialogs.js";
import { fact, icon, stateBadge, when } from "../parts.js";
import { nationalId } from "./doctors.js";

async function letIn(one, button, reload) {
  const done = await act(button, () => api("POST", `/api/v1/sign-ups/${one.id}/approve`), `${one.name} is let in.`);
  if (done !== undefined) await reload();
}

async function refuse(one, button, reload) {
  const sure = await confirm(`Refuse ${one.name}?`, "What this person typed is deleted, and the name is free again.", { yes: "Refuse" });
  if (!sure) return;
  const done = await act(button, () => api("DELETE", `/api/v1/sign-ups/${one.id}`), `${one.name} is refused.`);
  if (done !== undefined) await reload();
}

const card = (one, reload) => html`<article class="device stack waiting">
  <div class="row between"><h3>${icon("user")}${one.name}</h3>${stateBadge("warn", "wait", "waiting")}</div>
  <dl class="facts">
    <dt>Asks as</dt><dd>${one.role}</dd>
    ${fact("Full name", one.full_name)}
    ${fact("E-mail", one.email)}
    ${one.national_id ? html`<dt>National id</dt><dd>${nationalId(one)}</dd>` : nothing}
    <dt>Asked</dt><dd>${when(one.asked_at)} from ${one.address}</dd>
  </dl>
  ${one.email_taken ? html`<p class="note warn">${icon("warning")}<span>Another account has this e-mail address. It stays with that one.</span></p>` : nothing}
  <div class="row">
    <button type="button" @click=${(event) => letIn(one, event.currentTarget, reload)}>${icon("check")}Let in<span class="sr"> ${one.name}</span></button>
    <button type="button" class="danger" @click=${(event) => refuse(one, event.currentTarget, reload)}>${icon("ban")}Refuse<span class="sr"> ${one.name}</span></button>
  </div>
</article>`;

/** The section of those who wait; nothing while nobody does. */
export const waiting = (signUps, reload) => (signUps.length
  ? html`<h2>Waiting to be let in</h2><div class="grid-cards">${repeat(signUps, (one) => one.id, (one) => card(one, reload))}</div>`
  : nothing);
