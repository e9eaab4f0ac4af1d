// Waiting for a board's first word to the daemon, and why it may not come.
import { api } from "../api.js";
import { alsoLive } from "../live.js";
import { Fault, hint } from "./faults.js";

const PATIENCE_MS = 120000;
const LOOK_MS = 3000;
let hearers = null;

/** Live news of devices, heard from the first call on. */
function hear(listener) {
  if (!hearers) {
    hearers = new Set();
    alsoLive({ device: (device) => hearers.forEach((each) => each(device)) });
  }
  hearers.add(listener);
  return () => hearers.delete(listener);
}

const find = (id) => api("GET", `/api/v1/devices/${encodeURIComponent(id)}`).catch(() => null);

/** What a later contact differs from: a link that a restart broke looks alive for a while. */
export async function contactBefore(id) {
  const device = await find(id);
  return device && markOf(device);
}

// a gate's last message; of any other's connection nobody knows whether the board is behind it
const markOf = (device) => (device.kind === "gate" ? device.last_seen : device.connected_since);

/** Resolves once the device is online by another contact than `before`; a Fault says what its console hints at. */
export async function contact(id, before, signal, log, patience = PATIENCE_MS) {
  const isNew = (device) => device?.state === "online" && markOf(device) !== before;
  let unhear, timer, late;
  try {
    await new Promise((resolve, reject) => {
      unhear = hear((device) => device.id === id && isNew(device) && resolve());
      timer = setInterval(async () => isNew(await find(id)) && resolve(), LOOK_MS);
      late = setTimeout(() => reject(new Fault("contact", hint(log()))), patience);
      signal.addEventListener("abort", () => reject(new Fault("contact")));
    });
  } finally {
    unhear?.();
    clearInterval(timer);
    clearTimeout(late);
  }
}
