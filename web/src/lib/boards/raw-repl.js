// MicroPython's raw REPL over any pair of streams: code goes in, what it prints comes out.
// After docs/reference/repl.html of MicroPython: "Raw mode and raw-paste mode".
import { Fault } from "./faults.js";

const ENTER = "raw REPL; CTRL-B to exit\r\n>";
const CTRL_A = "\x01", CTRL_B = "\x02", CTRL_C = "\x03", CTRL_D = "\x04", PASTE = "\x05A\x01";
/** Without flow control a board's buffer takes so much at once, and empties in so many ms. */
const PIECE = 256, PAUSE_MS = 10;
const WRITE_MS = 10000;
/** Kept of what a board says when nobody asked. */
const KEPT = 64 * 1024;

const encoder = new TextEncoder();
const bytesOf = (text) => (typeof text === "string" ? encoder.encode(text) : text);
const textOf = (bytes) => new TextDecoder().decode(bytes);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the code raised on the board; ``message`` is its last line. */
export class Raised extends Error {
  constructor(traceback) {
    super(traceback.trim().split("\n").at(-1) ?? "");
    this.traceback = traceback;
  }
}

export class RawRepl {
  #reader;
  #writer;
  #unread = [];
  #ended = false;
  #wake = () => {};
  #pump;
  #paste = true;

