// A picture that is drawn as wide as its place, and anew when that changes.
import { html, nothing, render, svg } from "lit-html";

class Plot extends HTMLElement {
  #paint = null;
  #width = 0;
  #watcher = new ResizeObserver(([entry]) => this.#sized(Math.floor(entry.contentRect.width)));

  connectedCallback() {
    this.#watcher.observe(this);
  }

  disconnectedCallback() {
    this.#watcher.disconnect();
  }

  /** `paint(width)` gives the picture. */
  set paint(paint) {
    this.#paint = paint;
    this.#draw();
  }

  #sized(width) {
    if (width === this.#width) return;
    this.#width = width;
    this.#draw();
  }

  #draw() {
    if (this.#width && this.#paint) render(this.#paint(this.#width), this);
  }
}

customElements.define("iotd-plot", Plot);

/** A place for `paint(width)`; `label` says in a sentence what the picture shows. */
export const plot = (label, paint) => html`<iotd-plot class="plot" role="img" aria-label=${label} .paint=${paint}></iotd-plot>`;

export const canvas = (width, height, inside) => svg`<svg viewBox="0 0 ${width} ${height}" aria-hidden="true">${inside}</svg>`;

export const round = (value) => Math.round(value * 10) / 10;

const compact = new Intl.NumberFormat(globalThis.navigator?.language, { notation: "compact", maximumFractionDigits: 1 });
export const short = (value) => compact.format(value);

export const PAD = { left: 40, right: 6, top: 18, bottom: 24 };

/** The lines behind a picture, and what they stand for. */
export function grid(marks, y, width) {
  return marks.map((mark) => svg`<line class="grid" x1=${PAD.left} x2=${width - PAD.right} y1=${y(mark)} y2=${y(mark)}></line>
    <text class="tick" x=${PAD.left - 8} y=${y(mark) + 4} text-anchor="end">${short(mark)}</text>`);
}

/** Words below; of many only every so many-th, so that they don't touch. */
export function below(labels, x, height, room) {
  const wide = 16 + 7 * Math.max(...labels.map((label) => label.length), 0); // pixels of one
  const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor(room / wide))));
  return labels.map((label, i) => (i % every ? nothing : svg`<text class="tick" x=${x(i)} y=${height - 7} text-anchor="middle">${label}</text>`));
}

const openTwins = new Set();

/** Which tables are open: what is drawn changes with it. */
export const twinsOpen = () => [...openTwins].join();

/** The same as a table, for whoever sees no picture; made only while it is open. */
export const twin = (what, heads, rows, changed) => html`<details class="more no-print" @toggle=${(event) => toggled(what, event.currentTarget.open, changed)}>
  <summary>As a table<span class="sr">: ${what}</span></summary>${openTwins.has(what) ? sheet(heads, rows) : nothing}</details>`;

function toggled(what, open, changed) {
  if (open) openTwins.add(what);
  else openTwins.delete(what);
  changed();
}

const sheet = (heads, rows) => html`<table class="table small-table">
  <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
  <tbody>${rows().map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell, i) => html`<td data-label=${heads[i + 1]}>${cell}</td>`)}</tr>`)}</tbody></table>`;
