// What is shared now, what was, and how to take it back.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { act } from "../../act.js";
import { api } from "../../api.js";
import { confirm } from "../../dialogs.js";
import { plural } from "../../format.js";
import { icon, stateBadge, when } from "../../parts.js";
import { api1 } from "../patient.js";
import { named, until } from "../sections.js";

const TONES = { open: ["good", "check"], expired: ["", "clock"], revoked: ["", "ban"], locked: ["bad", "ban"], "used up": ["", "check"] };

const title = (share) => (share.kind === "doctor" ? share.doctor_name || share.doctor : share.label || `Link ${share.id.slice(0, 6)}`);

function openings(share) {
  if (share.kind !== "link") return nothing;
  const left = share.openings_left === null ? "" : `, ${share.openings_left} left`;
  return html`${share.openings ? `Opened ${plural(share.openings, "time")}` : "Not opened yet"}${left}${share.last_opened_at ? html`, last ${when(share.last_opened_at)}` : nothing}. ${share.passcode ? "Asks for a passcode." : nothing}`;
}

async function revoke(event, share, done) {
  const button = event.currentTarget;
  const text = share.kind === "doctor" ? `${title(share)} sees nothing of it any more, from this moment on.` : "Whoever has the link can't open it any more.";
  if (!(await confirm("Take it back?", text, { yes: "Take it back" }))) return;
  const ended = await act(button, () => api("DELETE", `${api1}/shares/${share.id}`).then(() => true), "It is taken back.");
  if (ended) done();
}

const line = (done) => (share) => html`<li class="consent" data-id=${share.id}><div>
    <strong>${icon(share.kind === "doctor" ? "user" : "key")} ${title(share)}</strong> ${stateBadge(...TONES[share.state], share.state)}
    <p class="small">${named(share.sections)}${share.state === "open" ? `, ${until(share.expires_at)}` : ""}.</p>
    <p class="small muted">${share.why ?? nothing} ${openings(share)} Made ${when(share.created_at)} by ${share.created_by}.${share.kind === "link" ? html` In the list below it is <span class="nowrap">link ${share.id}</span>.` : nothing}</p></div>
  ${share.state === "open" ? html`<button type="button" class="quiet" @click=${(event) => revoke(event, share, done)}>${icon("ban")}Take back</button>` : nothing}</li>`;

const lines = (shares, done) => html`<ul class="lines consents">${repeat(shares, (share) => share.id, line(done))}</ul>`;

/** Both lists; `done()` when one was taken back. */
export function shareLists(shares, done) {
  const open = shares.filter((share) => share.state === "open");
  const past = shares.filter((share) => share.state !== "open");
  return html`<article id="shared-now"><h2>Shared now</h2>
      ${open.length ? lines(open, done) : html`<p class="muted">Nothing is shared: nobody but you and the admins of this house can see this record.</p>`}</article>
    ${past.length ? html`<details class="more" id="shared-before"><summary>What is over (${past.length})</summary>${lines(past, done)}</details>` : nothing}`;
}
