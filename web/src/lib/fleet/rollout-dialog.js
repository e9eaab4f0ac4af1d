// Which firmware to which boards, and what the waves are for, before it begins.
import { html, nothing, render } from "lit-html";
import { api } from "../api.js";
import { submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { number, plural } from "../format.js";
import { icon, when } from "../parts.js";

const isThere = (board) => board.keyed && board.slot && board.build !== null && ["online", "offline"].includes(board.state);

/** The boards that a roll-out of this build would go to. */
export const takers = (boards, build, older) => boards.filter((board) => isThere(board) && (older ? board.build !== build : board.build < build));

/** How many boards are in each wave, as the server has it: one, a tenth and one at least, the rest. */
export function sizes(count) {
  const second = Math.min(Math.max(1, Math.floor(count / 10)), Math.max(0, count - 1));
  return [Math.min(1, count), second, Math.max(0, count - 1 - second)];
}

function explained(count) {
  const [first, second, third] = sizes(count);
  if (!count) return html`<p class="note warn">${icon("warning")}<span>No board needs this build, or can take it over the air.</span></p>`;
  return html`<ol class="waves-told">
      ${first ? html`<li><strong>One board</strong> first.</li>` : nothing}
      ${second ? html`<li>Then <strong>${second === 1 ? "one more" : `${number(second)} more`}</strong>.</li>` : nothing}
      ${third ? html`<li>Then the other <strong>${number(third)}</strong>.</li>` : nothing}
    </ol>
    <p class="small">A wave begins only when every board of the one before runs the new firmware for good. If a board fails, or does not come back within
      ten minutes, the roll-out stops by itself, and that board goes back to what it had.</p>`;
}

const releaseOption = (one, newest) => html`<option value=${one.build}>Build ${one.build} (${one.version})${one.build === newest ? ", the newest" : ""}</option>`;

/** Ask, and begin it; resolves with the roll-out, or undefined. */
export function rolloutDialog(boards, releases, selected = []) {
  const good = releases.filter((one) => !one.fault);
  const wish = { build: good[0]?.build, some: selected.length > 0, older: false };
  const holder = document.createElement("div");
  const mine = () => (wish.some ? boards.filter((board) => selected.includes(board.id)) : boards);
  const set = (fields) => {
    Object.assign(wish, fields);
    draw();
  };

  function begin(event, close) {
    const devices = takers(mine(), wish.build, wish.older).map((board) => board.id);
    const body = { build: wish.build, older: wish.older, ...(wish.some ? { devices } : {}) };
    return submit(event, async () => close(await api("POST", "/api/v1/rollouts", body)), "The first board is asked to begin.");
  }

  const form = (close) => {
    const going = takers(mine(), wish.build, wish.older);
    const newer = mine().filter((board) => isThere(board) && board.build > wish.build).length;
    const release = good.find((one) => one.build === wish.build);
    return html`<form @submit=${(event) => begin(event, close)} novalidate>
      <div class="field"><label for="r-build">Firmware</label>
        <select id="r-build" name="build" aria-describedby="r-build-help" @change=${(event) => set({ build: Number(event.target.value), older: false })}>${good.map((one) => releaseOption(one, good[0].build))}</select>
        <small id="r-build-help">released ${when(release?.made_at)}</small><span class="wrong" role="alert"></span></div>
      ${selected.length ? html`<fieldset><legend>Boards</legend>
        <label><input type="radio" name="which" .checked=${wish.some} @change=${() => set({ some: true })}> Only the ${plural(selected.length, "board")} I selected</label>
        <label><input type="radio" name="which" .checked=${!wish.some} @change=${() => set({ some: false })}> All boards</label></fieldset>` : nothing}
      ${newer || wish.older ? html`<label><input type="checkbox" .checked=${wish.older} @change=${(event) => set({ older: event.target.checked })}>
        Boards may go back to it: ${plural(newer, "board has", "boards have")} newer firmware</label>` : nothing}
      <p class="going" role="status">It goes to <strong>${plural(going.length, "board")}</strong>.</p>
      ${explained(going.length)}
      <p class="form-error wrong" role="alert"></p>
      <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button>
        <button ?disabled=${!going.length}>${icon("up")}Begin</button></div></form>`;
  };
  let draw = () => {};
  return openDialog("Update boards", (close) => {
    draw = () => render(form(close), holder);
    draw();
    return html`${holder}`;
  });
}
