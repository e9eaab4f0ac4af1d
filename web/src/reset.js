import { html, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { icon } from "./lib/parts.js";
import { newPassword, same } from "./lib/people/fields.js";

const place = document.getElementById("app");
const token = location.hash.slice(1);
// out of the address bar, the history and everything that copies the address
history.replaceState(null, "", location.pathname);

const set = (event) => submit(event, async ({ password, again }) => {
  same({ password, again });
  await api("POST", "/api/v1/password/reset", { token, password }, { signedIn: false });
  render(done(), place);
  document.querySelector("h1").focus();
});

const form = () => html`<article>
  <h1>New password</h1>
  <form @submit=${set}>
    ${newPassword("New password")}
    <p class="form-error note bad" role="alert"></p>
    <button>Set the password</button>
  </form>
  <p class="small muted">Does the address not work any more? <a href="/forgot">Ask for a new one</a>.</p>
</article>`;

const done = () => html`<article>
  <h1 tabindex="-1">Your password is changed</h1>
  <p class="note">${icon("check")}<span>Everywhere you were signed in you are signed out. If a phone is connected to your account, it stays: sign in with its code.</span></p>
  <p><a class="button" href="/login">Sign in</a></p>
</article>`;

const none = () => html`<article>
  <h1>New password</h1>
  <p>Open the whole address from the mail. It works once, and for half an hour.</p>
  <p><a class="button quiet" href="/forgot">Ask for a mail</a></p>
</article>`;

render(token ? form() : none(), place);
