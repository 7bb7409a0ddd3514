import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { grantTests, loopback } from "../../../test/support/egress.ts";
import { anywhere, testBoundary, testPrincipal } from "../../../test/support/boundary.ts";
import {
  type Behaviours,
  type OpenAiServer,
  startOpenAiServer,
} from "../../../test/support/openai-server.ts";
import { manualClock } from "../../base/clock.ts";
import { createEgress } from "../../boundary/egress/fetch.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import type { CallContext } from "../../boundary/types.ts";
import type { Model, ModelEvent, ModelRequest, ModelTurn } from "../../models/model.ts";
import { loadPrices } from "../../models/prices.ts";
import { createModel } from "../../models/providers.ts";
import { createScriptedModel, parseScript } from "../../models/scripted.ts";
import { loadTokenCounter } from "../../models/tokens.ts";
import { modelConnectorSpec } from "./connector.ts";

grantTests("runs the handler of a connector by hand", { connect: loopback });

const egress = createEgress();
const tokens = await loadTokenCounter();
const clock = manualClock();
const prices = await loadPrices({ clock });

let server: OpenAiServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const request: ModelRequest = {
  system: "",
  messages: [{ role: "user", text: "Hi" }],
  tools: [],
  maxOutputTokens: 64,
};

function specOf(model: Model) {
  return modelConnectorSpec(model, { prices, tokens, clock });
}

/** One attempt by hand, through the boundary's real fetch. */
async function attempt(model: Model) {
  const spec = specOf(model);
  const chunks: ModelEvent[] = [];
  const context: CallContext<ModelRequest, ModelEvent> = {
    input: request,
    facts: { operation: "test", effect: "unknown", repeat: "once" },
    attempt: 1,
    idempotencyKey: "k",
    signal: new AbortController().signal,
    fetch: (input, init) => egress.fetch(input, init, anywhere),
    connect: () => Promise.reject(new Error("none")),
    spawn: () => Promise.reject(new Error("a model starts no process")),
    emit: (chunk) => chunks.push(chunk),
    room: () => Promise.resolve(),
  };
  try {
    const turn = await spec.run(context);
    spec.check?.(turn);
    return { turn, chunks, error: undefined };
  } catch (thrown) {
    const error = thrown instanceof BoundaryError ? thrown : spec.mapError?.(thrown);
    if (error === undefined) throw thrown;
    return { turn: undefined, chunks, error };
  }
}

async function serve(behaviours: Behaviours): Promise<Model> {
  server = await startOpenAiServer(behaviours);
  return createModel({ spec: `openai-compatible:local-1@${server.baseUrl}` });
}

describe("what policy sees of a model call", () => {
  test("a hosted model is a read at the provider's address", async () => {
    const spec = specOf(await createModel({ spec: "anthropic:claude-opus-5", apiKey: "k" }));
    expect(spec.id).toBe("model:anthropic");
    expect(spec.facts(request)).toEqual({
      operation: "chat",
      effect: "read",
      repeat: "safe",
      model: expect.stringMatching(/^anthropic:/),
      host: "api.anthropic.com",
      port: 443,
    });
  });

  test("a server on this machine is a private address with its port", async () => {
    const model = await createModel({ spec: "openai-compatible:m@http://127.0.0.1:11434/v1" });
    expect(specOf(model).facts(request)).toMatchObject({
      host: "127.0.0.1",
      port: 11434,
      privateAddress: true,
    });
  });

  test("a scripted model goes nowhere", () => {
    const model = createScriptedModel(parseScript("name: n\nturns: [{ text: a }]", "s.yaml"));
    expect(specOf(model).facts(request)).toEqual({
      operation: "chat",
      effect: "read",
      repeat: "safe",
      model: "scripted:n",
    });
  });
});

describe("what a model call uses", () => {
  const turn: ModelTurn = {
    parts: [{ type: "text", text: "a" }],
    usage: {
      inputTokens: 1000,
      cachedInputTokens: 0,
      outputTokens: 100,
      reasoningTokens: 0,
      estimated: false,
    },
    finishReason: "stop",
  };

  test("the estimate is an upper bound in tokens and money", async () => {
    const spec = specOf(await createModel({ spec: "openai:gpt-5", apiKey: "k" }));
    const estimate = spec.estimate?.(request);
    const input = tokens.inputBound(request, "openai");
    expect(estimate?.tokens).toBe(input + 64);
    // 1.25 and 10 USD a million tokens.
    expect(estimate?.costMicroUsd).toBe(Math.ceil(input * 1.25 + 64 * 10));
    expect(spec.measure?.(turn, request)).toEqual({ tokens: 1100, costMicroUsd: 2250 });
  });

  test("an unpriced model has no money in it, not zero", async () => {
    const spec = specOf(await createModel({ spec: "openai-compatible:m@http://127.0.0.1:1/v1" }));
    expect(spec.measure?.(turn, request)).toEqual({ tokens: 1100 });
    expect(spec.estimate?.(request)).not.toHaveProperty("costMicroUsd");
  });
});

