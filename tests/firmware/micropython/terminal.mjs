// A board as a serial port shows it: the real MicroPython VM behind a pseudo-terminal.
//
// Started by tests/firmware/terminal.py with one argument, a JSON object:
//   pty         inherited descriptor, the terminal's own side, non-blocking
//   flash       a folder of ours that is the board's flash, change by change
//   bytes       how many this flash holds, as it says; hidden: of these it has not
//   machine     what the board calls itself, and its chip
//   inputs      what its world is like, JSON as of board.mjs
//   cause       of this start: power or reset
//   speed       how much faster than ours its clock runs
//   cut_after   bytes from the computer after which the cable is out, or null
//   garble      each so many-th answer has a byte that is another, or 0
//   deaf        each so many-th byte from the computer is another, or 0
//
// The VM's own REPL does what is typed; raw paste, soft reset and Ctrl-C, which a chip's
// port of MicroPython brings along and the VM's does not, are done here as mpremote expects.
// It ends with 4 after machine.reset(), with 9 when the cable was cut.

import fs from 'node:fs';
import path from 'node:path';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
import { copy, mirror, onFlash, watch } from './flash.mjs';

const board = JSON.parse(process.argv[2]);
const parent = process.ppid;
const bell = new Int32Array(new SharedArrayBuffer(4));
const [CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E] = [1, 2, 3, 4, 5];
const RESET = 4;
const CUT = 9;
const WINDOW = 128;
const BLOCK = 4096;
const NO_SPACE = 28;
const TICKS = 2 ** 30;

const nap = (ms) => Atomics.wait(bell, 0, 0, ms);
const now = () => performance.now() * board.speed;

// ---- the line ---------------------------------------------------------------------------

const came = []; // bytes that nobody took yet
const piece = Buffer.alloc(4096);
let heard = 0;
let interruptible = false; // while a program runs
let vm;

function listen() {
  if (process.ppid !== parent) process.exit(0);
  let count = 0;
  try {
    count = fs.readSync(board.pty, piece);
  } catch (error) {
    if (error.code !== 'EAGAIN' && error.code !== 'EIO') process.exit(0);
  }
  for (let at = 0; at < count; at += 1) hear(piece[at]);
}

function hear(byte) {
  heard += 1;
  if (board.cut_after !== null && heard > board.cut_after) process.exit(CUT);
  const told = board.deaf && heard % board.deaf === 0 ? byte ^ 0x10 : byte;
  if (told === CTRL_C && interruptible) {
    vm._module.ccall('mp_sched_keyboard_interrupt', 'null', ['null']);
  } else {
    came.push(told);
  }
}

function next() {
  for (let pause = 0.2; came.length === 0; pause = Math.min(pause * 1.5, 4)) {
    listen();
    if (came.length === 0) nap(pause);
  }
  return came.shift();
}

let answers = 0;

function send(bytes) {
  let data = Buffer.from(bytes);
  if (board.garble && data.includes('=iotd')) {
    answers += 1;
    if (answers % board.garble === 0) data[data.indexOf('=iotd') + 8] ^= 0x55;
  }
  for (const until = performance.now() + 300; data.length > 0;) {
    try {
      data = data.subarray(fs.writeSync(board.pty, data));
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      if (performance.now() > until) return; // nobody listens, and a UART does not wait
      nap(1);
      listen();
    }
  }
}

// ---- what the VM prints -----------------------------------------------------------------

let line = []; // sent when it is whole, or when the board waits for the computer
let muted = false;
let swallow = 0; // of "OK", which raw paste does not say
let last = 0;

function print(byte) {
  if (muted) return;
  if (swallow > 0) {
    swallow -= 1;
    return;
  }
  if (byte === 10 && last !== 13) line.push(13);
  line.push(byte);
  last = byte;
  if (byte === 10 || line.length > 512) {
    flush();
    if (interruptible) listen();
  }
}

function flush() {
  if (line.length > 0) send(line);
  line = [];
}

const say = (text) => { flush(); send(text); };

// ---- the machine --------------------------------------------------------------------------

function used(folder = board.flash) {
  return fs.readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const there = path.join(folder, entry.name);
    const size = entry.isDirectory() ? used(there) : fs.statSync(there).size;
    return sum + (entry.isDirectory() ? size : Math.ceil(size / BLOCK) * BLOCK);
  }, 0);
}

function sleep(ms) {
  const until = now() + ms;
  for (let left = ms; left > 0; left = until - now()) {
    nap(Math.min(left / board.speed, 5));
    const before = heard;
    listen();
    if (heard !== before) return; // perhaps to be interrupted
  }
}

function leave(code) {
  flush();
  process.exit(code);
}

