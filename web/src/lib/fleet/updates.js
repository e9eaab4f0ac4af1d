// Firmware of boards: what is released, the roll-out that goes on, board by board, and those before.
import { html, nothing } from "lit-html";
import { api, items } from "../api.js";
import { act as press } from "../act.js";
import { confirm } from "../dialogs.js";
import { bytes, number, plural } from "../format.js";
import { icon, stateBadge, when } from "../parts.js";
import { rolloutDialog } from "./rollout-dialog.js";

export { rolloutDialog };

const SHOWN = 12; // boards of a roll-out before "show all"
const AGAIN_MS = 2000; // a roll-out of many boards is asked for, and not told with each event
const KEPT = 10; // roll-outs in the list of earlier ones

const STATES = {
  running: ["good", "live", "under way"],
  stopped: ["bad", "warning", "stopped"],
  done: ["good", "check", "done"],
  cancelled: ["", "ban", "cancelled"],
};
const BOARDS = {
  failed: ["bad", "warning", "failed"],
  trying: ["warn", "same", "starts with it"],
  loading: ["warn", "down", "loading"],
  offered: ["warn", "wait", "asked to begin"],
  waiting: ["", "wait", "waiting"],
  done: ["good", "check", "done"],
  left: ["", "right", "left out"],
};
const ORDER = Object.keys(BOARDS);
const WAVES = { 1: "one board", 2: "a tenth", 3: "all others" };

/** The newest release that may be offered, or null. */
export const newestOf = (releases) => releases.find((one) => !one.fault) ?? null;

/** Whether a board could be updated to this release: over the air, from an older build. */
export const canTake = (board, release) =>
  Boolean(release && board.keyed && board.slot && board.build !== null && board.build < release.build && ["online", "offline"].includes(board.state));

// ---- what is shown, out of plain data

const share = (one) => (one.state === "done" ? 1 : one.total_bytes ? one.done_bytes / one.total_bytes : 0);

function boardRow(one, nameOf) {
  const [tone, picture, word] = BOARDS[one.state] ?? ["", "wait", one.state];
  const loading = one.state === "loading" && one.total_bytes;
  return html`<li class="rollout-board">
    <a class="who" href="#${encodeURIComponent(one.device)}">${nameOf(one.device)}</a>
    <progress max="1" value=${share(one)} aria-label="${nameOf(one.device)}: loaded"></progress>
    ${stateBadge(tone, picture, loading ? `${number(100 * share(one))} % of ${bytes(one.total_bytes)}` : word)}
    ${one.text ? html`<small class="why">${one.text}</small>` : nothing}</li>`;
}