describe("one model call over real sockets", () => {
  test("pieces are emitted and the turn is returned", async () => {
    const { turn, chunks } = await attempt(await serve([{ kind: "turn", text: "Hello there" }]));
    expect(turn?.parts).toEqual([{ type: "text", text: "Hello there" }]);
    expect(chunks.map((chunk) => chunk.type)).toEqual(["text.delta", "text.delta", "text.delta"]);
  });

  test.each([
    [{ "retry-after": "7" }, 7000, 7000],
    [{ "retry-after-ms": "1200" }, 1200, 1200],
    // The server's own `date` header has whole seconds, so the difference may be one off.
    [{ "retry-after": new Date(Date.now() + 60_000).toUTCString() }, 55_000, 61_000],
  ] as readonly (readonly [Record<string, string>, number, number])[])(
    "429 with %j says how long to wait",
    async (headers, atLeast, atMost) => {
      const { error } = await attempt(await serve([{ kind: "status", status: 429, headers }]));
      expect(error).toMatchObject({ kind: "upstream_429", retryable: true });
      expect(error?.retryAfterMs).toBeGreaterThanOrEqual(atLeast);
      expect(error?.retryAfterMs).toBeLessThanOrEqual(atMost);
    },
  );

  test.each([
    [{ kind: "status", status: 401 }, { kind: "upstream_4xx", retryable: false, status: 401 }, 0],
    [{ kind: "status", status: 500 }, { kind: "upstream_5xx", retryable: true, status: 500 }, 0],
    [{ kind: "status", status: 307 }, { kind: "upstream_4xx", retryable: false, status: 307 }, 0],
    [
      { kind: "broken", after: "request" },
      { kind: "transport", retryable: true, phase: "unknown" },
      0,
    ],
    [
      { kind: "broken", after: "headers" },
      { kind: "transport", retryable: true, phase: "unknown" },
      0,
    ],
    [
      { kind: "broken", after: "first_chunk" },
      { kind: "transport", retryable: true, phase: "unknown" },
      1,
    ],
    [{ kind: "cut_short" }, { kind: "invalid_response", retryable: true }, 1],
    [{ kind: "garbage", form: "page" }, { kind: "invalid_response", retryable: true }, 0],
    [{ kind: "garbage", form: "json" }, { kind: "invalid_response", retryable: true }, 0],
    [{ kind: "error_event", message: "busy", code: 503 }, { kind: "upstream_5xx", status: 503 }, 1],
    [{ kind: "turn" }, { kind: "invalid_response", retryable: true }, 0],
    [{ kind: "turn", text: " \n" }, { kind: "invalid_response", retryable: true }, 2],
    [{ kind: "turn", reasoning: "Hm." }, { kind: "invalid_response", hint: /thinking/ }, 3],
  ] as const)("%j", async (behaviour, expected, pieces) => {
    const { error, chunks } = await attempt(await serve([behaviour]));
    const { hint, ...fields } = expected as { hint?: RegExp };
    expect(error).toMatchObject(fields);
    if (hint !== undefined) expect(error?.hint).toMatch(hint);
    expect(chunks).toHaveLength(pieces);
  });

  test("a port where nobody listens was never reached", async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => listener.close(resolve));
    const model = await createModel({ spec: `openai-compatible:m@http://127.0.0.1:${port}/v1` });
    const { error } = await attempt(model);
    expect(error).toMatchObject({ kind: "transport", phase: "before_send", retryable: true });
    expect(error?.hint).toContain(`http://127.0.0.1:${port}/v1`);
  });
});

describe("behind the boundary", () => {
  function connectorFor(model: Model) {
    const { boundary, audit } = testBoundary({
      hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
    });
    return { connector: boundary.connector(specOf(model)), audit };
  }

  test("a limit, a stumble and a broken connection are got over", async () => {
    const model = await serve([
      { kind: "status", status: 429, headers: { "retry-after-ms": "5" } },
      { kind: "broken", after: "headers" },
      { kind: "turn", text: "Hello", usage: { promptTokens: 5, completionTokens: 2 } },
    ]);
    const { connector, audit } = connectorFor(model);
    const outcome = await connector.tryCall(request, { principal: testPrincipal });
    expect(outcome.ok && outcome.value.parts).toEqual([{ type: "text", text: "Hello" }]);
    expect(audit.closed[0]?.attempts.map((attempt) => attempt.outcome)).toEqual([
      "boundary.upstream_429",
      "boundary.transport",
      "ok",
    ]);
  });

  test("nothing is tried again once a piece has been shown", async () => {
    const model = await serve([
      { kind: "broken", after: "first_chunk" },
      { kind: "turn", text: "no" },
    ]);
    const { connector } = connectorFor(model);
    const outcome = await connector.tryCall(request, { principal: testPrincipal });
    expect(outcome).toMatchObject({ ok: false, error: { kind: "transport" } });
    expect(server?.requests).toHaveLength(1);
  });

  test.each(["start", "between_chunks"] as const)(
    "a hang at %s ends with a timeout",
    async (at) => {
      const model = await serve(() => ({ kind: "hang", at }));
      const { boundary } = testBoundary({
        hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
      });
      const spec = modelConnectorSpec(model, {
        prices,
        tokens,
        clock,
        timeouts: { firstChunkMs: 150, idleMs: 100, totalMs: 250 },
      });
      const outcome = await boundary.connector(spec).tryCall(request, { principal: testPrincipal });
      expect(outcome.ok).toBe(false);
      if (!outcome.ok) expect(["timeout", "deadline_exceeded"]).toContain(outcome.error.kind);
    },
  );
});
