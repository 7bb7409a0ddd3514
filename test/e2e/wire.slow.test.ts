import { afterEach, describe, expect, test } from "vitest";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import type { OpenAiServer } from "../support/openai-server.ts";
import { type FaultName, startScriptedServer } from "../support/scripted-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const script = {
  name: "wire",
  turns: [
    {
      text: "I note it.",
      tool_calls: [
        { name: "append_line", arguments: { path: "notes.txt", line: "over the wire" } },
      ],
    },
    { text: "Noted." },
  ],
};

async function runAgainst(
  faults: readonly FaultName[],
  settings: Parameters<typeof testEngine>[0] = {},
): Promise<{
  readonly made: TestEngine;
  readonly server: OpenAiServer;
  readonly result: Awaited<ReturnType<TestEngine["run"]>>;
}> {
  const server = await startScriptedServer(script, { faults });
  closing.push(() => server.close());
  const made = testEngine({ baseUrl: server.baseUrl, ...settings });
  closing.push(() => made.engine.close());
  const result = await made.run([], { model: "openai-compatible:wire" });
  return { made, server, result };
}

describe("a run over the real wire format", () => {
  test("survives a 429 with Retry-After and a stream that breaks before its first piece, as one call", async () => {
    const { server, result } = await runAgainst(["429-ms", "broken"]);
    expect(result.outcome).toBe("unverified");
    expect(eventsOf(result.events, "turn.completed").map((turn) => turn.attempts)).toEqual([3, 1]);
    expect(server.requests).toHaveLength(4);
    const [first] = eventsOf(result.events, "turn.completed");
    expect(first).toMatchObject({
      costMicroUsd: null,
      usage: { estimated: false },
      durationMs: expect.any(Number),
    });
    expect(first!.durationMs).toBeGreaterThanOrEqual(200);
  });

  test.each([
    ["a price", { inputPerMillionUsd: 10, outputPerMillionUsd: 20 }, 0],
    ["no price", undefined, 2],
  ])(
    "says in the run's row what it cost, with %s for its model",
    async (_what, price, unpriced) => {
      const prices = price === undefined ? {} : { "openai-compatible:wire": price };
      const { made, result } = await runAgainst([], { prices });
      const costs = eventsOf(result.events, "turn.completed").map((turn) => turn.costMicroUsd ?? 0);
      const costMicroUsd = costs.reduce((sum, cost) => sum + cost, 0);
      expect(costMicroUsd > 0).toBe(price !== undefined);
      const cost = { costMicroUsd, unpricedCalls: unpriced };
      expect(result.events.at(-1)).toMatchObject({ totals: cost });
      expect(made.engine.store.runs.get(result.runId)).toMatchObject(cost);
    },
  );

  test("asks again in a new turn when an answer breaks off half-way", async () => {
    const { result } = await runAgainst(["broken-late"]);
    expect(result.outcome).toBe("unverified");
    expect(eventsOf(result.events, "turn.failed")).toMatchObject([
      { turn: 1, attempts: 1, error: { code: "boundary.transport" } },
    ]);
    expect(eventsOf(result.events, "turn.completed").map((turn) => turn.turn)).toEqual([2, 3]);
  });

  test("gives up when answers keep breaking off", async () => {
    const { server, result } = await runAgainst([
      "broken-late",
      "broken-late",
      "broken-late",
      "broken-late",
    ]);
    expect(result.outcome).toBe("failed");
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    ["a wrong key", ["401"], "boundary.upstream_4xx", 1],
    ["a server that keeps failing", ["500", "500", "500", "500"], "boundary.upstream_5xx", 3],
  ] as const)("ends with a typed error on %s", async (_what, faults, code, requests) => {
    const { server, result } = await runAgainst(faults);
    expect(result.events.at(-1)).toMatchObject({
      outcome: "failed",
      stop: { reason: "error", error: { code } },
    });
    expect(server.requests).toHaveLength(requests);
  });

  test("a model that hangs is ended by the run's own time limit", async () => {
    const began = Date.now();
    const { result } = await runAgainst(["hang"], { "limits.maxSeconds": 1 });
    expect(result.events.at(-1)).toMatchObject({
      outcome: "failed",
      stop: { reason: "limit", limit: "time" },
    });
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test("the policy can forbid the model, and then nothing is sent", async () => {
    const { server, result } = await runAgainst([], { "policy.blockConnectors": ["model:*"] });
    expect(result.events.at(-1)).toMatchObject({
      outcome: "failed",
      stop: { reason: "denied", error: { code: "boundary.policy_denied" } },
    });
    expect(server.requests).toHaveLength(0);
  });
});