const nothing = () => undefined;
const host = {
  ticks: () => Math.floor(now() + TICKS - 3000) % TICKS,
  uptime: () => Math.floor(now()),
  sleep,
  poll: (descriptor, reading, writing, ms) => { sleep(ms); return false; },
  connect: () => 'ECONNREFUSED',
  receive: () => 'EAGAIN', send: () => 'EAGAIN', close: nothing,
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
  watchdog: nothing, feed: listen, pixel: nothing, pin: nothing, pwm: nothing, display: nothing,
  kind: () => board.kind,
  cause: () => board.cause,
  reset: () => leave(RESET),
  inputs: () => board.inputs,
  blocks: () => Math.floor(board.bytes / BLOCK),
  free: () => Math.max(0, Math.floor((board.bytes - used()) / BLOCK)),
  machine: () => board.machine,
};

// What a chip's own port has and this one lacks.
const PREPARE = `
import sys
sys.path.insert(1, "/fakes")
import prepare
import os, machine, collections, _host
machine.unique_id = lambda: bytes((0xa0, 0xb1, 0xc2, 0x1d, 0x2e, 0x3f))
os.statvfs = lambda path: (${BLOCK}, ${BLOCK}, _host.blocks(), _host.free(), _host.free(), 0, 0, 0, 0, 255)
_uname = collections.namedtuple("uname", ("sysname", "machine"))
os.uname = lambda: _uname("esp32", _host.machine())
del sys, prepare, os, machine, collections
`;

async function power() {
  interruptible = false;
  muted = true;
  vm = await loadMicroPython({
    heapsize: 4 * 1024 * 1024, linebuffer: false, stdout: (bytes) => print(bytes[0]),
  });
  copy(vm, board.fakes, '/fakes');
  vm.FS.mkdir('/frames');
  copy(vm, board.flash, '/');
  mirror(vm, board.flash);
  watch(vm, onFlash, {
    changed: nothing,
    writes(target, length) {
      if (used() + length > board.bytes - board.hidden) throw new vm.FS.ErrnoError(NO_SPACE);
    },
  });
  vm.registerJsModule('_host', host);
  vm.runPython(PREPARE);
  muted = false;
}

function main() {
  if (!vm.FS.analyzePath('/main.py').exists) return;
  interruptible = true;
  try {
    vm.runPython(vm.FS.readFile('/main.py', { encoding: 'utf8' }));
  } catch (error) {
    flush();
    say(`${String(error.message).replaceAll('\n', '\r\n')}\r\n`);
  }
  interruptible = false;
}

// ---- the REPL -------------------------------------------------------------------------------

let raw = false;
let typed = []; // since the prompt

async function softReset() {
  say(raw ? 'OK\r\nMPY: soft reboot\r\n' : '\r\nMPY: soft reboot\r\n');
  await power();
  prompt();
}

function prompt() {
  typed = [];
  if (!raw) main();
  muted = raw;
  vm.replInit();
  muted = false;
  if (raw) vm.replProcessChar(CTRL_A);
  flush();
}

// Runs what was typed; a program in it hears Ctrl-C.
function execute(code, pasted) {
  for (const byte of code) vm.replProcessChar(byte);
  swallow = pasted ? 2 : 0;
  interruptible = true;
  vm.replProcessChar(CTRL_D);
  interruptible = false;
  flush();
  typed = [];
}

function paste() {
  const size = [WINDOW & 255, WINDOW >> 8];
  send([0x52, 0x01, ...size, 0x01]);
  const code = [];
  for (let left = 2 * WINDOW; ;) {
    const byte = next();
    if (byte === CTRL_C) return say('\r\n>');
    if (byte === CTRL_D) break;
    code.push(byte);
    left -= 1;
    if (left === WINDOW) {
      send([0x01]);
      left += WINDOW;
    }
  }
  send([CTRL_D]);
  return execute(code, true);
}

async function takeRaw(byte) {
  const begun = typed.length > 0;
  if (byte === CTRL_D && !begun) return softReset();
  if (byte === CTRL_D) return execute(typed.splice(0), false);
  if (byte === CTRL_A || byte === CTRL_B || byte === CTRL_C) {
    const pasting = byte === CTRL_A && typed.length === 2 && typed[0] === CTRL_E;
    typed = [];
    if (pasting) return paste();
    raw = byte !== CTRL_B;
    vm.replProcessChar(byte);
    return flush();
  }
  typed.push(byte);
  return undefined;
}

async function takeFriendly(byte) {
  if (byte === CTRL_D && typed.length === 0) return softReset();
  typed = byte === 13 || byte < 5 ? [] : [...typed, byte];
  if (byte === CTRL_A) raw = true;
  interruptible = byte === 13;
  vm.replProcessChar(byte);
  interruptible = false;
  return flush();
}

await power();
if (board.noise) send(Buffer.from(board.noise, 'hex'));
prompt();
for (;;) {
  const byte = next();
  await (raw ? takeRaw(byte) : takeFriendly(byte));
}
