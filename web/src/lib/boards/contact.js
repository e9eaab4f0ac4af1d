// Waiting for a board's first word to the daemon, and why it may not come.
import { api } from "../api.js";
import { alsoLive } from "../live.js";
import { Fault } from "./faults.js";

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

const HINTS = [
  [/denied|wrong key/i, "The server refuses its key: go on from here, it gets the right one."],
  [/wifi: address/i, "It is in its Wi-Fi, but does not reach the server: check the server's address, its port and a firewall."],
  [/wifi: no|wifi:/i, "It does not get into its Wi-Fi: check the network's name and password, and that it is 2.4 GHz."],
  [/settings?\.json|allowed is/i, "It finds a fault in its settings; its own words are below."],
  [/Traceback|Error:/, "Its program fell over; its own words are below."],
];

/** What the newest telling line of a console means. */
export function hint(lines) {
  for (const line of [...lines].reverse()) {
    const found = HINTS.find(([pattern]) => pattern.test(line));
    if (found) return found[1];
  }
  return "";
}
