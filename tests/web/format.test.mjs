// Times and sizes as people read them. Languages differ, so only what all share is pinned.
import assert from "node:assert/strict";
import { test } from "node:test";
import { age, ago, bytes, plural } from "../../web/src/lib/format.js";

const NOW = Date.parse("2026-11-21T12:00:00Z");

test("bytes", () => {
  const shown = [0, 999, 1000, 38200, 99900, 999999, 1.5e9].map(bytes);
  assert.deepEqual(shown, ["0 B", "999 B", "1.0 kB", "38.2 kB", "100 kB", "1.0 MB", "1.5 GB"]);
});

test("ago", () => {
  assert.equal(ago("2026-11-21T11:59:58Z", NOW), "2 seconds ago");
  assert.equal(ago("2026-11-21T11:00:00Z", NOW), "1 hour ago");
  assert.equal(ago("2026-11-20T12:00:00Z", NOW), "yesterday");
});

test("a clock that is behind the server's shows no negative times", () => {
  assert.equal(ago("2026-11-21T12:00:30Z", NOW), "now");
});

test("age", () => assert.deepEqual([3.4, 100, 7200].map(age), ["3 s", "2 min", "2 h"]));

test("plural", () => assert.deepEqual([0, 1, 2].map((n) => plural(n, "camera")), ["0 cameras", "1 camera", "2 cameras"]));
