import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { field } from "./lib/parts.js";
import { signIn } from "./lib/sign-in.js";

const place = document.getElementById("app");
const token = new URLSearchParams(location.search).get("token") ?? "";

const STEPS = ["Your account", "Your phone", "Recovery codes"];
const steps = (now) => html`<ol class="steps" aria-label="Steps">${STEPS.map(
  (text, i) => html`<li class=${i + 1 < now ? "done" : ""} aria-current=${i + 1 === now ? "step" : nothing}>${text}</li>`,
)}</ol>`;

const make = (event) =>
  submit(event, async ({ username, password, again }) => {
    if (password !== again) {
      throw Object.assign(new Error("The two passwords differ."), { field: "again" });
    }
    await api("POST", "/api/v1/setup", { token, username, password }, { signedIn: false });
    await signIn(place, { username, password }, { steps });
  });

const form = () => html`<article>
  ${steps(1)}
  <h1>Welcome</h1>
  <p class="lead">Nobody has an account here yet. Make yours: it is the admin's, who approves devices and lets others in.
    In the next step you connect your phone as second factor.</p>
  <form @submit=${make}>
    ${field("Your name", "username", {
      autocomplete: "username", autocapitalize: "none", spellcheck: "false", autofocus: true,
      maxlength: 60, help: "To sign in with: letters, digits and . _ @ -",
    })}
    ${field("Password", "password", {
      type: "password", autocomplete: "new-password", minlength: 8, maxlength: 128,
      help: "8 characters or more; any kind. A few unrelated words are easy to remember and hard to guess.",
    })}
    ${field("Password again", "again", { type: "password", autocomplete: "new-password" })}
    <p class="form-error note bad" role="alert"></p>
    <button>Make the account</button>
  </form>
</article>`;

const where = () => html`<article>
  <h1>Almost there</h1>
  <p>This site has no account yet. The address under which the first one is made was printed when the server started:
    look in its window or log for a line like</p>
  <p><code>http://${location.host}/setup?token=…</code></p>
  <p>and open that address here. It works once, and for half an hour; then a new one is printed.</p>
</article>`;

render(token ? form() : where(), place);
