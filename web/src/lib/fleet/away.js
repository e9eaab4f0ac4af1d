// Who was turned away, and what to do when a board does not appear at all.
import { html, nothing } from "lit-html";
import { plural } from "../format.js";
import { when } from "../parts.js";

const row = (one) => html`<tr>
  <td data-label="When">${when(one.at)}</td>
  <td data-label="Who"><span>${one.id ? html`<code>${one.id}</code> at ` : nothing}${one.address}</span></td>
  <td data-label="Why">${one.reason}${one.count > 1 ? ` (${plural(one.count, "time")})` : ""}</td>
  <td data-label="What to do">${one.next_step}</td>
</tr>`;

export const refused = (refusals) => html`<h2>Turned away lately</h2>
  ${refusals.length
    ? html`<div class="panel"><table class="table">
        <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Why</th><th scope="col">What to do</th></tr></thead>
        <tbody>${refusals.map(row)}</tbody></table></div>`
    : html`<p class="muted">Nobody.</p>`}`;

const USUAL = [{ what: "cameras", port: 9001 }, { what: "devices", port: 5001 }, { what: "gates", port: 1883 }];
const WHO = { cameras: "Cameras", devices: "Cabinets, their cameras, watches", gates: "Gates (MQTT)" };
const HERE = ["localhost", "127.0.0.1", "[::1]"];

const door = ({ what, port, tls }) => html`<li>${WHO[what] ?? what}: TCP port <strong>${port}</strong>${tls ? ", encrypted (TLS)" : nothing}</li>`;

const named = (hosts) => hosts.map((one, i) => html`${i ? " or " : nothing}<code>${one}</code>`);

/** Where this machine is for a board: "localhost" would be the board itself. */
function host(hosts) {
  if (!HERE.includes(location.hostname)) return named([location.hostname]);
  return html`the address of this machine in your network${hosts?.length ? html`, ${named(hosts)},` : html` (not <code>localhost</code>, which means the board itself)`}`;
}

/** What a board must reach, and how to find out why it doesn't; `ask()` when it is opened, for `hosts`. */
export const absent = (doors, open, hosts, ask) => html`<details class="more absent" ?open=${open} @toggle=${(event) => event.target.open && ask()}><summary>My board does not appear here</summary>
  <ol>
    <li>A board that came as far as this machine is in the list above, or under “Turned away lately” with the reason.</li>
    <li>In its settings must stand ${host(hosts)} and the port of its kind:
      <ul>${(doors?.length ? doors : USUAL).map(door)}</ul>A firewall between them has to let these through.</li>
    <li>Its Wi-Fi must be a 2.4 GHz network with this very name and password: capitals count. Guest networks often keep devices apart.</li>
    <li>Look at what it says by its USB cable, for example with <code>mpremote</code>: it tells whether it has Wi-Fi, and whether it was denied.</li>
    <li>A board with a key must have the id for which the key was made; a new key makes the old one worthless.</li>
  </ol></details>`;
