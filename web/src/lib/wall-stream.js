// Many cameras over one connection: fetch() a multipart stream, draw each part on its tile.
// Twelve <img> streams would need twelve connections, and a browser allows six per site.
import { PartReader } from "./multipart.js";
import { toLogin } from "./api.js";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10000;
const HIDE_AFTER_MS = 3000;

export class WallStream {
  #abort = null;
  #retryTimer = null;
  #hideTimer = null;
  #retryMs = FIRST_RETRY_MS;
  #address = "";
  #onFrame;
  #onState;

  /** `onFrame(camera, blob, timestamp)`; `onState("live" | "lost" | "refused")`: refused when
   * one of the cameras is not there (any more), so look again which there are. */
  constructor(onFrame, onState = () => {}) {
    this.#onFrame = onFrame;
    this.#onState = onState;
    document.addEventListener("visibilitychange", () => this.#visibility());
    addEventListener("pagehide", () => this.#stop());
  }

  /** Show these cameras from now on; `width` in pixels, `fps` at most. */
  show(ids, { width, fps }) {
    const query = new URLSearchParams({ ids: ids.join(","), width, fps });
    const address = ids.length ? `/cameras/wall.multipart?${query}` : "";
    if (address === this.#address && (this.#abort || this.#retryTimer)) return;
    this.#address = address;
    this.restart();
  }

  restart() {
    this.#stop();
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#address && !document.hidden) this.#run();
  }

  #stop() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    this.#abort?.abort();
    this.#abort = null;
  }

  async #run() {
    const abort = (this.#abort = new AbortController());
    try {
      await this.#read(abort.signal);
    } catch {
      // lost, refused or ended on purpose: what follows is the same
    }
    if (this.#abort !== abort) return;
    this.#abort = null;
    this.#onState("lost");
    const spread = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryTimer = setTimeout(() => this.#run(), spread);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  async #read(signal) {
    const response = await fetch(this.#address, { signal, cache: "no-store" });
    if (response.status === 401) return toLogin();
    if (!response.ok) {
      this.#onState("refused");
      throw new Error(`refused: ${response.status}`);
    }
    this.#onState("live");
    const parts = new PartReader();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      this.#retryMs = FIRST_RETRY_MS;
      this.#offer(parts.receive(value));
    }
  }

  // of several frames that came at once only the newest of each camera is worth drawing
  #offer(parts) {
    const newest = new Map();
    for (const part of parts) newest.set(part.headers["x-camera"], part);
    for (const [camera, { headers, body }] of newest) {
      this.#onFrame(camera, new Blob([body], { type: "image/jpeg" }), Number(headers["x-timestamp"]));
    }
  }

  #visibility() {
    clearTimeout(this.#hideTimer);
    if (document.hidden) this.#hideTimer = setTimeout(() => this.#stop(), HIDE_AFTER_MS);
    else if (!this.#abort) this.restart();
  }
}

/** Draws frames on a canvas; while one is being decoded only the newest of the others waits. */
export class Tile {
  #canvas;
  #waiting = null;
  #busy = false;
  drawnAt = 0; // performance.now() of the newest frame, 0 before the first

  constructor(canvas) {
    this.#canvas = canvas;
  }

  offer(blob) {
    this.drawnAt = performance.now();
    this.#waiting = blob;
    if (!this.#busy) this.#draw();
  }

  async #draw() {
    this.#busy = true;
    while (this.#waiting) {
      const blob = this.#waiting;
      this.#waiting = null;
      // one damaged frame is no reason to stop
      const picture = await createImageBitmap(blob).catch(() => null);
      if (picture) this.#paint(picture);
    }
    this.#busy = false;
  }

  #paint(picture) {
    const canvas = this.#canvas;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    canvas.dataset.drawn = "";
  }
}
