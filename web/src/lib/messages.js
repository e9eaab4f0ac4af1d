// Short messages at the foot of the page, read out by screen readers.
import { html, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

const SHOWN_MS = 7000;
const lists = { good: [], bad: [] };
let count = 0;

function draw(kind) {
  const home = document.getElementById(kind === "good" ? "messages" : "warnings");
  const one = (message) => html`<div class="message ${kind}">
    <span class="icon i-${kind === "good" ? "check" : "warning"}" aria-hidden="true"></span>
    <span>${message.text}</span>
    <button type="button" class="plain-button" aria-label="Close this message" @click=${() => drop(kind, message)}>
      <span class="icon i-close" aria-hidden="true"></span>
    </button>
  </div>`;
  render(repeat(lists[kind], (message) => message.id, one), home);
}

function drop(kind, message) {
  lists[kind] = lists[kind].filter((other) => other !== message);
  draw(kind);
}

function show(kind, text) {
  const message = { id: ++count, text };
  lists[kind] = [...lists[kind].filter((other) => other.text !== text), message].slice(-3);
  draw(kind);
  return message;
}

/** Something worked: goes away by itself. */
export function say(text) {
  const message = show("good", text);
  setTimeout(() => drop("good", message), SHOWN_MS);
}

/** Something did not: stays until it is closed or something else works. */
export function warn(text) {
  show("bad", text);
}

export function clearWarnings() {
  lists.bad = [];
  draw("bad");
}
