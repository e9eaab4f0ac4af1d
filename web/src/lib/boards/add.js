// "Add a board": a dialog that leads from a board in a box to a board that is online.
import { html, nothing, render } from "lit-html";
import { api } from "../api.js";
import { act } from "../act.js";
import { confirm, openDialog } from "../dialogs.js";
import { icon } from "../parts.js";
import { Fault } from "./faults.js";
import { formView, newWish, presetOf } from "./form.js";
import { Job } from "./job.js";
import { whyNot, obstacle } from "./why-not.js";
import { workView } from "./work.js";

const PHASES = { form: "Board", cable: "Cable", work: "Write", done: "Online" };

/** What is looked at first in each phase; what had the focus before is gone. */
const FIRST = { form: "select", cable: "button:not(.quiet)", work: ".work", done: "button", obstacle: "a, button" };

/** Open the dialog; resolves when it is closed, with the id of the board that is online or null. */
export function addBoard() {
  const state = { phase: "load", kinds: null, wish: null, job: null, problem: "", busy: false };
  const closed = openDialog("Add a board", (close) => {
    state.close = close;
    return html`<div class="add-board"></div>`;
  });
  const dialog = document.querySelector("dialog[open]:has(.add-board)");
  const place = dialog.querySelector(".add-board");
  let shown = "";
  const draw = () => {
    render(view(state, draw), place);
    if (state.phase !== shown) place.querySelector(FIRST[state.phase] ?? "[tabindex]")?.focus();
    shown = state.phase;
  };
  keepOpen(dialog, state);
  draw();
  begin(state, draw);
  return closed.then(() => {
    state.job?.end();
    return state.phase === "done" ? state.wish.id : null;
  });
}

async function begin(state, draw) {
  try {
    state.kinds = await api("GET", "/api/v1/flash/kinds");
    state.wish = newWish(state.kinds);
    state.phase = obstacle() ? "obstacle" : "form";
  } catch (problem) {
    state.problem = problem.message;
  }
  draw();
}

/** Escape in the middle of writing is a slip more often than a wish. */
function keepOpen(dialog, state) {
  dialog.addEventListener("cancel", async (event) => {
    if (!state.busy) return;
    event.preventDefault();
    if (await confirm("Stop writing the board?", "What is written stays. You can go on later by adding it again.", { yes: "Stop" })) state.close();
  });
}

const VIEWS = {
  load: (state) => state.problem ? html`<p class="note bad" role="alert">${state.problem}</p>` : html`<p aria-busy="true">Looking what there is…</p>`,
  obstacle: (state) => whyNot(obstacle(), state.kinds.https_url),
  form: (state, draw) => formView(state, draw, (values) => toCable(state, draw, values)),
  cable: cableView,
  work: (state, draw) => workView(state.job, state.kinds, ways(state, draw)),
  done: doneView,
};

function view(state, draw) {
  const inner = VIEWS[state.phase](state, draw);
  return html`${state.phase in PHASES ? steps(state.phase) : nothing}${inner}`;
}

function steps(phase) {
  const names = Object.keys(PHASES);
  return html`<ol class="steps">${names.map((name) => html`<li class=${names.indexOf(name) < names.indexOf(phase) ? "done" : ""}
    aria-current=${name === phase ? "step" : nothing}>${PHASES[name]}</li>`)}</ol>`;
}

function toCable(state, draw, values) {
  state.job?.end();
  state.job = new Job({ wish: state.wish, values, preset: presetOf(state).name, draw });
  state.phase = "cable";
  draw();
}

function cableView(state, draw) {
  return html`<p>Connect the board to this computer with a USB cable that carries data; many carry power only.</p>
    <p>The browser then asks which port it is: usually the one that says <em>CP2102</em>, <em>CH340</em>, <em>USB Serial</em> or <em>USB JTAG</em>.</p>
    ${state.problem ? html`<p class="note bad" role="alert">${state.problem}</p>` : nothing}
    <div class="actions"><button type="button" class="quiet" @click=${() => back(state, draw)}>Back</button>
      <button type="button" @click=${(event) => choose(state, draw, event.currentTarget)}>${icon("device")}Choose the port</button></div>`;
}

function back(state, draw) {
  // the same id once more: its key was made by this dialog
  state.wish.again = state.wish.again || Boolean(state.job?.keyed);
  Object.assign(state, { phase: "form", problem: "" });
  draw();
}

async function choose(state, draw, button) {
  await act(button, async () => {
    try {
      state.problem = "";
      await state.job.choosePort();
    } catch (problem) {
      state.problem = problem instanceof Fault ? `${problem.message} ${problem.next}` : problem.message;
      draw();
      return;
    }
    state.phase = "work";
    run(state, draw);
  });
}

async function run(state, draw) {
  state.busy = true;
  addEventListener("beforeunload", warnOfLeaving);
  draw();
  await state.job.run();
  removeEventListener("beforeunload", warnOfLeaving);
  state.busy = false;
  if (state.job.step === "finished") state.phase = "done";
  draw();
}

const warnOfLeaving = (event) => event.preventDefault();

const ways = (state, draw) => ({
  again: () => run(state, draw),
  otherPort: (event) => choose(state, draw, event.currentTarget),
  emptied: () => {
    state.job.writesImage = true;
    run(state, draw);
  },
  change: () => back(state, draw),
});

function doneView(state) {
  const { id, name } = state.wish;
  return html`<p class="note good">${icon("check")}<span><strong>${name || id} is online:</strong> the server hears it, and it has proved its key. You can unplug it and hang it where it belongs.</span></p>
    <div class="actions"><a class="button quiet" href="/devices#${id}" @click=${() => state.close()}>Look at it</a>
      <button type="button" @click=${() => state.close()}>Done</button></div>`;
}
