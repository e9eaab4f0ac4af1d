import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { submit } from "./lib/act.js";
import { initial } from "./lib/initial.js";
import { field } from "./lib/parts.js";
import { email, fullName, password, userName } from "./lib/people/fields.js";
import { choose, KINDS, kindShown, onKind } from "./lib/people/kinds.js";
import { signIn } from "./lib/sign-in.js";
import { panel, tabList } from "./lib/tabs.js";

const place = document.getElementById("app");

/** The user name or the e-mail; when both are given both have to fit. */
const asUser = (event) => submit(event, ({ email: address, username, password: secret }) => {
  if (!address && !username) throw Object.assign(new Error("Type your e-mail or your user name."), { field: "email" });
  const both = address && username ? { email: address } : {};
  return signIn(place, { username: username ?? address, password: secret, ...both });
});

const asDoctor = (event) => submit(event, (credentials) => signIn(place, credentials));

const button = html`<p class="form-error note bad" role="alert"></p><button>Sign in</button>`;

const users = () => html`<form @submit=${asUser}>
  ${email({ required: false, autofocus: true })}
  ${userName("User name", { required: false, help: "Either of the two is enough." })}
  ${password()}
  ${button}
</form>`;

const doctors = () => html`<form @submit=${asDoctor}>
  ${userName("Doctor id")}
  ${fullName("Name", { required: false, help: "Your full name, as you signed up with it." })}
  ${password()}
  ${field("One-time code", "otp", { required: false, autocomplete: "one-time-code", maxlength: 40, autocapitalize: "none", spellcheck: "false", className: "code-input",
    help: "Six digits from the app on your phone, or a recovery code. Leave it empty the first time: then you connect your phone." })}
  ${button}
</form>`;

const signUp = (shown) => (initial.sign_up === "closed" ? nothing : html`<a href="/enrol${shown === "doctors" ? "#doctors" : ""}">Sign up</a>`);

function draw() {
  const shown = kindShown();
  const pick = (id) => { choose(id); draw(); };
  render(html`<article>
    <h1>Sign in</h1>
    ${tabList("Who signs in", KINDS, shown, pick)}
    ${panel("users", shown, users)}
    ${panel("doctors", shown, doctors)}
    <p class="row between door-links"><a href="/forgot">Forgotten your password?</a>${signUp(shown)}</p>
  </article>`, place);
}

onKind(() => document.querySelector("[role=tablist]") && draw());
draw();
