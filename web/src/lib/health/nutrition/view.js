// What was eaten from the cabinet on a day, beside daily values; and the last 30 days.
import { html, nothing } from "lit-html";
import { number, plural } from "../../format.js";
import { cabinetPath } from "../../cabinet/state.js";
import { icon } from "../../parts.js";
import { amount, before, dayName } from "../habits/words.js";
import { chart } from "./month.js";

const timeOf = new Intl.DateTimeFormat(globalThis.navigator?.language, { timeStyle: "short" });
const KJ = 4.184;

const amounts = (one) => `${one.known ? "" : "at least "}${amount(Number(one.amount.toPrecision(3)))} ${one.unit}`;
const over = (one) => one.goal === "limit" && one.share > 1;
const GOALS = { reach: "at least", limit: "at most", about: "about" };

/** "at least 30 g of at most 70 g, 43 %" for whoever listens. */
const said = (one) => `${one.name}: ${amounts(one)} of ${GOALS[one.goal]} ${amount(one.daily_value)} ${one.unit}, ${number(one.share * 100)} %`;

const bar = (one) => html`<li class="nutrient ${one.goal} ${over(one) ? "over" : ""}">
  <span class="row between"><strong>${one.name}</strong><span class="small">${over(one) ? html`${icon("warning")}<span class="sr">over the limit: </span>` : nothing}${amounts(one)}${one.nutrient === "energy_kcal" ? html` <span class="muted">(${number(one.amount * KJ)} kJ)</span>` : nothing}</span></span>
  <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label=${said(one)}><rect class="fill" width=${Math.min(100, one.share * 100)} height="6"></rect></svg>
  <span class="small muted">${number(one.share * 100)} % of ${GOALS[one.goal]} ${amount(one.daily_value)} ${one.unit}${one.own ? ", set by hand" : ""}</span></li>`;

const sources = (list) => html`<details class="more"><summary>Where the daily values come from</summary>
  <dl class="facts">${list.map((one) => html`<dt>${one.name}</dt><dd>${amount(one.daily_value)} ${one.unit}: ${one.source}</dd>`)}</dl>
  <p class="small muted">For adults in general; what is right for you, your doctor knows. Sugar counts all sugar, as packages do not tell free sugar.</p></details>`;

const BASES = { weight: "by the scale", pieces: "by its pieces" };

const eaten = (one) => html`<li><span><strong>${timeOf.format(new Date(one.at))}</strong>
  ${one.item === null ? "something, not known what" : `${one.pieces ? `${number(one.pieces)} × ` : ""}${one.item || "an item that was removed"}`}</span>
  <span class="small muted">${one.grams === null ? "grams not known" : `${number(one.grams)} g, ${BASES[one.basis]}`}</span></li>`;

const unknown = (page) => page.day.unknown.length ? html`<div class="note warn">${icon("warning")}<span>${page.day.unknown.length === 1 ? "Of one item" : `Of ${page.day.unknown.length} items`} too little is known to count ${page.day.unknown.length === 1 ? "it" : "them"}:
  ${page.day.unknown.map((one, n) => html`${n ? ", " : ""}${page.mine ? html`<a href="${cabinetPath(one.cabinet)}#facts-${one.item_id}">what is in ${one.item}?</a>` : one.item}`)}</span></div>` : nothing;

const something = (day) => day.unknown_grams ? html`<p class="note">${icon("unknown")}<span>${number(day.unknown_grams)} g left the cabinet of which nobody knows what they were: no count fell. <a href="/cabinets">Correct the counts</a> and it is known.</span></p>` : nothing;

const days = (page) => html`<div class="row no-print">
  <button type="button" class="quiet" @click=${() => page.go(before(page.day.day, 1))}>${icon("left")}Day before</button>
  <button type="button" class="quiet" ?disabled=${page.day.day >= page.today} @click=${() => page.go(before(page.day.day, -1))}>Day after${icon("right")}</button></div>`;

const intake = (page) => html`<article class="stack intake">
  <div class="row between"><h3>${dayName(page.day.day)}${page.day.day === page.today ? ", today" : ""}</h3>${days(page)}</div>
  ${page.day.items.length ? html`<ul class="lines">${page.day.items.map(eaten)}</ul>` : html`<p class="muted">Nothing was taken from the cabinet this day.</p>`}
  ${unknown(page)}${something(page.day)}
  <ul class="nutrients">${page.day.nutrients.map(bar)}</ul>
  ${page.day.complete ? nothing : html`<p class="small muted">"At least": something in it is not known.</p>`}
  ${sources(page.day.nutrients)}
  ${page.mine ? html`<p class="row no-print"><button type="button" class="quiet" @click=${page.set}>${icon("pencil")}Change daily values</button></p>` : nothing}</article>`;

export function nutrition(page) {
  if (page.problem) return html`<p class="note bad">${icon("warning")}<span>${page.problem}</span></p>`;
  if (!page.day) return html`<p aria-busy="true">Adding up what was eaten…</p>`;
  return html`${intake(page)}${chart(page)}
    <p class="small muted">What left the cabinet by its scale, its pictures and counts; who ate it, and what was eaten elsewhere, nobody knows. ${plural(page.history.filter((one) => one.grams).length, "day")} of the last ${page.history.length} with something taken.</p>`;
}
