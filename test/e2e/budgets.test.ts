import { afterEach, expect, test } from "vitest";
import type { StoredEvent } from "../../src/events/event.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";

const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

const daily = { daily: { per: "tenant", period: "day", maxCalls: 3 } } as const;

function engineIn(folder?: string): TestEngine {
  const made = testEngine({ budgets: daily }, folder);
  engines.push(made);
  return made;
}

/** A turn that calls a tool, and one that ends the run: three governed calls. */
const turns = [
  { tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line: "one" } }] },
  { text: "Done." },
];

test("a budget over runs holds for the next run, in another process too, and says what is used", async () => {
  const first = engineIn();
  const { outcome } = await first.run(turns);
  expect(outcome).toBe("unverified");

  const second = engineIn(first.folder);
  const refused = await second.run([{ text: "Again." }]);
  expect(refused.outcome).toBe("failed");
  expect(eventsOf(refused.events, "turn.failed").at(-1)).toMatchObject({
    error: {
      code: "boundary.budget_exceeded",
      message: expect.stringMatching(/daily\/tenant:default\/\d{4}-\d\d-\d\d: calls 3 used of 3/),
    },
  });

  for (const { engine } of engines.splice(0)) await engine.close();
  const shown = await runInProcess(["budgets", "list"], first.folder, {});
  expect(shown.stdout).toMatch(/daily\/tenant:default\/\S+ +- +- +3 of 3 +-/);
  const json = await runInProcess(["budgets", "list", "--json"], first.folder, {});
  expect(JSON.parse(json.stdout)).toMatchObject({
    items: [{ limits: { calls: 3 }, used: { calls: 3, tokens: 0 } }],
  });
});

test("a budget without a limit, or with a name that is none, is an error that says where", () => {
  for (const [budgets, said] of [
    [{ daily: { per: "tenant", period: "day" } }, /at least one of maxCostMicroUsd/],
    [{ "Per day": { per: "tenant", period: "day", maxCalls: 1 } }, /lower-case letters/],
    [{ each: { per: "call", period: "day", maxTokens: 1 } }, /unless it is per call/],
    [{ each: { per: "tenant", maxTokens: 1 } }, /Give a period/],
    [{ each: { per: "call", maxCalls: 1 } }, /Per call there are/],
    [{ daily: { per: "team", period: "day", maxCalls: 1 } }, /per/],
  ] as const) {
    expect(() => testEngine({ budgets })).toThrow(
      expect.objectContaining({
        code: "config.invalid_value",
        message: expect.stringMatching(said),
      }),
    );
  }
});

/** What was told of budgets in a run's log. */
const reachedIn = (events: readonly StoredEvent[]) =>
  eventsOf(events, "budget.reached").map(({ budget, limit, percent }) => [budget, limit, percent]);

test("each share of a budget is told once in its period, over processes and restarts", async () => {
  const settings = { budgets: { day: { per: "tenant", period: "day", maxCalls: 10 } } } as const;
  const day = expect.stringMatching(/^day\/tenant:default\/\d{4}/);
  const open = (folder?: string): TestEngine => {
    const made = testEngine(settings, folder);
    engines.push(made);
    return made;
  };
  const first = open();
  const heard: unknown[] = [];
  first.engine.onBudget(({ percent, runId }) => heard.push([percent, runId]));
  const one = await first.run(turns);
  expect(reachedIn(one.events)).toEqual([]);
  // Another process, at the same time: calls four to six.
  const second = open(first.folder);
  const two = await second.run(turns);
  expect(reachedIn(two.events)).toEqual([[day, "calls", 50]]);
  const three = await first.run(turns);
  expect(reachedIn(three.events)).toEqual([[day, "calls", 80]]);
  expect(heard).toEqual([[80, three.runId]]);
  for (const { engine } of engines.splice(0)) await engine.close();
  // After a restart, the tenth call and one that does not fit.
  const again = open(first.folder);
  const four = await again.run(turns);
  expect(reachedIn(four.events)).toEqual([
    [day, "calls", 95],
    [day, "calls", 100],
  ]);
});

test("a run's log tells of its own limits, and a terminal and the run's list show it", async () => {
  const made = testEngine({
    "limits.maxCostMicroUsd": 3_000,
    prices: { test: { inputPerMillionUsd: 1, outputPerMillionUsd: 0 } },
  });
  engines.push(made);
  const line = (text: string) => ({
    name: "append_line",
    arguments: { path: "a.txt", line: text },
  });
  const long = Array.from({ length: 6 }, (_, place) => ({ tool_calls: [line(`${place}`)] }));
  const { events, runId } = await made.run([...long, { text: "Done." }]);
  const reached = reachedIn(events);
  expect(reached[0]).toEqual(["run", "costMicroUsd", 50]);
  expect(new Set(reached.map(String)).size).toBe(reached.length);
  for (const { engine } of engines.splice(0)) await engine.close();
  const shown = await runInProcess(["runs", "show", runId], made.folder);
  expect(shown.stdout).toMatch(/budget run at 50 %: \$0\.00\d+ of \$0\.003/);
});

test("a limit of money that somebody set refuses a model without a price, before it is sent", async () => {
  const model = "openai-compatible:local-model@http://127.0.0.1:9/v1";
  const task = { kind: "text", text: "Do it.", workspace: undefined } as const;
  for (const settings of [
    { "limits.maxCostMicroUsd": 10_000 },
    { budgets: { day: { per: "tenant", period: "day", maxCostMicroUsd: 10_000 } } },
  ] as const) {
    const made = testEngine(settings);
    engines.push(made);
    const request = { task, model, effort: undefined, mcpCommands: [] } as const;
    const { runId } = await made.engine.runs.drive(await made.engine.runs.create(request));
    const [failed] = eventsOf(made.engine.store.runLog.read(runId), "turn.failed");
    expect(failed).toMatchObject({
      attempts: 0,
      error: { code: "boundary.budget_exceeded", hint: expect.stringContaining("unpriced: allow") },
    });
  }
});
