// Safety and load: when it is busy, who is still out, and what was odd.
import { html, nothing } from "lit-html";
import { number, plural } from "../format.js";
import { fact, icon, stateBadge } from "../parts.js";
import { hourName, longDay, momentOf, span } from "./days.js";
import { studentLink } from "./headcount.js";

const MOST_OUT = 12;

const load = (seen) => html`<article><h2>${icon("chart")}Load</h2><dl class="facts">
  ${fact("Busiest hour", seen.peak_hour ? `${hourName(seen.peak_hour.hour)}, ${plural(seen.peak_hour.movements, "movement")}` : "not known yet")}
  ${fact("Busiest day", seen.peak_day ? `${longDay(seen.peak_day.day)}, ${plural(seen.peak_day.movements, "movement")}` : "not known yet")}
  ${seen.peak_load ? fact("Most inside", `${number(seen.peak_load.inside)}, ${momentOf(seen.peak_load.at)}`) : nothing}
</dl>${seen.weekend_pattern ? html`<p>${seen.weekend_pattern.text}</p>` : nothing}</article>`;

const outLine = (one) => html`<li><span><strong>${studentLink(one.rollno)}</strong></span><span class="muted">out for ${span(one.minutes)}</span></li>`;

function curfew({ curfew: seen }) {
  if (!seen?.time) return html`<article><h2>${icon("moon")}Curfew</h2><p class="muted">No curfew is set (<code>campus.curfew</code>).</p></article>`;
  const list = seen.items ?? [];
  return html`<article><h2>${icon("moon")}Out after ${seen.time}</h2>
    ${seen.active === false ? html`<p class="muted">It is not that late: who is out is told from ${seen.time} to 05:00.</p>` : html`<p>${seen.outside ? stateBadge("warn", "exit", plural(seen.outside, "student") + " out") : stateBadge("good", "check", "nobody out")}</p>`}
    ${list.length ? html`<ul class="lines">${list.slice(0, MOST_OUT).map(outLine)}</ul>` : nothing}
    ${list.length > MOST_OUT ? html`<p class="small"><a href="/campus/students?state=outside">All who are outside</a></p>` : nothing}
    ${list.length ? html`<p class="small muted">The longest first.</p>` : nothing}</article>`;
}

const odd = (one) => html`<li><span>${one.text}</span></li>`;

const anomalies = (seen) => html`<article><h2>${icon("warning")}Out of the ordinary</h2>
  ${seen.anomalies?.length ? html`<ul class="lines">${seen.anomalies.map(odd)}</ul>` : html`<p>${stateBadge("good", "check", "nothing odd")}</p>`}
  <p class="small muted">Compared with the same weekday and hour of the last eight weeks.</p></article>`;

export const insights = (seen) => html`<div class="grid-cards wide">${load(seen)}${curfew(seen)}${anomalies(seen)}</div>`;
