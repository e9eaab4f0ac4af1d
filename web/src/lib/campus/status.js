// What keeps the figures from being complete: the broker, the spool, a gate that is silent.
import { html, nothing } from "lit-html";
import { plural } from "../format.js";
import { icon } from "../parts.js";

const OLD_SECONDS = 60;

export const nameOf = (gate) => gate.name || gate.id;
/** It was heard once and is not any more. */
export const isSilent = (gate) => gate.state === "offline" && Boolean(gate.last_seen);

/** Sentences about what is wrong now; none when all is well. */
export function troubles(gates, intake) {
  const silent = gates.filter(isSilent);
  const waiting = gates.filter((gate) => gate.state === "pending");
  const { broker = {}, spool = {} } = intake ?? {};
  return [
    broker.connected === false ? `There is no connection to the broker${broker.why ? `: ${broker.why}` : ""}. What gates say waits there.` : null,
    ...(broker.warnings ?? []),
    silent.length ? `${silent.map(nameOf).join(", ")} ${silent.length === 1 ? "is" : "are"} silent: whoever passes there is not counted now.` : null,
    spool.oldest_age_seconds > OLD_SECONDS ? `What was heard waits to be stored for ${Math.round(spool.oldest_age_seconds)} s: these figures are behind.` : null,
    waiting.length ? `${plural(waiting.length, "gate waits", "gates wait")} for approval.` : null,
  ].filter(Boolean);
}

export function notice(list) {
  if (!list.length) return nothing;
  return html`<div class="note warn" id="troubles">${icon("warning")}<div><p><strong>These figures may not be complete.</strong></p>
    <ul>${list.map((one) => html`<li>${one}</li>`)}</ul><p><a href="/campus/gates">See gates and broker</a></p></div></div>`;
}
