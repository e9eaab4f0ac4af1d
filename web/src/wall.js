import { html, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { ref } from "lit-html/directives/ref.js";
import "./lib/shell.js";
import { items } from "./lib/api.js";
import { cameraPath, cameraStore, noCameras } from "./lib/camera-parts.js";
import { age } from "./lib/format.js";
import { initial } from "./lib/initial.js";
import { keep, kept } from "./lib/keep.js";
import { live } from "./lib/live.js";
import { cameraState, icon } from "./lib/parts.js";
import { Tile, WallStream } from "./lib/wall-stream.js";

const MOST = 12;
const WIDTHS = [160, 320, 480, 640]; // few sizes, so that viewers share what was made smaller
const OLD_AFTER_S = 5;
const KEPT = "wall-cameras";

const place = document.getElementById("app");
const tiles = new Map();
const refs = new Map();
let connection = "live";
let chosen = restore();
const cameras = cameraStore(initial.cameras, draw);
const stream = new WallStream(
  (id, blob) => tiles.get(id)?.offer(blob),
  (state) => {
    if (state === "refused") reload().catch(() => {});
    else connection = state;
    draw();
  },
);

/** The ids chosen before: in the address, else kept by this browser; null: nobody chose yet. */
function restore() {
  const asked = new URLSearchParams(location.search).get("ids") ?? kept(KEPT);
  return asked === null ? null : asked.split(",").filter(Boolean).slice(0, MOST);
}

function shown() {
  const rank = { streaming: 0, idle: 1, offline: 2 };
  if (chosen) return chosen.map((id) => cameras.get(id)).filter(Boolean);
  return cameras.all().sort((a, b) => rank[a.state] - rank[b.state]).slice(0, MOST);
}

function choose(id, wanted) {
  const now = shown().map((camera) => camera.id).filter((other) => other !== id);
  chosen = (wanted ? [...now, id] : now).slice(0, MOST);
  keep(KEPT, chosen.join(","));
  history.replaceState(null, "", location.pathname);
  draw();
}

const keepTile = (id) => (canvas) => {
  if (!canvas) tiles.delete(id);
  else if (!tiles.has(id)) tiles.set(id, new Tile(canvas));
};
const refOf = (id) => refs.get(id) ?? refs.set(id, keepTile(id)).get(id);

function freshness(camera) {
  const drawnAt = tiles.get(camera.id)?.drawnAt;
  if (camera.state !== "streaming") return "";
  if (!drawnAt) return "waiting for its first picture";
  const seconds = (performance.now() - drawnAt) / 1000;
  return seconds < OLD_AFTER_S ? "" : `picture is ${age(seconds)} old`;
}

const tile = (camera) => html`<li>
  <a class="tile ${camera.state}" href=${cameraPath(camera)}>
    <span class="picture">${icon("camera")}<canvas ${ref(refOf(camera.id))} width="320" height="240"></canvas></span>
    <span class="caption"><strong>${camera.name}</strong>${cameraState(camera)}<span class="old">${freshness(camera)}</span></span>
  </a>
</li>`;

const choice = (list) => (camera) => html`<label class="choice">
  <input type="checkbox" .checked=${list.includes(camera)} ?disabled=${!list.includes(camera) && list.length >= MOST}
    @change=${(event) => choose(camera.id, event.currentTarget.checked)}>
  <span>${camera.name} <small>${camera.state === "idle" ? "stopped" : camera.state}</small></span>
</label>`;

const chooser = (list) => html`<details class="chooser">
  <summary class="button quiet">${icon("wall")}Choose cameras (${list.length} of at most ${MOST})</summary>
  <fieldset><legend class="sr">Cameras on the wall</legend>
    <div class="choices">${repeat(cameras.all(), (camera) => camera.id, choice(list))}</div></fieldset>
</details>`;

const head = html`<div class="head"><div><h1>Wall</h1><p class="lead">Up to ${MOST} cameras at once. Click one to see it large.</p></div>
  <p class="row"><button type="button" class="quiet" @click=${fullScreen}>${icon("expand")}Full screen</button></p></div>`;

const grid = (list) =>
  html`<ul class="wall n${list.length}" id="wall">${repeat(list, (camera) => camera.id, tile)}</ul>
    <p class="note warn" role="status" ?hidden=${connection === "live"}>${icon("warning")}The pictures stopped coming; connecting again…</p>`;

function draw() {
  const list = shown();
  const nothingChosen = html`<div class="empty"><p>No camera is chosen.</p></div>`;
  const body = list.length ? grid(list) : nothingChosen;
  render(cameras.all().length ? html`${head}${body}${chooser(list)}` : html`${head}${noCameras}`, place);
  stream.show(list.map((camera) => camera.id), { width: width(list), fps: 10 });
}

// what a tile needs on this screen, in the sizes there are
function width(list) {
  if (!list.length) return WIDTHS[0];
  const columns = getComputedStyle(document.getElementById("wall")).gridTemplateColumns.split(" ").length;
  const needed = (place.clientWidth / columns) * Math.min(devicePixelRatio, 2);
  return WIDTHS.find((one) => one >= needed * 0.8) ?? WIDTHS.at(-1);
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.getElementById("wall")?.requestFullscreen?.();
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  if (event.key.toLowerCase() === "f") fullScreen();
}

const reload = async () => cameras.replace(await items("/api/v1/cameras?limit=1000"));

draw();
document.addEventListener("keydown", keys);
let resizeTimer = null;
addEventListener("resize", () => {
  clearTimeout(resizeTimer);
  resizeTimer = setTimeout(draw, 500);
});

live({ camera: cameras.put, device: cameras.putDevice, resync: reload, reconnected: () => stream.restart() });
setInterval(draw, 1000);
