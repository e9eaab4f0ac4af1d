import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { act, submit } from "./lib/act.js";
import { confirm, openDialog } from "./lib/dialogs.js";
import { cameraWords, jobButtons, ownerWords } from "./lib/device-jobs.js";
import { plural } from "./lib/format.js";
import { initial, user } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { deviceState, fact, field, icon, kindIcon, kindName, KINDS, secret, stateBadge, when } from "./lib/parts.js";

const place = document.getElementById("app");
const devices = new Map(initial.devices.map((device) => [device.id, device]));
let refusals = initial.refusals ?? [];
let patients = []; // only an admin may know of them

const api1 = (device, rest = "") => `/api/v1/devices/${encodeURIComponent(device.id)}${rest}`;
const nameOf = (device) => device.name || device.id;
const all = () => [...devices.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));

function put(device) {
  if (device.state === "deleted") devices.delete(device.id);
  else devices.set(device.id, { ...devices.get(device.id), ...device });
  draw();
}

// ---- waiting ones

const kindSelect = (device, id) => html`<div class="field">
  <label for=${id}>What is it?</label>
  <select name="kind" id=${id}>${Object.keys(KINDS).map(
    (kind) => html`<option value=${kind} ?selected=${kind === device.kind}>${kindName(kind)}</option>`)}
  </select>
</div>`;

function sameAs(device) {
  const alike = (other) => other.kind === device.kind && other.state !== "pending" && !other.keyed;
  // gates are known by their names alone, or by their keys
  const others = device.keyed || device.kind === "gate" ? [] : all().filter(alike);
  if (!others.length) return nothing;
  const id = `same-${device.id}`;
  return html`<div class="field">
    <label for=${id}>Is it new?</label>
    <select name="same_as" id=${id} aria-describedby="${id}-help">
      <option value="">Yes, a new device</option>
      ${others.map((other) => html`<option value=${other.id}>No, it is ${nameOf(other)} (${other.address ?? "no address"}, ${other.state})</option>`)}
    </select>
    <small id="${id}-help">A device that got another address looks new. Choose its old entry to keep its name and settings.</small>
  </div>`;
}

const approve = (device) => (event) =>
  submit(event, async (values) => {
    await api("POST", api1(device, "/approve"), values);
    await reload();
  }, `${nameOf(device)} is approved.`);

const refuse = async (device, button) => {
  const sure = await confirm(`Refuse ${nameOf(device)}?`, "It is cut off now and turned away when it comes again, until you approve it.", { yes: "Refuse it" });
  if (sure) await change(button, device, "POST", "/revoke", `${nameOf(device)} is refused.`);
};

const pendingCard = (device) => html`<article class="device pending stack">
  <div class="row between"><h3>${kindIcon(device.kind)}${nameOf(device)}</h3>${deviceState("pending")}</div>
  <p>${device.waits_because || "It is new here and sends nothing until somebody approves it."}</p>
  <dl class="facts">
    ${fact("Id", html`<code>${device.id}</code>`)}${fact("Address", device.address)}
    ${fact("First seen", device.first_seen ? when(device.first_seen) : null)}${fact("Last seen", when(device.last_seen))}
    ${fact("Protection", protection(device))}
  </dl>
  <form @submit=${approve(device)}>
    ${kindSelect(device, `kind-${device.id}`)}${sameAs(device)}
    <p class="form-error note bad" role="alert"></p>
    <p class="row"><button>${icon("check")}Approve<span class="sr"> ${nameOf(device)}</span></button>
      <button type="button" class="quiet" @click=${(event) => refuse(device, event.currentTarget)}>Refuse<span class="sr"> ${nameOf(device)}</span></button></p>
  </form>
</article>`;

const waiting = (list) => html`<h2>Waiting for you</h2>
  <p class="muted">Approve what you know. If you don't expect a device, check its address first.</p>
  <div class="grid-cards">${repeat(list, (device) => device.id, pendingCard)}</div>`;

// ---- known ones

const UNPROTECTED = {
  gate: "It has no password at the broker: whoever reaches the broker can speak in its name.",
  other: "It proves itself by its address only: another machine with that address could pose as it.",
};

