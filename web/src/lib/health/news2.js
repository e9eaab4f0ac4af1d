// The partial early-warning score: what it is at least, never that it is low.
import { html, nothing } from "lit-html";
import { icon, stateBadge } from "../parts.js";
import { KIND_NAMES, shown, VITALS, vitalOf } from "./vitals.js";

const MISSING = {
  respirations: "breaths per minute", oxygen: "whether oxygen is given", consciousness: "consciousness",
  spo2: "blood oxygen", bp_systolic: "systolic blood pressure", heart_rate: "heart rate", body_temperature: "temperature",
};

const part = (one) => html`<tr><td data-label="Vital">${KIND_NAMES[one.kind] ?? one.kind}</td>
  <td data-label="Value">${shown(vitalOf(one.kind), one.value)} ${VITALS[vitalOf(one.kind)]?.short}</td>
  <td data-label="Points">${one.score}</td></tr>`;

const tone = (score) => (score.at_least >= 5 || score.single_three ? "bad" : "warn");

function advice(score) {
  if (score.at_least >= 7) return "7 or more asks for emergency help.";
  if (score.single_three) return "A single vital with 3 points asks for an urgent review by a clinician.";
  if (score.at_least >= 5) return "5 or 6 asks for an urgent review by a clinician.";
  return "With what is missing it may be higher: it says nothing reassuring.";
}

/** The score is not meant for this person: why, and no number. */
const notFor = (score) => html`<article class="news2 stack"><h2>${icon("shield")}Early-warning score (NEWS2)</h2><p>${score.note}</p></article>`;

export const news2Card = (score) => (score && score.at_least === null
  ? notFor(score)
  : score
  ? html`<article class="news2 stack">
      <div class="row between"><h2>${icon("shield")}Early-warning score (NEWS2), partial</h2>${stateBadge(tone(score), "unknown", "incomplete")}</div>
      <p class="big">at least ${score.at_least} <small>incomplete</small></p>
      <p>${advice(score)}</p>
      <p>Missing: ${score.missing.map((name) => MISSING[name] ?? name).join(", ")}. Each is not measured here, or not well enough within the last hour, and is never assumed to be normal.</p>
      ${score.parts?.length
        ? html`<details class="more"><summary>What counts</summary><table class="table"><thead><tr><th scope="col">Vital</th><th scope="col">Value</th><th scope="col">Points</th></tr></thead>
            <tbody>${score.parts.map(part)}</tbody></table></details>`
        : nothing}
      <p class="small muted">${score.note}</p>
    </article>`
  : nothing);
