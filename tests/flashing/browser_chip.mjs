// The dialog's way of writing MicroPython onto a chip, over standard input and output.
//
// One argument, a JSON object: {image: path, offset, cutAfter}. What came of it is the last line
// of standard error: {chip, told: [[done, total]...]} or {fault: {code, message, next}}.
import fs from 'node:fs';
import { Fault } from '../../web/src/lib/boards/faults.js';
import { imageIn, writeMicroPython } from '../../web/src/lib/boards/micropython.js';

const { image, offset, chips } = JSON.parse(process.argv[2]);
const bytes = new Uint8Array(fs.readFileSync(image));

class PipePort extends EventTarget {
  getInfo() {
    return {};
  }

  async open() {
    this.readable = new ReadableStream({
      start(controller) {
        process.stdin.on('data', (data) => controller.enqueue(new Uint8Array(data)));
        process.stdin.on('end', () => controller.error(new DOMException('The device has been lost.', 'NetworkError')));
      },
      cancel: () => process.stdin.removeAllListeners(),
    });
    process.stdin.on('end', () => this.dispatchEvent(new Event('disconnect')));
    this.writable = new WritableStream({ write: (data) => void process.stdout.write(data) });
  }

  async close() {
    process.stdin.removeAllListeners();
    this.readable = this.writable = null;
  }

  async setSignals() {}
}

process.stdout.on('error', () => {});
const told = [];
try {
  const chip = await writeMicroPython(new PipePort(), async () => ({ bytes, offset }), {
    progress: ({ done, total }) => told.push([done, total]),
  });
  console.error(JSON.stringify({ chip, told, image: imageIn(bytes, chips)?.chip ?? null }));
} catch (error) {
  const known = error instanceof Fault ? error : { code: 'none of ours', message: error.stack };
  console.error(JSON.stringify({ fault: { code: known.code, message: known.message, next: known.next } }));
}
process.exit(0);
