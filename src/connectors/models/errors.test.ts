import { APICallError, InvalidPromptError, JSONParseError } from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";
import { Agent33Error } from "../../base/errors.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import { overflowOf } from "../../models/context-overflow.ts";
import { mapModelError } from "./errors.ts";

const info = { provider: "openai", model: "gpt-5", baseUrl: "https://api.openai.com/v1" };
const local = { provider: "openai-compatible", model: "m", baseUrl: "http://127.0.0.1:11434/v1" };
const map = (error: unknown, model: { provider: string; model: string; baseUrl: string } = info) =>
  mapModelError(error, model, () => Date.UTC(2026, 0, 15));

function answered(
  statusCode: number,
  rest: { message?: string; data?: unknown; headers?: Record<string, string> } = {},
) {
  return new APICallError({
    message: rest.message ?? "no",
    url: "https://api.openai.com/v1/responses",
    requestBodyValues: {},
    statusCode,
    responseHeaders: rest.headers ?? {},
    ...(rest.data === undefined ? {} : { data: rest.data }),
  });
}

function coded(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

describe("statuses", () => {
  test.each([
    [307, "upstream_4xx", false],
    [400, "upstream_4xx", false],
    [401, "upstream_4xx", false],
    [404, "upstream_4xx", false],
    [408, "upstream_5xx", true],
    [413, "upstream_4xx", false],
    [425, "upstream_5xx", true],
    [429, "upstream_429", true],
    [500, "upstream_5xx", true],
    [501, "upstream_5xx", false],
    [503, "upstream_5xx", true],
    [505, "upstream_5xx", false],
    [529, "upstream_5xx", true],
  ])("%i becomes %s", (status, kind, retryable) => {
    expect(map(answered(status))).toMatchObject({ kind, retryable, status, phase: "sent" });
  });

  test("a 429 and a 503 carry the wait that the headers ask for", () => {
    for (const status of [429, 503]) {
      expect(map(answered(status, { headers: { "retry-after": "3" } }))?.retryAfterMs).toBe(3000);
    }
  });

  test("a used-up quota is not retried: waiting does not fill it", () => {
    const data = { error: { message: "You exceeded your quota.", code: "insufficient_quota" } };
    expect(map(answered(429, { data }))).toMatchObject({ kind: "upstream_429", retryable: false });
  });

  test("401 and 403 name the variable that holds the key", () => {
    for (const status of [401, 403]) {
      expect(map(answered(status))?.hint).toContain("OPENAI_API_KEY");
      expect(map(answered(status), local)?.hint).toContain(local.baseUrl);
    }
  });

  test("404 names the model", () => {
    expect(map(answered(404))?.hint).toContain('"gpt-5"');
  });

  test("a conversation that is too long is told apart from other bad requests", () => {
    const message = "This model's maximum context length is 8192 tokens.";
    expect(map(answered(400, { message }))?.hint).toContain("context window");
    expect(map(answered(400))?.hint).toBeUndefined();
  });

  test.each([
    [400, "prompt is too long: 208310 tokens > 200000 maximum", 200000],
    [400, "Your input exceeds the context window of this model.", undefined],
    [413, "Request exceeds the maximum size", undefined],
    [500, "the request exceeds the available context size", undefined],
  ])(
    "%i with %j is an overflow, which nothing but a shorter request gets over",
    (status, message, window) => {
      const error = map(answered(status, { message }));
      expect(error).toMatchObject({ kind: "upstream_4xx", retryable: false, status });
      expect(error?.countsAgainstBreaker).toBe(false);
      expect(overflowOf(error)).toEqual(
        window === undefined ? {} : { inputTokens: 208310, contextTokens: window },
      );
      expect(error?.toJSON().cause).toContain("context window of openai:gpt-5");
    },
  );

  test("the sizes are read from the body where the message lacks them", () => {
    const error = {
      message: "the request exceeds the available context size",
      type: "exceed_context_size_error",
      n_prompt_tokens: 14429,
      n_ctx: 8192,
    };
    const answer = new APICallError({
      message: "Bad Request",
      url: "u",
      requestBodyValues: {},
      statusCode: 400,
      responseBody: JSON.stringify({ error }),
    });
    expect(overflowOf(map(answer))).toEqual({ inputTokens: 14429, contextTokens: 8192 });
  });

  test("an overflow inside a stream is one too, a limit of the rate is none", () => {
    const inside = new Agent33Error(
      "models.stream_error",
      "Your input exceeds the context window",
      {
        details: { kind: "invalid_request_error context_length_exceeded" },
      },
    );
    expect(overflowOf(map(inside))).toEqual({});
    expect(overflowOf(map(answered(429, { message: "maximum context length" })))).toBeUndefined();
    expect(overflowOf(map(answered(400)))).toBeUndefined();
  });

  test("a page for a message is quoted in part", () => {
    const error = map(answered(500, { message: "x".repeat(10_000) }));
    expect(error?.message.length).toBeLessThan(600);
  });

  test("a status beats a broken connection under it", () => {
    const cause = coded("ECONNRESET");
    const error = new APICallError({
      message: "Failed to process error response",
      url: "u",
      requestBodyValues: {},
      statusCode: 502,
      cause,
    });
    expect(map(error)).toMatchObject({ kind: "upstream_5xx", status: 502 });
  });
});

describe("the network", () => {
  test.each(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "EHOSTUNREACH"])(
    "%s fell before anything was sent",
    (code) => {
      const error = new TypeError("fetch failed", { cause: coded(code) });
      expect(map(error)).toMatchObject({
        kind: "transport",
        phase: "before_send",
        retryable: true,
      });
    },
  );

  test.each(["ECONNRESET", "UND_ERR_SOCKET", "EPIPE", "ETIMEDOUT"])("%s leaves it open", (code) => {
    const error = new TypeError("terminated", { cause: coded(code) });
    expect(map(error)).toMatchObject({ kind: "transport", phase: "unknown", retryable: true });
  });

  test("a code is found at the bottom of the chain and among several addresses", () => {
    const both = new AggregateError([coded("ECONNREFUSED"), coded("ECONNREFUSED")], "all failed");
    const error = new APICallError({
      message: "Cannot connect to API",
      url: "u",
      requestBodyValues: {},
      cause: new TypeError("fetch failed", { cause: both }),
    });
    expect(map(error)).toMatchObject({ kind: "transport", phase: "before_send" });
  });

  test.each(["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "ERR_TLS_CERT_ALTNAME_INVALID"])(
    "%s is not tried again",
    (code) => {
      const error = new TypeError("fetch failed", { cause: coded(code) });
      expect(map(error)).toMatchObject({
        kind: "transport",
        phase: "before_send",
        retryable: false,
      });
    },
  );

  test("a chain of causes that bites its tail is survived", () => {
    const error = new Error("a");
    error.cause = new Error("b", { cause: error });
    expect(map(error)).toBeUndefined();
  });
});

describe("the rest", () => {
  test("an abort is left to the chain, also when it is wrapped", () => {
    const abort = new DOMException("This operation was aborted", "AbortError");
    expect(map(abort)).toBeUndefined();
    const options = { url: "u", requestBodyValues: {}, statusCode: 200, cause: abort };
    const wrapped = new APICallError({
      message: "Failed to process successful response",
      ...options,
    });
    expect(map(wrapped)).toBeUndefined();
  });

  test("a boundary's own error comes through unchanged", () => {
    const blocked = new BoundaryError("egress_blocked", "not there");
    expect(map(blocked)).toBe(blocked);
    expect(map(new TypeError("fetch failed", { cause: blocked }))).toBe(blocked);
  });

  test("an answer in no known format may be tried again", () => {
    const broken = new JSONParseError({ text: "{", cause: new SyntaxError("end") });
    expect(map(broken)).toMatchObject({ kind: "invalid_response", retryable: true });
    expect(map(answered(200, { message: "Invalid JSON response" }))).toMatchObject({
      kind: "invalid_response",
      retryable: true,
    });
  });

  test("a request that cannot be expressed is ours to mend", () => {
    expect(map(new InvalidPromptError({ prompt: [], message: "bad" }))).toMatchObject({
      kind: "internal",
      phase: "before_send",
    });
  });

  test("an exhausted script keeps its own code and hint", () => {
    const error = map(
      new Agent33Error("models.script_exhausted", "No turn 3.", { hint: "Add one." }),
    );
    expect(error).toMatchObject({ kind: "upstream_4xx", retryable: false, hint: "Add one." });
    expect(error?.message).toContain("models.script_exhausted");
  });

  test.each([
    [{ status: 503 }, "upstream_5xx"],
    [{ status: 429 }, "upstream_429"],
    [{ kind: "rate_limit_exceeded" }, "upstream_429"],
    [{ kind: "overloaded_error" }, "upstream_5xx"],
    [{ kind: "authentication_error" }, "upstream_4xx"],
    [{ kind: "invalid_request_error context_length_exceeded" }, "upstream_4xx"],
    [{}, "upstream_5xx"],
  ])("an error event with %j becomes %s", (details, kind) => {
    const error = new Agent33Error("models.stream_error", "it failed", { details });
    expect(map(error)).toMatchObject({ kind });
  });

  test("what nobody knows is left to the chain", () => {
    expect(map(new RangeError("a bug"))).toBeUndefined();
    expect(map("a string")).toBeUndefined();
  });
});
