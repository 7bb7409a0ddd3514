import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { eventsOf, testEngine } from "../support/engine.ts";
import { type FaultName, startScriptedServer } from "../support/scripted-server.ts";
import { temporaryFolder } from "../support/temporary.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const usage = {
  input_tokens: 100,
  output_tokens: 10,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
};
const script = {
  name: "fallbacks",
  turns: [
    {
      text: "I note it.",
      tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line: "noted" } }],
      usage,
    },
    { text: "Noted.", usage },
  ],
};

/** Servers of one script each, with the faults that each begins with. */
async function servers(...faults: readonly (readonly FaultName[])[]) {
  const started = await Promise.all(
    faults.map((own) => startScriptedServer(script, { faults: own })),
  );
  closing.push(...started.map((server) => () => server.close()));
  const names = started.map(({ baseUrl }, index) => `openai-compatible:m${index + 1}@${baseUrl}`);
  return { started, names, asked: () => started.map(({ requests }) => requests.length) };
}

async function runOn(names: readonly string[], settings: Readonly<Record<string, JsonValue>> = {}) {
  const [first = "", ...others] = names;
  const made = testEngine({ fallbacks: { [first]: others }, ...settings });
  closing.push(() => made.engine.close());
  const run = () => made.run([], { model: first });
  return { ...(await run()), made, run };
}

const overloaded: readonly FaultName[] = Array.from({ length: 9 }, () => "500");

describe("a model that cannot answer", () => {
  test("is stood in for to the end of the run, at its own price, each try in the log and the audit", async () => {
    const { names, asked } = await servers(overloaded, []);
    const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 20 };
    const { events, outcome, made, runId } = await runOn(names, {
      prices: { "openai-compatible:m2": price },
    });
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "model.fell_back")).toMatchObject([
      {
        from: names[0],
        to: names[1],
        error: { code: "boundary.upstream_5xx" },
        attempts: 2,
        call: "turn-1",
      },
    ]);
    expect(eventsOf(events, "turn.completed")).toMatchObject([
      { turn: 1, model: names[1], costMicroUsd: 1_200 },
      { turn: 2, model: names[1], costMicroUsd: 1_200 },
    ]);
    expect(asked()).toEqual([2, 2]);
    const calls = made.engine.store.audit
      .list({ runId })
      .items.filter(({ operation }) => operation === "chat");
    expect(calls.map((call) => call.outcome).toSorted()).toEqual([
      "boundary.upstream_5xx",
      "ok",
      "ok",
    ]);
  });

  test.each([
    ["limits the rate", ["429-ms", "429-ms"], "boundary.upstream_429", 2],
    ["asks for a long wait, which is not waited for", ["429-long"], "boundary.upstream_429", 1],
    ["hangs up before it answers", ["refused", "refused"], "boundary.transport", 2],
    ["breaks before the first piece", ["broken", "broken"], "boundary.transport", 2],
  ] as const)("%s", async (_what, faults, code, attempts) => {
    const { names, asked } = await servers(faults, []);
    const began = performance.now();
    const { events, outcome } = await runOn(names);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "model.fell_back")).toMatchObject([{ error: { code }, attempts }]);
    expect(asked()).toEqual([attempts, 2]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("whose breaker is open is not asked at all", async () => {
    const { names, asked } = await servers(
      Array.from({ length: 40 }, () => "500" as const),
      [],
    );
    const { run } = await runOn(names);
    for (let count = 0; count < 9; count += 1) await run();
    const before = asked()[0];
    const { events } = await run();
    expect(eventsOf(events, "model.fell_back")).toMatchObject([
      { error: { code: "boundary.circuit_open" }, attempts: 0 },
    ]);
    expect(asked()[0]).toBe(before);
  });

  test("is followed by the next where another cannot stand in", async () => {
    const { names, asked } = await servers(overloaded, ["401"], []);
    const { events, outcome } = await runOn(names);
    expect(outcome).toBe("unverified");
    expect(
      eventsOf(events, "model.fell_back").map(({ from, to, error }) => [from, to, error.code]),
    ).toEqual([
      [names[0], names[1], "boundary.upstream_5xx"],
      [names[1], names[2], "boundary.upstream_4xx"],
    ]);
    expect(asked()).toEqual([2, 1, 2]);
  });

  test("ends the run with its own error where nobody can stand in, and with what kept the others", async () => {
    const { names } = await servers(overloaded, ["401"]);
    const { events, outcome } = await runOn(names);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "model.fell_back").map(({ to }) => to)).toEqual([names[1], null]);
    expect(events.at(-1)).toMatchObject({
      stop: {
        reason: "error",
        error: {
          code: "boundary.upstream_5xx",
          message: expect.stringMatching(
            /the server stumbled.*No other model could stand in.*wrong key/,
          ) as string,
        },
      },
      totals: { failedTokens: 0 },
    });
  });

  test("is not stood in for by one that the policy denies", async () => {
    const { names, asked } = await servers(overloaded, []);
    const packs = { "policy.blockConnectors": ["model:anthropic"] };
    const denied = "anthropic:claude-opus-5@http://127.0.0.1:9/v1";
    const [first = "", second = ""] = names;
    const made = testEngine({ fallbacks: { [first]: [denied, second] }, ...packs }, undefined, {
      ANTHROPIC_API_KEY: "sk-ant-1",
    });
    closing.push(() => made.engine.close());
    const { events, outcome } = await made.run([], { model: first });
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "model.fell_back").map(({ error }) => error.code)).toEqual([
      "boundary.upstream_5xx",
      "boundary.policy_denied",
    ]);
    expect(asked()).toEqual([2, 2]);
  });
});

