// What is new to a patient, and what is different between two texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../../web/src/lib/health/advice/difference.js";
import { keepSeen, seenVersions, unseen } from "../../web/src/lib/health/advice/seen.js";

const advice = { diet: "Eat.", bone: "", glucose: "Less.", about: { diet: { version: 7 }, bone: { version: 9 }, glucose: { version: 8 }, mental: null } };

test("what is newer than what was seen is new, what was withdrawn is not", () => {
  assert.deepEqual(unseen(advice, {}), ["diet", "glucose"]);
  assert.deepEqual(unseen(advice, { diet: 7, glucose: 5 }), ["glucose"]);
});

test("what was seen is kept by patient, and rubbish is nothing seen", () => {
  const store = {};
  keepSeen("p1", advice, (name, text) => { store[name] = text; });
  assert.deepEqual(unseen(advice, seenVersions("p1", (name) => store[name])), []);
  assert.deepEqual(seenVersions("p2", (name) => store[name] ?? null), {});
  for (const rubbish of ["{", "null", "7"]) assert.deepEqual(seenVersions("p1", () => rubbish), {});
});

test("both texts can be read out of their difference", () => {
  const [before, after] = ["Walk daily.\nEat less salt.", "Walk twice daily.\nEat less."];
  const parts = difference(before, after);
  const without = (what) => parts.filter((part) => !part[what]).map((part) => part.value).join("");
  assert.equal(without("added"), before);
  assert.equal(without("removed"), after);
  assert.ok(parts.some((part) => part.added && part.value.includes("twice")));
});

test("long texts that share little take no longer than a moment", () => {
  const words = (from) => Array.from({ length: 3000 }, (_, n) => `w${from + n * 7919 % 9973}`).join(" ");
  const began = performance.now();
  const parts = difference(words(0), words(100000));
  assert.ok(performance.now() - began < 3000);
  assert.equal(parts.filter((part) => !part.removed).map((part) => part.value).join(""), words(100000));
});
