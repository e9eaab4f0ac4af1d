// A board on a cable, as a browser's SerialPort: behind it the real MicroPython VM at its raw REPL.
//
// Raw-paste mode is made here: the VM of the web has none, and hangs when it is asked for it.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const VM = path.join(import.meta.dirname, '..', 'firmware', 'micropython');
const resolve = createRequire(path.join(VM, 'package.json')).resolve;
const { loadMicroPython } = await import(
  pathToFileURL(resolve('@micropython/micropython-webassembly-pyscript/micropython.mjs')));

const WINDOW = 128;
const ENOSPC = 28; // as a board counts
const gone = () => new DOMException('The device has been lost.', 'NetworkError');

/**
 * `files` lie on the board at power-on; `flash` is its size in bytes. After `cutAfter` bytes that
 * it was told the cable is out. `paste`: whether it knows raw-paste. `talk` is what it does before
 * the first Ctrl-C: "silent" and "garbage" for ever, "endless" until it is stopped, "stubborn"
 * never lets itself be stopped.
 */
export class VmPort {
  constructor({ files = {}, flash = Infinity, cutAfter = Infinity, paste = true, talk = '' } = {}) {
    Object.assign(this, { files, flash, cutAfter, pasteKnown: paste, talk });
    this.isOpen = false;
    this.readable = this.writable = null;
    this.told = 0;
    this.resets = 0;
    this.watchdog = null;
    this.raw = false;
    this.paste = null; // what was pasted so far
    this.knock = ''; // Ctrl-E and what follows it
    this.mask = 0; // bytes of "OK" that nobody is to see
    this.written = []; // paths, in the order in which they were opened for writing
  }

  async power() {
    const vm = await loadMicroPython({
      heapsize: 1024 * 1024, linebuffer: false, stdout: (bytes) => this.#out(bytes),
    });
    this.vm = vm;
    for (const [name, data] of Object.entries(this.files)) {
      vm.FS.mkdirTree(path.posix.dirname(name));
      vm.FS.writeFile(name, data);
    }
    vm.registerJsModule('machine', {
      reset: () => { this.resets += 1; },
      WDT: (options) => { this.watchdog = options; },
    });
    this.#watch(vm.FS);
    vm.replInit();
    return this;
  }

  #watch(FS) {
    const { write, open } = FS;
    FS.open = (target, flags, mode) => {
      const stream = open(target, flags, mode);
      if ((flags & 3) !== 0 && stream.path && !stream.path.startsWith('/dev')) this.written.push(stream.path);
      return stream;
    };
    FS.write = (stream, ...rest) => {
      if (stream.path?.startsWith('/dev')) return write(stream, ...rest);
      const used = Object.values(this.dump()).reduce((sum, data) => sum + data.length, 0);
      if (used + rest[2] > this.flash) throw new FS.ErrnoError(ENOSPC);
      return write(stream, ...rest);
    };
  }

  // what a browser calls

  getInfo() {
    return { usbVendorId: 0x303a, usbProductId: 0x1001 };
  }

  async open() {
    if (this.isOpen) throw new DOMException('The port is already open.', 'InvalidStateError');
    this.isOpen = true;
    this.readable = new ReadableStream({ start: (controller) => { this.controller = controller; } });
    this.writable = new WritableStream({ write: (bytes) => this.#hear(bytes) });
    if (this.talk) this.#chat();
  }

  async close() {
    if (this.readable.locked || this.writable.locked) throw new TypeError('Cannot close a locked stream');
    clearInterval(this.chatter);
    Object.assign(this, { isOpen: false, readable: null, writable: null });
  }

  async setSignals() {}

  // what the board does

  #chat() {
    if (this.talk === 'silent') return;
    const said = this.talk === 'garbage' ? Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 128) % 256) : Buffer.from('reading 17\r\n'.repeat(40));
    this.chatter = setInterval(() => this.#put(said), 1);
  }

  #hear(bytes) {
    this.told += bytes.length;
    if (this.told > this.cutAfter) {
      this.controller.error(gone());
      throw gone();
    }
    for (const byte of bytes) this.#byte(byte);
  }

  #byte(byte) {
    if (this.talk === 'endless' && byte === 3) {
      clearInterval(this.chatter);
      this.talk = '';
    }
    if (this.talk) return;
    if (this.paste) return this.#pasted(byte);
    if (this.knock || (this.raw && byte === 5)) return this.#knocked(byte);
    if (byte === 1) this.raw = true;
    if (byte === 2) this.raw = false;
    this.vm.replProcessChar(byte);
  }

  #knocked(byte) {
    this.knock += String.fromCharCode(byte);
    if (this.knock !== '\x05A\x01') return;
    this.knock = '';
    if (this.pasteKnown) this.paste = [];
    this.#put(this.pasteKnown ? Uint8Array.of(0x52, 1, WINDOW, 0) : Buffer.from('R\x00'));
  }

  #pasted(byte) {
    if (byte !== 4) {
      this.paste.push(byte);
      if (this.paste.length % WINDOW === 0) this.#put(Uint8Array.of(1));
      return;
    }
    const code = this.paste;
    this.paste = null;
    this.#put(Uint8Array.of(4));
    this.mask = 2;
    for (const each of [...code, 4]) this.vm.replProcessChar(each);
  }

  #out(bytes) {
    const hidden = Math.min(this.mask, bytes.length);
    this.mask -= hidden;
    if (bytes.length > hidden) this.#put(Uint8Array.from(bytes.slice(hidden)));
  }

  #put(bytes) {
    try {
      this.controller?.enqueue(bytes);
    } catch {
      // nobody listens any more
    }
  }

  /** Every file on the board by its path, as {path: bytes}; what is the VM's own left out. */
  dump(folder = '/') {
    const found = {};
    for (const name of this.vm.FS.readdir(folder)) {
      const target = path.posix.join(folder, name);
      if (name === '.' || name === '..' || /^\/(dev|proc|tmp|home|lib)$/.test(target)) continue;
      if (this.vm.FS.isDir(this.vm.FS.stat(target).mode)) Object.assign(found, this.dump(target));
      else found[target] = this.vm.FS.readFile(target);
    }
    return found;
  }
}

/** What a board with these files prints when it is switched on. */
export async function boot(files) {
  const printed = [];
  const vm = await loadMicroPython({ heapsize: 1024 * 1024, linebuffer: true, stdout: (line) => printed.push(line) });
  for (const [name, data] of Object.entries(files)) {
    vm.FS.mkdirTree(path.posix.dirname(name));
    vm.FS.writeFile(name, data);
  }
  vm.registerJsModule('machine', { reset: () => {}, reset_cause: () => 1, WDT: () => {}, Timer: () => ({ init: () => {} }) });
  vm.runPython("import sys\nif '' in sys.path: sys.path.remove('')\nimport time\n");
  vm.runPython(vm.FS.readFile('/main.py', { encoding: 'utf8' }));
  return printed;
}
