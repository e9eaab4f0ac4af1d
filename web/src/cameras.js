import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { ref } from "lit-html/directives/ref.js";
import "./lib/shell.js";
import { items } from "./lib/api.js";
import { cameraPath, cameraStore, noCameras, startStop } from "./lib/camera-parts.js";
import { number, plural } from "./lib/format.js";
import { initial } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { cameraPhase, cameraState, icon, when } from "./lib/parts.js";
import { Tile, WallStream } from "./lib/wall-stream.js";

const MOST_PICTURES = 24; // thumbnails at two frames a second; the rest show none
const tiles = new Map();
const place = document.getElementById("app");
const cameras = cameraStore(initial.cameras, draw);
const stream = new WallStream(
  (id, blob) => tiles.get(id)?.offer(blob),
  (state) => state === "refused" && reload().catch(() => {}),
);

function tileOf(id) {
  return (canvas) => {
    if (!canvas) tiles.delete(id);
    else if (!tiles.has(id)) tiles.set(id, new Tile(canvas));
  };
}
const refs = new Map();
const refOf = (id) => refs.get(id) ?? refs.set(id, tileOf(id)).get(id);

const card = (camera) => html`<article class="camera-card">
  <a class="picture" href=${cameraPath(camera)} tabindex="-1" aria-hidden="true">${icon("camera")}
    <canvas ${ref(refOf(camera.id))} width="320" height="240" class=${camera.state}></canvas>
  </a>
  <div class="stack">
    <div class="row between"><h2 class="h3"><a href=${cameraPath(camera)}>${camera.name}</a></h2>${cameraState(camera)}</div>
    <p class="small muted">${sentence(camera)}</p>
    ${camera.error ? html`<p class="small">${icon("warning")} The board says: ${camera.error}</p>` : nothing}
    <div class="row">${startStop(camera, cameras.put, true)}</div>
  </div>
</article>`;

function sentence(camera) {
  const phase = cameraPhase(camera);
  if (phase === "starting") return "Started; waiting for a picture.";
  if (phase === "streaming" || phase === "stopping") {
    return `${number(camera.fps ?? 0, 1)} frames/s, ${camera.width}×${camera.height}, ${plural(camera.viewers ?? 0, "viewer")}`;
  }
  return camera.last_frame_at ? html`Last picture ${when(camera.last_frame_at)}.` : "No picture yet.";
}

function draw() {
  const all = cameras.all();
  const count = (state) => all.filter((camera) => camera.state === state).length;
  document.getElementById("summary").textContent = all.length
    ? `${plural(all.length, "camera")}: ${count("streaming")} streaming, ${count("idle")} stopped, ${count("offline")} offline.`
    : "All cameras, live.";
  const cards = html`<div class="grid-cards">${repeat(all, (camera) => camera.id, card)}</div>`;
  render(all.length ? cards : noCameras, place);
  stream.show(all.slice(0, MOST_PICTURES).map((camera) => camera.id), { width: 320, fps: 2 });
}

const reload = async () => cameras.replace(await items("/api/v1/cameras?limit=1000"));

draw();
live({ camera: cameras.put, device: cameras.putDevice, resync: reload, reconnected: () => stream.restart() });
setInterval(draw, 10000);
