// From the broker to the store: what is connected, what waits, what could be lost.
import { html, nothing } from "lit-html";
import { age, bytes, number, plural } from "../format.js";
import { fact, icon, stateBadge, when } from "../parts.js";

const OLD_SECONDS = 60;

const KINDS = { embedded: "the one that iotd brings", external: "one of your own" };

const broker = (seen) => html`<article><h2>${icon("broker")}Broker</h2>
  <p>${seen.connected ? stateBadge("good", "check", "connected") : stateBadge("bad", "offline", "not connected")}</p>
  ${seen.connected || !seen.why ? nothing : html`<p class="note bad">${icon("warning")}<span>${seen.why}</span></p>`}
  <dl class="facts">${fact("Which", KINDS[seen.kind] ?? seen.kind)}${fact("Connected", seen.connected && seen.since ? when(seen.since) : null)}</dl>
  ${seen.warnings?.length
    ? html`<div class="note warn">${icon("warning")}<div><p><strong>It can lose messages, or be misused.</strong></p><ul>${seen.warnings.map((one) => html`<li>${one}</li>`)}</ul></div></div>`
    : seen.connected ? html`<p class="small muted">${seen.kind === "embedded" ? "What dies with it is missing in a gate's numbers, and is asked for again." : "Nothing is known of it that could lose messages."}</p>` : nothing}
</article>`;

function spoolState({ messages, oldest_age_seconds: old }) {
  if (!messages) return stateBadge("good", "check", "empty");
  return old > OLD_SECONDS ? stateBadge("warn", "wait", "the store is behind") : stateBadge("good", "check", "flowing");
}

const spool = (seen) => html`<article><h2>${icon("queue")}Spool</h2><p>${spoolState(seen)}</p>
  <dl class="facts">
    ${fact("Waiting", html`${plural(seen.messages ?? 0, "message")}${seen.batches ? html` <span class="muted">in ${plural(seen.batches, "batch", "batches")}</span>` : nothing}`)}
    ${fact("Oldest", seen.messages ? age(seen.oldest_age_seconds ?? 0) : null)}
    ${fact("Size", bytes(seen.bytes ?? 0))}
    ${fact("Heard", `${number(seen.messages_per_second ?? 0, 1)} a second`)}
    ${fact("Stored", `${number(seen.applied_per_second ?? 0, 1)} a second`)}
  </dl>
  <p class="small muted">What gates say is safe on this disk before it is acknowledged, and goes from here to the store in order.</p></article>`;

export const intake = (seen) => html`<div class="grid-cards wide" id="intake">${broker(seen.broker ?? {})}${spool(seen.spool ?? {})}</div>`;
