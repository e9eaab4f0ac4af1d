// One student: where, by what known, what happened, and what an operator may do about it.
import { html, nothing } from "lit-html";
import { api } from "../../api.js";
import { act } from "../../act.js";
import { confirm } from "../../dialogs.js";
import { fact, icon, stateBadge, when } from "../../parts.js";
import { CATEGORIES, named, NAMES } from "../filters.js";
import { directionBadge } from "../headcount.js";
import { momentOf } from "../days.js";
import { addBadge, addPhone, change, correct, erase, giveCode } from "./jobs.js";
import { call, expiry, kindName, kindPicture, pageOf, path, tailOf, whereabouts } from "./parts.js";

const MOVES = 20;

/** The state and template of one student's page; `changed()` asks for drawing. */
export function studentView(rollno, settings, changed) {
  let student = null;
  let moves = null;
  let next = null;
  let problem = "";

  async function load() {
    try {
      const [one, page] = await Promise.all([call("GET", rollno, ""), api("GET", path(rollno, `/movements?limit=${MOVES}`))]);
      student = one;
      ({ items: moves, next } = page);
      problem = "";
    } catch (failure) {
      problem = failure.status === 404 ? `There is no student ${rollno} in the register.` : failure.message;
      if (failure.status === 404) student = null;
    }
    changed();
  }

  const done = (result) => {
    if (result?.rollno && result.rollno !== rollno && !result.direction) location.replace(pageOf(result.rollno));
    else if (result) load();
  };

  const older = (button) => act(button, async () => {
    const page = await api("GET", next);
    moves = [...moves, ...page.items];
    next = page.next;
    changed();
  });

  async function forget(one, button) {
    const sure = await confirm(`Remove this ${kindName(one).toLowerCase()}?`, `${rollno} is no longer known by it (…${one.tail}). What was heard stays.`, { yes: "Remove" });
    if (!sure) return;
    const removed = await act(button, () => call("DELETE", rollno, `/identifiers/${encodeURIComponent(one.id)}`), "Removed.");
    if (removed !== undefined) load();
  }

  const identifier = (one) => html`<li><span class="row">${kindPicture(one)}<strong>${kindName(one)}</strong> ${tailOf(one)} ${one.local ? html`<span class="muted small">address made up by the phone</span>` : nothing}
      ${expiry(one)}<span class="muted small">added ${when(one.added_at)}${one.added_by ? ` by ${one.added_by}` : ""}</span></span>
    <button type="button" class="quiet" @click=${(event) => forget(one, event.currentTarget)}>${icon("trash")}Remove<span class="sr"> ${kindName(one)} ending in ${one.tail}</span></button></li>`;

  const where = () => html`<article><h2>${icon("campus")}Where</h2><p>${whereabouts(student)}
      <span class="muted">${student.last_movement_at ? html`since ${when(student.last_movement_at)}` : "no gate has heard this student yet"}</span></p>
    <p class="row"><button type="button" class="quiet" @click=${() => correct(student, "entry").then(done)}>${icon("entry")}Is inside now</button>
      <button type="button" class="quiet" @click=${() => correct(student, "exit").then(done)}>${icon("exit")}Is outside now</button></p>
    <p class="small muted">A correction counts as a movement and is in the audit log with your name.</p></article>`;

  const facts = () => html`<article><h2>${icon("user")}In the register</h2><dl class="facts">${CATEGORIES.map((name) => fact(NAMES[name], named(student[name])))}</dl>
    <p class="row"><button type="button" class="quiet" @click=${() => change(student, settings.categories).then(done)}>${icon("pencil")}Change</button></p></article>`;

  const known = () => html`<article><h2>${icon("phone")}Known by</h2>
    ${student.identifiers.length ? html`<ul class="lines">${student.identifiers.map(identifier)}</ul>` : html`<p>${stateBadge("warn", "warning", "by nothing yet")} <span class="muted">No gate can tell this student from a stranger.</span></p>`}
    <p class="row"><button type="button" class="quiet" @click=${() => addPhone(student, settings).then(done)}>${icon("phone")}Add a phone</button>
      <button type="button" class="quiet" @click=${() => addBadge(student).then(done)}>${icon("badge")}Add a badge</button>
      <button type="button" class="quiet" @click=${(event) => giveCode(student, settings, event.currentTarget)}>${icon("key")}One-time code</button></p>
    <p class="small muted">Only a keyed hash of an address is stored, and its last two signs to tell several apart.</p></article>`;

  const move = (one) => html`<tr><td data-label="What"><span class="row">${directionBadge(one.direction)}${one.late ? stateBadge("warn", "clock", "late") : nothing}</span></td>
    <td data-label="Time"><time datetime=${one.at}>${momentOf(one.at)}</time></td><td data-label="Gate">${one.gate_name || one.gate || "–"}</td><td data-label="How">${one.method ?? "–"}</td></tr>`;

  const movements = () => html`<article><h2>${icon("clock")}Movements</h2>
    ${moves.length ? html`<table class="table recent"><thead><tr>${["What", "Time", "Gate", "How"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${moves.map(move)}</tbody></table>` : html`<p class="muted">None yet.</p>`}
    ${next ? html`<p><button type="button" class="quiet" @click=${(event) => older(event.currentTarget)}>Show older</button></p>` : nothing}</article>`;

  const gone = () => html`<article class="danger-zone"><h2>${icon("trash")}Erase</h2>
    <p>Everything that iotd has about ${rollno} is deleted: the entry, phones and badges, movements, and what waits to be stored. Statistics no longer count this student. It can't be taken back.</p>
    <p><button type="button" class="danger" @click=${() => erase(student)}>Erase ${rollno} for good</button></p></article>`;

  const page = () => html`<div class="grid-cards wide">${where()}${facts()}</div><div class="stack after">${known()}${movements()}${gone()}</div>`;

  return {
    load,
    title: rollno,
    moved: (one) => one.rollno === rollno && load(),
    template: () => html`<p class="back"><a href="/campus/students">${icon("left")}All students</a></p>
      ${problem ? html`<p class="note bad" role="alert">${icon("warning")}<span>${problem}</span></p>` : nothing}
      ${student && moves ? page() : problem ? nothing : html`<article aria-busy="true"></article>`}`,
  };
}
