// A nutrient over 30 days as bars, and the same as a table for whoever reads.
import { html, nothing, svg } from "lit-html";
import { number } from "../../format.js";
import { amount, dayName, shortDay } from "../habits/words.js";

const WIDTH = 600;
const HEIGHT = 110;

const valueOf = (page, one) => one.amounts[page.nutrient];
const target = (page) => page.day.nutrients.find((one) => one.nutrient === page.nutrient);

function bars(page) {
  const goal = target(page);
  const most = Math.max(goal.daily_value * 1.1, ...page.history.map((one) => valueOf(page, one)));
  const step = WIDTH / page.history.length;
  const height = (value) => (value / most) * HEIGHT;
  return svg`<svg class="month" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${goal.name} over ${page.history.length} days; the same is in the table below">
    ${page.history.map((one, n) => {
      const tall = height(valueOf(page, one));
      const known = one.complete ? "" : "part";
      return svg`<rect class="bar-of-day ${known}" x=${n * step + 1} y=${HEIGHT - tall} width=${step - 2} height=${tall}><title>${shortDay(one.day)}: ${amount(Number(valueOf(page, one).toPrecision(3)))} ${goal.unit}</title></rect>`;
    })}
    <line class="goal-line" x1="0" x2=${WIDTH} y1=${HEIGHT - height(goal.daily_value)} y2=${HEIGHT - height(goal.daily_value)}></line></svg>`;
}

const row = (page, goal) => (one) => html`<tr><th scope="row">${dayName(one.day)}</th>
  <td data-label=${goal.name}>${one.complete ? "" : "at least "}${amount(Number(valueOf(page, one).toPrecision(3)))} ${goal.unit}</td>
  <td data-label="Taken">${number(one.grams)} g${one.unknown_grams ? html` <span class="muted">(${number(one.unknown_grams)} g not known what)</span>` : nothing}</td></tr>`;

export function chart(page) {
  const goal = target(page);
  const some = page.history.filter((one) => one.grams);
  return html`<article class="stack"><div class="row between"><h3>The last ${page.history.length} days</h3>
    <label class="row small">Show <select name="nutrient" @change=${(event) => page.show(event.currentTarget.value)}>${page.day.nutrients.map((one) => html`<option value=${one.nutrient} ?selected=${one.nutrient === page.nutrient}>${one.name}</option>`)}</select></label></div>
    <div>${bars(page)}<p class="row between small muted"><span>${shortDay(page.history[0].day)}</span><span>${shortDay(page.history.at(-1).day)}</span></p></div>
    <p class="small muted">The line is the daily value, ${amount(goal.daily_value)} ${goal.unit}; pale bars are at least that much, as something is not known.</p>
    ${some.length ? html`<details class="more"><summary>As a table</summary><table class="table mini"><thead><tr><th scope="col">Day</th><th scope="col">${goal.name}</th><th scope="col">Taken</th></tr></thead>
      <tbody>${[...some].reverse().map(row(page, goal))}</tbody></table></details>` : nothing}</article>`;
}
