import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api, items } from "./lib/api.js";
import { number, plural } from "./lib/format.js";
import { cares, operates, user, watches } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon, kindIcon, kindName, stateBadge } from "./lib/parts.js";

const place = document.getElementById("app");
let cameras = [];
let devices = [];
let patients = [];
let alerts = [];
let cabinets = [];
let campus = null; // the headcount; null while it is not known
let failing = null; // what of the system is down: {name: why}; null while not asked yet

const count = (list, state) => list.filter((one) => one.state === state).length;

const pendingLine = (device) => html`<li>
  <span class="row">${kindIcon(device.kind)}<strong>${device.name || device.id}</strong> <span class="muted">${[kindName(device.kind), device.address].filter(Boolean).join(", ")}</span></span>
  <a class="button" href="/devices">Look and approve<span class="sr"> ${device.name || device.id}</span></a>
</li>`;

const waiting = (pending) => html`<article class="pending">
  <h2>${icon("wait")} ${plural(pending.length, "device")} ${pending.length === 1 ? "waits" : "wait"} for approval</h2>
  <ul class="lines">${pending.slice(0, 5).map(pendingLine)}</ul>
</article>`;

const cameraCard = () => html`<article>
  <h2>${icon("camera")}Cameras</h2>
  <p class="big">${number(count(cameras, "streaming"))} <small>of ${number(cameras.length)} streaming</small></p>
  <p class="muted">${number(count(cameras, "idle"))} stopped, ${number(count(cameras, "offline"))} offline</p>
  <p class="row"><a class="button" href="/cameras">See cameras</a><a class="button quiet" href="/cameras/wall">Open the wall</a></p>
</article>`;

function deviceCard() {
  const known = devices.filter((device) => device.state !== "pending");
  return html`<article>
    <h2>${icon("device")}Devices</h2>
    <p class="big">${number(count(known, "online"))} <small>of ${number(known.length)} online</small></p>
    <p class="muted">${number(count(known, "offline"))} offline, ${number(count(known, "revoked"))} revoked</p>
    <p class="row"><a class="button quiet" href="/devices">See devices</a></p>
  </article>`;
}

function healthCard() {
  const open = alerts.filter((alert) => alert.patient && alert.state === "open");
  return html`<article>
    <h2>${icon("health")}Health</h2>
    <p class="big">${number(patients.length)} <small>${patients.length === 1 ? "patient" : "patients"}</small></p>
    <p>${open.length ? stateBadge("bad", "bell", plural(open.length, "open alert")) : stateBadge("good", "check", "no open alert")}</p>
    ${open.length ? html`<p class="small">${open[0].text}</p>` : nothing}
    <p class="row"><a class="button" href="/health">${patients.length === 1 ? `See ${patients[0].name}` : "See health"}</a></p>
  </article>`;
}

function cabinetCard() {
  const doors = cabinets.filter((cabinet) => cabinet.door === "open").length;
  return html`<article>
    <h2>${icon("cabinet")}Cabinets</h2>
    <p class="big">${number(cabinets.filter((cabinet) => cabinet.connected).length)} <small>of ${number(cabinets.length)} connected</small></p>
    <p class="muted">${plural(doors, "door")} open</p>
    <p class="row"><a class="button quiet" href="/cabinets">See cabinets</a></p>
  </article>`;
}

const campusCard = () => html`<article>
  <h2>${icon("campus")}Campus</h2>
  <p class="big">${number(campus.inside)} <small>of ${number(campus.registered)} students inside</small></p>
  <p class="muted">${number(campus.outside)} outside${campus.unknown_devices ? `, ${plural(campus.unknown_devices, "unidentified device")} apart` : ""}</p>
  <p class="row"><a class="button" href="/campus">See the campus</a></p>
</article>`;

const failingLine = ([name, why]) => html`<li><span><strong>${name}</strong> <span class="muted">${why}</span></span>${stateBadge("bad", "warning", "down")}</li>`;

function systemCard() {
  if (!failing) return html`<article aria-busy="true">Asking how the system is…</article>`;
  const down = Object.entries(failing);
  return html`<article>
    <h2>${icon(down.length ? "warning" : "check")}System</h2>
    <p>${down.length ? stateBadge("bad", "warning", "something is down") : stateBadge("good", "check", "all parts work")}</p>
    ${down.length ? html`<ul class="lines">${down.map(failingLine)}</ul>` : nothing}
    <p class="muted">${down.length ? "What is up keeps working. The server's log says more." : "Store and listeners answer."}</p>
  </article>`;
}

function draw() {
  const pending = devices.filter((device) => device.state === "pending");
  render(html`<div class="stack">
    ${pending.length ? waiting(pending) : nothing}
    <div class="tally">
      ${cares ? html`${healthCard()}${cabinetCard()}` : nothing}
      ${watches ? cameraCard() : nothing}${watches && campus ? campusCard() : nothing}${operates ? html`${deviceCard()}${systemCard()}` : nothing}
    </div>
  </div>`, place);
  place.removeAttribute("aria-busy");
}

async function readiness() {
  const response = await fetch("/readyz", { cache: "no-store" }).catch(() => null);
  const said = (await response?.json().catch(() => null)) ?? {};
  failing = response?.ok ? {} : said.failing ?? { server: "It gives no answer." };
  draw();
}

/** All of a list; what is there already when a part of the server is away. */
const fresh = (wanted, path, before) => (wanted ? items(path).catch(() => before) : []);

async function reload() {
  [patients, alerts, cabinets, cameras, devices, campus] = await Promise.all([
    fresh(cares, "/api/v1/patients?limit=1000", patients),
    fresh(cares, "/api/v1/alerts?state=live", alerts),
    fresh(cares, "/api/v1/cabinets?limit=1000", cabinets),
    fresh(watches, "/api/v1/cameras?limit=1000", cameras),
    fresh(operates, "/api/v1/devices?limit=1000", devices),
    watches ? api("GET", "/api/v1/campus/summary").catch(() => campus) : null,
  ]);
  draw();
}

const replaced = (list, one) => [...list.filter((other) => other.id !== one.id), ...(one.state === "deleted" ? [] : [one])];

function device(data) {
  devices = replaced(devices, data);
  if (data.state === "deleted" || data.state === "revoked") cameras = cameras.filter((one) => one.id !== data.id);
  draw();
}

function camera(data) {
  cameras = replaced(cameras, data);
  draw();
}

function alert(data) {
  alerts = replaced(alerts, data).filter((one) => one.state !== "ended");
  draw();
}

function cabinet(data) {
  cabinets = replaced(cabinets, data);
  draw();
}

function occupancy(now) {
  campus = { ...campus, ...now };
  draw();
}

await reload().catch(draw);
live({ camera, device, alert, cabinet, occupancy, resync: reload, reconnected: reload });
if (operates) {
  readiness();
  setInterval(() => document.hidden || readiness(), 15000);
}