const protection = (device) =>
  device.keyed
    ? stateBadge("good", "shield", "protected by a key")
    : html`<span title=${UNPROTECTED[device.kind] ?? UNPROTECTED.other}>${stateBadge("warn", "unprotected", "unprotected")}</span>`;

async function change(button, device, method, rest, done) {
  const answer = await act(button, () => api(method, api1(device, rest)), done);
  if (answer !== undefined) await reload();
  return answer;
}

function rename(device) {
  return openDialog(`Change ${nameOf(device)}`, (close) => html`<form @submit=${(event) =>
    submit(event, async (values) => close(put(await api("PATCH", api1(device), values))), "Changed.")}>
    ${field("Name", "name", { value: nameOf(device), maxlength: 100, help: "What people see. The id stays.", autofocus: true })}
    ${kindSelect(device, "kind-change")}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Save</button></div>
  </form>`);
}

async function revoke(device, button) {
  const sure = await confirm(`Revoke ${nameOf(device)}?`, "It is cut off at once and turned away when it comes again. Nothing that it sent is lost, and you can approve it again.", { yes: "Revoke" });
  if (sure) await change(button, device, "POST", "/revoke", `${nameOf(device)} is revoked.`);
}

async function remove(device, button) {
  const sure = await confirm(`Remove ${nameOf(device)}?`, "Its entry, its key and its settings are deleted for good. If it connects again, it is a new device that waits for approval.", { yes: "Remove for good" });
  if (!sure) return;
  const done = await act(button, () => api("DELETE", api1(device)), `${nameOf(device)} is removed.`);
  if (done !== undefined) put({ id: device.id, state: "deleted" });
}

async function makeKey(device, button) {
  const sure = await confirm(
    device.keyed ? `A new key for ${nameOf(device)}?` : `A key for ${nameOf(device)}?`,
    device.keyed
      ? "The key it has now stops working: the device stays out until the new one is on it."
      : "Only firmware that knows keys can use one. From then on this name is refused to anything without the key, also to the old firmware on the device itself.",
    { yes: "Make a key", danger: device.keyed },
  );
  if (!sure) return;
  const answer = await change(button, device, "POST", "/key", "");
  if (answer?.key) await showKey(device, answer.key);
}

const newKey = () => openDialog("New key", (close) => html`<p>For a board with firmware that knows keys: choose its id, put the key on the board, and it is let in when it connects.</p>
  <form @submit=${(event) => submit(event, async ({ id, kind }) => close(await api("POST", api1({ id }, "/key"), { kind })))}>
    ${field("Id", "id", { id: "f-new-id", pattern: "[a-z0-9\\-]{3,32}", maxlength: 32, autocapitalize: "none", spellcheck: "false", autofocus: true, help: "3 to 32 of a-z, 0-9 and -, as it stands on the board." })}
    ${kindSelect({ kind: "camera" }, "f-new-kind")}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Make the key</button></div>
  </form>`).then(async (made) => {
  if (!made) return;
  await reload();
  await showKey(made, made.key);
});

const showKey = (device, key) => openDialog(`Key of ${nameOf(device)}`, (close) => html`
  <p><strong>It is shown only now.</strong> Put it on the device as its key, with the id <code>${device.id}</code>.
    Whoever has it can pose as this device. Lost it? Make a new one.</p>
  ${secret(key)}
  <div class="actions"><button type="button" @click=${() => close()}>Done</button></div>`);

const again = (device) =>
  device.state === "revoked"
    ? html`<button type="button" class="quiet" @click=${(event) => change(event.currentTarget, device, "POST", "/approve", `${nameOf(device)} is approved again.`)}>${icon("check")}Approve again</button>`
    : html`<button type="button" class="danger" @click=${(event) => revoke(device, event.currentTarget)}>${icon("ban")}Revoke</button>`;

const actions = (device) => html`<details class="more"><summary>Change or remove<span class="sr"> ${nameOf(device)}</span></summary>
  <div class="row">
    <button type="button" class="quiet" @click=${() => rename(device)}>${icon("pencil")}Rename</button>
    <button type="button" class="quiet" @click=${(event) => makeKey(device, event.currentTarget)}>${icon("key")}${device.keyed ? "New key" : "Make key"}</button>
    ${again(device)}
    <button type="button" class="danger" @click=${(event) => remove(device, event.currentTarget)}>${icon("trash")}Remove</button>
  </div></details>`;

