import { html, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { initial } from "./lib/initial.js";
import { field, icon } from "./lib/parts.js";
import { email, fullName, newPassword, same, userName } from "./lib/people/fields.js";
import { choose, KINDS, kindShown, onKind } from "./lib/people/kinds.js";
import { signIn } from "./lib/sign-in.js";
import { panel, tabList } from "./lib/tabs.js";

const place = document.getElementById("app");

const ask = (role) => (event) => submit(event, async ({ again, ...wanted }) => {
  same({ password: wanted.password, again });
  const made = await api("POST", "/api/v1/sign-ups", { role, ...wanted }, { signedIn: false });
  if (made.state === "active") await signIn(place, { username: made.name, password: wanted.password });
  else {
    render(asked(made, wanted.email), place);
    document.querySelector("h1").focus();
  }
});

const button = html`<p class="form-error note bad" role="alert"></p><button>Sign up</button>`;
const LETTERS = "To sign in with: letters, digits and . _ -";

const users = () => html`<form @submit=${ask("patient")}>
  ${email({ autofocus: true })}
  ${userName("User name", { help: LETTERS })}
  ${newPassword()}
  ${button}
</form>`;

const doctors = () => html`<form @submit=${ask("doctor")}>
  ${userName("Doctor id", { help: LETTERS })}
  ${fullName("Full name", { help: "Patients see it when they choose a doctor." })}
  ${email({ required: false, help: "For a forgotten password. You may leave it empty." })}
  ${newPassword()}
  ${field("National id", "national_id", { maxlength: 40, spellcheck: "false", help: "Asked once, so that an admin can verify who you are. It is stored encrypted and never asked for at sign-in." })}
  ${button}
</form>`;

const asked = (made, address) => html`<article class="stack">
  <h1 tabindex="-1">You asked for an account</h1>
  <p class="note">${icon("wait")}<span>An admin has to let you in, <strong>${made.name}</strong>. ${initial.mail && address
    ? "You get a mail when that is done." : "Try to sign in later; until then you are told that you wait."}</span></p>
  ${made.role === "doctor" ? html`<p>At your first sign-in you connect your phone and get ten recovery codes. An admin verifies who you are before patients can choose you.</p>` : ""}
  <p><a class="button quiet" href="/login">Back to sign in</a></p>
</article>`;

const closed = () => html`<article><h1>Sign up</h1>
  <p>Nobody can sign up here by themselves. Ask an admin of this site for an account.</p>
  <p><a class="button quiet" href="/login">Back to sign in</a></p></article>`;

const WORDS = {
  approve: "An admin lets each new account in.",
  open: "Patients can begin at once; doctors see patients once an admin has verified them.",
};

function draw() {
  const shown = kindShown();
  const pick = (id) => { choose(id); draw(); };
  render(html`<article>
    <h1>Sign up</h1>
    <p class="lead">${WORDS[initial.sign_up]}</p>
    ${tabList("Who signs up", KINDS, shown, pick)}
    ${panel("users", shown, users)}
    ${panel("doctors", shown, doctors)}
    <p class="row between door-links"><span>You have an account? <a href="/login">Sign in</a></span></p>
  </article>`, place);
}

if (initial.sign_up === "closed") render(closed(), place);
else {
  onKind(() => document.querySelector("[role=tablist]") && draw());
  draw();
}
