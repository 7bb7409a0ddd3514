import { expect, test } from "vitest";
import { answerForm } from "./answer.ts";

const form = answerForm({
  type: "object",
  properties: { count: { type: "integer" } },
  required: ["count"],
  additionalProperties: false,
});

test.each([
  ["as it is", '{"count": 3}'],
  ["with blanks around it", '\n {"count": 3}\n'],
  ["in one fence", '```json\n{"count": 3}\n```'],
  ["in a fence without a name", '```\n{\n "count": 3\n}\n```'],
])("an object %s is an answer", (_what, text) => {
  expect(form.read(text)).toEqual({ ok: true, value: { count: 3 } });
});

test("a fence within a text of the answer ends nothing", () => {
  const notes = answerForm({ type: "object", properties: { notes: { type: "string" } } });
  const value = { notes: "Run it:\n```sh\nnpm test\n```" };
  const json = JSON.stringify(value);
  for (const text of [json, `\`\`\`json\n${json}\n\`\`\``]) {
    expect(notes.read(text)).toEqual({ ok: true, value });
  }
});

test.each([
  ["nothing", "  ", "empty"],
  ["prose", "It is 3.", 'at character 1 there is "It is 3."'],
  ["prose before it", 'Here: {"count": 3}', "not JSON"],
  ["prose after it", '{"count": 3} I hope this helps.', "the end should be"],
  ["prose around a fence", 'Here:\n```json\n{"count": 3}\n```', "not JSON"],
  ["two objects", '{"count": 3} {"count": 4}', "not JSON"],
  ["two fences", '```json\n{"count": 3}\n```\n```json\n{"count": 4}\n```', "not JSON"],
  ["an object that breaks off", '{"count": 3', "it ends"],
  ["a list", '[{"count": 3}]', "the answer must be an object"],
  ["a number that is none", '{"count": 1e999}', "too large"],
  ["another type", '{"count": "3"}', "count must be integer"],
  ["a field that nobody asked for", '{"count": 3, "note": "x"}', '"note" (known: count)'],
])("%s is no answer, and it is said why", (_what, text, why) => {
  const read = form.read(text);
  expect(read.ok ? [] : read.problems.join("\n")).toContain(why);
});
