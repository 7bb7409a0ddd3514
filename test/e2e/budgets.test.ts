import { afterEach, expect, test } from "vitest";
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
