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

/** Resolves once the device is online; a Fault says what its console hints at. */
export async function contact(id, signal, log, patience = PATIENCE_MS) {
  let unhear, timer, late;
  try {
    await new Promise((resolve, reject) => {
      unhear = hear((device) => device.id === id && device.state === "online" && resolve());
      timer = setInterval(async () => {
        const device = await api("GET", `/api/v1/devices/${encodeURIComponent(id)}`).catch(() => null);
        if (device?.state === "online") resolve();
      }, LOOK_MS);
      late = setTimeout(() => reject(new Fault("contact", hint(log()))), patience);
      signal.addEventListener("abort", () => reject(new Fault("contact")));
    });
  } finally {
    unhear?.();
    clearInterval(timer);
    clearTimeout(late);
  }
}
