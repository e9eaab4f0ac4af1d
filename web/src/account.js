import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { act, submit } from "./lib/act.js";
import { openDialog } from "./lib/dialogs.js";
import { initial, user } from "./lib/initial.js";
import { plural } from "./lib/format.js";
import { field, icon, recoveryCodes, stateBadge, when } from "./lib/parts.js";
import { leaveCard, personCard } from "./lib/people/own.js";
import { telephone } from "./lib/sign-in.js";

const place = document.getElementById("app");
let sessions = initial.sessions;
let account = initial.account;
let totp = account.totp;

const changePassword = (event) => {
  const form = event.currentTarget;
  return submit(event, async (values) => {
    if (values.new !== values.again) throw Object.assign(new Error("The two new passwords differ."), { field: "again" });
    await api("PUT", "/api/v1/session/password", { old: values.old, new: values.new });
    form.reset();
    await reload();
  }, "Your password is changed. Everywhere else you are signed out.");
};

const codeField = () => field("Six digits from the app", "otp", { id: "f-code", autocomplete: "one-time-code", maxlength: 40, autocapitalize: "none", spellcheck: "false", className: "code-input", autofocus: true });

const codesDialog = (codes) => openDialog("Your recovery codes", (close) => html`${recoveryCodes(codes)}
  <div class="actions"><button type="button" @click=${() => close()}>I have kept them</button></div>`);

/** What a new phone needs; who has a phone already first shows a code of it. */
const startSecondFactor = (button) => totp
  ? openDialog("Connect another phone", (close) => html`
    <p>First show that it is you: with a code from the phone you use now, or one of your recovery codes.</p>
    <form @submit=${(event) => submit(event, async (values) => close(await api("POST", "/api/v1/session/second-factor", values)))}>
      ${codeField("Or a recovery code.")}<p class="form-error note bad" role="alert"></p>
      <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Go on</button></div>
    </form>`)
  : act(button, () => api("POST", "/api/v1/session/second-factor"));

/** A form in a dialog that asks for a code; resolves with the answer of `send({otp})`. */
const askCode = (title, before, send, words, done = "") => openDialog(title, (close) => html`${before}
  <form @submit=${(event) => submit(event, async (values) => close(await send(values)), done)}>
    ${codeField()}<p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>${words}</button></div>
  </form>`);

const FACTOR = "/api/v1/session/second-factor";

async function secondFactor(button) {
  const title = totp ? "Connect another phone" : "Switch the second factor on";
  const enrolment = totp
    ? await askCode(title, html`<p>First a code from the phone you use now, or a recovery code. That phone keeps working until the new one is connected.</p>`,
        (values) => api("POST", FACTOR, values), "Go on")
    : await act(button, () => api("POST", FACTOR, {}));
  if (!enrolment) return;
  const made = await askCode(title, telephone(enrolment), (values) => api("PUT", FACTOR, values), "Check the code", "The second factor is on.");
  if (!made) return;
  totp = true;
  await reload();
  await codesDialog(made.recovery_codes);
}

async function newCodes() {
  const made = await askCode("New recovery codes", html`<p>Ten new codes are made; those you have now stop working.</p>`,
    (values) => api("POST", "/api/v1/session/recovery-codes", values), "Make new codes");
  if (!made) return;
  await reload();
  await codesDialog(made.recovery_codes);
}

async function end(session, button) {
  const done = await act(button, () => api("DELETE", `/api/v1/sessions/${encodeURIComponent(session.id)}`), "That session is ended.");
  if (done !== undefined) await reload();
}

async function reload() {
  [sessions, account] = await Promise.all([items("/api/v1/sessions"), api("GET", "/api/v1/session/account")]);
  draw();
}

const passwordCard = () => html`<article><h2>Password</h2>
  <form @submit=${changePassword}>
    <input type="text" name="username" autocomplete="username" .value=${user.name} hidden>
    ${field("Password now", "old", { type: "password", autocomplete: "current-password" })}
    ${field("New password", "new", { type: "password", autocomplete: "new-password", minlength: 8, maxlength: 128, help: "8 characters or more; any kind." })}
    ${field("New password again", "again", { type: "password", autocomplete: "new-password" })}
    <p class="form-error note bad" role="alert"></p>
    <button>Change password</button>
  </form></article>`;

const factorCard = () => html`<article class="stack"><h2>Second factor</h2>
  <p>${totp ? stateBadge("good", "shield", "on") : stateBadge("warn", "unprotected", "off")}</p>
  <p class="muted">${totp ? "After your password you are asked for a code from your phone, or for a recovery code." : "Switch it on, and a stolen password alone opens nothing."}</p>
  ${totp ? html`<p>${left()}</p>` : nothing}
  <p class="row"><button type="button" class=${totp ? "quiet" : ""} @click=${(event) => secondFactor(event.currentTarget)}>${icon("key")}${totp ? "Connect another phone" : "Switch on"}</button>
    ${totp ? html`<button type="button" class="quiet" @click=${newCodes}>${icon("print")}New recovery codes</button>` : nothing}</p>
</article>`;

function left() {
  const codes = plural(account.recovery_codes_left, "recovery code");
  return account.recovery_codes_left > 2 ? html`You have ${codes} left.` : stateBadge("warn", "warning", `${codes} left: make new ones`);
}

function changed(now) {
  account = now;
  draw();
}

const sessionLine = (session) => html`<li>
  <span><strong>${agent(session.agent)}</strong> <span class="muted">from ${session.address}, since ${when(session.created_at)}, last used ${when(session.seen_at)}</span></span>
  ${session.current ? stateBadge("good", "check", "this one") : html`<button type="button" class="quiet" @click=${(event) => end(session, event.currentTarget)}>End<span class="sr"> the session from ${session.address}</span></button>`}
</li>`;

/** "Firefox on Windows" from what a browser says it is. */
function agent(text) {
  const browser = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([mark]) => text?.includes(mark));
  const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "Mac"], ["Linux", "Linux"]].find(([mark]) => text?.includes(mark));
  if (!browser) return text?.slice(0, 60) || "Unknown program";
  return system ? `${browser[1]} on ${system[1]}` : browser[1];
}

function draw() {
  render(html`<div class="grid-cards wide">${personCard(account, changed)}${passwordCard()}${factorCard()}</div>
    <h2>Where you are signed in</h2>
    <article><ul class="lines">${repeat(sessions, (session) => session.id, sessionLine)}</ul></article>
    <div class="leave-row">${leaveCard()}</div>`, place);
}

draw();
