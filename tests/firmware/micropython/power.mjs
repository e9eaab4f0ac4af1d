// Power that is lost after each single change on a board's flash, and in the middle of each
// write: what then boots, in a VM of its own each time.
//
// Started by tests/firmware/test_power.py; reads one JSON object from standard input:
//   flash       what the board begins with: path -> base64
//   releases    build -> {path in the slot: base64}
//   answers     question of an update -> the line that answers it
//   phases      [{name, mode: {build: "crash" | "healthy" | <build to fetch>}, boots, then, next}]
// The phases follow each other on one flash; `boots` at most are made in each. For every moment
// of a phase the power is lost and the board boots on in the mode `then`, until it rests; and
// once more with the update `next` offered. Writes a JSON list of rows.

import fs from 'node:fs';
import path from 'node:path';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
import { onFlash, watch } from './flash.mjs';

const told = JSON.parse(fs.readFileSync(0, 'utf8'));
const FAKES = ['machine.py', 'time.py'].map(
  (name) => [name, fs.readFileSync(path.join(import.meta.dirname, 'power', name))]);
const bytes = (files) => new Map(Object.entries(files).map(
  ([name, text]) => [name, Buffer.from(text, 'base64')]));
const releases = new Map(Object.entries(told.releases).map(([build, files]) => [build, bytes(files)]));
const FOLDER = null; // what a folder holds in a flash, which is a Map of path -> Buffer
const REST = 8; // boots after which a board that still resets itself is lost

const parent = (target) => path.posix.dirname(target);

// What one change makes of a flash; `cut` is after half of a write, or between the two
// halves of a rename on a file system that can't replace a file.
function after(flash, what, target, more, cut = false) {
  const next = new Map(flash);
  if (what === 'create') next.set(target, Buffer.alloc(0));
  else if (what === 'mkdir') next.set(target, FOLDER);
  else if (what === 'unlink' || what === 'rmdir') next.delete(target);
  else if (what === 'rename') {
    next.delete(more[0]);
    if (!cut) { next.set(more[0], next.get(target)); next.delete(target); }
  } else {
    const data = cut ? more[1].subarray(0, more[1].length >> 1) : more[1];
    const old = next.get(target);
    const file = Buffer.alloc(Math.max(old.length, more[0] + data.length));
    old.copy(file);
    data.copy(file, more[0]);
    next.set(target, file);
  }
  return next;
}

// One power-on, to the moment when the board resets itself or does no more.
async function boot(flash, mode) {
  const run = { flash, moments: [], printed: [], reset: false };
  const vm = await loadMicroPython({
    heapsize: 512 * 1024, linebuffer: true, stdout: (line) => run.printed.push(line),
  });
  vm.FS.mkdir('/fakes');
  for (const [name, data] of FAKES) vm.FS.writeFile(`/fakes/${name}`, data);
  for (const [target, data] of [...flash].sort()) {
    if (data === FOLDER) vm.FS.mkdir(target); else vm.FS.writeFile(target, data);
  }
  watch(vm, onFlash, {
    changed(what, target, ...more) {
      const label = `${what} ${target}`;
      if (what === 'write' || what === 'rename') {
        run.moments.push([`half of ${label}`, after(run.flash, what, target, more, true)]);
      }
      run.flash = after(run.flash, what, target, more);
      run.moments.push([label, run.flash]);
    },
  });
  vm.registerJsModule('_host', {
    mode: (build) => mode[build] ?? 'healthy',
    answer: (question) => told.answers[question] ?? 'gone 0',
    reset: () => { run.reset = true; },
  });
  try {
    vm.runPython("import sys; sys.path.insert(1, '/fakes')");
    vm.runPython(Buffer.from(flash.get('/main.py')).toString());
  } catch (error) {
    if (!String(error.message).includes('SystemExit')) run.printed.push(String(error.message));
  }
  return run;
}

// Power on again and again until it no longer resets itself.
async function rest(flash, mode) {
  let run = { flash, reset: true, printed: [] };
  for (let boots = 0; run.reset && boots < REST; boots += 1) run = await boot(run.flash, mode);
  return run;
}

// Which build ran last, and whether its slot holds that release and nothing else.
function verdict(run) {
  const words = /^runs ([ab]) (\d+) (\d+)$/.exec(run.printed.at(-1) ?? '');
  if (!words || run.reset) return { build: 0, whole: false, said: run.printed.slice(-3) };
  const [, slot, build, marked] = words;
  const release = releases.get(build);
  const there = [...run.flash].filter(([name, data]) => name.startsWith(`/${slot}/`) && data);
  const whole = there.length === release.size && build === marked
    && there.every(([name, data]) => release.get(name.slice(3))?.equals(data));
  return { build: Number(build), slot, whole };
}

let flash = bytes(told.flash);
for (const name of [...flash.keys()]) {
  for (let above = parent(name); above !== '/'; above = parent(above)) flash.set(above, FOLDER);
}
const rows = [];
for (const { name, mode, boots, then, next } of told.phases) {
  const moments = [];
  for (let count = 0; count < boots; count += 1) {
    const run = await boot(flash, mode);
    moments.push(...run.moments);
    flash = run.flash;
    if (!run.reset) break;
  }
  for (const [label, state] of moments) {
    const found = await rest(state, then);
    const row = { phase: name, label, ...verdict(found) };
    if (next) row.further = verdict(await rest((await boot(found.flash, next)).flash, {}));
    rows.push(row);
  }
}
process.stdout.write(JSON.stringify(rows));
