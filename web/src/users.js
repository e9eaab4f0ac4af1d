import { html, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { act, submit } from "./lib/act.js";
import { confirm, openDialog } from "./lib/dialogs.js";
import { initial, user as me } from "./lib/initial.js";
import { fact, field, icon, secret, stateBadge, when } from "./lib/parts.js";
import { doctorFacts } from "./lib/people/doctors.js";
import { email, fullName } from "./lib/people/fields.js";
import { waiting } from "./lib/people/waiting.js";

const ROLES = {
  admin: "everything: users, devices, cameras; for patients all that they or a doctor may, which is audited. Needs a second factor.",
  operator: "sees and runs cameras, devices and campus. Never sees health data.",
  viewer: "sees cameras, and campus counts without names. Changes nothing.",
  doctor: "sees patients who agreed to it, and gives advice. Needs a second factor.",
  patient: "sees the own health data and decides who else may.",
};

const place = document.getElementById("app");
let users = initial.users;
let tokens = initial.tokens;
let signUps = initial.sign_ups;

const roleChoice = (prefix) => html`<fieldset>
  <legend>Role</legend>
  ${Object.entries(ROLES).map(([role, words]) => html`<label class="choice">
    <input type="radio" name="role" value=${role} required ?checked=${role === "viewer"} aria-describedby="${prefix}-${role}">
    <span>${role}<small id="${prefix}-${role}">${words}</small></span></label>`)}
</fieldset>`;

async function reload() {
  [users, tokens, signUps] = await Promise.all(["users", "tokens", "sign-ups"].map((name) => items(`/api/v1/${name}`)));
  draw();
}

async function change(button, work, done) {
  const answer = await act(button, work, done);
  if (answer !== undefined) await reload();
  return answer;
}

const path = (one) => `/api/v1/users/${one.id}`;

// ---- people

const showPassword = (name, password) => openDialog(`Password of ${name}`, (close) => html`
  <p><strong>It is shown only now.</strong> Hand it over in person or by a safe way; ${name} should change it after signing in.</p>
  ${secret(password)}
  <div class="actions"><button type="button" @click=${() => close()}>Done</button></div>`);

const addUser = () => openDialog("Add a person", (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await api("POST", "/api/v1/users", values)), "Added.")}>
  ${field("Name", "name", { help: "To sign in with: letters, digits and . _ @ -", maxlength: 60, autocapitalize: "none", spellcheck: "false", autofocus: true })}
  ${roleChoice("user")}
  ${fullName("Full name", { required: false, autocomplete: "off" })}
  ${email({ required: false, autocomplete: "off" })}
  ${field("Password", "password", { type: "password", required: false, minlength: 8, maxlength: 128, autocomplete: "new-password", help: "8 characters or more. Leave it empty to have one made up." })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Add</button></div>
</form>`).then(async (made) => {
  if (!made) return;
  await reload();
  if (made.password) await showPassword(made.name, made.password);
});

async function reset(one, button) {
  const sure = await confirm(`Reset ${one.name}?`, "A new password is made up and shown to you. The second factor is switched off, and all sessions end at once.", { yes: "Reset" });
  const answer = sure && (await change(button, () => api("POST", `${path(one)}/reset`)));
  if (answer?.password) await showPassword(one.name, answer.password);
}

async function disable(one, button) {
  if (one.disabled) return change(button, () => api("PATCH", path(one), { disabled: false }), `${one.name} may sign in again.`);
  const sure = await confirm(`Disable ${one.name}?`, "All sessions end at once, and signing in is refused until you enable the account again.", { yes: "Disable" });
  return sure && change(button, () => api("PATCH", path(one), { disabled: true }), `${one.name} is disabled.`);
}

async function removeUser(one, button) {
  const sure = await confirm(`Remove ${one.name}?`, "The account is deleted for good. What was done with it stays in the audit log.", { yes: "Remove for good" });
  if (sure) await change(button, () => api("DELETE", path(one)), `${one.name} is removed.`);
}

const changeRole = (one) => openDialog(`Role of ${one.name}`, (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await api("PATCH", path(one), values)), `${one.name} has a new role.`)}>
  <fieldset><legend class="sr">Role</legend>${Object.entries(ROLES).map(([role, words]) => html`<label class="choice">
    <input type="radio" name="role" value=${role} required ?checked=${role === one.role}><span>${role}<small>${words}</small></span></label>`)}</fieldset>
  <p class="muted small">All sessions of ${one.name} end, so that the new role holds at once.</p>
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div>
</form>`).then((done) => done && reload());

