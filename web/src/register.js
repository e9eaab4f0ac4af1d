import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { submit } from "./lib/act.js";
import { plural } from "./lib/format.js";
import { initial } from "./lib/initial.js";
import { field, icon } from "./lib/parts.js";

const place = document.getElementById("app");
let done = null; // what the server answered

const PATTERNS = { mac: "12 hex digits, such as aa:bb:cc:dd:ee:ff" };

async function send(values) {
  done = { ...(await api("POST", "/api/v1/campus/registrations", values, { signedIn: false })), mac: values.mac };
  draw();
  document.querySelector("h1").focus();
}

const form = () => html`<form @submit=${(event) => submit(event, send)}>
  ${field("Roll number", "rollno", { maxlength: 32, spellcheck: "false", autocapitalize: "characters", autofocus: true })}
  ${field("One-time code", "code", { maxlength: 20, spellcheck: "false", autocapitalize: "characters", className: "code-input", help: "10 letters and digits, from the campus office. It works once, for a week." })}
  ${field("Address (MAC) of your hotspot", "mac", { maxlength: 32, spellcheck: "false", autocapitalize: "none", help: `${PATTERNS.mac}. How to find it stands below.` })}
  <p class="form-error note bad" role="alert"></p>
  <button>${icon("check")}Register this phone</button>
</form>`;

const tail = (mac) => mac.replace(/[^0-9a-f]/gi, "").slice(-2).toLowerCase();

const valid = () => (done.expires_at ? html`It is valid until <strong>${new Date(done.expires_at).toLocaleDateString()}</strong>; then register again with a new code.` : "It is valid until you register another.");

const thanks = () => html`<article><h1 tabindex="-1">${done.renewed ? "Your phone is registered again" : "Your phone is registered"}</h1>
  <p class="note">${icon("check")}<span>The phone whose hotspot's address ends in <strong>${done.tail ?? tail(done.mac)}</strong> is yours now. ${valid()}</span></p>
  ${done.local ? html`<p class="note warn">${icon("warning")}<span>Your phone made this address up and may change it one day. Then gates no longer know you: register again.</span></p>` : nothing}
  <p>Keep the hotspot switched on when you pass a gate. If your phone changes its hotspot's address, register it again: the office gives you a new code.</p>
  <p><button type="button" class="quiet" @click=${again}>Register another phone</button></p></article>`;

function again() {
  done = null;
  draw();
}

const laptop = html`<ul>
  <li><strong>Windows:</strong> type <code>netsh wlan show interfaces</code> at a command prompt and read "BSSID".</li>
  <li><strong>Mac:</strong> hold Option and click the Wi-Fi sign in the menu bar; read "BSSID".</li>
  <li><strong>Linux:</strong> <code>nmcli -f IN-USE,SSID,BSSID device wifi</code>.</li>
  <li><strong>Another Android phone:</strong> any Wi-Fi analyser app shows the BSSID beside your hotspot's name.</li></ul>`;

const android = html`<details class="more"><summary>${icon("phone")} Android</summary>
  <ol><li>Open Settings, Network and internet (or Connections), Hotspot and tethering, Wi-Fi hotspot, and switch it on. Some phones show the address (MAC or BSSID) right there.</li>
    <li>If yours does not: join the hotspot from a laptop or a second phone, and look there as described under "From another device". That is always the right one.</li></ol>
  <p class="small muted">"Wi-Fi MAC address" under About phone is often another one: Android makes up an address for its hotspot. It may do so anew when you change the hotspot's name, or after a reset; then register again.
    Leave the hotspot's name as it is, and switch off "Turn off hotspot automatically".</p></details>`;

const iphone = html`<details class="more"><summary>${icon("phone")} iPhone</summary>
  <ol><li>Open Settings, Personal Hotspot, and switch on "Allow Others to Join". Stay on this screen: while it is locked an iPhone hides its hotspot after a while.</li>
    <li>iPhones don't show the address of their hotspot. Join it from a laptop or a second phone, and look there as described under "From another device".</li></ol>
  <p class="small muted">"Wi-Fi Address" under General, About is not always that of the hotspot. If gates don't hear you, switch on "Maximise Compatibility" on the same screen.</p></details>`;

const help = html`<h2>How to find the address</h2>
  <p>It is the address by which your phone's own Wi-Fi hotspot is seen by others, also called BSSID: six pairs of digits and letters from a to f.</p>
  ${android}${iphone}<details class="more"><summary>${icon("hotspot")} From another device</summary><p>Switch on the hotspot, join it from the other device, and there:</p>${laptop}</details>
  <h2>What happens with it</h2>
  <p class="small">Gates see which hotspots pass, and yours tells them that you came or went. The address itself is not stored: only a keyed fingerprint of it, and its last two signs so that you can tell your phones apart.
    The campus office can show you what is stored about you, and erases it when you ask.</p>`;

function draw() {
  render(done ? thanks() : html`<article><h1>Register your phone</h1>
    <p class="lead">So that the gates of ${initial.site.name} know it is you who comes and goes.${initial.registration_days ? ` It holds for ${plural(initial.registration_days, "day")}.` : ""}</p>${form()}</article>
    ${help}`, place);
}

draw();