function title(device) {
  const own = { camera: "/cameras/", cabinet: user.role === "admin" ? "/cabinets/" : null, gate: "/campus/gates#gate-" }[device.kind];
  return own && device.state !== "revoked" ? html`<a href="${own}${encodeURIComponent(device.id)}">${nameOf(device)}</a>` : nameOf(device);
}

const card = (device) => html`<article class="device stack">
  <div class="row between"><h3>${kindIcon(device.kind)}${title(device)}</h3>${deviceState(device.state)}</div>
  <dl class="facts">
    ${fact("Kind", kindName(device.kind))}${fact("Id", html`<code>${device.id}</code>`)}
    ${fact("Address", device.address)}${fact("Last seen", device.state === "online" ? "now" : when(device.last_seen))}
    ${fact("Firmware", device.firmware)}${fact("Signal", signal(device.rssi))}${fact("Protection", protection(device))}
    ${fact("Whose", ownerWords(device, patients))}${fact("Camera", cameraWords(device, all()))}
  </dl>
  ${jobButtons(device, all(), patients, put)}
  ${actions(device)}
</article>`;

function signal(rssi) {
  if (rssi === null || rssi === undefined) return null;
  const word = rssi >= -60 ? "good" : rssi >= -75 ? "fair" : "weak";
  return `${word} (${rssi} dBm)`;
}

// ---- refused ones

const refusalRow = (one) => html`<tr>
  <td data-label="When">${when(one.at)}</td>
  <td data-label="Who"><span>${one.id ? html`<code>${one.id}</code> at ` : nothing}${one.address}</span></td>
  <td data-label="Why">${one.reason}${one.count > 1 ? ` (${plural(one.count, "time")})` : ""}</td>
  <td data-label="What to do">${one.next_step}</td>
</tr>`;

const refused = () => html`<h2>Turned away lately</h2>
  ${refusals.length
    ? html`<div class="panel"><table class="table">
        <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Why</th><th scope="col">What to do</th></tr></thead>
        <tbody>${refusals.map(refusalRow)}</tbody></table></div>`
    : html`<p class="muted">Nobody.</p>`}`;

// ---- the page

const none = html`<div class="empty"><p><strong>No devices yet.</strong></p>
  <p class="muted">Cameras connect to TCP port 9001 of this machine, gates to the broker, other devices to 5001. Whatever connects appears here.</p></div>`;

const MODES = {
  open: html`<p class="note warn">${icon("warning")}<span>Every device that connects is approved at once (<code>enrolment = "open"</code>). Good for trying out, not for a network with strangers.</span></p>`,
  keyed: html`<p class="note">${icon("shield")}<span>Only devices with a key are let in (<code>enrolment = "keyed"</code>).</span></p>`,
};

function draw() {
  const pending = all().filter((device) => device.state === "pending");
  const known = all().filter((device) => device.state !== "pending");
  render(html`${MODES[initial.enrolment] ?? nothing}
    ${pending.length ? waiting(pending) : nothing}
    <div class="head"><h2>${known.length ? plural(known.length, "device") : "Devices"}</h2>
      <p class="row"><button type="button" class="quiet" @click=${newKey}>${icon("key")}New key</button></p></div>
    ${known.length ? html`<div class="grid-cards">${repeat(known, (device) => device.id, card)}</div>` : none}
    ${refused()}`, place);
}

async function reload() {
  const [now, refusedNow] = await Promise.all([items("/api/v1/devices?limit=1000"), items("/api/v1/devices/refusals")]);
  devices.clear();
  for (const device of now) devices.set(device.id, device);
  refusals = refusedNow;
  draw();
}

async function loadPatients() {
  if (user.role !== "admin") return;
  patients = await items("/api/v1/patients?limit=1000").catch(() => patients);
  draw();
}

async function refreshRefusals() {
  if (document.hidden) return;
  refusals = await items("/api/v1/devices/refusals").catch(() => refusals);
  draw();
}

draw();
loadPatients();
live({ device: put, resync: reload, reconnected: reload });
setInterval(refreshRefusals, 10000);
