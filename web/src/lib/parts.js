// Small pieces that several pages show.
import { html, nothing } from "lit-html";
import { ago, moment } from "./format.js";
import { say, warn } from "./messages.js";

export const icon = (name) => html`<span class="icon i-${name}" aria-hidden="true"></span>`;

const CAMERA_STATES = {
  streaming: ["good", "live", "streaming"],
  idle: ["", "idle", "stopped"],
  offline: ["bad", "offline", "offline"],
  starting: ["warn", "wait", "starting"],
  stopping: ["warn", "wait", "stopping"],
};
const DEVICE_STATES = {
  pending: ["warn", "wait", "waiting for approval"],
  online: ["good", "check", "online"],
  offline: ["", "offline", "offline"],
  revoked: ["bad", "ban", "revoked"],
};

const badge = ([tone, picture, word]) => html`<span class="state ${tone}">${icon(picture)}${word}</span>`;

/** The state as people see it: what was asked for and has not happened yet is a state too. */
export function cameraPhase({ state, started }) {
  if (state === "idle" && started === true) return "starting";
  if (state === "streaming" && started === false) return "stopping";
  return state;
}

export const cameraState = (camera) => badge(CAMERA_STATES[cameraPhase(camera)] ?? ["", "wait", camera.state]);
export const deviceState = (state) => badge(DEVICE_STATES[state] ?? ["", "wait", state]);
export const stateBadge = (tone, picture, word) => badge([tone, picture, word]);

export const KINDS = {
  camera: ["Camera", "camera"],
  cabinet: ["Cabinet", "cabinet"],
  cabinet_camera: ["Cabinet camera", "camera"],
  watch: ["Watch", "watch"],
  gate: ["Gate", "gate"],
  other: ["Other device", "device"],
};
export const kindName = (kind) => KINDS[kind]?.[0] ?? kind ?? "unknown kind";
export const kindIcon = (kind) => icon(KINDS[kind]?.[1] ?? "device");

/** A time as how long ago, with the exact moment for whoever hovers or listens. */
export const when = (text, never = "never") =>
  text ? html`<time datetime=${text} title=${moment(text)}>${ago(text)}</time>` : never;

export const fact = (name, value) =>
  value === null || value === undefined || value === "" ? nothing : html`<dt>${name}</dt><dd>${value}</dd>`;

/** A labelled input with room for help and for what is wrong with it. */
export function field(label, name, { type = "text", help = "", ...more } = {}) {
  const id = more.id ?? `f-${name}`;
  const described = help ? `${id}-help ${id}-wrong` : `${id}-wrong`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} aria-describedby=${described}
      autocomplete=${more.autocomplete ?? "off"} ?required=${more.required ?? true}
      minlength=${more.minlength ?? nothing} maxlength=${more.maxlength ?? nothing}
      pattern=${more.pattern ?? nothing} inputmode=${more.inputmode ?? nothing}
      autocapitalize=${more.autocapitalize ?? nothing} spellcheck=${more.spellcheck ?? nothing}
      class=${more.className ?? nothing} .value=${more.value ?? ""} ?autofocus=${more.autofocus ?? false}>
    ${help ? html`<small id="${id}-help">${help}</small>` : nothing}
    <span class="wrong" id="${id}-wrong" role="alert"></span>
  </div>`;
}

/** Copy text; also where the clipboard API is closed, as on plain http in a home network. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) return warn("This browser does not let a page copy: select the text and copy it by hand.");
  }
  say("Copied.");
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export const copyButton = (text, words = "Copy") =>
  html`<button type="button" class="quiet" @click=${() => copy(text)}>${icon("copy")}${words}</button>`;

/** A secret that is shown this once. */
export const secret = (text) => html`<code class="secret">${text}</code>${copyButton(text)}`;

export const recoveryCodes = (codes) => html`<div class="print">
    <p>Each of these codes signs you in once when your phone is not at hand. <strong>They are shown only now.</strong>
      Keep them where you keep important papers.</p>
    <ol class="codes">${codes.map((code) => html`<li>${code}</li>`)}</ol>
  </div>
  <p class="row no-print">${copyButton(codes.join("\n"), "Copy the codes")}
    <button type="button" class="quiet" @click=${() => print()}>${icon("print")}Print them</button></p>`;
