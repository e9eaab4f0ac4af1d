// What camera list, camera page and wall share.
import { html } from "lit-html";
import { api } from "./api.js";
import { act } from "./act.js";
import { initial, operates } from "./initial.js";
import { icon } from "./parts.js";

/** The page's cameras by id, kept up to date by live events. */
export function cameraStore(list, changed) {
  const known = new Map(list.map((camera) => [camera.id, camera]));
  return {
    all: () => [...known.values()].sort((a, b) => a.name.localeCompare(b.name)),
    get: (id) => known.get(id),
    put(camera) {
      if (camera.state === "deleted") known.delete(camera.id);
      else known.set(camera.id, { ...known.get(camera.id), ...camera });
      changed();
    },
    /** A device was revoked or removed: its camera is gone from here too. */
    putDevice({ id, state }) {
      if (["deleted", "revoked", "pending"].includes(state) && known.delete(id)) changed();
    },
    replace(cameras) {
      known.clear();
      for (const camera of cameras) known.set(camera.id, camera);
      changed();
    },
  };
}

export const cameraPath = (camera) => `/cameras/${encodeURIComponent(camera.id)}`;

const call = (camera, verb) => api("POST", `/api/v1/cameras/${encodeURIComponent(camera.id)}/${verb}`);

export const isWanted = (camera) => camera.started ?? camera.state === "streaming";

/** Start or stop, whichever makes sense now; an offline camera remembers it. */
export async function toggle(camera, button, changed = () => {}) {
  const verb = isWanted(camera) ? "stop" : "start";
  const answer = await act(button, () => call(camera, verb), said(camera, verb));
  if (answer?.id) changed(answer);
}

function said(camera, verb) {
  if (camera.state !== "offline") return `${camera.name}: ${verb} sent.`;
  return verb === "start"
    ? `${camera.name} is offline and will start when it is back.`
    : `${camera.name} is offline and will stay stopped when it is back.`;
}

export const startStop = (camera, changed, quiet = false) =>
  operates
    ? html`<button type="button" class=${quiet ? "quiet" : ""}
        @click=${(event) => toggle(camera, event.currentTarget, changed)}>
        ${isWanted(camera) ? html`${icon("stop")}Stop` : html`${icon("play")}Start`}<span class="sr"> ${camera.name}</span>
      </button>`
    : "";

export const noCameras = html`<div class="empty">
  <p><strong>No cameras yet.</strong></p>
  <p class="muted">Point a camera at this machine, TCP port 9001. When it connects, it
    ${initial.user?.role === "viewer" ? "waits until an operator approves it." : html`waits under <a href="/devices">Devices</a> until you approve it.`}</p>
</div>`;
