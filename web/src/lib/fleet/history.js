// What happened to one board, the newest first.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { act } from "../act.js";
import { icon, stateBadge, when } from "../parts.js";

const PAGE = 30;
const AGAIN_MS = 3000;

const ALARMS = {
  silent: { began: "Silent for too long", ended: "Heard again" },
  flapping: { began: "Connects again and again", ended: "Steady again" },
};

const KINDS = {
  connected: (one) => ["check", `Connected ${one.text}`],
  lost: () => ["offline", "Connection lost"],
  restarted: (one) => ["same", `Started anew: ${one.text}`],
  update: (one) => (one.by ? ["up", "An update was asked for"] : ["up", `Update: ${one.text}`]),
  alarm: (one) => ["bell", ALARMS[one.text]?.[one.result] ?? one.text],
  command: (one) => ["right", html`Told <code>${one.text}</code>`],
  approved: (one) => ["check", `Approved${one.text ? ` (${one.text})` : ""}`],
  revoked: () => ["ban", "Revoked"],
  key: () => ["key", "Given a new key"],
  changed: (one) => ["pencil", `Changed: ${one.text}`],
};

const BAD = ["failed", "refused"];

function entry(one) {
  const [picture, words] = KINDS[one.what]?.(one) ?? ["unknown", one.text];
  return html`<li>${icon(picture)}<span>${words}${one.by ? html` <span class="muted">by ${one.by}</span>` : nothing}
    ${BAD.includes(one.result) ? stateBadge("bad", "warning", one.result) : nothing}</span> <small class="muted">${when(one.at)}</small></li>`;
}

/** What was asked for stands in the audit before it is done, and once more when it is refused: once is enough here. */
export function told(items) {
  const same = (one, other) => one && ["what", "text", "by"].every((key) => one[key] === other[key]);
  return items.filter((one, i) => !(one.by && !BAD.includes(one.result) && BAD.includes(items[i - 1]?.result) && same(items[i - 1], one)));
}

/** The history of a board; `changed()` asks for drawing. */
export function boardHistory(id, changed) {
  const address = `/api/v1/boards/${encodeURIComponent(id)}/events?limit=${PAGE}`;
  let items = null;
  let next = null;
  let problem = "";
  let timer = null;

  async function load() {
    timer = null;
    try {
      const page = await api("GET", address);
      // what was shown further down stays
      const known = new Set(page.items.map((one) => one.id));
      const older = (items ?? []).filter((one) => !known.has(one.id) && one.at < (page.items.at(-1)?.at ?? ""));
      if (!older.length) next = page.next;
      items = [...page.items, ...older];
      problem = "";
    } catch (failure) {
      problem = failure.message;
    }
    changed();
  }

  const more = (button) => act(button, async () => {
    const page = await api("GET", next);
    items = [...items, ...page.items];
    next = page.next;
    changed();
  });

  return {
    load,
    /** There is news of the board: look again soon. */
    stale: () => { timer ??= setTimeout(load, AGAIN_MS); },
    end: () => clearTimeout(timer),
    template: () => html`<section class="stack"><h3>What happened</h3>
      ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}
      ${items?.length ? html`<ol class="timeline">${told(items).map(entry)}</ol>` : html`<p class="muted">${items ? "Nothing yet." : "…"}</p>`}
      ${next ? html`<p><button type="button" class="quiet" @click=${(event) => more(event.currentTarget)}>Show more</button></p>` : nothing}</section>`,
  };
}
