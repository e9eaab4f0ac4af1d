// What is seen while a board is written: steps, bytes, what it says, and what went wrong.
import { html, nothing } from "lit-html";
import { bytes } from "../format.js";
import { icon } from "../parts.js";
import { STEPS } from "./job.js";
import { imageIn } from "./micropython.js";

const EMPTIED = ["silent", "garbage", "endless", "full", "python", "verify", "old", "boot", "image", "chip", "write"];

function stepRow(job, name) {
  const reached = name in job.done && job.step !== name;
  const here = job.step === name;
  if (name === "image" && !here && !reached) return nothing;
  const mark = reached ? icon("check") : here && job.fault ? icon("warning") : here ? icon("wait") : icon("idle");
  return html`<li class=${reached ? "done" : here ? "here" : ""} aria-current=${here ? "step" : nothing}>${mark}
    <div><strong>${STEPS[name]}</strong>${job.done[name] ? html`<br>${job.done[name]}` : nothing}${here && !job.fault ? bar(job) : nothing}</div></li>`;
}

const WHILE = {
  ask: "This takes some seconds when it does not answer at once.",
  image: "Recognising the chip, then emptying its flash: up to half a minute.",
  contact: "It starts, joins its Wi-Fi and calls the server: 5 to 20 s.",
};

// how far it is changes too often to be read out
function bar(job) {
  const { progress } = job;
  if (job.asksImage) return nothing;
  if (!progress) return html`<div aria-live="off"><progress aria-label=${STEPS[job.step]}></progress>${WHILE[job.step] ? html`<small>${WHILE[job.step]}</small>` : nothing}</div>`;
  const left = progress.left === null ? "" : `, ${Math.ceil(progress.left)} s left`;
  return html`<div aria-live="off"><progress aria-label=${STEPS[job.step]} max=${progress.total} value=${progress.done}></progress>
    <small>${bytes(progress.done)} of ${bytes(progress.total)}${left}</small></div>`;
}

const saidView = (job) => job.log.length ? html`<details class="more" ?open=${job.fault?.code === "contact"}><summary>What the board says</summary>
  <pre class="console" tabindex="0">${job.log.join("\n")}</pre></details>` : nothing;

/** The list of steps, and below it whatever a person has to decide. */
export function workView(job, kinds, ways) {
  return html`<ol class="work" aria-live="polite" tabindex="-1">${Object.keys(STEPS).map((name) => stepRow(job, name))}</ol>
    ${job.asksImage ? imageChoice(job, kinds) : nothing}${job.fault ? faultView(job, ways) : nothing}${saidView(job)}`;
}

function faultView(job, { again, otherPort, emptied, change }) {
  const { fault } = job;
  return html`<div class="note bad" role="alert">${icon("warning")}<span><strong>${fault.message}</strong>${fault.next ? html` ${fault.next}` : nothing}</span></div>
    <div class="actions">
      <button type="button" class="quiet" @click=${change}>Change the settings</button>
      ${fault.code === "contact" ? nothing : html`<button type="button" class="quiet" @click=${otherPort}>Choose the port again</button>`}
      ${EMPTIED.includes(fault.code) ? html`<button type="button" class="danger" @click=${emptied}>Write MicroPython (empties the board)</button>` : nothing}
      <button type="button" @click=${again}>Go on</button>
    </div>`;
}

// ---- which MicroPython

function imageChoice(job, kinds) {
  const fit = kinds.images.filter((image) => image.chip === job.chip);
  const chip = kinds.chips.find((each) => each.chip === job.chip);
  if (!chip) return html`<p class="note bad" role="alert">There is no MicroPython for an ${job.chip} here.</p>`;
  return html`<div class="stack image-choice"><p>The chip is an <strong>${job.chip}</strong>. ${fit.length ? "Which MicroPython shall it get?" : html`The server has no MicroPython for it.
      Get the .bin for ${job.chip} from micropython.org/download, the one for an empty board, and choose it here. On the server, <code>iotd image add FILE</code> keeps one for next time.`}</p>
    ${fit.map((image, index) => html`<button type="button" class=${index ? "quiet" : ""} @click=${() => fromServer(job, image)}>${image.version ? `MicroPython ${image.version}` : image.name} (${bytes(image.size)})</button>`)}
    <label for="f-image">A .bin file from this computer
      <input id="f-image" type="file" accept=".bin" aria-describedby="f-image-wrong" @change=${(event) => fromPerson(event.target, job, kinds, chip)}></label>
    <span class="wrong" id="f-image-wrong" role="alert"></span></div>`;
}

const fromServer = (job, image) => job.asksImage?.({ sha256: image.sha256, offset: image.offset });

async function fromPerson(input, job, kinds, chip) {
  const file = input.files[0];
  if (!file) return;
  const data = new Uint8Array(await file.arrayBuffer());
  const found = imageIn(data, kinds.chips);
  const wrong = !found ? "This is no whole MicroPython image: take the .bin, not the .app-bin."
    : found.chip !== chip.chip ? `This image is for an ${found.chip}, and the board has a ${chip.chip}.` : "";
  document.getElementById("f-image-wrong").textContent = wrong;
  if (!wrong) job.asksImage?.({ bytes: data, offset: chip.offset });
}
