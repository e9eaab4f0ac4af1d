// The browser's own way to a board: raw REPL, only what changed, and every fault in words.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Fault, faultOf, hint } from '../../web/src/lib/boards/faults.js';
import { md5 } from '../../web/src/lib/boards/md5.js';
import { look, sha256 } from '../../web/src/lib/boards/on-board.js';
import { RawRepl } from '../../web/src/lib/boards/raw-repl.js';
import { bytesIn, changes, finish, misplaced, plan, settingsText, writeBeside, writeSlot } from '../../web/src/lib/boards/upload.js';
import { boot, VmPort } from './vm_port.mjs';

const SELECTOR = readFileSync(path.join(import.meta.dirname, '..', '..', 'firmware', 'main.py'));
const WIFI = { ssid: 'home "5"', password: 'garden\\gnome' };
const encode = (text) => new TextEncoder().encode(text);

/** A board as the daemon tells of it, and its files by their digests. */
async function release(build, more = {}) {
  const blobs = new Map();
  const told = async (name, text) => {
    const bytes = encode(text);
    const digest = await sha256(bytes);
    blobs.set(digest, bytes);
    return { path: name, size: bytes.length, sha256: digest };
  };
  const slot = {
    'common/__init__.py': '', 'common/link.py': `BUILD = ${build}\n`,
    'main.py': "from common.link import BUILD\nprint('build', BUILD, 'runs')\n",
    'pictures.py': `# ${'x'.repeat(5000)} ${build}\n`, ...more,
    'version.json': `{"kind":"camera","version":"1","build":${build}}`,
  };
  const slotFiles = [];
  for (const [name, text] of Object.entries(slot)) slotFiles.push(await told(name, text));
  const digest = await sha256(SELECTOR);
  blobs.set(digest, SELECTOR);
  return {
    board: { settings: { server: { port: 9001, host: '192.0.2.9' }, id: 'cam-1', key: '0'.repeat(64) },
      slot_files: slotFiles, files: [{ path: '/main.py', size: SELECTOR.length, sha256: digest }] },
    fetchFile: async (wanted) => blobs.get(wanted),
  };
}

async function withRepl(port, work) {
  await port.open();
  const repl = new RawRepl(port);
  try {
    return await work(repl);
  } finally {
    await repl.close();
    await port.close();
  }
}

/** Everything the dialog does to a board that answers; what was told on the way. */
async function upload(port, { board, fetchFile }) {
  const told = [];
  const planned = await withRepl(port, async (repl) => {
    await repl.enter(2, 250);
    const found = await look(repl);
    const wanted = await plan(repl, board, found.slot);
    await writeSlot(repl, wanted, fetchFile, (each) => told.push(each));
    await writeBeside(repl, board, fetchFile);
    await finish(repl, board, WIFI, wanted.slot, found.slot);
    return wanted;
  });
  return { planned, told };
}

const fails = (promise, code) => assert.rejects(promise, (error) => error instanceof Fault && error.code === code && error.next !== '');
const text = (port, name) => new TextDecoder().decode(port.dump()[name]);

for (const paste of [true, false]) {
  test(`an empty board gets everything, the slot last, and boots (${paste ? 'raw-paste' : 'typed'})`, async () => {
    const port = await new VmPort({ paste }).power();
    const one = await release(1);
    const { planned, told } = await upload(port, one);
    assert.equal(planned.slot, 'a');
    const all = bytesIn(planned.steps);
    assert.deepEqual(told.at(-1), { done: all, total: all, path: '/a/version.json' });
    assert.equal(text(port, '/slot'), 'a');
    assert.equal(port.written.at(-1), '/slot.new');
    assert.deepEqual(JSON.parse(text(port, '/settings.json')), { ...one.board.settings, wifi: WIFI });
    assert.deepEqual(await boot(port.dump()), ['build 1 runs']);
  });
}

test('the same again writes nothing; another key writes the settings alone', async () => {
  const port = await new VmPort().power();
  const one = await release(1);
  await upload(port, one);
  port.written.length = 0;
  assert.deepEqual((await upload(port, one)).planned.steps, []);
  assert.deepEqual(port.written, []);
  one.board.settings = { ...one.board.settings, key: 'f'.repeat(64) };
  await upload(port, one);
  assert.deepEqual(port.written, ['/settings.json.new']);
});

test('new firmware goes into the slot that does not run, and what was there before is gone', async () => {
  const port = await new VmPort().power();
  await upload(port, await release(1));
  await upload(port, await release(2, { 'old.py': 'x = 1\n' }));
  assert.equal(text(port, '/slot'), 'b');
  await upload(port, await release(3));
  await upload(port, await release(4));
  assert.equal('/b/old.py' in port.dump(), false);
  assert.deepEqual(await boot(port.dump()), ['build 4 runs']);
});

