// The reader of the wall's stream: the same bytes in any cut give the same parts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PartReader, parseHead } from "../../web/src/lib/multipart.js";

const encode = (text) => new TextEncoder().encode(text);
const join = (...pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece]));

function part(camera, body) {
  const head = `Content-Type: image/jpeg\r\nContent-Length: ${body.length}\r\nX-Timestamp: 1732150000.250\r\nX-Camera: ${camera}\r\n\r\n`;
  return join(encode(head), body, encode("\r\n--iotdframe\r\n"));
}

function read(bytes, step) {
  const reader = new PartReader();
  const parts = [];
  for (let at = 0; at < bytes.length; at += step) parts.push(...reader.receive(bytes.subarray(at, at + step)));
  return parts.map(({ headers, body }) => [headers["x-camera"], headers["x-timestamp"], [...body]]);
}

// bodies that look like what surrounds them
const BODIES = [
  encode("\xff\xd8 picture \xff\xd9"),
  encode("\r\n--iotdframe\r\nContent-Length: 3\r\n\r\nabc"),
  new Uint8Array(0),
  new Uint8Array(70000).map((_, i) => i * 7),
];
const STREAM = join(encode("--iotdframe\r\n"), ...BODIES.map((body, i) => part(`cam-${i}`, body)));
const WANTED = BODIES.map((body, i) => [`cam-${i}`, "1732150000.250", [...body]]);

for (const step of [1, 2, 3, 7, 512, 4096, 65536, STREAM.length]) {
  test(`pieces of ${step} bytes`, () => assert.deepEqual(read(STREAM, step), WANTED));
}

test("a part is there as soon as its last byte is, before any boundary", () => {
  const whole = part("cam-1", encode("abc"));
  const reader = new PartReader();
  assert.equal(reader.receive(whole.subarray(0, whole.length - "\r\n--iotdframe\r\n".length)).length, 1);
});

test("parts given out do not change when more arrives", () => {
  const reader = new PartReader();
  const [first] = reader.receive(part("a", encode("first")));
  reader.receive(part("b", new Uint8Array(200000)));
  assert.deepEqual(first.body, encode("first"));
});

test("a length that is none, or enormous, is refused", () => {
  for (const length of ["", "-1", "x", "1e99", "17000000"]) {
    const head = encode(`--iotdframe\r\nContent-Length: ${length}\r\n\r\n`);
    assert.throws(() => new PartReader().receive(head), /Content-Length/);
  }
});

test("a head without an end is refused", () => {
  assert.throws(() => new PartReader().receive(new Uint8Array(5000).fill(97)), /too long/);
});

test("the boundary is no header", () => {
  assert.deepEqual(parseHead("--a:b\r\nX-Camera: cam:1"), { "x-camera": "cam:1" });
});
