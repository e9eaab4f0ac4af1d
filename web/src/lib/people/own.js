// One's own person: name and e-mail, and leaving for good.
import { html, nothing } from "lit-html";
import { api, items } from "../api.js";
import { act, submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { user } from "../initial.js";
import { fact, field, icon, stateBadge } from "../parts.js";
import { email, fullName } from "./fields.js";

const ACCOUNT = "/api/v1/session/account";
const secret = (label) => field(label, "password", { id: "f-own-password", type: "password", autocomplete: "current-password" });

/** Every field that may be changed, also when it was emptied. */
const wanted = (account) => (values) => ({
  password: values.password,
  email: values.email ?? "",
  ...(account.role === "doctor" ? {} : { full_name: values.full_name ?? "" }),
});

const change = (account) => openDialog("Name and e-mail", (close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await api("PATCH", ACCOUNT, wanted(account)(values))), "Saved.")}>
  ${account.role === "doctor" ? html`<p class="muted">An admin changes the name of a doctor, as it was verified.</p>`
    : fullName("Full name", { required: false, value: account.full_name })}
  ${email({ required: false, value: account.email ?? "", help: "To sign in with, and for a forgotten password." })}
  ${secret("Your password")}
  <p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div>
</form>`);

const verified = (account) => (account.role !== "doctor" ? nothing : html`<dt>Verified</dt><dd>${account.verified
  ? stateBadge("good", "check", "verified") : stateBadge("warn", "wait", "an admin has to verify who you are")}</dd>`);

/** Who one is; `changed(account)` is told what it is after a change. */
export const personCard = (account, changed) => html`<article class="stack"><h2>You</h2>
  <dl class="facts">
    <dt>${account.role === "doctor" ? "Doctor id" : "User name"}</dt><dd>${account.name}</dd>
    ${fact("Full name", account.full_name)}
    <dt>E-mail</dt><dd>${account.email ?? html`<span class="muted">none</span>`}</dd>
    ${verified(account)}
  </dl>
  <p><button type="button" class="quiet" @click=${async () => {
    const answer = await change(account);
    if (answer) changed(answer);
  }}>${icon("pencil")}Name and e-mail</button></p>
</article>`;

/** What a person may take along: of each patient the report and all data. */
const takeAlong = (patients) => (patients.length ? html`<p><strong>Take your data along first.</strong> Afterwards nobody can bring it back.</p>
  <ul class="lines">${patients.map((one) => html`<li><span>${one.name}</span><span class="row">
    <a class="button quiet" href="/api/v1/patients/${encodeURIComponent(one.id)}/report.pdf" download>${icon("download")}Report (PDF)<span class="sr"> of ${one.name}</span></a>
    <a class="button quiet" href="/api/v1/patients/${encodeURIComponent(one.id)}/fhir" download="${one.id}.json">${icon("download")}All data (FHIR)<span class="sr"> of ${one.name}</span></a></span></li>`)}</ul>` : nothing);

const removeForm = (close, patients) => html`
  <p>Your account${patients.length ? ", with everything that is kept of your patients," : ""} is deleted for good, and you are signed out everywhere.</p>
  ${takeAlong(patients)}
  <form @submit=${(event) => submit(event, async ({ typed, password }) => {
    if (typed !== user.name) throw Object.assign(new Error(`Type ${user.name}, exactly so.`), { field: "typed" });
    await api("DELETE", ACCOUNT, { password });
    close(true);
  })}>
    ${field(`Type your account's name, ${user.name}`, "typed", { autocapitalize: "none", spellcheck: "false" })}
    ${secret("Your password")}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button class="danger">Delete my account</button></div>
  </form>`;

async function leave(button) {
  const patients = user.role === "patient" ? await act(button, () => items("/api/v1/patients")) : [];
  if (!patients) return;
  const gone = await openDialog("Delete my account", (close) => removeForm(close, patients));
  if (gone) location.assign("/login");
}

/** The end of the page. */
export const leaveCard = () => html`<article class="stack leave-account"><h2>Delete my account</h2>
  <p class="muted">${user.role === "patient" ? "Everything that is kept of you here is deleted with it. You can download it first." : "What you did stays in the audit log."}</p>
  <p><button type="button" class="danger" @click=${(event) => leave(event.currentTarget)}>${icon("trash")}Delete my account</button></p>
</article>`;
