// Signing in, from the password on: the code, setting up a telephone, recovery codes.
import { html, nothing, render } from "lit-html";
import { api, nextPath } from "./api.js";
import { submit } from "./act.js";
import { icon, recoveryCodes } from "./parts.js";

const SESSION = "/api/v1/session";

/** Try these; draws what is asked for next into `place`, or leaves for the next page. */
export async function signIn(place, credentials, { steps = nothing } = {}) {
  const go = (view, first = "h1") => {
    render(view, place);
    scrollTo(0, 0);
    place.querySelector(first)?.focus();
  };
  const attempt = async (otp) => {
    const answer = await api("POST", SESSION, { ...credentials, ...otp }, { signedIn: false });
    await cookieTaken();
    return answer;
  };
  const done = (answer) => {
    if (answer.recovery_codes) go(codesView(answer.recovery_codes, steps));
    else location.assign(nextPath());
  };
  const check = (event) => submit(event, async ({ otp }) => done(await attempt({ otp })));
  try {
    done(await attempt({}));
  } catch (problem) {
    if (!problem.body?.otp_required) throw problem;
    const { enrolment } = problem.body;
    if (credentials.otp && !enrolment) throw problem; // a wrong code is told where it was typed
    if (enrolment) go(enrolView(enrolment, check, steps));
    else codeView(go, check, false);
  }
}

/** A browser that signed in at this host's https:// page refuses the cookie of its http:// one. */
async function cookieTaken() {
  if (location.protocol === "https:") return;
  await api("GET", SESSION, undefined, { signedIn: false }).catch((problem) => {
    if (problem.status !== 401) return; // of anything else the next page tells
    throw new Error("Your password is right, but this browser keeps the sign-in of this address for https:// pages. Open the page by https://, or remove this site's cookies and try again.");
  });
}

const codeInput = html`<div class="field">
  <label for="f-otp">Six digits from the app</label>
  <input id="f-otp" name="otp" class="code-input" required inputmode="numeric" autocomplete="one-time-code"
    pattern="[0-9 ]{6,7}" maxlength="7" title="Six digits" aria-describedby="f-otp-wrong">
  <span class="wrong" id="f-otp-wrong" role="alert"></span>
</div>`;

const recoveryInput = html`<div class="field">
  <label for="f-otp">One of your recovery codes</label>
  <input id="f-otp" name="otp" required autocomplete="off" autocapitalize="none" spellcheck="false"
    aria-describedby="f-otp-help f-otp-wrong">
  <small id="f-otp-help">Each works once. Spaces and dashes don't count.</small>
  <span class="wrong" id="f-otp-wrong" role="alert"></span>
</div>`;

function codeView(go, check, recovery) {
  go(html`<article>
    <h1 tabindex="-1">Second step</h1>
    <p class="lead">${recovery ? "Type a code from your printed list." : "Open the authenticator app on your phone and type the code it shows for this site."}</p>
    <form @submit=${check}>
      ${recovery ? recoveryInput : codeInput}
      <p class="form-error note bad" role="alert"></p>
      <p class="row"><button>Sign in</button>
        <button type="button" class="quiet" @click=${() => codeView(go, check, !recovery)}>
          ${recovery ? "Use the app instead" : "Use a recovery code"}</button></p>
    </form>
    <p class="small muted"><a href="/login">Sign in as somebody else</a></p>
  </article>`, "#f-otp");
}

/** How to put the secret into an authenticator app: picture, or text to type. */
export const telephone = (enrolment) => html`
  <ol>
    <li>Install an authenticator app if you have none: Aegis, FreeOTP, Google Authenticator and others all do.</li>
    <li>Scan this picture with it.</li>
    <li>Type the six digits that it then shows.</li>
  </ol>
  <img class="qr" src=${enrolment.qr_svg} alt="QR code of the secret, for an authenticator app">
  <details><summary>The picture can't be scanned</summary>
    <p>On this phone: <a href=${enrolment.otpauth_uri}>open it in the app</a>. Or type this secret into the app (time-based, 6 digits):</p>
    <code class="secret">${grouped(enrolment.secret)}</code>
  </details>`;

const grouped = (secret) => secret.replace(/(.{4})(?=.)/g, "$1 ");

const enrolView = (enrolment, check, steps) => html`<article>
  ${steps === nothing ? nothing : steps(2)}
  <h1 tabindex="-1">Connect your phone</h1>
  <p class="lead">Your role asks for a second factor, so that a stolen password alone opens nothing.</p>
  ${telephone(enrolment)}
  <form @submit=${check}>
    ${codeInput}
    <p class="form-error note bad" role="alert"></p>
    <button>Check the code</button>
  </form>
</article>`;

const codesView = (codes, steps) => html`<article>
  ${steps === nothing ? nothing : steps(3)}
  <h1 tabindex="-1">Keep your recovery codes</h1>
  ${recoveryCodes(codes)}
  <p class="actions row"><a class="button" href=${nextPath()}>${icon("check")}I have kept them, go on</a></p>
</article>`;
