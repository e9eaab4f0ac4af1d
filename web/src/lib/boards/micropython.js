// MicroPython onto a chip, by esptool-js; it is loaded only when a board is really written.
import { Fault, faultOf } from "./faults.js";
import { md5 } from "./md5.js";

/** Where chips speak their boot loader, and as fast as cheap cables bear. */
const SLOW = 115200, FAST = 460800;
const MAGIC = 0xe9;
const OTHER_DIGEST = /MD5|digest/i;

/** What a .bin is for: {chip} by the header that Espressif describes, null for what is no image. */
export function imageIn(bytes, chips) {
  if (bytes.length < 64 * 1024 || bytes[0] !== MAGIC) return null;
  const id = bytes[12] | (bytes[13] << 8);
  return chips.find((chip) => chip.id === id) ?? null;
}

/**
 * Recognise the chip, ask `choose(chip)` for {bytes, offset}, write it and start it; the port is
 * closed afterwards. `say(line)` hears esptool, `progress({done, total})` compressed bytes.
 */
export async function writeMicroPython(port, choose, { progress = () => {}, say = () => {} } = {}) {
  const { ESPLoader, Transport } = await import("esptool-js");
  const transport = new Transport(port);
  const terminal = { clean() {}, write: say, writeLine: say };
  const loader = new ESPLoader({ transport, baudrate: FAST, romBaudrate: SLOW, terminal });
  const lost = untilLost(port);
  try {
    await Promise.race([start(loader), lost.promise]);
    const chip = loader.chip.CHIP_NAME;
    const image = await choose(chip);
    await Promise.race([write(loader, image, progress), lost.promise]);
    await loader.after("hard_reset");
    return chip;
  } finally {
    lost.forget();
    await letGo(transport);
  }
}

async function start(loader) {
  try {
    await loader.main();
  } catch (error) {
    const known = faultOf(error);
    if (known instanceof Fault) throw known;
    throw /chip|magic/i.test(error.name) ? new Fault("chip", error.message) : new Fault("boot");
  }
}

/** Compressed first; some images once failed so half way (esptool-js issue 255), then as they are. */
async function write(loader, image, progress) {
  try {
    await flash(loader, image, true, progress);
  } catch (error) {
    const known = faultOf(error);
    if (known instanceof Fault) throw known;
    if (OTHER_DIGEST.test(error.message)) throw new Fault("verify");
    await flash(loader, image, false, progress).catch((again) => {
      throw faultOf(again, "write");
    });
  }
}

const flash = (loader, { bytes, offset }, compress, progress) => loader.writeFlash({
  fileArray: [{ data: bytes, address: offset }],
  flashMode: "keep", flashFreq: "keep", flashSize: "keep",
  eraseAll: true, compress,
  reportProgress: (_, done, total) => progress({ done, total }),
  calculateMD5Hash: md5,
});

function untilLost(port) {
  let end;
  const promise = new Promise((_, reject) => {
    end = () => reject(new Fault("lost"));
  });
  promise.catch(() => {}); // it may end when nobody waits any more
  port.addEventListener?.("disconnect", end);
  return { promise, forget: () => port.removeEventListener?.("disconnect", end) };
}

async function letGo(transport) {
  // with the device gone it would wait for ever
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, 3000);
  });
  await Promise.race([transport.disconnect().catch(() => {}), late]);
  clearTimeout(timer);
}
