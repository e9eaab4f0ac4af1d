import { html, nothing, render } from "lit-html";
import "./lib/shell.js";
import { api } from "./lib/api.js";
import { isWanted, startStop, toggle } from "./lib/camera-parts.js";
import { age, bytes, moment, number } from "./lib/format.js";
import { initial, operates } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { cameraPhase, cameraState, icon, when } from "./lib/parts.js";

const place = document.getElementById("app");
let camera = initial.camera;
const path = `/cameras/${encodeURIComponent(camera.id)}`;
let heardAt = performance.now(); // when the newest figures came, for the age of the last frame
let seen = false; // a frame is on the screen
let retry = null;
let streams = 0;

function put(data) {
  if (data.id !== camera.id) return;
  const cameBack = camera.state === "offline" && data.state !== "offline";
  camera = { ...camera, ...data };
  heardAt = performance.now();
  draw();
  if (cameBack && !seen) connect();
}

/** Open the stream (again); it stays open while the camera is stopped and goes on by itself. */
function connect() {
  clearTimeout(retry);
  const image = place.querySelector("img.stream");
  // the fragment differs, so that the browser asks again instead of showing what it has
  image.src = `${path}/stream.mjpeg#${(streams += 1)}`;
}

function shown() {
  if (seen) return;
  seen = true;
  draw();
}

function failed() {
  seen = false;
  draw();
  clearTimeout(retry);
  retry = setTimeout(connect, 2000 + Math.random() * 2000);
}

// a hidden tab gives its connection back: a browser has six per site
function visibility() {
  const image = place.querySelector("img.stream");
  if (document.hidden) image.removeAttribute("src");
  else connect();
}

/** What the picture can't say: [icon, what is, what to do], or null when it says it all. */
function explain() {
  const phase = cameraPhase(camera);
  if (phase === "deleted") return ["ban", "This camera was revoked or removed.", html`<a href="/devices">Devices</a> says more.`];
  if (phase === "offline") return ["offline", camera.last_frame_at ? `Offline since ${moment(camera.last_frame_at)}.` : "Offline.", helpOffline()];
  if (phase === "idle") return ["idle", "Stopped.", operates ? "Press Start to see it live." : "An operator can start it."];
  if (phase === "starting") return ["wait", "Waiting for a picture…", "Usually a second or two. If none comes: switch the camera off and on."];
  return seen ? null : ["wait", "Waiting for the picture…", ""];
}

const helpOffline = () =>
  `Check its power and its Wi-Fi. Field cameras stop for good when this server goes away: switch such a camera off and on. ${
    isWanted(camera) ? "It starts by itself when it is back." : ""}`;

const overlay = (text) =>
  text ? html`<div class="overlay">${icon(text[0])}<div><strong>${text[1]}</strong><br>${text[2]}</div></div>` : nothing;

const stage = () => html`<figure class="stage ${camera.state} ${seen ? "seen" : ""}" id="stage">
  <img class="stream" alt="Live picture of ${camera.name}" @load=${shown} @error=${failed}>
  <div role="status">${overlay(explain())}</div>
  <button type="button" class="plain-button leave-full" @click=${fullScreen}>${icon("close")}Leave full screen</button>
</figure>`;

const tools = () => html`<div class="row tools">
  ${camera.state === "deleted" ? nothing : startStop(camera, put)}
  <a class="button quiet" href="${path}/snapshot.jpg" download="${camera.id}.jpg"
    ?hidden=${!camera.last_frame_at}>${icon("download")}Save picture</a>
  <button type="button" class="quiet" @click=${fullScreen}>${icon("expand")}Full screen</button>
  <span class="small muted keys">${operates ? html`<kbd>Space</kbd> start or stop, ` : nothing}<kbd>F</kbd> full screen</span>
</div>`;

const figure = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

const size = () => (camera.width ? `${camera.width}×${camera.height}` : "–");

const figures = () => html`<dl class="figures" aria-label="Figures">
  ${figure("Frames a second", camera.state === "streaming" ? number(camera.fps ?? 0, 1) : "–")}
  ${figure("Picture size", size())}
  ${figure("Data a second", camera.state === "streaming" ? bytes(camera.bytes_per_second ?? 0) : "–")}
  ${figure("Last frame", lastFrame())}
  ${figure("Frames", number(camera.frames ?? 0))}
  ${figure("Bad frames", number(camera.bad_frames ?? 0))}
  ${figure("Skipped for slow viewers", number(camera.dropped ?? 0))}
  ${figure("Viewers", number(camera.viewers ?? 0))}
</dl>`;

// firmware that can says itself what is wrong with the board
const complaint = () =>
  camera.error ? html`<p class="note warn" role="status">${icon("warning")}<span>The board says: ${camera.error}</span></p>` : nothing;

function lastFrame() {
  if (!camera.last_frame_at) return "none yet";
  if (camera.state !== "streaming") return when(camera.last_frame_at);
  // counted from when the figures came, so that this device's clock may be wrong
  const told = camera.seconds_since_frame ?? 0;
  const seconds = told + (performance.now() - heardAt) / 1000;
  return seconds < 2 ? "just now" : `${age(seconds)} ago`;
}

function draw() {
  render(html`<p class="small back"><a href="/cameras">All cameras</a></p>
    <div class="head"><div class="row"><h1>${camera.name}</h1>${cameraState(camera)}</div></div>
    ${stage()}${tools()}${complaint()}
    <h2>Figures</h2>${figures()}`, place);
  if (camera.width) document.getElementById("stage").style.setProperty("--shape", `${camera.width} / ${camera.height}`);
  document.title = `${camera.name} · ${initial.site.name}`;
}

async function fullScreen() {
  const element = document.getElementById("stage");
  if (document.fullscreenElement) return document.exitFullscreen();
  if (element.classList.contains("filled")) return element.classList.remove("filled");
  // telephones that can't give one element the screen: fill the window instead
  return element.requestFullscreen?.().catch(fill) ?? fill();
}

const fill = () => document.getElementById("stage").classList.add("filled");

function keys(event) {
  if (camera.state === "deleted") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Escape") document.getElementById("stage").classList.remove("filled");
  if (event.target.closest("input, select, textarea, button, a, summary, dialog")) return;
  if (event.key === " " && operates) {
    event.preventDefault();
    toggle(camera, place.querySelector(".tools button"), put);
  } else if (event.key.toLowerCase() === "f") {
    fullScreen();
  }
}

const reload = async () => put(await api("GET", `/api/v1${path}`));

draw();
// not before the page is loaded: a picture that never ends would keep it loading for ever
const begin = () => document.hidden || connect();
if (document.readyState === "complete") begin();
else addEventListener("load", begin);
document.addEventListener("keydown", keys);
document.addEventListener("visibilitychange", visibility);
addEventListener("pagehide", () => place.querySelector("img.stream").removeAttribute("src"));
live({
  camera: put,
  device: ({ id, state }) => ["deleted", "revoked"].includes(state) && put({ id, state: "deleted" }),
  resync: reload,
  reconnected: connect,
});
setInterval(draw, 1000);
