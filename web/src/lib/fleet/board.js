// One board: how it is, why it does not show up, what can be done, what happened.
import { html, nothing } from "lit-html";
import { cameraWords, jobButtons, ownerWords } from "../device-jobs.js";
import { moment } from "../format.js";
import { user } from "../initial.js";
import { fact, icon, kindIcon, kindName, stateBadge, when } from "../parts.js";
import { boardHistory } from "./history.js";
import { jobs } from "./jobs.js";
import { firmware, memory, nameOf, protection, restarts, signal, states, uptime } from "./parts.js";
import { approval } from "./waiting.js";

const known = (value) => (value === nothing ? null : value);

function ownPage(board) {
  const own = { camera: "/cameras/", cabinet: user.role === "admin" ? "/cabinets/" : null, gate: "/campus/gates#gate-" }[board.kind];
  if (!own || ["revoked", "pending"].includes(board.state)) return nothing;
  return html`<a class="button quiet" href="${own}${encodeURIComponent(board.id)}">${kindIcon(board.kind)}Its own page</a>`;
}

const why = (board) => (board.why && board.state !== "pending"
  ? html`<div class="note warn">${icon("unknown")}<div><strong>Why it is not here</strong>
      <p>${board.why.reason}${board.why.at ? html` <span class="small nowrap">(${when(board.why.at)})</span>` : nothing}</p><p>${board.why.next_step}</p></div></div>`
  : nothing);

const UPDATES = { ok: "and was kept", back: "and was taken back", refused: "and was refused by the board" };

function lastUpdate(board) {
  const [word, build, ...reason] = (board.last_update ?? "").split("-");
  return board.last_update ? `build ${build} ${UPDATES[word] ?? word}${reason.length ? ` (${reason.join(" ")})` : ""}` : null;
}

const encrypted = (board) => (board.tls === null || board.tls === undefined ? null : board.tls ? "yes, by TLS" : "no");

const facts = (board, fleet, waits) => html`<dl class="facts">
    ${fact("Kind", kindName(board.kind))}${fact("Id", html`<code>${board.id}</code>`)}${fact("Place", board.place)}
    ${fact("Address", board.address)}${fact("Last contact", board.connected ? "now" : when(board.last_seen))}
    ${fact("Signal", known(signal(board)))}${fact("Up for", known(uptime(board)))}${fact("Started", board.booted_at ? moment(board.booted_at) : null)}
    ${fact("Restarts", known(restarts(board)))}${fact("Free memory", known(memory(board)))}
    ${fact("Firmware", known(firmware(board)))}${fact("Update", waits ? stateBadge("warn", "up", "update waits") : null)}${fact("Last update", lastUpdate(board))}
    ${fact("Chip", board.chip)}${fact("Slot", board.slot)}${fact("Encrypted", encrypted(board))}${fact("Protection", protection(board))}
    ${fact("Whose", ownerWords(board, fleet.patients()))}${fact("Camera", cameraWords(board, fleet.all()))}
  </dl>`;

/** The page of one board; `changed()` asks for drawing, `waits(board)` says whether an update waits for it. */
export function boardView(id, fleet, changed, waits) {
  const past = boardHistory(id, changed);
  past.load();
  const gone = () => html`<div class="empty"><p><strong>There is no device ${id}.</strong></p><p class="muted">It was removed, or never there.</p></div>`;

  const body = (board) => html`<article class="device stack one-board">
      <div class="row between"><h2 id="board-title" tabindex="-1">${kindIcon(board.kind)}${nameOf(board)}</h2>${states(board)}</div>
      ${why(board)}
      ${board.state === "pending" ? html`<p>${board.waits_because}</p>${approval(board, fleet)}` : nothing}
      ${facts(board, fleet, waits(board))}
      ${board.state === "pending" ? nothing : jobButtons(board, fleet.all(), fleet.patients(), fleet.put)}
      <div class="row">${ownPage(board)}</div>
      ${jobs(board, fleet)}
    </article>
    ${past.template()}`;

  return {
    id,
    stale: past.stale,
    end: past.end,
    template: () => html`<p class="back"><a href="#">${icon("left")}All devices</a></p>
      ${fleet.board(id) ? body(fleet.board(id)) : gone()}`,
  };
}
