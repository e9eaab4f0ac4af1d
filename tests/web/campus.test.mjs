// Days of the site, steps of a scale, and parts of a page that are asked for anew.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { loader } from "../../web/src/lib/campus/loader.js";
import { ticks } from "../../web/src/lib/campus/ticks.js";

const SITE = JSON.stringify({ site: { timezone: "Asia/Kolkata" } });
globalThis.document = { getElementById: () => ({ textContent: SITE }) };
const { siteDay, siteHour, span } = await import("../../web/src/lib/campus/days.js");

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a scale ends at or just above the highest value, and has whole numbers only", () => {
  for (const highest of [0, 1, 3, 4, 5, 7, 12, 99, 100, 101, 1234, 98765]) {
    const marks = ticks(highest);
    assert.ok(marks.at(-1) >= Math.max(1, highest), `${highest}: ${marks}`);
    assert.ok(marks.length <= 5 && marks.every(Number.isInteger), `${highest}: ${marks}`);
  }
  assert.deepEqual(ticks(382), [0, 100, 200, 300, 400]);
});

test("a day begins at the site's midnight, whatever the browser's is", () => {
  assert.equal(siteDay(new Date("2026-11-25T18:29:59Z")), "2026-11-25");
  assert.equal(siteDay(new Date("2026-11-25T18:30:00Z")), "2026-11-26");
  assert.equal(siteDay(new Date("2026-03-01T12:00:00Z"), 1), "2026-02-28");
  assert.equal(siteHour("2026-11-25T18:30:00Z"), 0);
});

test("spans are told in what fits them", () => {
  assert.deepEqual([0, 59, 60, 200, 60 * 47, 60 * 72].map(span), ["0 min", "59 min", "1 h 0 min", "3 h 20 min", "47 h 0 min", "3 days"]);
});

test("of much news each part is asked for once, not sooner than it may", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 100000 });
  let asked = 0;
  const data = loader({ days: [async () => (asked += 1), 3] }, () => {});
  await data.anew(["days"]);
  for (let i = 0; i < 10; i += 1) data.stale(["days"]);
  mock.timers.tick(2999);
  await settled();
  assert.equal(asked, 1);
  mock.timers.tick(1);
  await settled();
  assert.equal(asked, 2);
  assert.equal(data.days, 2);
  mock.timers.reset();
});

test("what was asked before the filters changed is not shown after it", async () => {
  const answers = [];
  const data = loader({ days: [() => new Promise((resolve) => answers.push(resolve)), 1] }, () => {});
  data.anew(["days"]);
  data.anew(["days"]);
  answers[1]("new");
  await settled();
  answers[0]("old");
  await settled();
  assert.equal(data.days, "new");
});

test("a part that fails is told, tried again, and keeps what it had", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 100000 });
  let fails = true;
  const ask = async () => {
    if (fails) throw new Error("The store is away.");
    return 7;
  };
  const data = loader({ days: [ask, 1], other: [async () => 1, 1] }, () => {}, { days: 5 });
  await data.all();
  assert.deepEqual([data.days, data.other, data.problem], [5, 1, "The store is away."]);
  fails = false;
  mock.timers.tick(10000);
  await settled();
  assert.deepEqual([data.days, data.problem], [7, ""]);
  mock.timers.reset();
});
