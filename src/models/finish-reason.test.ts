import { expect, test } from "vitest";
import { cutShort } from "./finish-reason.ts";

test.each([
  ["length", "length"],
  ["max_tokens", "length"],
  ["max_output_tokens", "length"],
  ["MAX_TOKENS", "length"],
  ["model_context_window_exceeded", "length"],
  ["content_filter", "filter"],
  ["refusal", "filter"],
  ["SAFETY", "filter"],
  ["stop", undefined],
  ["end_turn", undefined],
  ["tool_use", undefined],
  ["STOP", undefined],
  ["", undefined],
])("%j is %s", (finishReason, expected) => {
  expect(cutShort(finishReason)).toBe(expected);
});