  constructor({ readable, writable }) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#pump = this.#listen();
  }

  async #listen() {
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        for (const byte of value) this.#unread.push(byte);
        if (this.#unread.length > KEPT) this.#unread.splice(0, this.#unread.length - KEPT / 2);
        this.#wake();
      }
    } catch {
      // the cable is out, or close() was called
    }
    this.#ended = true;
    this.#wake();
  }

  async #send(text) {
    if (this.#ended) throw new Fault("lost");
    let timer;
    // a port whose device is gone may keep a write for ever
    const late = new Promise((_, reject) => {
      timer = setTimeout(reject, WRITE_MS);
    });
    try {
      await Promise.race([this.#writer.write(bytesOf(text)), late]);
    } catch {
      throw new Fault("lost");
    } finally {
      clearTimeout(timer);
    }
  }

  /** Something new came, or the stream ended, or the time is over. */
  #news(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(ms, 0));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Everything up to and with ``mark``; null when it did not come within ``ms``. */
  async #until(mark, ms) {
    const wanted = bytesOf(mark);
    const end = performance.now() + ms;
    for (let from = 0; ; ) {
      const at = find(this.#unread, wanted, from);
      if (at >= 0) return textOf(Uint8Array.from(this.#unread.splice(0, at + wanted.length)));
      from = Math.max(0, this.#unread.length - wanted.length);
      if (this.#ended) throw new Fault("lost");
      const left = end - performance.now();
      if (left <= 0) return null;
      await this.#news(left);
    }
  }

  /** Stop what runs and get the raw prompt; a Fault says why it can't be had. */
  async enter(tries = 5, ms = 1000) {
    let heard = [];
    for (let number = 0; number < tries; number += 1) {
      this.#unread = [];
      await this.#send(`\r${CTRL_C}${CTRL_C}`);
      await this.#news(50);
      await this.#send(`\r${CTRL_C}${CTRL_A}`);
      if ((await this.#until(ENTER, ms)) !== null) return this.#settle();
      heard = heard.concat(this.#unread).slice(-4096);
    }
    throw new Fault(judge(heard));
  }

  /** Two raw prompts may come; what is left of them would be taken for an answer. */
  async #settle() {
    for (let left = 0; left !== this.#unread.length; ) {
      left = this.#unread.length;
      await this.#news(60);
    }
    this.#unread = [];
  }

  /** What the code prints; Raised when it raises, Fault when the board is gone or silent. */
  async run(code, ms = 10000) {
    const pasted = this.#paste && (await this.#pasteIn(bytesOf(code)));
    if (!pasted) await this.#typeIn(bytesOf(code));
    const out = await this.#until(CTRL_D, ms);
    const err = out === null ? null : await this.#until(`${CTRL_D}>`, ms);
    if (err === null) throw new Fault("silent");
    if (err.length > 2) throw new Raised(err.slice(0, -2));
    return out.slice(0, -1);
  }

  /** With flow control; false when this MicroPython has none. */
  async #pasteIn(code) {
    await this.#send(PASTE);
    const answer = await this.#take(2, 2000);
    if (answer === null) throw new Fault("silent");
    if (answer !== "R\x01") {
      this.#paste = false;
      // before 1.14 it takes it for Ctrl-A, and says its greeting
      if (answer === "ra") await this.#until(">", 1000);
      return false;
    }
    const [low, high] = await this.#takeBytes(2, 1000);
    const refused = await this.#feed(code, low + 256 * high);
    await this.#send(CTRL_D);
    if (!refused && (await this.#until(CTRL_D, 5000)) === null) throw new Fault("silent");
    return true;
  }

  /** Whether the board wanted no more before the end, as after a fault in the code. */
  async #feed(code, window) {
    for (let at = 0, left = window; at < code.length; ) {
      while (left === 0 || this.#unread.length) {
        const [byte] = await this.#takeBytes(1, 5000);
        if (byte === 4) return true;
        if (byte === 1) left += window;
      }
      const piece = code.subarray(at, at + left);
      await this.#send(piece);
      at += piece.length;
      left -= piece.length;
    }
    return false;
  }

  async #typeIn(code) {
    for (let at = 0; at < code.length; at += PIECE) {
      await this.#send(code.subarray(at, at + PIECE));
      if (at + PIECE < code.length) await sleep(PAUSE_MS);
    }
    await this.#send(CTRL_D);
    const answer = await this.#take(2, 5000);
    if (answer === null) throw new Fault("silent");
    if (answer !== "OK") throw new Fault("garbage");
  }

  async #take(count, ms) {
    const bytes = await this.#takeBytes(count, ms, false);
    return bytes && textOf(Uint8Array.from(bytes));
  }

  async #takeBytes(count, ms, must = true) {
    const end = performance.now() + ms;
    while (this.#unread.length < count) {
      if (this.#ended) throw new Fault("lost");
      if (performance.now() >= end) {
        if (must) throw new Fault("silent");
        return null;
      }
      await this.#news(end - performance.now());
    }
    return this.#unread.splice(0, count);
  }

  /** Start code whose end nobody waits for, such as a reset. */
  async launch(code) {
    await this.#typeIn(bytesOf(code));
  }

  /** Lines that the board prints from now on, until ``stop`` is aborted or it is gone. */
  async *lines(stop) {
    stop.addEventListener("abort", () => this.#wake());
    for (;;) {
      const at = this.#unread.indexOf(10);
      if (at >= 0) yield textOf(Uint8Array.from(this.#unread.splice(0, at + 1))).trimEnd();
      else if (this.#ended || stop.aborted) return;
      else await this.#news(1000);
    }
  }

  /** Back to the ordinary prompt, as far as somebody still listens. */
  async leave() {
    await this.#send(`\r${CTRL_B}`).catch(() => {});
  }

  /** Let go of both streams; may be called twice. */
  async close() {
    this.#ended = true;
    await this.#reader.cancel().catch(() => {});
    await this.#pump;
    this.#reader.releaseLock();
    await Promise.race([this.#writer.abort().catch(() => {}), sleep(200)]);
    this.#writer.releaseLock();
  }
}

function find(bytes, wanted, from) {
  for (let at = bytes.indexOf(wanted[0], from); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/** Why there is no prompt, by what was heard instead of it. */
function judge(heard) {
  if (!heard.length) return "silent";
  const odd = heard.filter((byte) => byte > 126 || (byte < 32 && ![8, 9, 10, 13, 27].includes(byte))).length;
  return odd > heard.length / 10 ? "garbage" : "endless";
}
