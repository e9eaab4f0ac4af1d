// The day's intake and its history, asked for and changed.
import { html } from "lit-html";
import { api } from "../../api.js";
import { submit } from "../../act.js";
import { openDialog } from "../../dialogs.js";
import { user } from "../../initial.js";
import { field } from "../../parts.js";
import { parsed } from "../habits/dialogs.js";
import { amount } from "../habits/words.js";
import { api1 } from "../patient.js";

const path = `${api1}/nutrition`;

/** `draw()` shows the page anew. */
export class Intake {
  constructor(draw) {
    this.draw = draw;
    this.mine = user.role !== "doctor";
    this.wanted = null; // a day, or null: the present one
    this.day = null;
    this.history = [];
    this.nutrient = "energy_kcal";
    this.problem = "";
  }

  get today() {
    return this.history.at(-1)?.day;
  }

  async load() {
    try {
      const [day, history] = await Promise.all([api("GET", this.wanted ? `${path}?day=${this.wanted}` : path), api("GET", `${path}/days?days=30`)]);
      Object.assign(this, { day, history: history.items, problem: "" });
    } catch (failure) {
      this.problem = failure.message;
    }
    this.draw();
  }

  go = (day) => {
    this.wanted = day >= this.today ? null : day;
    return this.load();
  };

  show = (nutrient) => {
    this.nutrient = nutrient;
    this.draw();
  };

  set = async () => {
    const list = await api("GET", `${path}/targets`);
    if (await change(list.items)) await this.load();
  };
}

function wanted(list, values) {
  const found = { source: values.source || null };
  for (const one of list) {
    const text = values[one.nutrient];
    const value = text ? parsed(text, one.nutrient) : null;
    if (value !== (one.own ? one.daily_value : null)) found[one.nutrient] = value;
  }
  return found;
}

const change = (list) => openDialog("Daily values", (close) => html`<form novalidate @submit=${(event) =>
    submit(event, async (values) => close(await api("PUT", `${path}/targets`, wanted(list, values))), "The daily values are changed.")}>
  <p class="small muted">Leave empty what should be as usual.</p>
  <div class="inline-form">${list.map((one) => field(`${one.name} (${one.unit})`, one.nutrient, { required: false, inputmode: "decimal", value: one.own ? amount(one.daily_value) : "", help: `Usual: ${amount(one.usual)}` }))}</div>
  ${field("Who says so", "source", { required: false, maxlength: 200, help: "Such as your doctor, or a diet plan." })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div></form>`);
