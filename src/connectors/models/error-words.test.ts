import { expect, test } from "vitest";
import { errorWords } from "./error-words.ts";

test.each([
  ["OpenAI", { error: { message: "no", type: "a", code: "b", param: null } }, "no (b)"],
  ["OpenAI without a code", { error: { message: "no", type: "a", code: null } }, "no (a)"],
  [
    "Anthropic",
    { type: "error", error: { type: "overloaded_error", message: "no" } },
    "no (overloaded_error)",
  ],
  [
    "Google",
    { error: { code: 400, message: "no", status: "INVALID_ARGUMENT" } },
    "no (INVALID_ARGUMENT)",
  ],
  ["Google in a list", [{ error: { code: 400, message: "no" } }], "no"],
  ["Ollama", { error: "model not found" }, "model not found"],
  [
    "vLLM before 0.10",
    { object: "error", message: "no", type: "BadRequestError", code: 400 },
    "no (BadRequestError)",
  ],
  ["FastAPI", { detail: "Not Found" }, "Not Found"],
] as const)("%s says it in its own shape", (_, body, text) => {
  expect(errorWords(JSON.stringify(body))).toEqual({ text, sizes: {} });
});

test("llama.cpp says how long the conversation and the window are", () => {
  const error = {
    code: 400,
    message: "the request exceeds the available context size",
    type: "exceed_context_size_error",
    n_prompt_tokens: 14429,
    n_ctx: 8192,
  };
  expect(errorWords(JSON.stringify({ error }))?.sizes).toEqual({
    inputTokens: 14429,
    contextTokens: 8192,
  });
});

test.each([undefined, "", "<html>", "5", "{}", "[]", '{"error":{"message":" "}}'])(
  "%j says nothing",
  (body) => {
    expect(errorWords(body)).toBeUndefined();
  },
);
