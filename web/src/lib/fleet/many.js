// One thing done to all boards that are selected; each has its own result.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { act, submit } from "../act.js";
import { confirm, openDialog } from "../dialogs.js";
import { number, plural } from "../format.js";
import { field, icon } from "../parts.js";
import { say } from "../messages.js";
import { placeField } from "./jobs.js";
import { nameOf } from "./parts.js";

const AT_ONCE = 500; // as many as one request may name
const DONE = {
  approve: "approved", revoke: "revoked", remove: "removed", command: "told", place: "given this place",
  update: "given this update: it begins with one board and goes on when that one is back",
};

async function send(fleet, ids, body) {
  const results = [];
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    try {
      const answer = await api("POST", "/api/v1/boards/actions", { ...body, devices: ids.slice(i, i + AT_ONCE) });
      results.push(...answer.items);
    } catch (problem) {
      if (!results.length) throw problem;
      // the first ones are done: that is to be told too
      results.push(...ids.slice(i).map((id) => ({ id, ok: false, error: problem.message })));
      break;
    }
  }
  await fleet.reload();
  return results;
}

function tell(fleet, action, results, names) {
  const failed = results.filter((one) => !one.ok);
  if (failed.length < results.length) say(`${plural(results.length - failed.length, "board is", "boards are")} ${DONE[action]}.`);
  fleet.select(failed.map((one) => one.id));
  if (!failed.length) return undefined;
  return openDialog(`${plural(failed.length, "board")} of ${number(results.length)}: not done`, (close) => html`<p>These stay selected. The others are done.</p>
    <ul class="lines failures">${failed.map((one) => html`<li><strong>${names.get(one.id) ?? one.id}</strong> <span>${one.error}</span></li>`)}</ul>
    <div class="actions"><button type="button" autofocus @click=${() => close()}>Close</button></div>`);
}

async function run(fleet, ids, body, button = null) {
  const names = new Map(fleet.all().map((board) => [board.id, nameOf(board)]));
  const results = await act(button, () => send(fleet, ids, body));
  if (results) await tell(fleet, body.action, results, names);
}

const ASKED = {
  revoke: ["Revoke", "They are cut off at once and turned away when they come again. You can approve them again."],
  remove: ["Remove", "Their entries, keys, histories and settings are deleted for good. Those that connect again are new devices that wait for approval."],
  update: ["Update", "Each of them is offered the newest firmware: first one, then a tenth, then the rest. It stops by itself when one does not come back."],
};

async function sure(fleet, ids, action, button) {
  const [word, text] = ASKED[action];
  const yes = await confirm(`${word} ${plural(ids.length, "board")}?`, text, { yes: action === "remove" ? "Remove for good" : word, danger: action !== "update" });
  if (yes) await run(fleet, ids, { action }, button);
}

/** Ask for a word or a place, then do it. */
function asked(fleet, ids, action, title, inside) {
  return openDialog(title, (close) => html`<form @submit=${(event) => {
    const value = event.target.elements[action].value;
    submit(event, async () => close({ action, [action]: value }));
  }}>${inside}<p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>${action === "place" ? "Set the place" : "Say it"}</button></div></form>`)
    .then((body) => body && run(fleet, ids, body));
}

const place = (fleet, ids) => asked(fleet, ids, "place", `Place of ${plural(ids.length, "board")}`, placeField(fleet, "", { autofocus: true }));
const command = (fleet, ids) => asked(fleet, ids, "command", `A word to ${plural(ids.length, "board")}`, field("Word", "command", {
  maxlength: 200, autofocus: true, autocapitalize: "none", spellcheck: "false",
  help: "Cameras: START, STOP, SET key=value. Cabinets: lon, lof. Their cameras: img. Watches: bpm. Gates take none.",
}));

/** What can be done with those that are selected; nothing while none is. */
export function manyBar(fleet, selected) {
  const ids = [...selected];
  if (!ids.length) return nothing;
  const button = (picture, words, work, danger = false) => html`<button type="button" class=${danger ? "danger" : "quiet"} @click=${(event) => work(event.currentTarget)}>${icon(picture)}${words}</button>`;
  return html`<section class="many no-print" aria-label="Selected boards"><div class="row"><p role="status"><strong>${number(ids.length)} selected</strong></p>
      <button type="button" class="plain-button" @click=${() => fleet.select([])} aria-label="Select none">${icon("close")}</button></div>
    <div class="row acts">
      ${button("check", "Approve", (one) => run(fleet, ids, { action: "approve" }, one))}
      ${button("pencil", "Place", () => place(fleet, ids))}
      ${button("right", "Command", () => command(fleet, ids))}
      ${button("up", "Update", (one) => sure(fleet, ids, "update", one))}
      ${button("ban", "Revoke", (one) => sure(fleet, ids, "revoke", one), true)}
      ${button("trash", "Remove", (one) => sure(fleet, ids, "remove", one), true)}
    </div></section>`;
}
