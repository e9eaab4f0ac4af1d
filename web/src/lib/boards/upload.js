// Firmware and settings onto a board that answers: only what changed, the deciding file last.
import { digestsBelow, digestsOf, put, remove, replace, sha256 } from "./on-board.js";

const encoder = new TextEncoder();

/** Settings as they lie on the board; Wi-Fi joins them here and nowhere else. */
export function settingsText(settings, wifi) {
  const whole = { ...settings, wifi: { ssid: wifi.ssid, ...(wifi.password ? { password: wifi.password } : {}) } };
  return `${JSON.stringify(sorted(whole), null, 1)}\n`;
}

function sorted(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** What of a preset's settings a person changed: what is gone becomes null, which takes it away. */
export function changes(preset, edited) {
  const found = {};
  for (const key of new Set([...Object.keys(preset), ...Object.keys(edited)])) {
    const [before, after] = [preset[key], edited[key]];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    found[key] = isTable(before) && isTable(after) ? changes(before, after) : after ?? null;
  }
  return found;
}

/** The first key of a person's settings that has no place there: what the page adds by itself, or
 * tells nobody. null when there is none. */
export const misplaced = (edited) => Object.keys(edited).find((key) => APART.includes(key.split(".")[0])) ?? null;

const APART = ["id", "key", "wifi", "server"];

export const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * Which firmware is to be written: into the slot that does not run, unless the one that runs has
 * it already. {slot, stale: [path], steps: [{path, size, sha256}]}
 */
export async function plan(repl, board, running) {
  const wanted = new Map(board.slot_files.map((file) => [file.path, file]));
  const here = running ? await digestsBelow(repl, `/${running}`) : new Map();
  if (running && same(wanted, here, running)) return { slot: running, stale: [], steps: [] };
  const slot = running === "a" ? "b" : "a";
  const there = await digestsBelow(repl, `/${slot}`);
  const steps = board.slot_files
    .map((file) => ({ ...file, path: `/${slot}/${file.path}` }))
    .filter((step) => there.get(step.path) !== step.sha256);
  // an older .py beside a new .mpy would be run in its place
  const stale = [...there.keys()].filter((path) => !wanted.has(path.slice(3)));
  return { slot, stale, steps };
}

function same(wanted, here, slot) {
  return here.size === wanted.size && [...wanted.values()].every((file) => here.get(`/${slot}/${file.path}`) === file.sha256);
}

export const bytesIn = (steps) => steps.reduce((sum, step) => sum + step.size, 0);

/**
 * The firmware of a plan. `fetchFile(sha256)` gives bytes, `progress({done, total, path})` hears
 * of each piece. Whenever it is cut off, the board starts what it ran before.
 */
export async function writeSlot(repl, { slot, stale, steps }, fetchFile, progress) {
  // a slot counts as whole by its version.json, which is written last: so it goes first
  const version = steps.length ? [`/${slot}/version.json`] : [];
  await remove(repl, ["/trial", ...version, ...stale]);
  await each(repl, steps, put, fetchFile, progress);
}

/** What lies beside the slots: what chooses one, and whom an encrypted link trusts. */
export async function writeBeside(repl, board, fetchFile, progress) {
  await each(repl, await missing(repl, board.files), replace, fetchFile, progress);
}

/** Settings with a new key, then the slot to start: quickly, for the old key is good no more. */
export async function finish(repl, board, wifi, slot, running) {
  const bytes = encoder.encode(settingsText(board.settings, wifi));
  const settings = { path: "/settings.json", size: bytes.length, sha256: await sha256(bytes), bytes };
  await each(repl, await missing(repl, [settings]), replace);
  if (slot === running) return;
  const letter = encoder.encode(slot);
  await replace(repl, "/slot", letter, await sha256(letter));
}

async function missing(repl, steps) {
  const there = await digestsOf(repl, steps.map((step) => step.path));
  return steps.filter((step) => there.get(step.path) !== step.sha256);
}

async function each(repl, steps, write, fetchFile, progress = () => {}) {
  const total = bytesIn(steps);
  let done = 0;
  for (const step of steps) {
    progress({ done, total, path: step.path });
    const bytes = step.bytes ?? (await fetchFile(step.sha256));
    await write(repl, step.path, bytes, step.sha256, (count) => {
      done += count;
      progress({ done, total, path: step.path });
    });
  }
}
