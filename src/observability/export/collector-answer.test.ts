import { expect, test } from "vitest";
import { collectorAnswer } from "./collector-answer.ts";

test.each([
  ["", 0, ""],
  ["<html>", 0, ""],
  ["{}", 0, ""],
  ['{"partialSuccess":null}', 0, ""],
  ['{"partialSuccess":{}}', 0, ""],
  ['{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}', 3, "too old"],
  ['{"partialSuccess":{"rejectedSpans":3}}', 3, "no reason"],
  ['{"partialSuccess":{"errorMessage":"use the newer\\u0007 form"}}', 0, "use the newer form"],
  ['{"partialSuccess":{"rejectedSpans":"-1"}}', 0, ""],
  ['{"partialSuccess":{"rejectedSpans":"1e9"}}', 0, ""],
])("reads %j", (text, rejectedSpans, message) => {
  expect(collectorAnswer(text)).toEqual({ rejectedSpans, message });
});

test("a long message is cut", () => {
  const text = JSON.stringify({ partialSuccess: { errorMessage: "x".repeat(5_000) } });
  expect(collectorAnswer(text).message).toHaveLength(300);
});
