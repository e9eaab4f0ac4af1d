// Why this page can't use USB, and the ways that are left.
import { html } from "lit-html";
import { copyButton, icon } from "../parts.js";

const LISTEN = `[web]\nlisten = ["tcp:8080", "ssl:8443"]`;
const FLASH = "iotd flash";

/** "insecure", "browser", or "" when boards can be written from here. */
export function obstacle(secure = window.isSecureContext, serial = navigator.serial) {
  if (!secure) return "insecure";
  return serial ? "" : "browser";
}

const command = (text) => html`<div class="command"><pre><code>${text}</code></pre>${copyButton(text, "Copy")}</div>`;

const cable = html`<h3>With a cable and a terminal</h3>
  <p>This works in any case, on a machine that has iotd and the board on a USB cable:</p>${command(FLASH)}`;

const encrypted = (url) => html`<h3>Open it encrypted</h3>
  <p>The same pages are at <a href="${url}/devices">${url}</a>. Your browser may ask once whether you trust them: <code>iotd cert</code> on the server says how.</p>`;

const makeEncrypted = html`<h3>Make these pages encrypted</h3>
  <p>Once, on the server: make a certificate, let iotd listen with it, and start iotd again.</p>
  ${command("iotd cert")}${command(LISTEN)}
  <p class="muted small">The second one is for the configuration file. On the server itself, the address <code>localhost</code> with the same port will do as it is.</p>`;

const insecure = (url) => html`<p class="note warn">${icon("unprotected")}<span><strong>Browsers allow USB only on https:// pages or on localhost,</strong>
    and this page came over plain http://. On the way somebody could have changed it, and a changed page could put anything onto your board.</span></p>
  ${url ? encrypted(url) : makeEncrypted}`;

const browser = html`<p class="note warn">${icon("warning")}<span><strong>This browser has no way to USB.</strong>
    Chrome, Edge and Opera on a computer have one (version 89 or newer); Firefox, Safari and phones don't.</span></p>
  <p>Open this page in one of those, on a computer that the board can be plugged into.</p>`;

/** The daemon's https address as whoever looks reaches it: it only knows itself as localhost. */
export function reachable(url, hostname = location.hostname) {
  if (!url) return null;
  const found = new URL(url);
  if (found.hostname === "localhost") found.hostname = hostname;
  return found.origin;
}

/** The dialog's inside when there is an obstacle; `url` is the daemon's https address or null. */
export const whyNot = (what, url) => html`${what === "insecure" ? insecure(reachable(url)) : browser}${cable}`;
