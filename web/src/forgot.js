import { html, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { initial } from "./lib/initial.js";
import { field, icon } from "./lib/parts.js";

const place = document.getElementById("app");

const ask = (event) => submit(event, async (values) => {
  await api("POST", "/api/v1/password/forgot", values, { signedIn: false });
  render(sent(), place);
  document.querySelector("h1").focus();
});

const back = html`<p><a class="button quiet" href="/login">Back to sign in</a></p>`;

const form = () => html`<article>
  <h1>Forgotten password</h1>
  <p class="lead">You get a mail with an address under which you choose a new one.</p>
  <form @submit=${ask}>
    ${field("E-mail, user name or doctor id", "name", { autocomplete: "username", maxlength: 254, autocapitalize: "none", spellcheck: "false", autofocus: true })}
    <p class="form-error note bad" role="alert"></p>
    <button>Send the mail</button>
  </form>
  <p class="small muted">No e-mail in your account? An admin can give you a new password.</p>
  ${back}
</article>`;

const sent = () => html`<article>
  <h1 tabindex="-1">Look into your mailbox</h1>
  <p class="note">${icon("check")}<span>If this account has an e-mail address, a mail is under way to it. Its address works once, for 30 minutes.</span></p>
  <p class="muted">Nothing there after some minutes? Look among unwanted mail, or ask an admin. At most three mails an hour are sent to one account.</p>
  ${back}
</article>`;

const none = () => html`<article>
  <h1>Forgotten password</h1>
  <p>This site sends no mails. An admin can give you a new password under Users, or with <code>iotd user reset NAME</code>
    on the machine that runs this. Your patients and readings stay as they are.</p>
  ${back}
</article>`;

render(initial.mail ? form() : none(), place);
