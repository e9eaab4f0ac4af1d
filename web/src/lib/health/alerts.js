// Open alerts, and what a person can do about them.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { api } from "../api.js";
import { act } from "../act.js";
import { moment } from "../format.js";
import { icon, stateBadge, when } from "../parts.js";

const STATES = {
  open: ["bad", "bell", "open"],
  acknowledged: ["warn", "check", "acknowledged"],
  snoozed: ["", "clock", "snoozed"],
  ended: ["good", "check", "over"],
};

const path = (alert, verb) => `/api/v1/alerts/${encodeURIComponent(alert.id)}/${verb}`;

async function answer(alert, verb, button, done, changed, body) {
  const now = await act(button, () => api("POST", path(alert, verb), body), done);
  if (now !== undefined) changed(now ?? { ...alert, state: "ended" });
}

const told = (alert) => {
  if (alert.state === "snoozed") return html`Quiet until ${moment(alert.snoozed_until)}.`;
  if (alert.state === "acknowledged") return html`Seen by ${alert.acknowledged_by ?? "somebody"} ${when(alert.acknowledged_at)}.`;
  return nothing;
};

const buttons = (alert, changed) => {
  const sr = html`<span class="sr">: ${alert.text}</span>`;
  const on = (verb, done, body) => (event) => answer(alert, verb, event.currentTarget, done, changed, body);
  return html`<div class="row">
    ${alert.state === "acknowledged" ? nothing : html`<button type="button" @click=${on("acknowledge", "Acknowledged. It stays here until it is over.")}>${icon("check")}Acknowledge${sr}</button>`}
    <button type="button" class="quiet" @click=${on("snooze", "Quiet for 30 minutes.", { minutes: 30 })}>${icon("clock")}Snooze 30 min${sr}</button>
    <button type="button" class="quiet" @click=${on("snooze", "Quiet for two hours.", { minutes: 120 })}>Snooze 2 h${sr}</button>
    <button type="button" class="quiet" @click=${on("cancel", "Cancelled.")}>${icon("close")}Cancel${sr}</button>
  </div>`;
};

const card = (changed) => (alert) => html`<article class="alert ${alert.severity} ${alert.state} stack">
  <div class="row between"><h3>${icon(alert.severity === "urgent" ? "warning" : "bell")}<span>${alert.severity === "urgent" ? "Urgent: " : ""}${alert.text}</span></h3>
    ${stateBadge(...(STATES[alert.state] ?? STATES.open))}</div>
  <p class="small">Since ${when(alert.raised_at)}. ${told(alert)}</p>
  ${buttons(alert, changed)}
</article>`;

/** The alerts that are not over, newest first; nothing when there is none. */
export const alertList = (alerts, changed) => {
  const open = alerts.filter((alert) => alert.state !== "ended");
  if (!open.length) return nothing;
  return html`<section class="stack alerts" aria-label="Alerts">${repeat(open, (alert) => alert.id, card(changed))}</section>`;
};

/** A list with one alert changed: gone when it is over. */
export function withAlert(alerts, alert) {
  const others = alerts.filter((other) => other.id !== alert.id);
  const merged = { ...alerts.find((other) => other.id === alert.id), ...alert };
  return merged.state === "ended" ? others : [merged, ...others];
}
