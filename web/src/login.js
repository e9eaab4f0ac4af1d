import { html, render } from "lit-html";
import "./lib/shell.js";
import { submit } from "./lib/act.js";
import { field } from "./lib/parts.js";
import { signIn } from "./lib/sign-in.js";

const place = document.getElementById("app");

const enter = (event) => submit(event, (credentials) => signIn(place, credentials));

render(
  html`<article>
    <h1>Sign in</h1>
    <form @submit=${enter}>
      ${field("Name", "username", { autocomplete: "username", autocapitalize: "none", spellcheck: "false", autofocus: true })}
      ${field("Password", "password", { type: "password", autocomplete: "current-password" })}
      <p class="form-error note bad" role="alert"></p>
      <button>Sign in</button>
    </form>
    <p class="small muted">Forgotten? An admin can give you a new password under Users, or
      <code>iotd user reset NAME</code> on the machine that runs this.</p>
  </article>`,
  place,
);
