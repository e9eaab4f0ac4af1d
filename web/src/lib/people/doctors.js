// What an admin looks at before vouching for a doctor.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { act } from "../act.js";
import { confirm } from "../dialogs.js";
import { icon, stateBadge } from "../parts.js";

const shown = new Map(); // national ids that were revealed on this page, by account

async function reveal(one, button) {
  const answer = await act(button, () => api("POST", `/api/v1/users/${one.id}/national-id`));
  if (!answer) return;
  shown.set(one.id, answer.national_id);
  button.replaceWith(Object.assign(document.createElement("strong"), { textContent: answer.national_id }));
}

/** Masked until somebody asks, which is written down. */
export const nationalId = (one) => html`<span class="row">${shown.has(one.id) ? html`<strong>${shown.get(one.id)}</strong>`
  : html`<button type="button" class="quiet" @click=${(event) => reveal(one, event.currentTarget)}>${icon("look")}Reveal<span class="sr"> the national id of ${one.name}</span></button>
    <small class="muted">That you looked is written down.</small>`}</span>`;

async function verify(one, button, reload) {
  const sure = await confirm(`Verify ${one.name}?`, `You vouch that this is ${one.full_name || one.name} and a doctor. Patients can choose ${one.name} from then on.`, { yes: "Verify", danger: false });
  if (!sure) return;
  const done = await act(button, () => api("POST", `/api/v1/users/${one.id}/verify`), `${one.name} is verified.`);
  if (done !== undefined) await reload();
}

/** The rows of a doctor in the facts of a person; nothing for others. */
export const doctorFacts = (one, reload) => (one.role !== "doctor" ? nothing : html`
  <dt>Verified</dt><dd>${one.verified ? stateBadge("good", "check", "verified") : html`<span class="row">${stateBadge("warn", "wait", "not yet")}
    <button type="button" @click=${(event) => verify(one, event.currentTarget, reload)}>${icon("check")}Verify<span class="sr"> ${one.name}</span></button></span>`}</dd>
  ${one.national_id ? html`<dt>National id</dt><dd>${nationalId(one)}</dd>` : nothing}`);