test('a board that had its files on the root, and a trial under way, is put in order', async () => {
  const files = { '/main.py': "print('old')\n", '/common/link.py': 'BUILD = 0\n', '/trial': 'b 2', '/slot': 'a', '/a/main.py': 'pass\n' };
  const port = await new VmPort({ files }).power();
  await upload(port, await release(5));
  assert.equal('/trial' in port.dump(), false);
  assert.deepEqual(await boot(port.dump()), ['build 5 runs']);
});

test('a cable that comes out anywhere leaves the old firmware or the new one; going on finishes it', async () => {
  const before = await new VmPort().power();
  await upload(before, await release(1));
  const files = before.dump();
  const whole = await new VmPort({ files }).power();
  await upload(whole, await release(2));
  for (let part = 1; part < 12; part += 1) {
    const cut = await new VmPort({ files, cutAfter: Math.floor((whole.told * part) / 12) }).power();
    await fails(upload(cut, await release(2)), 'lost');
    const left = cut.dump();
    assert.match((await boot(left))[0], /^build [12] runs$/);
    const again = await new VmPort({ files: left }).power();
    await upload(again, await release(2));
    assert.deepEqual(await boot(again.dump()), ['build 2 runs'], `after part ${part}`);
  }
});

test('a full flash says so, and the board still boots what it had', async () => {
  const port = await new VmPort().power();
  await upload(port, await release(1));
  const size = Object.values(port.dump()).reduce((sum, data) => sum + data.length, 0);
  port.flash = size + 2000;
  await fails(upload(port, await release(2)), 'full');
  assert.deepEqual(await boot(port.dump()), ['build 1 runs']);
});

test('a file that is not what was promised is found out before it counts', async () => {
  const port = await new VmPort().power();
  const one = await release(1);
  await fails(upload(port, { ...one, fetchFile: async (digest) => Uint8Array.from(await one.fetchFile(digest)).fill(35) }), 'verify');
  assert.equal('/slot' in port.dump(), false);
});

test('nobody there, garbage, and a program that never stops are told apart', async () => {
  for (const [talk, code] of [['silent', 'silent'], ['garbage', 'garbage'], ['stubborn', 'endless']]) {
    await fails(upload(await new VmPort({ talk }).power(), await release(1)), code);
  }
});

test('a program that prints without end is stopped, and its watchdog told to wait', async () => {
  const port = await new VmPort({ talk: 'endless' }).power();
  port.vm.runPython("import sys\nsys.modules['common.watchdog'] = sys");
  await upload(port, await release(1));
  assert.equal(text(port, '/slot'), 'a');
  assert.equal(port.watchdog.timeout ?? port.watchdog, 600000);
});

test('what a person changed of a preset, and took away, is told apart', () => {
  const preset = { led: { neopixel: 48 }, camera: { fps: 5, spi: { sck: 12 } }, lamp: { pin: 4 } };
  const edited = { led: { red: 2 }, camera: { fps: 5, spi: { sck: 14 } } };
  assert.deepEqual(changes(preset, edited), { led: { neopixel: null, red: 2 }, camera: { spi: { sck: 14 } }, lamp: null });
  assert.deepEqual(changes(preset, preset), {});
});

test('an open network has no password in the settings', () => {
  assert.equal(settingsText({ id: 'x' }, { ssid: 'cafe', password: '' }), '{\n "id": "x",\n "wifi": {\n  "ssid": "cafe"\n }\n}\n');
});

test('MD5 is that of everybody else, at every length of a last block', () => {
  for (let size = 0; size < 200; size += 1) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 31 + size);
    assert.equal(md5(bytes), createHash('md5').update(bytes).digest('hex'));
  }
});

test("a console that goes on without contact says what to look at", () => {
  assert.match(hint(["wifi: no 'home', again in 3 ms"]), /2\.4 GHz/);
  assert.match(hint(["wifi: no 'home'", 'wifi: address 192.0.2.7', 'link: OSError(113)']), /server's address/);
  assert.match(hint(['wifi: address 192.0.2.7', 'link: denied']), /key/);
  assert.match(hint(['settings.json: led.red is 99: allowed is a whole number']), /settings/);
  assert.equal(hint([]), '');
});

test("the browser's own errors have our words", () => {
  const names = [['NotFoundError', 'No port selected by the user.', 'none'], ['NetworkError', 'Failed to open serial port.', 'busy'],
    ['InvalidStateError', 'The port is already open.', 'busy'], ['NetworkError', 'The device has been lost.', 'lost']];
  for (const [name, words, code] of names) assert.equal(faultOf(new DOMException(words, name)).code, code);
  const other = new Error('what the server said');
  assert.equal(faultOf(other), other);
});

test('what a page keeps to itself is found among the settings of a person', () => {
  assert.equal(misplaced({ led: { red: 2 }, camera: { wifi: 1 } }), null);
  for (const key of ['wifi', 'wifi.password', 'key', 'id', 'server']) assert.equal(misplaced({ led: {}, [key]: 'x' }), key);
});