describe("a run that another process takes up", () => {
  const pack = (rule: string) =>
    [
      "pack: own",
      "version: 1",
      "description: for this test",
      "default: allow",
      "rules:",
      "  - id: nearby",
      '    allow: { connector: "model:*", private: true }',
      "    reason: The servers of this test.",
      "  - id: asks",
      `    ask: ${rule}`,
      "    reason: A person decides.",
    ].join("\n");

  /** A run that parks on the rule and is approved, resumed by another engine. */
  async function resumedAfter(rule: string) {
    const { names, asked } = await servers(overloaded, []);
    const [first = ""] = names;
    const second = (names[1] ?? "").replace("127.0.0.1", "localhost");
    const folder = temporaryFolder("fallbacks");
    writeFileSync(join(folder, "own.yaml"), pack(rule));
    const settings = {
      fallbacks: { [first]: [second] },
      "policy.packs": ["own"],
      "policy.files": [join(folder, "own.yaml")],
    };
    const made = testEngine(settings, folder);
    const { runId, outcome } = await made.run([], { model: first });
    expect(outcome).toBe("parked");
    const [question] = made.engine.store.approvals.list();
    await made.engine.decideApproval(question?.id ?? "", "approved");
    await made.engine.close();
    const later = testEngine(settings, folder);
    closing.push(() => later.engine.close());
    const resumed = await later.engine.runs.resume(runId);
    return { outcome: resumed.outcome, asked, events: later.engine.store.runLog.read(runId) };
  }

  test("stays with the model that stood in", async () => {
    const { asked, events, outcome } = await resumedAfter('{ connector: "tool:workspace" }');
    expect(outcome).toBe("unverified");
    expect(asked()).toEqual([2, 2]);
    expect(eventsOf(events, "model.fell_back")).toHaveLength(1);
  });

  test("asks the model that a person has let stand in, and about its next call again", async () => {
    const { asked, events, outcome } = await resumedAfter("{ host: localhost }");
    expect(asked()).toEqual([2, 1]);
    expect(outcome).toBe("parked");
    expect(eventsOf(events, "turn.completed")).toMatchObject([
      { model: expect.stringContaining("localhost") as string },
    ]);
    expect(eventsOf(events, "run.parked")).toHaveLength(2);
  });
});

describe("a model that is asked again, or not at all", () => {
  test("once a piece of its answer has come, nobody stands in", async () => {
    const { names, asked } = await servers(["broken-late"], []);
    const { events, outcome } = await runOn(names);
    expect(outcome).toBe("unverified");
    expect(eventsOf(events, "model.fell_back")).toEqual([]);
    expect(eventsOf(events, "turn.completed").map(({ model }) => model)).toEqual([
      names[0],
      names[0],
    ]);
    expect(asked()).toEqual([3, 0]);
  });

  test.each([
    ["refuses the key", ["401"]],
    ["answers with something else", ["garbage", "garbage"]],
  ] as const)("one that %s is not in an emergency", async (_what, faults) => {
    const { names, asked } = await servers(faults, []);
    const { events, outcome } = await runOn(names);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "model.fell_back")).toEqual([]);
    expect(asked()[1]).toBe(0);
  });
});

describe("before a run begins", () => {
  test("a model that lacks its key is named, with whom it is to stand in for", async () => {
    const made = testEngine({ fallbacks: { "openai-compatible:m": ["openai:gpt-5"] } });
    closing.push(() => made.engine.close());
    await expect(
      made.run([], { model: "openai-compatible:m@http://127.0.0.1:9/v1" }),
    ).rejects.toMatchObject({
      code: "models.unusable_fallback",
      message: expect.stringContaining('"openai:gpt-5" cannot stand in for') as string,
      hint: expect.stringContaining("OPENAI_API_KEY") as string,
    });
  });

  test.each([
    [{ "openai:gpt-5": ["antropic:claude-opus-5"] }, /no model provider "antropic".*"anthropic"/],
    [{ "gpt-5": ["openai:gpt-5"] }, /names no provider/],
    [{ "openai:gpt-5": [] }, /fallbacks/],
    [{ "openai:gpt-5": ["openai:gpt-5"] }, /is the same model/],
    [{ "openai:gpt-5": ["replay:0193"] }, /recording cannot stand in/],
  ])("the settings %j are refused", (fallbacks, message) => {
    expect(() => testEngine({ fallbacks })).toThrow(message);
  });
});