const describe = (one) => openDialog(`Name and e-mail of ${one.name}`, (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await api("PATCH", path(one), { full_name: "", email: "", ...values })), "Saved.")}>
  ${fullName("Full name", { required: false, value: one.full_name, autocomplete: "off" })}
  ${email({ required: false, value: one.email ?? "", autocomplete: "off", help: "To sign in with, and for a forgotten password." })}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div>
</form>`).then((done) => done && reload());

const userActions = (one) => html`<details class="more"><summary>Change or remove<span class="sr"> ${one.name}</span></summary><div class="row">
  <button type="button" class="quiet" @click=${() => describe(one)}>${icon("pencil")}Name and e-mail</button>
  <button type="button" class="quiet" @click=${() => changeRole(one)}>${icon("users")}Role</button>
  <button type="button" class="quiet" @click=${(event) => reset(one, event.currentTarget)}>${icon("key")}Reset password</button>
  <button type="button" class="quiet" @click=${(event) => disable(one, event.currentTarget)}>${icon(one.disabled ? "check" : "ban")}${one.disabled ? "Enable" : "Disable"}</button>
  <button type="button" class="danger" @click=${(event) => removeUser(one, event.currentTarget)}>${icon("trash")}Remove</button>
</div></details>`;

const userState = (one) => (one.disabled ? stateBadge("bad", "ban", "disabled") : stateBadge("good", "check", "active"));

const userCard = (one) => html`<article class="device stack">
  <div class="row between"><h3>${icon("user")}${one.name}</h3>${userState(one)}</div>
  <dl class="facts">
    ${fact("Full name", one.full_name)}
    ${fact("E-mail", one.email)}
    <dt>Role</dt><dd>${one.role}</dd>
    ${doctorFacts(one, reload)}
    <dt>Second factor</dt><dd>${one.totp ? "on" : "off"}</dd>
    <dt>Last sign-in</dt><dd>${when(one.last_login_at)}</dd>
  </dl>
  ${one.name === me.name ? html`<p class="small muted">This is you. Password and second factor are under <a href="/account">Your account</a>.</p>` : userActions(one)}
</article>`;

// ---- tokens

const addToken = () => openDialog("Add a token", (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await api("POST", "/api/v1/tokens", values)))}>
  ${field("Name", "name", { id: "f-token-name", help: "What it is for, such as backup-script", maxlength: 60, autocapitalize: "none", spellcheck: "false", autofocus: true })}
  ${roleChoice("token")}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Add</button></div>
</form>`).then(async (made) => {
  if (!made) return;
  await reload();
  await openDialog(`Token ${made.name}`, (close) => html`
    <p><strong>It is shown only now.</strong> Scripts send it as <code>Authorization: Bearer …</code>. Whoever has it has the role ${made.role}.</p>
    ${secret(made.secret)}
    <div class="actions"><button type="button" @click=${() => close()}>Done</button></div>`);
});

async function revoke(token, button) {
  const sure = await confirm(`Revoke ${token.name}?`, "Scripts that use this token are refused at once.", { yes: "Revoke" });
  if (sure) await change(button, () => api("DELETE", `/api/v1/tokens/${token.id}`), `${token.name} is revoked.`);
}

const tokenRow = (token) => html`<tr>
  <td data-label="Name"><strong>${token.name}</strong></td>
  <td data-label="Role">${token.role}</td>
  <td data-label="Made"><span>${when(token.created_at)}${token.created_by ? ` by ${token.created_by}` : ""}</span></td>
  <td data-label="Last used">${when(token.last_used_at)}</td>
  <td><div class="row"><button type="button" class="danger" @click=${(event) => revoke(token, event.currentTarget)}>Revoke<span class="sr"> ${token.name}</span></button></div></td>
</tr>`;

const tokenTable = () => html`<div class="panel"><table class="table">
  <thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col"><span class="sr">Actions</span></th></tr></thead>
  <tbody>${repeat(tokens, (token) => token.id, tokenRow)}</tbody></table></div>`;

// ---- the page

function draw() {
  render(html`${waiting(signUps, reload)}
    <div class="head"><h2>People</h2><p class="row"><button type="button" @click=${addUser}>${icon("plus")}Add a person</button></p></div>
    <div class="grid-cards">${repeat(users.filter((one) => one.state === "active"), (one) => one.id, userCard)}</div>
    <div class="head"><h2>Tokens for scripts</h2><p class="row"><button type="button" class="quiet" @click=${addToken}>${icon("plus")}Add a token</button></p></div>
    ${tokens.length ? tokenTable() : html`<p class="muted">None. A token lets a script use the API without a password.</p>`}
    <h2>What the roles mean</h2>
    <dl class="facts roles">${Object.entries(ROLES).map(([role, words]) => html`<dt>${role}</dt><dd>${words}</dd>`)}</dl>`, place);
}

draw();
