// From a port to a board that is online: one step after the other, each of which can be gone on with.
import { api } from "../api.js";
import { bytes } from "../format.js";
import { contact, contactBefore } from "./contact.js";
import { Fault, faultOf } from "./faults.js";
import { writeMicroPython } from "./micropython.js";
import { look, sha256 } from "./on-board.js";
import { RawRepl } from "./raw-repl.js";
import { bytesIn, finish, plan, writeBeside, writeSlot } from "./upload.js";

export const STEPS = { ask: "Ask the board what runs on it", image: "MicroPython", files: "Firmware", key: "Key and settings", start: "Start it", contact: "First contact" };
const BAUD = 115200;
const LINES = 200;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function fetchBytes(kind, digest) {
  const answer = await fetch(`/api/v1/flash/${kind}/${digest}`).catch(() => null);
  if (!answer?.ok) throw new Error("The server did not give a file of the firmware. Check that it runs, then go on.");
  const data = new Uint8Array(await answer.arrayBuffer());
  if ((await sha256(data)) !== digest) throw new Fault("verify", "It came damaged from the server.");
  return data;
}

export class Job {
  #draw;
  #told = null; // the daemon's answer: key, settings, list of files
  #stop = new AbortController();
  #repl = null;

  constructor({ wish, values, preset, draw }) {
    Object.assign(this, { wish, values, preset });
    this.#draw = draw;
    this.port = null;
    this.writesImage = false;
    this.asksImage = null; // (chip, resolve) while a person chooses one
    this.done = {}; // step -> what came of it
    this.step = null;
    this.progress = null;
    this.fault = null;
    this.log = [];
    this.chip = "";
  }

  /** Whether the server has made a key for this board. */
  get keyed() {
    return this.#told !== null;
  }

  /** A sentence while or after a step. */
  #note(step, words = "") {
    if (this.step && this.step !== step) this.done[this.step] ??= "";
    this.step = step;
    this.progress = null;
    if (words) this.done[step] = words;
    this.#draw();
  }

  #say(line) {
    this.log.push(line);
    this.log.splice(0, this.log.length - LINES);
    this.#draw();
  }

  #move = ({ done, total, path }) => {
    const now = performance.now();
    this.progress = this.progress?.total === total ? { ...this.progress, done, path } : { total, done, path, first: done, since: now };
    const { first, since } = this.progress;
    this.progress.left = done > first ? ((total - done) * (now - since)) / (done - first) / 1000 : null;
    this.#draw();
  };

  /** Let a person choose a port; only from within a click. */
  async choosePort() {
    try {
      this.port = await navigator.serial.requestPort();
    } catch (error) {
      throw faultOf(error);
    }
  }

  /** Everything, from wherever it stopped; a failure is in `fault`. */
  async run() {
    Object.assign(this, { fault: null, done: {}, step: null });
    this.#stop = new AbortController();
    try {
      if (this.writesImage) await this.#writeImage();
      await this.#withRepl((repl) => this.#write(repl));
      this.#note("finished");
    } catch (error) {
      if (!this.#stop.signal.aborted) this.fault = faultOf(error);
      this.#draw();
    }
  }

  /** Stop, and let go of the port. */
  end() {
    this.#stop.abort();
    this.asksImage = null;
    this.#repl?.close();
  }

  async #writeImage() {
    this.#note("image");
    const choose = (chip) => new Promise((resolve) => {
      this.chip = chip;
      this.asksImage = (image) => {
        this.asksImage = null;
        this.#draw();
        resolve(image.bytes ? image : fetchBytes("images", image.sha256).then((data) => ({ ...image, bytes: data })));
      };
      this.#draw();
    });
    await this.#closed();
    await writeMicroPython(this.port, choose, { progress: this.#move, say: (line) => this.#say(line) });
    this.writesImage = false;
    this.#note("image", "It is written and checked.");
    await sleep(2500); // the first start makes a file system
    this.fresh = true;
  }

  async #closed() {
    if (this.port.readable || this.port.writable) await this.port.close().catch(() => {});
  }

  async #withRepl(work) {
    this.#note("ask");
    await this.#closed();
    try {
      await this.port.open({ baudRate: BAUD, bufferSize: 16384 });
    } catch (error) {
      throw faultOf(error, "busy");
    }
    this.#repl = new RawRepl(this.port);
    try {
      return await work(this.#repl);
    } finally {
      await this.#repl.close();
      await this.#closed();
    }
  }

  async #write(repl) {
    await repl.enter(this.fresh ? 10 : 3, 1000);
    const found = await look(repl);
    this.#note("ask", `MicroPython ${found.version} on ${found.machine}.`);
    this.#note("files");
    const offered = this.#told ?? (await this.#ask({ mpy: found.mpy, dry_run: true }));
    const planned = await plan(repl, offered, found.slot);
    const fetchFile = (digest) => fetchBytes("files", digest);
    await writeSlot(repl, planned, fetchFile, this.#move);
    await writeBeside(repl, offered, fetchFile, this.#move);
    const version = `Version ${offered.version}, build ${offered.build}`;
    this.#note("files", planned.steps.length ? `${version}: ${bytes(bytesIn(planned.steps))} written and read back.` : `${version}: the board has it already.`);
    this.#note("key");
    // the key that the board may have is good until this moment, and a second one would end the first
    this.#told ??= await this.#ask({ mpy: found.mpy });
    await finish(repl, this.#told, this.wish, planned.slot, found.slot);
    this.#note("start");
    const before = await contactBefore(this.wish.id);
    await repl.launch("import machine\nmachine.reset()");
    this.#note("contact");
    await this.#wait(repl, before);
  }

  #ask(more) {
    const { kind, id, name, place, host, port, again, plain } = this.wish;
    return api("POST", "/api/v1/flash/boards", {
      kind, id, preset: this.preset, host, again, values: this.values, ...more,
      ...(name ? { name } : {}), ...(place ? { place } : {}), ...(port ? { port: Number(port) } : {}),
      ...(plain ? { tls: false } : {}),
    });
  }

  async #wait(repl, before) {
    const enough = new AbortController();
    this.#stop.signal.addEventListener("abort", () => enough.abort());
    const listening = this.#listen(repl, enough.signal);
    try {
      await contact(this.wish.id, before, enough.signal, () => this.log);
    } finally {
      enough.abort();
      await listening;
    }
  }

  async #listen(repl, signal) {
    try {
      for await (const line of repl.lines(signal)) if (line) this.#say(line);
    } catch {
      // a board that starts may go from its port for a while: its link tells more
    }
  }
}
