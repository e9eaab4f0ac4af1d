// What charts draw of readings: gaps stay gaps, nothing is invented between.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gapAt, merged, nearest, points, rows, SUSPECT } from "../../web/src/lib/health/series.js";

const raw = (at, value, quality = "good") => ({ at, value, quality });
const bucket = (at, count = 3) => ({ at, count, min: 60, median: 70, max: 80 });
const RAW = gapAt(0, null, 0, 0);

test("a line breaks where 75 s pass without a reading", () => {
  const list = points({ size: 0, items: [raw(0, 70), raw(30, 71), raw(105, 72), raw(181, 73), raw(211, 74)] });
  const drawn = rows(list, RAW).median.map(({ value, ...one }) => (value ?? Object.values(one))[1]);
  assert.deepEqual(drawn, [70, 71, 72, null, 73, 74]);
});

test("a reading alone between gaps is a dot, others are not", () => {
  const list = points({ size: 0, items: [raw(0, 70), raw(200, 71), raw(400, 72), raw(430, 73)] });
  const symbols = rows(list, RAW).median.filter((one) => one.symbol).map((one) => one.symbol);
  assert.deepEqual(symbols, ["circle", "circle", "none", "none"]);
});

test("rejected readings are not drawn, suspect ones are marked", () => {
  const list = points({ size: 0, items: [raw(0, 70), raw(30, 8, "rejected"), raw(60, 180, "suspect")] });
  assert.deepEqual(list.map((one) => one.median), [70, 180]);
  assert.equal(rows(list, RAW).median.at(-1).symbol, SUSPECT);
});

test("a missing bucket is a gap, an empty one too", () => {
  const list = points({ size: 3600, items: [bucket(0), bucket(3600), bucket(7200, 0), bucket(10800)] });
  const { median, foot, height } = rows(list, gapAt(3600, null, 0, 0));
  assert.equal(median.length, 4);
  assert.equal(median[2][1], null);
  assert.deepEqual([foot[0][1], height[0][1]], [60, 20]);
});

test("fine points stand inside the zoomed part, coarse ones outside, none twice", () => {
  const at = (one) => one.at;
  const coarse = [0, 100, 200, 300].map((time) => ({ at: time }));
  const fine = [120, 140, 160].map((time) => ({ at: time }));
  assert.deepEqual(merged(coarse, fine, 100, 201).map(at), [0, 120, 140, 160, 300]);
  assert.deepEqual(merged(coarse, null, 0, 0).map(at), [0, 100, 200, 300]);
});

test("the nearest reading counts only when it is near", () => {
  const list = [{ at: 0 }, { at: 60 }];
  assert.equal(nearest(list, 50, 20).at, 60);
  assert.equal(nearest(list, 500, 20), null);
});

test("a bucket that is not over stands where the chart ends", () => {
  const list = points({ size: 3600, items: [bucket(0), bucket(3600)] }, 4000);
  assert.deepEqual(list.map((one) => one.at), [1800, 4000]);
});
