// Tabs as the ARIA practices describe them: arrows, Home and End move, and the panel follows.
import { html } from "lit-html";
import { icon } from "./parts.js";

/** `choices`: {id: [words, icon]}; `choose(id)` is told of another choice. Panels: see panel(). */
export const tabList = (label, choices, shown, choose) => {
  const ids = Object.keys(choices);
  const move = (event) => {
    const at = ids.indexOf(shown);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ids.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const id = ids[(to + ids.length) % ids.length];
    choose(id);
    document.getElementById(`tab-${id}`).focus();
  };
  return html`<div class="tab-list" role="tablist" aria-label=${label} @keydown=${move}>
    ${ids.map((id) => html`<button type="button" role="tab" id="tab-${id}" aria-controls="panel-${id}"
      aria-selected=${id === shown} tabindex=${id === shown ? 0 : -1} @click=${() => choose(id)}>
      ${icon(choices[id][1])}${choices[id][0]}</button>`)}
  </div>`;
};

/** The panel of one tab; what is not shown is not drawn, so its fields are in nobody's way. */
export const panel = (id, shown, content) => html`<div role="tabpanel" id="panel-${id}" aria-labelledby="tab-${id}"
  ?hidden=${id !== shown}>${id === shown ? content() : ""}</div>`;