const urgent = (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.wave - b.wave;

function boardRows(rollout, state, act) {
  const rows = [...rollout.boards].sort(urgent);
  const more = rows.length - SHOWN;
  return html`<ul class="rollout-boards">${(state.all ? rows : rows.slice(0, SHOWN)).map((one) => boardRow(one, state.nameOf))}</ul>
    ${more > 0 ? html`<button type="button" class="quiet" aria-expanded=${String(state.all)} @click=${act.all}>
        ${state.all ? "Show fewer" : `Show all ${number(rows.length)}`}</button>` : nothing}`;
}

function waveWords(wave, boards) {
  const count = boards?.filter((one) => one.wave === wave).length;
  if (!count || wave === 1) return WAVES[wave];
  return wave === 2 ? `${number(count)} more` : `the other ${number(count)}`;
}

function steps(rollout) {
  const over = rollout.state === "done";
  return html`<ol class="waves">${[1, 2, 3].slice(0, rollout.waves).map((wave) => {
    const now = wave === rollout.wave && !over;
    const past = over || wave < rollout.wave;
    return html`<li class=${now ? "now" : past ? "past" : ""} aria-current=${now ? "step" : nothing}>${past ? icon("check") : nothing}${waveWords(wave, rollout.boards)}</li>`;
  })}</ol>`;
}

const BUTTONS = {
  running: (rollout, act) => html`<button type="button" class="danger" @click=${(event) => act.cancel(event, rollout)}>${icon("stop")}Stop it</button>`,
  stopped: (rollout, act) => html`<button type="button" @click=${(event) => act.resume(event, rollout)}>${icon("play")}Go on</button>
    <button type="button" class="quiet" @click=${(event) => act.cancel(event, rollout)}>${icon("close")}End it</button>`,
};

const reasonOf = (rollout) => (rollout.state === "stopped"
  ? html`<div class="note bad" role="alert">${icon("warning")}<div><strong>It stopped by itself.</strong> ${rollout.reason}
      <p>No other board is offered it. Look at that board first; then go on, which lets it try again, or end it.</p></div></div>`
  : nothing);

function current(rollout, state, act) {
  const { done, left } = rollout.counts;
  const all = rollout.boards_total - left;
  return html`<article class="stack rollout">
    <div class="row between"><h3>Build ${rollout.build} (${rollout.version}) to ${plural(rollout.boards_total, "board")}</h3>
      ${stateBadge(...(STATES[rollout.state] ?? ["", "wait", rollout.state]))}</div>
    ${steps(rollout)}
    <label class="whole">${number(done)} of ${number(all)} done<progress max=${Math.max(1, all)} value=${done}></progress></label>
    ${reasonOf(rollout)}
    ${rollout.boards ? boardRows(rollout, state, act) : html`<p aria-busy="true">Looking how far each board is…</p>`}
    <div class="row">${BUTTONS[rollout.state]?.(rollout, act) ?? nothing}</div>
  </article>`;
}

const past = (rollout) => html`<li>${stateBadge(...(STATES[rollout.state] ?? ["", "wait", rollout.state]))}
  <span>Build ${rollout.build} (${rollout.version}), ${number(rollout.counts.done)} of ${plural(rollout.boards_total, "board")}</span>
  <small>${when(rollout.started_at)} by ${rollout.started_by}</small></li>`;

const faulty = (one) => html`<p class="note bad">${icon("warning")}<span>Build ${one.build} is offered to no board: ${one.fault}.</span></p>`;

function released(state) {
  const newest = newestOf(state.releases);
  if (!newest) return html`<p>No firmware is released yet. A release is signed, and boards with a key fetch it over the air.</p>`;
  const needs = state.boards.filter((board) => canTake(board, newest)).length;
  return html`<p>Newest: build ${newest.build} (${newest.version}), ${when(newest.made_at)}. ${needs
    ? html`<strong>${plural(needs, "board")}</strong> could have it.` : "Every board that can take it has it."}</p>`;
}

/**
 * The panel. `state`: releases, rollouts (newest first), shown (the roll-out in full, or null), boards, all, nameOf(id), problem.
 * `act`: release(event), start(event), cancel(event, rollout), resume(event, rollout), all().
 */
export function updatesPanel(state, act) {
  if (state.problem) return html`<p class="note bad">${icon("warning")}<span>${state.problem}</span></p>`;
  if (!state.releases) return nothing;
  const running = state.shown?.state === "running";
  const earlier = state.rollouts.filter((one) => one.id !== state.shown?.id);
  return html`<section class="updates" aria-labelledby="updates-title">
    <div class="head"><h2 id="updates-title">Firmware</h2>
      <p class="row no-print">
        ${newestOf(state.releases) ? html`<button type="button" ?disabled=${running} @click=${act.start}>${icon("up")}Update boards</button>` : nothing}
        <button type="button" class="quiet" @click=${act.release}>${icon("plus")}New release</button></p></div>
    ${released(state)}
    ${state.releases.filter((one) => one.fault).map(faulty)}
    ${state.shown ? current(state.shown, state, act) : nothing}
    ${earlier.length ? html`<details class="more"><summary>Earlier roll-outs</summary><ul class="rollouts">${earlier.slice(0, KEPT).map(past)}</ul></details>` : nothing}
  </section>`;
}

// ---- its life

/** Keeps what the panel shows. `fleet`: all() boards, board(id); `changed()` asks for drawing; `selected` ids. */
export function updates(fleet, changed, selected = new Set()) {
  const state = {
    releases: null, rollouts: [], shown: null, all: false, problem: "",
    get boards() { return fleet.all(); },
    nameOf: (id) => fleet.board(id)?.name ?? id,
  };
  let timer = null;

  function put(rollout) {
    const before = state.rollouts.find((one) => one.id === rollout.id);
    state.rollouts = [rollout, ...state.rollouts.filter((one) => one !== before)].sort((a, b) => b.id - a.id);
    if (rollout.id === state.rollouts[0].id) state.shown = { ...rollout, boards: rollout.boards ?? (state.shown?.id === rollout.id ? state.shown.boards : null) };
    if (!rollout.boards) timer ??= setTimeout(look, AGAIN_MS);
    changed();
  }

  async function look() {
    timer = null;
    if (document.hidden || !state.shown) return;
    const now = await api("GET", `/api/v1/rollouts/${state.shown.id}`).catch(() => null);
    if (now) put(now);
  }

  async function load() {
    try {
      const [releases, page] = await Promise.all([items("/api/v1/firmware"), api("GET", `/api/v1/rollouts?limit=${KEPT}`)]);
      Object.assign(state, { releases, rollouts: page.items, shown: null, problem: "" });
      if (page.items[0]) put(await api("GET", `/api/v1/rollouts/${page.items[0].id}`));
    } catch (problem) {
      state.problem = problem.message;
    }
    changed();
  }

  const decide = async (event, rollout, word, done) => {
    const now = await press(event.currentTarget, () => api("POST", `/api/v1/rollouts/${rollout.id}/${word}`), done);
    if (now) put(now);
  };

  const act = {
    async release(event) {
      const made = await press(event.currentTarget, () => api("POST", "/api/v1/firmware", {}), (one) => `Build ${one.build} is released.`);
      if (made) await load();
    },
    async start() {
      const begun = await rolloutDialog(fleet.all(), state.releases, [...selected]);
      if (!begun) return;
      put(begun);
      document.getElementById("updates-title")?.scrollIntoView(); // above the list from now on
    },
    async cancel(event, rollout) {
      const button = { currentTarget: event.currentTarget };
      if (await confirm("End this roll-out?", "No other board begins. A board that has all of it already goes on by itself.", { yes: "End it" })) await decide(button, rollout, "cancel", "The roll-out is ended.");
    },
    resume: (event, rollout) => decide(event, rollout, "resume", "It goes on."),
    all() {
      state.all = !state.all;
      changed();
    },
  };

  return {
    load,
    heard: put,
    template: () => updatesPanel(state, act),
    /** Whether there is a roll-out that somebody should look at. */
    get underWay() { return ["running", "stopped"].includes(state.shown?.state); },
    /** Whether newer firmware than a board runs is there for it. */
    waits: (board) => Boolean(state.releases) && canTake(board, newestOf(state.releases)),
  };
}
