// What is typed into the questionnaire, made into answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf, inWords, isAsked, rawSection } from "../../web/src/lib/health/questionnaire/values.js";

const name = { id: "name", kind: "text", required: true };
const section = {
  id: "s",
  questions: [
    { id: "any", kind: "yes_no" },
    { id: "list", kind: "list", columns: [name, { id: "since", kind: "date" }], when: { question: "any", answers: [true] } },
    { id: "hours", kind: "number", low: 0, high: 24, unit: "hours" },
    { id: "days", kind: "number", low: 0, high: 7, whole: true },
    { id: "living", kind: "choice", options: [{ value: "alone", label: "Alone" }] },
  ],
};

const typed = (values) => {
  const raw = rawSection(section, null);
  return answersOf(section, { ...raw, values: { ...raw.values, ...values } });
};

test("answers come back as they were", () => {
  for (const answers of [null, "in words", { any: false, hours: 7.5 }, { any: true, list: [{ name: "M", since: "2019" }], living: "alone" }]) {
    assert.deepEqual(answersOf(section, rawSection(section, answers)), { answers, errors: {} });
  }
});

test("a comma is a point, and what is no number or too large is told by its field", () => {
  assert.deepEqual(typed({ hours: " 7,5 " }).answers, { hours: 7.5 });
  for (const [field, text] of [["hours", "25"], ["hours", "7h"], ["hours", "-1"], ["days", "2.5"]]) {
    assert.deepEqual(Object.keys(typed({ [field]: text }).errors), [`s.${field}`], text);
  }
});

test("what is not asked any more is not answered", () => {
  const list = [{ name: "M", since: "" }];
  assert.deepEqual(typed({ any: false, list }).answers, { any: false });
  assert.equal(isAsked(section, section.questions[1], { any: null }), false);
});

test("a row needs what it is about, an empty one is none", () => {
  const { errors } = typed({ any: true, list: [{ name: "", since: "2019" }, { name: "", since: "" }] });
  assert.deepEqual(Object.keys(errors), ["s.list.0.name"]);
  assert.deepEqual(typed({ any: true, list: [{ name: " ", since: "" }] }).answers, { any: true });
});

test("answers in words", () => {
  const [any, , hours, , living] = section.questions;
  assert.deepEqual([inWords(any, false), inWords(hours, 7), inWords(living, "alone")], ["No", "7 hours", "Alone"]);
});
