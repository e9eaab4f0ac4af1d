// One virtual board: the firmware's own files in the real MicroPython VM.
//
// Started by tests/firmware/vm.py with one argument, a JSON object:
//   kind                      which board: a folder of the firmware
//   folders                   what is copied into the board's file system: [from, to]
//   files                     further files: path -> text
//   flash                     a folder of ours that is on the board, or null, and
//   flash_at                  where: /log, or / for the whole of what survives the power
//   cause                     of this start: power, reset or watchdog
//   inputs                    a file with what the test says of the world around the board
//   sockets                   inherited TCP descriptors, not connected yet
//   channel                   inherited descriptor to the parent: JSON lines
//   speed                     how much faster than ours the board's clock runs
//
// The VM is synchronous, and so is everything here. The parent connects a
// socket when the firmware asks for it; what then flows on it is read and
// written here, on the very descriptor, and nowhere else.

import fs from 'node:fs';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
import { copy, mirror, onFlash } from './flash.mjs';

const board = JSON.parse(process.argv[2]);
const parent = process.ppid;
const bell = new Int32Array(new SharedArrayBuffer(4));

// ---- time -----------------------------------------------------------------

const TICKS = 2 ** 30; // where MicroPython's ticks_ms wraps
const BEFORE_WRAP = 3000; // every board lives through a wrap, 3 s after its start

const now = () => performance.now() * board.speed;
const nap = (real) => Atomics.wait(bell, 0, 0, real);
const watchdog = { timeout: 0, fed: 0 };

function look() {
  if (watchdog.timeout && now() - watchdog.fed > watchdog.timeout) {
    leave(3, { reset: 'watchdog' });
  }
  if (process.ppid !== parent) process.exit(0); // nobody is left to tell
}

function sleep(ms) {
  const until = now() + ms;
  for (let left = ms; left > 0; left = until - now()) {
    nap(Math.min(left / board.speed, 500));
    look();
  }
}

// ---- the parent -----------------------------------------------------------

let unread = '';

function tell(message) {
  try {
    fs.writeSync(board.channel, JSON.stringify(message) + '\n');
  } catch {
    process.exit(0);
  }
}

function ask(message) {
  tell(message);
  const piece = Buffer.alloc(4096);
  while (!unread.includes('\n')) {
    const count = fs.readSync(board.channel, piece);
    if (count === 0) process.exit(0);
    unread += piece.toString('utf8', 0, count);
  }
  const end = unread.indexOf('\n');
  const answer = JSON.parse(unread.slice(0, end));
  unread = unread.slice(end + 1);
  return answer;
}

function leave(code, message) {
  tell(message);
  process.exit(code);
}

// ---- the world around the board -------------------------------------------

const world = { text: '{}', looked: -Infinity };

function inputs() {
  if (performance.now() - world.looked > 5) {
    world.text = fs.readFileSync(board.inputs, 'utf8');
    world.looked = performance.now();
  }
  return world.text;
}

// ---- sockets --------------------------------------------------------------

const sockets = new Map(); // descriptor -> {ahead: Buffer|null, over: bool, error: string}
const free = [...board.sockets];
let outbox = Buffer.alloc(0); // what the VM wrote to /outbox last

function connect(host, port, timeout) {
  const descriptor = free.shift();
  if (descriptor === undefined) return 'ENOMEM';
  const { error } = ask({ connect: descriptor, host, port, timeout: timeout / board.speed });
  if (error) {
    // A refused socket can try again; one that hangs in its handshake can't
    if (error === 'ECONNREFUSED') free.unshift(descriptor);
    else discard(descriptor);
    return error;
  }
  sockets.set(descriptor, { ahead: null, over: false, error: '' });
  return descriptor;
}

// Read ahead, so that poll() knows: true when recv() has something to say.
function readable(descriptor) {
  const socket = sockets.get(descriptor);
  if (socket.ahead || socket.over || socket.error) return true;
  const piece = Buffer.alloc(4096);
  try {
    const count = fs.readSync(descriptor, piece);
    if (count === 0) socket.over = true;
    else socket.ahead = piece.subarray(0, count);
    return true;
  } catch (error) {
    if (error.code === 'EAGAIN') return false;
    socket.error = error.code;
    return true;
  }
}

function receive(descriptor, size) {
  if (!readable(descriptor)) return 'EAGAIN';
  const socket = sockets.get(descriptor);
  if (socket.ahead) {
    const taken = socket.ahead.subarray(0, size);
    socket.ahead = socket.ahead.length > size ? socket.ahead.subarray(size) : null;
    return new Uint8Array(taken);
  }
  return socket.error || new Uint8Array(0);
}

function send(descriptor) {
  try {
    return fs.writeSync(descriptor, outbox);
  } catch (error) {
    return error.code;
  }
}

function poll(descriptor, reading, writing, ms) {
  const until = now() + ms;
  for (let pause = 0.5; ; pause = Math.min(pause * 2, 8)) {
    look();
    if (reading && readable(descriptor)) return true;
    const left = (until - now()) / board.speed;
    if (left <= 0) return false;
    nap(Math.min(pause, left));
    // Node can't ask whether there is room to write: let the firmware try
    if (writing) return true;
  }
}

function close(descriptor) {
  if (sockets.delete(descriptor)) discard(descriptor);
}

function discard(descriptor) {
  fs.closeSync(descriptor);
  tell({ closed: descriptor });
}

// ---- the VM ---------------------------------------------------------------

// An exception here would end the VM: errors go in as their names.
const host = {
  ticks: () => Math.floor(now() + TICKS - BEFORE_WRAP) % TICKS,
  uptime: () => Math.floor(now()),
  sleep, connect, receive, send, poll, close,
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
  watchdog: (timeout) => { watchdog.timeout = timeout; watchdog.fed = now(); },
  feed: () => { look(); watchdog.fed = now(); },
  pixel: (pin, red, green, blue) => tell({ pixel: [pin, red, green, blue] }),
  pin: (number, level) => tell({ pin: [number, level] }),
  pwm: (number, width) => tell({ pwm: [number, width] }),
  display: (row, text) => tell({ display: [row, text] }),
  kind: () => board.kind,
  cause: () => board.cause,
  reset: () => leave(4, { reset: 'reset' }),
  inputs,
};

function makeOutbox(vm) {
  const device = vm.FS.makedev(100, 0);
  vm.FS.registerDevice(device, {
    write(stream, buffer, offset, length) {
      outbox = Buffer.from(buffer.subarray(offset, offset + length));
      return length;
    },
  });
  vm.FS.mkdev('/outbox', 0o222, device);
}

// What the board writes on its flash is in our folder at once.
function keep(vm, folder, at) {
  copy(vm, folder, at);
  if (at === '/') mirror(vm, folder);
  else mirror(vm, folder, (target) => onFlash(target) && target.startsWith(`${at}/`), at);
}

const vm = await loadMicroPython({
  heapsize: 8 * 1024 * 1024,
  linebuffer: true,
  stdout: (line) => tell({ print: line }),
});
for (const [from, to] of board.folders) copy(vm, from, to);
for (const [name, text] of Object.entries(board.files)) vm.FS.writeFile(name, text);
if (board.flash) keep(vm, board.flash, board.flash_at);
makeOutbox(vm);
vm.registerJsModule('_host', host);
try {
  vm.runPython("import sys; sys.path.insert(1, '/fakes'); import prepare");
  vm.runPython(vm.FS.readFile('/main.py', { encoding: 'utf8' }));
  leave(0, { ended: true });
} catch (error) {
  leave(1, { crash: String(error.message) });
}
